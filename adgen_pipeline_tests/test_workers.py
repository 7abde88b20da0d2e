"""Threads and processes that clean channels side by side."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest

from adgen_pipeline.artifacts import folder_digest
from adgen_pipeline.errors import ResourceError
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline.workers import PROCESSES_FROM_MEGABYTES, alone, batches, processes, workers
from adgen_pipeline_tests.telegram.exports import chat, message, write

# Its workers are busy when it is killed; it prints their ids first.
PARENT = """
import time
from adgen_pipeline.workers import processes

pool = processes(2)
for _ in range(2):
    pool.submit(time.sleep, 600)
print(*(process.pid for process in pool._processes.values()), flush=True)
time.sleep(600)
"""


# It waits for a process that it interrupts; it prints that one's id first.
INTERRUPTED = """
import multiprocessing, os, signal, threading, time
from adgen_pipeline.workers import alone

def interrupt():
    while not multiprocessing.active_children():
        time.sleep(0.05)
    print(multiprocessing.active_children()[0].pid, flush=True)
    os.kill(os.getpid(), signal.SIGINT)

if __name__ == "__main__":
    threading.Thread(target=interrupt).start()
    try:
        alone(time.sleep, 600)
    except KeyboardInterrupt:
        print(len(multiprocessing.active_children()), flush=True)
"""


def whose(texts: Sequence[str]) -> list[tuple[str, int]]:
    return [(text, os.getpid()) for text in texts]


def polars_threads(_: int) -> int:
    return pl.thread_pool_size()


def die(texts: Sequence[str]) -> list[str]:
    os._exit(9)


def clean(raw: Path, out: Path, pool: Executor | None = None) -> dict[str, object]:
    return clean_folder(raw, out, recipe=TelegramRecipe(), report=lambda line: None, started_workers=pool)


class Broken(Executor):
    """Workers of which one was killed."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool("killed"))
        return future


@pytest.mark.parametrize(
    ("megabytes", "channels", "kind"),
    [
        (PROCESSES_FROM_MEGABYTES - 1, 10, ThreadPoolExecutor),
        (PROCESSES_FROM_MEGABYTES, 10, ProcessPoolExecutor),
        (PROCESSES_FROM_MEGABYTES, 1, ThreadPoolExecutor),
    ],
)
def test_processes_are_started_where_the_size_is_worth_it(
    monkeypatch: pytest.MonkeyPatch, megabytes: float, channels: int, kind: type[Executor]
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with workers(megabytes=megabytes, channels=channels) as pool:
        assert isinstance(pool, kind)


def test_a_killed_worker_is_one_sentence(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.json", chat([message(1)]))
    with pytest.raises(ResourceError, match="was killed"):
        clean(tmp_path / "raw", tmp_path / "out", Broken())


def test_processes_look_at_every_text_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("adgen_pipeline.workers.BATCH_TEXTS", 3)
    texts = [f"{number}" for number in range(10)]
    found = list(batches(whose, texts, processes_from=10))
    assert [text for text, _ in found] == texts
    assert os.getpid() not in {process for _, process in found}
    assert {process for _, process in batches(whose, texts, processes_from=11)} == {os.getpid()}


def test_items_are_taken_as_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("adgen_pipeline.workers.BATCH_TEXTS", 3)
    numbers = iter(range(1000))
    found = batches(whose, map(str, numbers), processes_from=10)
    assert next(found)[0] == "0"
    assert next(numbers) < 60
    assert len(list(found)) == 998  # one was had, and one taken above


def test_processes_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    with processes(2) as pool:
        assert set(pool.map(polars_threads, range(4))) == {2}
    assert "POLARS_MAX_THREADS" not in os.environ


def test_a_killed_process_that_looks_at_texts_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with pytest.raises(ResourceError, match="was killed"):
        list(batches(die, ["a"], processes_from=1))


@pytest.mark.slow
def test_processes_write_the_bytes_that_threads_write(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / "raw" / f"{number}.json", chat([message(1), message(2, "ነው:: #ሠላም")], 11 + number))
    write(tmp_path / "raw" / "none.json", chat([], 20))
    expected = clean(tmp_path / "raw", tmp_path / "threads")
    with processes(2) as pool:
        found = clean(tmp_path / "raw", tmp_path / "processes", pool)
    assert found["channels"] == expected["channels"]
    assert folder_digest(tmp_path / "processes") == folder_digest(tmp_path / "threads")


@pytest.mark.slow
def test_workers_end_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        ids = [int(word) for word in parent.stdout.readline().split()]
        assert len(ids) == 2
        time.sleep(5)  # until they are started
        parent.kill()
    deadline = time.monotonic() + 30
    while any(map(psutil.pid_exists, ids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(psutil.pid_exists, ids))


def test_work_apart_is_done_in_another_process() -> None:
    assert alone(os.getpid) != os.getpid()


@pytest.mark.parametrize(
    ("work", "argument", "said"),
    [
        pytest.param(os._exit, 3, "code 3", id="ends"),
        pytest.param(signal.raise_signal, signal.SIGKILL, "code -9.*want of memory", id="is killed"),
        pytest.param(int, "x", "code 1.*error that it printed", id="raises"),
    ],
)
def test_work_apart_that_ends_before_it_is_done_is_an_error(
    work: Callable[..., object], argument: object, said: str
) -> None:
    with pytest.raises(ResourceError, match=said):
        alone(work, argument)


def test_work_apart_ends_at_once_where_the_waiting_is_interrupted() -> None:
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=True
    )
    child, left = map(int, run.stdout.split())
    assert left == 0
    assert not psutil.pid_exists(child)
