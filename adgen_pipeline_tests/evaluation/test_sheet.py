import csv
import json
from pathlib import Path

import pytest

from adgen_pipeline.app import cli
from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation import sheet
from adgen_pipeline.evaluation_schemas import ANSWERS, CASES
from adgen_pipeline_tests.evaluation.ads import AD, answers, cases

WRITTEN = answers(
    {
        "ours": [f"{AD} {n}" for n in range(8)],
        "base": [f"=1+1 ጫማ {n} 0911111111" for n in range(8)],
        "template": [f"{AD} {n}" if n < 3 else f"ጫማ {n}" for n in range(8)],
    }
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sheet.write(tmp_path / "rating", cases(8), WRITTEN, count=5, seed=3)
    return tmp_path / "rating"


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def fill_in(folder: Path, name: str, prefer: str, *, every: int = 1) -> Path:
    """A rater who prefers one system, and votes on every so many-th pair."""
    sides = json.loads((folder / sheet.KEY).read_text(encoding="utf-8"))
    file = folder / f"{name}.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.DictWriter(opened, sheet.COLUMNS)
        writer.writeheader()
        for n, row in enumerate(rows(folder / sheet.SHEET)):
            names = sides[row["pair"]]
            vote = "left" if names["left"] == prefer else "right" if names["right"] == prefer else "tie"
            writer.writerow({**row, "better": vote if n % every == 0 else ""})
    return file


def test_raters_see_no_system_no_contact_and_no_formula(folder: Path) -> None:
    page = (folder / sheet.PAGE).read_text(encoding="utf-8")
    seen = (folder / sheet.SHEET).read_text(encoding="utf-8-sig") + page[page.index("<body>") :]
    for secret in ("ours", "template", "0911111111", "+251 900 000 001"):
        assert secret not in seen
    given = rows(folder / sheet.SHEET)
    assert len(given) == 10
    assert not any(row[side].startswith("=") for row in given for side in ("left", "right"))
    assert {row["better"] for row in given} == {""}


def test_sides_and_order_are_drawn_and_the_same_seed_draws_the_same(folder: Path, tmp_path: Path) -> None:
    sides = json.loads((folder / sheet.KEY).read_text(encoding="utf-8"))
    assert {names["left"] for names in sides.values()} > {"ours"}  # ours stands on both sides
    order = [sides[row["pair"]]["case"] for row in rows(folder / sheet.SHEET)]
    assert order != sorted(order)
    sheet.write(tmp_path / "again", cases(8), WRITTEN.reverse(), count=5, seed=3)
    for name in (sheet.SHEET, sheet.PAGE, sheet.KEY):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_ads_that_are_the_same_are_no_pair(folder: Path, tmp_path: Path) -> None:
    sides = json.loads((folder / sheet.KEY).read_text(encoding="utf-8")).values()
    assert not {f"1/{n}" for n in (1, 2, 3)} & {
        names["case"] for names in sides if "template" in (names["left"], names["right"])
    }
    same = answers({"ours": [AD] * 2, "base": [AD] * 2})
    with pytest.raises(DataError, match="nothing to compare"):
        sheet.write(tmp_path / "none", cases(2), same, count=2, seed=1)
    with pytest.raises(DataError, match="nobody and ours answered no case"):
        sheet.write(tmp_path / "none", cases(2), same, count=2, against=["nobody"], seed=1)


def test_win_rates_have_intervals_and_raters_who_vote_alike_agree(folder: Path) -> None:
    files = [fill_in(folder, "sara", "ours"), fill_in(folder, "abel", "ours", every=2)]
    found = sheet.read(files, folder / sheet.KEY)
    assert [outcome.other for outcome in found.outcomes] == ["base", "template"]
    assert all(outcome.win_rate == outcome.low == outcome.high == 1.0 for outcome in found.outcomes)
    assert sum(outcome.wins for outcome in found.outcomes) == 15
    assert found.outcomes[0].p_value == pytest.approx(2 / 2**5)
    assert found.raters == ("abel", "sara")
    assert found.alpha == pytest.approx(1.0)
    assert found.equal_share == 1.0


def test_raters_who_vote_against_each_other_do_not_agree(folder: Path) -> None:
    files = [fill_in(folder, "sara", "ours"), fill_in(folder, "abel", "base")]
    found = sheet.read(files, folder / sheet.KEY)
    base = found.outcomes[0]
    assert (base.wins, base.losses, base.win_rate) == (5, 5, 0.5)
    assert base.p_value == 1.0  # every pair is even
    assert found.alpha is not None
    assert found.alpha < 0
    assert found.equal_share == 0.0


def test_one_rater_has_nobody_to_agree_with(folder: Path) -> None:
    found = sheet.read([fill_in(folder, "sara", "ours")], folder / sheet.KEY)
    assert (found.alpha, found.equal_share) == (None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("pair,better\nabc,left\n", "is not in", id="a pair of another sheet"),
        pytest.param("a,b\n1,2\n", "no sheet", id="another table"),
        pytest.param("pair,better\nabc,maybe\n", "row 2: 'maybe' is no vote", id="a word that is no vote"),
    ],
)
def test_a_wrong_sheet_is_one_sentence(folder: Path, text: str, message: str) -> None:
    (folder / "wrong.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        sheet.read([folder / "wrong.csv"], folder / sheet.KEY)


@pytest.mark.parametrize(("wins", "losses", "p"), [(8, 2, 0.109), (5, 0, 0.0625), (3, 3, 1.0), (0, 0, 1.0)])
def test_the_sign_test_equals_its_table(wins: int, losses: int, p: float) -> None:
    assert sheet.sign_test(wins, losses) == pytest.approx(p, abs=5e-4)


def test_the_commands_write_a_sheet_and_read_it_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "data")
    store.write_table(CASES, cases(8))
    store.write_table(ANSWERS, WRITTEN)
    out = tmp_path / "rating"
    assert cli.run(["evaluate", "sheet", str(out), "-n", "4", "--data", str(store.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pairs"] == 8
    file = fill_in(out, "sara", "ours")
    assert cli.run(["evaluate", "import", str(file), "--key", str(out / sheet.KEY), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [outcome["win_rate"] for outcome in found["outcomes"]] == [1.0, 1.0]
    assert cli.run(["evaluate", "import", str(file), "--key", str(out / sheet.KEY)]) == 0
    assert "Raters: sara" in capsys.readouterr().out
