import threading
import time

import pytest

from adgen_pipeline.app.beside import Beside, Fit, nothing_beside
from adgen_pipeline.app.engine import BusyError, Engine, Writer
from adgen_pipeline.app.limits import Limits
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline_tests.app.serving import small_beside, small_writer


class Loads:
    """Loads small writers and notes which."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def __call__(self, version: str) -> Fit:
        self.loaded.append(version)
        return small_beside(version)


def test_a_model_is_loaded_when_it_is_first_wanted_and_kept_for_the_next_comparison() -> None:
    loads = Loads()
    beside = Beside(loads)
    assert loads.loaded == []
    for _ in range(2):
        with beside.turn():
            assert beside.fit("m0")(small_writer()).model_version == "m0"
    assert (loads.loaded, beside.kept) == (["m0"], "m0")


def test_another_model_takes_the_place_of_the_first_and_the_template_takes_none() -> None:
    loads = Loads()
    beside = Beside(loads)
    kept_while_loading: list[str | None] = []

    def load(version: str) -> Fit:
        kept_while_loading.append(beside.kept)
        return loads(version)

    beside = Beside(load)
    with beside.turn():
        beside.fit("m0")
        beside.fit("m2")
        beside.fit("template")
    assert kept_while_loading == [None, None, "m2"]
    assert beside.kept == "m2"


def test_an_unused_model_is_forgotten_after_a_while() -> None:
    beside = Beside(small_beside, kept_seconds=0.01)
    with beside.turn():
        beside.fit("m0")
        time.sleep(0.05)
        assert beside.kept == "m0"
    deadline = time.monotonic() + 5
    while beside.kept is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert beside.kept is None


def test_one_comparison_waits_and_a_third_is_told_to_come_back() -> None:
    beside, inside, go_on = Beside(small_beside), threading.Event(), threading.Event()
    done: list[str] = []

    def compare(name: str) -> None:
        with beside.turn():
            inside.set()
            go_on.wait(5)
            done.append(name)

    threads = [threading.Thread(target=compare, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    assert inside.wait(5)
    deadline = time.monotonic() + 5
    while beside._places._value and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(BusyError, match="being written") as refused, beside.turn():
        pytest.fail("a third one was let in")
    assert refused.value.retry_seconds > 0
    go_on.set()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["one", "two"]


def test_who_waited_too_long_is_told_to_come_back() -> None:
    beside = Beside(small_beside, limits=Limits(wait_seconds=0.01))
    with beside.turn(), pytest.raises(BusyError, match="Another comparison"), beside.turn():
        pytest.fail("two at once")


def test_a_model_that_cannot_be_loaded_leaves_none_and_the_next_one_is_tried() -> None:
    beside = Beside(nothing_beside)
    for _ in range(2):
        with pytest.raises(ArtifactError, match="no model m0"), beside.turn():
            beside.fit("m0")
    assert beside.kept is None


def test_the_serving_model_is_replaced_while_no_second_one_is_in_memory() -> None:
    beside = Beside(small_beside)
    kept: list[str | None] = []

    def load() -> Writer:
        kept.append(beside.kept)
        return small_writer()

    published = ["a"]
    engine = Engine(beside.before(load), published=lambda: published[0])
    engine.look()
    with beside.turn():
        beside.fit("m0")
    published[0] = "b"
    engine.look()
    assert kept == [None, None]
