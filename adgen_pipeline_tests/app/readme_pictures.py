"""The two pictures of the README, of the real page before the real model of a data folder.

`python -m adgen_pipeline_tests.app.readme_pictures data/demo --recipe demo` writes `docs/pictures/page-*.png`. The data
folder is copied first, without what the API does not read: the ads that are written for the pictures stay out of it.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import ViewportSize, expect

from adgen_pipeline import process
from adgen_pipeline.app.ports import LOOPBACK
from adgen_pipeline.app.servers import api_server
from adgen_pipeline.settings import PROJECT_ROOT, Settings
from adgen_pipeline_tests.app.browser import Manager, opened, page_of
from adgen_pipeline_tests.app.serving import free_port

UNREAD = (
    "state",
    "raw",
    "parsed",
    "cleaned",
    "fingerprints",
    "quarantine",
    "jobs",
    "reports",
    "ads",
    "cache",
)
TYPED, INVENTED = (
    "ዛሬ ብቻ በ1,900 ብር!",
    "1,900 ብር",
)  # what somebody types into an ad, and what of it no brief says
WINDOW: ViewportSize = {
    "width": 1280,
    "height": 1000,
}  # high enough for an ad, its editor and what is wrong with it
START_SECONDS = 180.0


@dataclass(frozen=True)
class Picture:
    """One of the two pictures.

    Attributes:
        language: of the page.
        name: of the file.
        ad: which of the two ads is edited, counted from 0.
        keys: pressed before something is typed: a new line at the end, or instead of the last one.
    """

    language: str
    name: str
    ad: int
    keys: tuple[str, ...]


PICTURES = (
    Picture("en", "page-english.png", 1, ("Control+End", "Enter")),
    Picture("am", "page-amharic.png", 0, ("Control+End", "Shift+Home")),
)


@contextmanager
def served(data: Path, recipe: Path) -> Iterator[str]:
    """The address of `adgen serve` on a copy of a data folder."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "data"
        shutil.copytree(data, copied, ignore=shutil.ignore_patterns(*UNREAD))
        settings = Settings.from_environment(data=copied, recipe=recipe)
        port = free_port()
        child = subprocess.Popen(
            list(api_server(settings, port=port).arguments), env=settings.child_environment(), cwd=PROJECT_ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            address = f"http://{LOOPBACK}:{port}"
            _wait(address)
            yield address
        finally:
            process.stop_group(child, 10)


def take(address: str, folder: Path) -> list[Path]:
    """A brief that was read, and an ad in which somebody types a price that no brief says; in both languages."""
    taken = []
    for picture in PICTURES:
        with opened(address, language=picture.language) as page:
            page.set_viewport_size(WINDOW)
            manager = Manager(page, picture.language)
            manager.take_sample()
            manager.read()
            manager.write()
            page.get_by_text(manager.word("edit"), exact=True).nth(picture.ad).click()
            area = page.locator("textarea[data-ad]")
            for key in picture.keys:
                area.press(key)
            area.press_sequentially(TYPED)
            expect(page.locator(".back mark").first).to_have_text(INVENTED)
            chat = page.locator(".adgen-chat").nth(picture.ad)
            expect(chat).to_contain_text(TYPED)
            chat.evaluate("chat => chat.scrollIntoView({block: 'start', behavior: 'instant'})")
            page.wait_for_timeout(1000)  # until the page rests
            taken.append(folder / picture.name)
            page.screenshot(path=taken[-1])
    return taken


def _wait(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"{address}/ready", trust_env=False)
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.is_success:
            return
        time.sleep(0.2)
    said = "nothing" if answer is None else answer.text
    raise SystemExit(f"{address} was not ready after {START_SECONDS:.0f} s: {said}")


def main() -> None:
    """Take both pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a data folder in which a model is published")
    parser.add_argument("--recipe", type=Path, default=Path("demo"), help="the recipe that made it")
    parser.add_argument("--out", type=Path, default=PROJECT_ROOT / "docs" / "pictures")
    arguments = parser.parse_args()
    with served(arguments.data, arguments.recipe) as api, page_of(api) as address:
        for path in take(address, arguments.out):
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
