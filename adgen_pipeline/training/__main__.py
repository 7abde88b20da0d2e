"""The training process: `python -m adgen_pipeline.training job.json`, once for each rank."""

import sys
from pathlib import Path

from adgen_pipeline import process, settings
from adgen_pipeline.training.job import TrainingJob
from adgen_pipeline.training.run import train


def main() -> None:
    """Run the job named on the command line; errors rise where the watcher hears them."""
    settings.switch_telemetry_off()
    with process.reporting() as report:
        train(TrainingJob.read(Path(sys.argv[1])), report=report)


if __name__ == "__main__":
    main()
