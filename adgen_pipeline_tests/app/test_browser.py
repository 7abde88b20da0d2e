"""The way of a manager in a real browser, in both languages; what others wrote stays text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("playwright")
from docx import Document
from playwright.sync_api import expect

from adgen_pipeline_tests.app.ad_writer import SmallWriter
from adgen_pipeline_tests.app.browser import Manager, chromium, opened, page_of
from adgen_pipeline_tests.app.serving import listening, small_app

EVIL = '<img src=x onerror="window.broken=1"><script>window.broken=1</script> [a](javascript:window.broken=1) **b** $x$'
BRIEFS = {
    "en": f"Product: Leather shoes {EVIL}\nPrice: 2,500 birr\nFeatures: light",
    "am": f"ምርት፦ የቆዳ ጫማ {EVIL}\nዋጋ፦ 2,500 ብር\nባህሪያት፦ ቀላል",
}

BOXES = "bubbles => bubbles.map(bubble => bubble.getBoundingClientRect().toJSON())"
FONT = "document.fonts.load('16px \"Noto Sans Ethiopic Adgen\"', 'ሀ').then(found => found.length > 0)"  # waits for it

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(chromium() is None, reason="no Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    writer = SmallWriter({7: f"ናሙና ሱቅ {EVIL}"})
    with listening(small_app(tmp_path_factory.mktemp("api"), lambda: writer)) as address:
        yield address


@pytest.fixture(scope="module")
def address(api: str) -> Iterator[str]:
    with page_of(api) as served:
        yield served


def asked(api: str, path: str) -> Any:
    return httpx.get(f"{api}{path}", trust_env=False).json()


@pytest.mark.parametrize("language", ["en", "am"])
def test_the_way_of_a_manager(api: str, address: str, tmp_path: Path, language: str) -> None:
    file = tmp_path / "brief<b>name.md"
    file.write_text(BRIEFS[language], encoding="utf-8")
    with opened(address, language=language) as page:
        manager = Manager(page, language)
        page.locator('input[type="file"]').set_input_files(file)
        expect(page.get_by_text(file.name)).to_be_visible()
        manager.read()
        expect(page.get_by_text(manager.word("lacks_contact"))).to_be_visible()
        contact = page.get_by_label(manager.word("contact")).first
        contact.fill("0900 000 012")
        contact.press("Enter")
        manager.write()
        bubble = page.locator(".adgen-bubble").first
        expect(bubble).to_contain_text("0900 000 012")

        manager.edit(" 3,900 ብር")
        expect(page.get_by_text(manager.word("concern_invented_fact")).first).to_be_visible()
        expect(page.locator(".back mark").first).to_have_text("3,900 ብር")
        area = page.locator("textarea[data-ad]").first
        for _ in " 3,900 ብር":
            area.press("Backspace")
        # Half of a number may be no fact any more: the ad is as it was when nothing is left to accept as edited.
        expect(page.get_by_role("button", name=manager.word("accept_edit"))).to_have_count(0)
        expect(page.get_by_text(manager.word("concern_invented_fact"))).to_have_count(0)
        manager.press("accept")
        expect(page.get_by_text(manager.word("given_accept")).first).to_be_visible()

        page.get_by_role("button", name=manager.word("reject")).last.click()
        reasons = page.get_by_test_id("stPopoverBody")
        reasons.get_by_role("button", name=manager.word("reject")).click()
        expect(page.get_by_text(manager.word("given_reject")).first).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("button", name="DOCX").click()
        assert download.value.suggested_filename == "ads.docx"
        lines = [line.text for line in Document(str(download.value.path())).paragraphs]
        assert any(manager.word("format_post") in line for line in lines)
        assert any(manager.word("policy_allow") in line for line in lines)

        manager.go("history")
        expect(page.locator(".adgen-bubble").first).to_be_visible()
        manager.go("channels")
        expect(page.get_by_text(manager.word("no_profile"))).to_be_visible()
        assert page.evaluate("window.broken") is None
        assert page.locator(".adgen-bubble img, .adgen-bubble script").count() == 0
    verdicts = {ad["verdict"] for ad in asked(api, "/v1/ads")[:2]}
    assert verdicts == {"accept", "reject"}


@pytest.mark.parametrize("language", ["en", "am"])
def test_two_models_are_compared_by_keyboard_and_named_after_the_vote(
    api: str, address: str, language: str
) -> None:
    votes_before = asked(api, "/v1/comparisons/summary")["votes_count"]
    with opened(address, language=language) as page:
        manager = Manager(page, language)
        manager.go("compare")
        brief = page.get_by_label(manager.word("brief"), exact=True)
        brief.fill(BRIEFS[language])
        brief.press("Control+Enter")
        manager.compare()
        bubbles = page.locator(".adgen-bubble")
        expect(bubbles).to_have_count(2)
        first, second = bubbles.evaluate_all(BOXES)  # at one moment: the page still moves
        assert first["y"] == second["y"]
        assert first["right"] < second["x"]
        expect(page.locator(".adgen-chat")).to_contain_text([manager.word("format_post")] * 2)
        assert page.get_by_text(manager.word("wrote").split("{")[0]).count() == 0
        assert page.evaluate("window.broken") is None
        assert page.locator(".adgen-bubble img, .adgen-bubble script").count() == 0
        better = page.get_by_role("button", name=manager.word("vote_first"), exact=True)
        better.focus()
        for choice in ("second", "both", "neither"):
            page.keyboard.press("Tab")
            name = manager.word(f"vote_{choice}")
            expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text(manager.word("wrote").split("{")[0])).to_have_count(2)
        chats = page.locator(".adgen-chat")
        named = [chats.nth(place).inner_text() for place in (0, 1)]
        assert sum(manager.word("model_template") in text for text in named) == 1
        assert sum(f"{manager.word('model_champion')} · m1" in text for text in named) == 1
        expect(page.get_by_text(manager.word("tally").format(count=votes_before + 1))).to_be_visible()
        expect(page.locator(".adgen-table")).to_contain_text(manager.word("tally_too_few"))

        page.get_by_text({"en": "አማርኛ", "am": "English"}[language], exact=True).click()
        other = Manager(page, {"en": "am", "am": "en"}[language])
        expect(page.get_by_text(other.word("vote_both")).first).to_be_visible()
        expect(page.get_by_text(other.word("format_post")).first).to_be_visible()
    assert asked(api, "/v1/comparisons/summary")["votes_count"] == votes_before + 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(address: str, scheme: str) -> None:
    with opened(address, size="narrow", scheme=scheme, language="am") as page:
        manager = Manager(page, "am")
        manager.take_sample()
        manager.read()
        manager.write()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        fonts = page.locator(".adgen-text").first.evaluate("e => getComputedStyle(e).fontFamily")
        assert "Noto Sans Ethiopic Adgen" in fonts
        manager.go("compare")
        manager.compare()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate(FONT)
