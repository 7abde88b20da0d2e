import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from streamlit.testing.v1 import AppTest

from adgen_pipeline.app import page
from adgen_pipeline.app.api import create_app
from adgen_pipeline.generation.brief import missing
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.slots import SLOT_KINDS
from adgen_pipeline_tests.app.ad_writer import SmallWriter

PAGE = Path(page.__file__)
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """The address of a real API with a small writer."""
    writer = SmallWriter({7: f"ናሙና ሱቅ {EVIL}"})
    config = uvicorn.Config(
        create_app(lambda: writer), host="127.0.0.1", port=0, log_level="warning", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def opened(api: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("ADGEN_API_URL", api)
    return AppTest.from_file(str(PAGE), default_timeout=30).run()


def html_of(app: AppTest) -> str:
    """All HTML that the page shows, its style sheet left out."""
    bodies = [element.proto.body for element in app.get("html")]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_a_manager_gets_ads_for_a_typed_brief(opened: AppTest) -> None:
    assert not opened.exception
    opened.text_area[0].set_value(
        f"Product: Leather shoes {EVIL}\nPrice: 2,500 birr\nPhone: 0900 000 012"
    ).run()
    press(opened, "Write ads")
    assert not opened.exception
    shown = html_of(opened)
    assert shown.count("adgen-bubble") == 2
    assert "<mark>2,500" in shown
    assert "<script" not in shown
    assert [expander.label for expander in opened.expander][:2] == ["Copy", "Where it comes from"]


def test_the_sample_brief_is_understood_in_amharic(opened: AppTest) -> None:
    opened.segmented_control[0].set_value("am").run()
    assert opened.title[0].value == page.words()["title"]["am"]
    press(opened, page.words()["sample"]["am"])
    press(opened, page.words()["understand"]["am"])
    assert not opened.exception
    assert "2,500 ብር" in html_of(opened)
    assert "adgen-bubble" not in html_of(opened)


def test_an_empty_brief_is_asked_for(opened: AppTest) -> None:
    press(opened, "Write ads")
    assert "Paste or upload a brief first." in html_of(opened)


def test_an_api_that_is_away_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADGEN_API_URL", "http://127.0.0.1:9")
    app = AppTest.from_file(str(PAGE), default_timeout=30).run()
    assert not app.exception
    assert "adgen serve" in html_of(app)


def test_every_word_is_there_in_both_languages() -> None:
    for key, languages in page.words().items():
        assert set(languages) == {"en", "am"}, key
        assert all(languages.values()), key


def test_every_kind_of_fact_and_every_lack_has_a_word() -> None:
    lacks = missing(Brief(description="ሰላም"))
    assert lacks
    assert {f"kind_{kind}" for kind in SLOT_KINDS} | {f"lacks_{name}" for name in lacks} <= set(page.words())


def test_the_page_uses_no_part_of_the_library_but_its_own() -> None:
    imports = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if "adgen_pipeline" in line]
    assert imports == [
        "from adgen_pipeline.app import preview",
        "from adgen_pipeline.settings import Settings",
    ]
