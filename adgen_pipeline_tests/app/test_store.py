"""`adgen store`: what the commands say."""

import json
from pathlib import Path

import pytest

from adgen_pipeline import inventory
from adgen_pipeline.app import cli
from adgen_pipeline.app.commands.store import PARTS
from adgen_pipeline.artifacts import Store
from adgen_pipeline_tests.folders import filled


def test_commands_say_what_moved_and_what_differs(
    store: Store, bucket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(store)
    there = str(tmp_path / "there")
    assert cli.run(["store", "status"]) == 0
    assert "Changed here, for `adgen store push`: briefs/brief.md" in capsys.readouterr().out
    assert cli.run(["store", "push"]) == 0
    shown = capsys.readouterr()
    assert "are new" in shown.out
    assert "Pushing" in shown.err
    assert cli.run(["store", "push"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert cli.run(["store", "pull", "--data", there, "--only", "tables", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == 3
    assert cli.run(["store", "status", "--data", there]) == 0
    assert "Changed there, for `adgen store pull`: briefs/brief.md" in capsys.readouterr().out
    assert cli.run(["store", "pull", "--data", there]) == 0
    assert cli.run(["store", "status", "--data", there]) == 0
    assert "Nothing differs." in capsys.readouterr().out


def test_the_command_offers_the_parts_that_there_are() -> None:
    assert set(PARTS) == set(inventory.PARTS)


def test_without_an_address_the_command_says_what_to_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["store", "push"]) == 1
    assert "ADGEN_OBJECT_STORE is not set" in capsys.readouterr().err
