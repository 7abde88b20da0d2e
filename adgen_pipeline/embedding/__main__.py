"""The encoder's process: `python -m adgen_pipeline.embedding job.json` writes the encoder, result.json by the job."""

import sys
from pathlib import Path

from adgen_pipeline import process
from adgen_pipeline.artifacts import write_json
from adgen_pipeline.embedding.job import EncoderJob
from adgen_pipeline.settings import switch_telemetry_off

switch_telemetry_off()  # before the libraries that read the switches when they are imported

from adgen_pipeline.embedding.run import train  # noqa: E402
from adgen_pipeline.tracking import joined_run  # noqa: E402

path = Path(sys.argv[1])
with process.reporting() as report:
    if process.rank() == 0:  # one table of vectors: more ranks would only repeat the work
        result = train(EncoderJob.read(path), report=report, run=joined_run())
        write_json(path.with_name("result.json"), result)
