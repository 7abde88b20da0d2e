import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path

import pytest

from adgen_pipeline.app import cli
from adgen_pipeline.app.commands import pipeline
from adgen_pipeline.artifacts import Store
from adgen_pipeline.evaluation_schemas import RETRIEVAL, SCORES
from adgen_pipeline.schemas import GENERATED_ADS
from adgen_pipeline_tests import golden

TypeLines = Callable[[str], None]


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[TypeLines]:
    """A function that gives the command a text on stdin."""
    with (tmp_path / "stdin").open("w+b") as file:

        def give(text: str) -> None:
            file.write(text.encode())
            file.seek(0)
            monkeypatch.setattr(sys, "stdin", TextIOWrapper(file, encoding="utf-8"))

        yield give


def test_help_texts_are_those_of_the_golden_files() -> None:
    folder = golden.FOLDER / "help"
    kept = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.txt")}
    assert golden.help_texts() == kept, "run `make golden` and look at what changed"


@pytest.mark.parametrize(("name", "command"), [pytest.param(n, c, id=n) for n, c in golden.commands()])
def test_every_command_has_help_and_an_example(name: str, command: object) -> None:
    text = golden.help_texts()[f"{name.replace(' ', '-')}.txt"]
    has_own_commands = hasattr(command, "commands") and name != "adgen"
    assert getattr(command, "help", None)
    assert has_own_commands or f"Example:\n    {name}" in text or f"| {name}" in text


def test_help_answers_at_once_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, time; start = time.monotonic(); from adgen_pipeline.app.cli import run; run(['--help']);"
        "heavy = {'torch', 'polars', 'dagster', 'transformers', 'lancedb', 'fastapi', 'streamlit', 'mlflow'};"
        "print(sorted(heavy & set(sys.modules)), time.monotonic() - start < 1.0, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.strip() == "[] True"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(["recipe", "check", "no-such"], 1, "no such recipe", id="a recipe that is not there"),
        pytest.param(["evaluate", "--data", "nowhere"], 1, "adgen run", id="scores that were not made"),
        pytest.param(["search", "ጫማ", "--data", "nowhere"], 1, "adgen run", id="an index that was not made"),
        pytest.param(["write"], 2, "Missing argument", id="a missing argument"),
        pytest.param(["writ"], 2, "No such command", id="a word that is no command"),
        pytest.param(["search", "ጫማ", "-k", "0"], 2, "-k", id="a number out of range"),
    ],
)
def test_a_mistake_is_told_on_stderr(
    arguments: list[str], status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert "Traceback" not in captured.err
    if status == 1:
        assert captured.err.startswith("adgen: ")
        assert captured.err.count("\n") == 1


def test_all_problems_of_a_recipe_are_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("name: wrong\ndescription: d\ntraining: {base_model: tiny-random, batch: 3}\nlabel: {}\n")
    assert cli.run(["recipe", "check", str(file)]) == 1
    error = capsys.readouterr().err
    assert "2 problem(s)" in error
    assert "training.batch is not a known key" in error


def test_a_recipe_is_shown_with_its_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["recipe", "show", "demo", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["corpus"]["minimum_words"] > 0


def test_a_line_in_is_a_line_out(stdin: TypeLines, capsys: pytest.CaptureFixture[str]) -> None:
    stdin("ሠላም\n\nኀይል\n")
    assert cli.run(["text", "normalise"]) == 0
    assert capsys.readouterr().out == "ሰላም\n\nሀይል\n"


def test_facts_have_spans_of_the_line(stdin: TypeLines, capsys: pytest.CaptureFixture[str]) -> None:
    line = "ዋጋ 1,500 ብር ስልክ 0900 000 012"
    stdin(f"{line}\n")
    assert cli.run(["text", "facts", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["facts"]
    assert [fact["kind"] for fact in facts] == ["price", "phone"]
    assert all(line[fact["start"] : fact["end"]] == fact["text"] for fact in facts)


def test_each_line_has_a_language(stdin: TypeLines, capsys: pytest.CaptureFixture[str]) -> None:
    stdin("selam dewlu\n\n")
    assert cli.run(["text", "language"]) == 0
    assert capsys.readouterr().out == "am-latn\nund\n"


def test_a_language_comes_with_the_words_that_told_it(
    stdin: TypeLines, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin("selam dewlu")
    assert cli.run(["text", "language", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["words"] == {"am-latn": ["selam", "dewlu"]}


def test_labels_of_a_line_that_is_no_json_name_the_line(
    stdin: TypeLines, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin('{"text": "አዲስ ስልክ በ20,000 ብር"}\nስልክ\n')
    assert cli.run(["labels", "predict", "--json"]) == 1
    captured = capsys.readouterr()
    assert {"vertical", "verticals", "tags", "is_ad", "scores"} <= set(json.loads(captured.out))
    assert "line 2" in captured.err


def test_scores_are_printed_beside_the_baselines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(tmp_path)
    score = {"metric": "chrf", "low": 0.1, "high": 0.5, "cases_count": 4, "is_higher_better": True}
    rows = [{**score, "system": "ours", "value": 0.4}, {**score, "system": "base", "value": None}]
    store.write_table(SCORES, SCORES.frame(rows))
    retrieval = {
        "system": "hybrid",
        "queries_count": 9,
        "recall_at_10": 0.5,
        "mrr_at_10": 0.25,
        "ndcg_at_10": 0.3,
    }
    store.write_table(RETRIEVAL, RETRIEVAL.frame([retrieval]))
    assert cli.run(["evaluate", "--data", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "0.400 [0.100, 0.500]" in out
    assert "–" in out
    assert cli.run(["evaluate", "--data", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["retrieval"] == [retrieval]


def test_a_run_ends_with_the_best_ad_of_each_brief_and_the_posts_behind_it(store: Store) -> None:
    exemplar = {"channel_id": 7, "message_id": 41, "score": 0.5, "excerpt": "የቆዳ ጫማ\nአለ"}
    ad = {
        "channel_id": 7,
        "format": "post",
        "slotted": "",
        "facts": [],
        "left_out": [],
        "exemplars": [exemplar],
        "policy_verdict": "needs_review",
        "policy_rules": ["alcohol"],
        "policy_tags": [],
        "scores": [],
        "written_by": "model",
        "prompt_digest": "",
        "model": "",
        "index": "",
    }
    rows = [{**ad, "brief_id": b, "rank": r, "text": f"{b}-{r}"} for b in ("shoes", "phone") for r in (2, 1)]
    store.write_table(GENERATED_ADS, GENERATED_ADS.frame(rows))
    lines = list(pipeline.best_ads(store))
    assert [line for line in lines if line.endswith(("-1", "-2"))] == ["phone-1", "shoes-1"]
    assert "   modelled on 7/41: የቆዳ ጫማ አለ" in lines
    assert "   written by the model; policy: needs_review (alcohol)" in lines
    assert any("evaluation/report was not made yet" in line for line in pipeline.where_to_look(store))


def test_doctor_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.run(["doctor", "--data", str(tmp_path), "--recipe", "tiny", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert (status == 0) == document["healthy"]
    assert {"python", "packages", "memory", "disk", "base model", "exports"} <= {
        f["name"] for f in document["findings"]
    }
    assert all(f["to_do"] for f in document["findings"] if f["state"] != "good")


def test_ctrl_c_prints_one_line_and_exits_130() -> None:
    command = [sys.executable, "-m", "adgen_pipeline.app.cli", "text", "normalise"]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("ሠላም\n")
    child.stdin.flush()
    assert child.stdout.readline() == "ሰላም\n"  # it waits for the next line now
    child.send_signal(signal.SIGINT)
    _out, error = child.communicate(timeout=20)
    assert (child.returncode, error.count("\n")) == (130, 1)
    assert error.startswith("Stopped.")


def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text("ሠላም ኀይል\n" * 50_000, encoding="utf-8")
    command = f"{sys.executable} -m adgen_pipeline.app.cli text normalise < {lines} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("ሰላም ሀይል\n", "")
