"""The training process: `python -m adgen_pipeline.training job.json`, once for each rank."""

import sys
from pathlib import Path

from adgen_pipeline import process, settings

if __name__ == "__main__":
    settings.switch_telemetry_off()  # before the libraries that read the switches when they are imported
    settings.quieten_libraries()
    from adgen_pipeline.training.job import TrainingJob
    from adgen_pipeline.training.run import leave_ranks, train

    with process.reporting() as report:  # errors rise where the watcher hears them
        train(TrainingJob.read(Path(sys.argv[1])), report=report)
    leave_ranks()
