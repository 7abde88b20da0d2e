import asyncio
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from adgen_pipeline.app.precedence import Precedence
from adgen_pipeline.artifacts import Store
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline.index.search import Hit
from adgen_pipeline_tests.app.ad_writer import Posts, SmallWriter
from adgen_pipeline_tests.app.serving import BRIEF, ready, small_app
from adgen_pipeline_tests.generation.profiles import profile

LONG = 10.0  # seconds: what nothing waits for in a test that passes


def test_who_gives_way_waits_until_the_last_search_is_done() -> None:
    precedence = Precedence(at_once=1, patience_seconds=LONG)
    precedence.give_way()  # at once: nobody searches
    inside, go_on, done = threading.Event(), threading.Event(), []

    def search() -> None:
        inside.set()
        assert go_on.wait(LONG)
        done.append("search")

    async def two() -> None:
        await asyncio.gather(precedence.first(search), precedence.first(search))

    searching = threading.Thread(target=lambda: asyncio.run(two()))
    searching.start()
    assert inside.wait(LONG)

    def step() -> None:
        precedence.give_way()
        done.append("step")

    writing = threading.Thread(target=step)
    writing.start()
    writing.join(0.05)
    assert done == []
    go_on.set()
    writing.join(LONG)
    searching.join(LONG)
    assert done == ["search", "search", "step"]


def test_patience_ends_however_much_is_searched() -> None:
    precedence = Precedence(patience_seconds=0.02)
    waited: list[float] = []

    def search() -> None:
        began = time.monotonic()
        precedence.give_way()
        waited.append(time.monotonic() - began)

    asyncio.run(precedence.first(search))
    assert 0.02 <= waited[0] < LONG


@pytest.mark.parametrize("at_once", [1, 3])
def test_searches_run_few_at_once_in_the_order_of_their_coming(at_once: int) -> None:
    precedence = Precedence(at_once=at_once)
    inside: list[int] = []
    most: list[int] = []
    order: list[int] = []

    def search(number: int) -> None:
        order.append(number)
        inside.append(number)
        most.append(len(inside))
        time.sleep(0.002)
        inside.remove(number)

    async def many() -> None:
        await asyncio.gather(*(precedence.first(partial(search, number)) for number in range(12)))

    asyncio.run(many())
    assert max(most) <= at_once
    assert sorted(order) == list(range(12))
    if at_once == 1:
        assert order == list(range(12))


def test_a_search_that_fails_lets_the_others_go_on() -> None:
    precedence = Precedence(at_once=1, patience_seconds=LONG)

    def search() -> None:
        raise ValueError("no such post")

    for _ in range(2):
        with pytest.raises(ValueError, match="no such post"):
            asyncio.run(precedence.first(search))
    began = time.monotonic()
    precedence.give_way()
    assert time.monotonic() - began < LONG / 2


@pytest.mark.parametrize("path", ["search", "advice"])
def test_the_api_lets_searches_go_first(tmp_path: Path, path: str) -> None:
    precedence = Precedence(patience_seconds=0.02)
    waited: list[float] = []

    class Watched(Posts):
        def search(self, *args: object, **more: object) -> Sequence[Hit]:
            began = time.monotonic()
            precedence.give_way()
            waited.append(time.monotonic() - began)
            return super().search(*args, **more)  # type: ignore[arg-type]

    writer = SmallWriter({7: "ናሙና ሱቅ"})
    writer.index = Watched()
    profiles = [profile(7, channel_name="ናሙና ሱቅ", ads_count=9)]
    Store(tmp_path).write_table(CHANNEL_PROFILES, CHANNEL_PROFILES.frame(profiles))
    with TestClient(small_app(tmp_path, lambda: writer, precedence=precedence)) as client:
        ready(client)
        if path == "search":
            assert client.get("/v1/search", params={"q": "ጫማ"}).json()["hits"][0]["matched"] == ["ጫማ"]
        else:
            advised = client.post("/v1/channels/advice", json={"brief": BRIEF}).json()
            assert [channel["channel_id"] for channel in advised] == [7]
    assert waited
    assert min(waited) >= 0.02
