import json
from io import StringIO
from pathlib import Path

import pytest

from adgen_pipeline.app import cli
from adgen_pipeline.artifacts import Store
from adgen_pipeline.forgotten import FILE
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline_tests.telegram.exports import chat, message, write

OTHER = "ላፕቶፕ ኮር አይ ሰባት ራም አስራ ስድስት ዋጋ 45000 ብር በቦሌ"


@pytest.fixture
def data(store: Store) -> Path:
    """A data folder with one cleaned channel of two messages."""
    write(store.raw / "a.json", chat([message(3), message(4, OTHER)]))
    clean_folder(store.raw, store.root, recipe=TelegramRecipe(), report=lambda _: None)
    return store.root


def test_json_without_yes_shows_the_plan_and_changes_nothing(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["forget", "--message", "7/3", "--json", "--data", str(data)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["erased"] is False
    assert document["tables"] == [
        {"file": "cleaned/7.parquet", "rows": 1, "mended": 0},
        {"file": "parsed/7.parquet", "rows": 1, "mended": 0},
    ]
    assert document["still_in"] == [str(data / "raw" / "a.json")]
    assert not (data / FILE).exists()


def test_without_yes_it_asks_and_takes_no_answer_for_a_no(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("\n"))
    assert cli.run(["forget", "--channel", "7", "--data", str(data)]) != 0
    shown = capsys.readouterr()
    assert "Remove it for good?" in shown.err
    assert "To forget: channel 7" in shown.out
    assert not (data / FILE).exists()


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        pytest.param([], 2, "Name what to forget", id="nothing"),
        pytest.param(["--message", "12"], 2, "is not CHANNEL_ID/MESSAGE_ID", id="half an id"),
        pytest.param(["--message", "7/5"], 1, "Message 7/5 is not among the messages", id="unknown message"),
        pytest.param(["--channel", "9"], 1, "Channel 9 is in no table", id="unknown channel"),
        pytest.param(["--advertiser", "../raw"], 1, "has no folder below", id="a path is no advertiser"),
    ],
)
def test_a_mistake_is_one_sentence(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, sentence: str
) -> None:
    assert cli.run(["forget", *arguments, "--yes", "--data", str(data)]) == status
    assert sentence in " ".join(capsys.readouterr().err.split())
    assert not (data / FILE).exists()
