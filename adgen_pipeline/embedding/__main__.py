"""The stage's process: `python -m adgen_pipeline.embedding job.json` trains as the job says, result.json by it."""

import sys
from pathlib import Path

from adgen_pipeline import process, settings

if __name__ == "__main__":
    settings.switch_telemetry_off()  # before the libraries that read the switches when they are imported
    settings.quieten_libraries()
    from adgen_pipeline.artifacts import write_json
    from adgen_pipeline.embedding.job import RerankerJob, read_job
    from adgen_pipeline.embedding.run import train
    from adgen_pipeline.embedding.run_reranker import train_reranker
    from adgen_pipeline.tracking import joined_run

    path = Path(sys.argv[1])
    with process.reporting() as report:
        if process.rank() == 0:  # one table of vectors: more ranks would only repeat the work
            job, run = read_job(path), joined_run()
            if isinstance(job, RerankerJob):
                result = train_reranker(job, report=report, run=run)
            else:
                result = train(job, report=report, run=run)
            write_json(path.with_name("result.json"), result)
