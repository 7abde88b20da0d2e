"""Old runs of a real MLflow store, and what is spared. Slow: MLflow makes its tables, and `mlflow gc` is a process."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adgen_pipeline.tracking import Tracker


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of SQLAlchemy and Alembic, inside MLflow
def test_old_runs_go_and_what_an_alias_or_a_kept_model_needs_stays(tmp_path: Path) -> None:
    tracker = Tracker(f"sqlite:///{tmp_path / 'mlflow.db'}", "http://here", tmp_path / "artifacts")
    runs = {}
    for name in ("champion", "kept", "gone", "plain"):
        with tracker.run("training/model", {"name": name}) as run:
            run.text("…", "note.txt")
            if name != "plain":
                run.register("adgen-writer", tmp_path, {"version": name})
            runs[name] = run.run_id
    client = run._client()
    client.set_registered_model_alias("adgen-writer", "champion", "1")
    later = datetime.now(UTC) + timedelta(days=1)
    assert tracker.forget_old("adgen-writer", {"kept"}, before=datetime.now(UTC) - timedelta(days=1)) == (
        0,
        1,
    )
    assert tracker.forget_old("adgen-writer", {"kept"}, before=later, dry_run=True) == (2, 0)
    assert tracker.forget_old("adgen-writer", {"kept"}, before=later) == (2, 0)
    assert set(tracker.registered("adgen-writer")) == {"champion", "kept"}
    left = {found.info.run_id for found in client.search_runs(["1"])}
    assert left == {runs["champion"], runs["kept"]}
    files = [p.relative_to(tmp_path / "artifacts") for p in (tmp_path / "artifacts").rglob("*.txt")]
    assert {file.parts[0] for file in files} == left
