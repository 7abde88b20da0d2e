"""The API under load: many clients search while others have ads written, on a model and index of fake size.

`python -m benchmarks.api [--clients 50] [--seconds 300] [--json]`. It starts `adgen serve` on a data folder of its own,
on loopback, and stops it at the end. One client in ten has ads written and comes back when it is told to; the others
search, think for a second, and search again. Counted: requests that got no answer, or one that was neither a result
nor an honest 429 or 503 with Retry-After; search times at the client; the server's memory after a tenth of the time
and at the end.
"""

import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click
import httpx
import psutil

from adgen_pipeline import process
from adgen_pipeline.app.ports import LOOPBACK
from adgen_pipeline.app.servers import api_server
from adgen_pipeline.settings import PROJECT_ROOT, Settings
from adgen_pipeline_tests.app.serving import free_port
from adgen_pipeline_tests.generation.writers import published_store

BRIEF = "ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2,500 ብር\nስልክ፦ 0900 000 012"
QUERIES = ("የቆዳ ጫማ", "ስልክ በቅናሽ", "leather shoes", "አዲስ ላፕቶፕ", "ቤት ኪራይ")
WRITERS_SHARE = 0.1
THINK_SECONDS = 1.0
START_SECONDS = 180.0
TARGET_P95_MS = 150.0


@dataclass
class Counted:
    """What the clients saw."""

    searches: list[float] = field(default_factory=list)
    ads: int = 0
    told_to_wait: int = 0
    lost: list[str] = field(default_factory=list)


async def search(client: httpx.AsyncClient, number: int, until: float, counted: Counted) -> None:
    """Search, think, search again."""
    turn = number
    await asyncio.sleep(THINK_SECONDS * number / 50)
    while time.monotonic() < until:
        began = time.perf_counter()
        answer = await _asked(client.get("/v1/search", params={"q": QUERIES[turn % len(QUERIES)]}), counted)
        if answer is not None:
            counted.searches.append(time.perf_counter() - began)
        turn += 1
        await asyncio.sleep(THINK_SECONDS)


async def write(client: httpx.AsyncClient, number: int, until: float, counted: Counted) -> None:
    """Have ads written, and come back when told to."""
    turn = number
    while time.monotonic() < until:
        answer = await _asked(client.post("/v1/ads", json={"brief": BRIEF, "n": 2, "seed": turn}), counted)
        turn += 1
        if answer is None:
            continue
        if answer.status_code == 503:
            counted.told_to_wait += 1
            await asyncio.sleep(min(float(answer.headers["retry-after"]), max(0.0, until - time.monotonic())))
        else:
            counted.ads += len(answer.json()["ads"])


async def _asked(request: Awaitable[httpx.Response], counted: Counted) -> httpx.Response | None:
    """The answer, if it is a result or an honest refusal; anything else is a lost request."""
    try:
        answer = await request
    except httpx.HTTPError as error:
        counted.lost.append(type(error).__name__)
        return None
    if answer.is_success or (answer.status_code in (429, 503) and "retry-after" in answer.headers):
        return answer
    counted.lost.append(str(answer.status_code))
    return None


async def load(
    address: str, clients: int, seconds: float, server: psutil.Process
) -> tuple[Counted, list[float]]:
    """Run all clients; what they saw, and the server's memory in MB, each tenth of the time."""
    counted = Counted()
    memory: list[float] = []
    until = time.monotonic() + seconds
    writers = max(1, round(clients * WRITERS_SHARE))
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits, trust_env=False) as client:
        work = [asyncio.create_task(write(client, n, until, counted)) for n in range(writers)]
        work += [asyncio.create_task(search(client, n, until, counted)) for n in range(clients - writers)]
        for _ in range(10):
            await asyncio.sleep(seconds / 10)
            memory.append(server.memory_info().rss / 1e6)
        await asyncio.gather(*work)
    return counted, memory


def measure(clients: int, seconds: float) -> dict[str, object]:
    """Figures of one run on a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = published_store(Path(folder))
        port = free_port()
        settings = Settings.from_environment(data=store.root, recipe=Path("tiny"))
        child = subprocess.Popen(
            [*api_server(settings, port=port).arguments, "--rate", "100000"], env=settings.child_environment(),
            cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            address = f"http://{LOOPBACK}:{port}"
            ready_after = _wait(address)
            counted, memory = asyncio.run(load(address, clients, seconds, psutil.Process(child.pid)))
        finally:
            process.stop_group(child, 10)
    times = sorted(counted.searches)
    return {
        "clients": clients,
        "seconds": seconds,
        "ready_after_seconds": round(ready_after, 1),
        "searches": len(times),
        "search_p50_ms": round(1000 * times[len(times) // 2], 1) if times else None,
        "search_p95_ms": round(1000 * times[int(0.95 * len(times))], 1) if times else None,
        "target_p95_ms": TARGET_P95_MS,
        "ads": counted.ads,
        "told_to_wait": counted.told_to_wait,
        "lost": len(counted.lost),
        "lost_kinds": sorted(set(counted.lost)),
        "memory_mb": [round(value) for value in memory],
    }


def _wait(address: str) -> float:
    began = time.monotonic()
    while time.monotonic() - began < START_SECONDS:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/ready", trust_env=False).is_success:
                return time.monotonic() - began
        time.sleep(0.1)
    raise SystemExit(f"{address} was not ready after {START_SECONDS:.0f} s.")


@click.command()
@click.option("--clients", default=50, show_default=True, help="Clients at once, one in ten of them writing.")
@click.option("--seconds", default=300.0, show_default=True, help="How long they ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(clients: int, seconds: float, as_json: bool) -> None:
    """Print what clients of a busy API see."""
    found = measure(clients, seconds)
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name:22} {value}")


if __name__ == "__main__":
    main()
