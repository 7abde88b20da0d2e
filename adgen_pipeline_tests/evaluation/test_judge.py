import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adgen_pipeline.endpoint import Endpoint
from adgen_pipeline.endpoint_recipe import EndpointRecipe
from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation import sheet
from adgen_pipeline.evaluation.judge import judge
from adgen_pipeline_tests.chat_server import Reply, Server, serving_chat
from adgen_pipeline_tests.evaluation.ads import AD, answers, cases

WRITTEN = answers({"ours": [f"{AD} {n}" for n in range(4)], "base": ["ጫማ"] * 4})


@pytest.fixture
def server() -> Iterator[Server]:
    with serving_chat() as serving:
        yield serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sheet.write(tmp_path, cases(4), WRITTEN, count=4, seed=3)
    return tmp_path


def saying(words: str) -> Reply:
    return 200, {}, {"choices": [{"message": {"content": words}}], "usage": {}}


def longer(body: dict[str, Any]) -> Reply:
    """A judge that likes the longer ad, wherever it stands."""
    first, second = re.findall(r"<<<AD \d\n(.*?)\nAD \d>>>", body["messages"][0]["content"], re.DOTALL)
    return saying("1" if len(first) > len(second) else "Ad 2 is better.")


def asked(server: Server) -> Endpoint:
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    return Endpoint(EndpointRecipe(url=url, model="some/judge", tries=1), key=None)


def votes(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return [row["better"] for row in csv.DictReader(opened)]


def test_a_judge_that_goes_by_the_ads_is_a_rater_like_any_other(server: Server, folder: Path) -> None:
    server.replies = [longer]
    file = judge(folder, asked(server), seed=7, report=print)
    assert len(server.seen) == 8  # each pair twice, sides swapped
    found = sheet.read([file], folder / sheet.KEY)
    assert found.raters == ("judge-some-judge",)
    assert found.outcomes[0].win_rate == 1.0


@pytest.mark.parametrize("words", ["1", "2", "I cannot say", "tie"])
def test_a_judge_that_goes_by_the_place_or_says_nothing_is_a_tie(
    server: Server, folder: Path, words: str
) -> None:
    server.replies = [lambda _: saying(words)]
    assert votes(judge(folder, asked(server), seed=7, report=print)) == ["tie"] * 4


def test_the_judge_sees_no_system_and_the_key_stays(server: Server, folder: Path) -> None:
    server.replies = [longer]
    before = json.loads((folder / sheet.KEY).read_text(encoding="utf-8"))
    judge(folder, asked(server), seed=7, report=print)
    said = json.dumps([body for _, _, body in server.seen], ensure_ascii=False)
    assert "ours" not in said
    assert json.loads((folder / sheet.KEY).read_text(encoding="utf-8")) == before


def test_a_folder_without_a_sheet_is_one_sentence(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        judge(tmp_path, asked(server), seed=7, report=print)
