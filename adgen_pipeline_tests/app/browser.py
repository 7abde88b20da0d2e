"""The page in a real browser: Debian's Chromium, driven by Playwright, on the real servers.

`python -m adgen_pipeline_tests.app.browser OUT` takes pictures of it, light and dark, wide and narrow, with a model of
fake size behind it (whose ads the template writes); with `--page URL` of a page that is running already.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect, sync_playwright

from adgen_pipeline import process
from adgen_pipeline.app.screens.words import words
from adgen_pipeline.app.servers import page_server
from adgen_pipeline.settings import Settings
from adgen_pipeline_tests.app.serving import free_port, listening, small_app
from adgen_pipeline_tests.generation.writers import tiny_writer

SIZES = {"wide": (1280, 900), "narrow": (390, 844)}
WAIT_MS = 60_000


def chromium() -> str | None:
    """Where the browser is; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def page_of(api: str) -> Iterator[str]:
    """The address of the page, served for an API."""
    settings = replace(Settings.from_environment(recipe=Path("tiny")), api_url=api)
    port = free_port()
    server = page_server(settings, port=port)
    child = subprocess.Popen(
        list(server.arguments), env={**settings.child_environment(), **server.environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while not _answers(server.health):
            assert time.monotonic() < deadline, "the page did not start"
            time.sleep(0.2)
        yield server.address
    finally:
        process.stop_group(child, 10)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def opened(
    address: str, *, size: str = "wide", scheme: Any = "light", language: str = "en"
) -> Iterator[Page]:
    """The page in a browser window."""
    width, height = SIZES[size]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        page.goto(address)
        expect(page.get_by_role("heading", name=words()["title"]["en"])).to_be_visible()
        if language == "am":
            page.get_by_text("አማርኛ", exact=True).click()
            expect(page.get_by_role("heading", name=words()["title"]["am"])).to_be_visible()
        yield page
        browser.close()


class Manager:
    """What a campaign manager does on the page, in one language."""

    def __init__(self, page: Page, language: str) -> None:
        self.page = page
        self._language = language

    def word(self, key: str) -> str:
        """A word of the page."""
        return words()[key][self._language]

    def press(self, key: str) -> None:
        """Click the first button with this word."""
        self.page.get_by_role("button", name=self.word(key)).first.click()

    def go(self, screen: str) -> None:
        """Change to a screen, and wait until it stands and the one before is gone: they have parts that look alike."""
        self.page.get_by_text(self.word(f"screen_{screen}"), exact=True).click()
        signs = {
            "write": self.page.get_by_text(self.word("upload"), exact=True),
            "compare": self.page.get_by_role("button", name=self.word("compare")),
            "history": self.page.get_by_label(self.word("search_ads")),
        }
        if screen in signs:  # the screen of channels has none of its own
            expect(signs.pop(screen)).to_be_visible()
        for other in signs.values():
            expect(other).to_have_count(0)

    def take_sample(self) -> None:
        """Fill in the sample brief, and wait until it stands there."""
        self.press("sample")
        expect(self.page.get_by_label(self.word("brief"), exact=True)).to_have_value(
            re.compile("0900 000 001")
        )

    def read(self) -> None:
        """Have the brief read, and wait for what was understood."""
        self.press("understand")
        expect(self.page.get_by_role("heading", name=self.word("understood"))).to_be_visible()

    def write(self) -> None:
        """Have ads written, and wait for them."""
        self.press("write")
        expect(self.page.get_by_role("heading", name=self.word("ads"), exact=True)).to_be_visible()

    def compare(self) -> None:
        """Have the serving model and the template write for the brief, and wait for both ads."""
        self.press("compare")
        expect(self.page.get_by_text(self.word("which_better"))).to_be_visible()

    def vote(self, choice: str) -> None:
        """Say which ad is better, and wait for who wrote which."""
        self.page.get_by_role("button", name=self.word(f"vote_{choice}"), exact=True).click()
        expect(self.page.get_by_text(self.word("wrote").split("{")[0])).to_have_count(2)

    def edit(self, text: str) -> None:
        """Open the first ad's editor and type into it."""
        self.page.get_by_text(self.word("edit"), exact=True).first.click()
        area = self.page.locator("textarea[data-ad]").first
        area.press("Control+End")
        area.press_sequentially(text)


def take_pictures(address: str, folder: Path) -> list[Path]:
    """Pictures of the way of a manager, in both schemes and sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    for scheme in ("light", "dark"):
        for size in SIZES:
            language = "am" if scheme == "dark" else "en"
            with opened(address, size=size, scheme=scheme, language=language) as page:
                manager = Manager(page, language)

                def take(name: str, scheme: str = scheme, size: str = size, page: Page = page) -> None:
                    page.wait_for_timeout(1200)
                    taken.append(folder / f"{name}-{scheme}-{size}.png")
                    _picture(page, taken[-1], *SIZES[size])

                manager.take_sample()
                manager.read()
                take("brief")
                manager.press("advise")
                page.wait_for_timeout(2500)
                take("advice")
                manager.write()
                take("ads")
                manager.edit(" 3,900")
                page.wait_for_timeout(2500)
                take("edit")
                manager.go("compare")
                take("compare-before")
                manager.compare()
                take("compare-blind")
                manager.vote("first")
                take("compare-voted")
                manager.go("history")
                take("history")
                manager.go("channels")
                take("channels")
    return taken


def _picture(page: Page, file: Path, width: int, height: int) -> None:
    """A picture of all of the page: Streamlit scrolls within the window, so the window is made as high as it needs."""
    whole = int(page.locator('[data-testid="stMain"]').evaluate("element => element.scrollHeight"))
    page.set_viewport_size({"width": width, "height": max(height, whole)})
    page.wait_for_timeout(300)
    page.screenshot(path=file)
    page.set_viewport_size({"width": width, "height": height})


def main() -> None:
    """Take pictures into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--page", help="address of a page that runs already")
    arguments = parser.parse_args()
    if arguments.page:
        taken = take_pictures(arguments.page, arguments.out)
    else:
        with tempfile.TemporaryDirectory() as folder:
            writer = tiny_writer(Path(folder))
            with listening(small_app(Path(folder), lambda: writer)) as api, page_of(api) as address:
                taken = take_pictures(address, arguments.out)
    for path in taken:
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
