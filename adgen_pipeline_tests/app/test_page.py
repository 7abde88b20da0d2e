from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from adgen_pipeline.app import page
from adgen_pipeline.app.screens.words import words
from adgen_pipeline.artifacts import Store
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline_tests.app.ad_writer import SmallWriter
from adgen_pipeline_tests.app.serving import listening, small_app
from adgen_pipeline_tests.generation.profiles import profile

PAGE = Path(page.__file__)
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real API with a small writer."""
    writer, folder = SmallWriter({7: f"ናሙና ሱቅ {EVIL}", 3: "Sample news"}), tmp_path_factory.mktemp("api")
    profiles = [profile(7, channel_name=f"ናሙና ሱቅ {EVIL}", ads_count=9)]
    Store(folder).write_table(CHANNEL_PROFILES, CHANNEL_PROFILES.frame(profiles))
    with listening(small_app(folder, lambda: writer)) as address:
        yield address


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


def say(key: str) -> str:
    return words()[key]["en"]


def test_a_manager_gets_ads_for_a_typed_brief_and_judges_them(opened: AppTest) -> None:
    assert not opened.exception
    opened.text_area[0].set_value(f"Product: Leather shoes {EVIL}\nPhone: 0900 000 012").run()
    press(opened, say("understand"))
    assert say("lacks_offer") in html_of(opened)
    price = next(field for field in opened.text_input if field.label.startswith(say("price")))
    assert say("please_say") in price.label
    price.set_value("2,500 birr").run()
    press(opened, say("write"))
    assert not opened.exception
    shown = html_of(opened)
    assert shown.count('"adgen-bubble"') == 2
    assert "2,500" in shown
    assert "<mark" in shown
    assert "<script" not in shown
    press(opened, say("accept"))
    assert not opened.exception
    assert say("given_accept") in html_of(opened)

    opened.segmented_control[1].set_value("history").run()
    assert not opened.exception
    assert html_of(opened).count('"adgen-bubble"') == 1
    opened.segmented_control[1].set_value("channels").run()
    assert say("no_profile") in html_of(opened)
    opened.segmented_control[1].set_value("write").run()
    price = next(field for field in opened.text_input if field.label.startswith(say("price")))
    assert price.value == "2,500 birr"


@pytest.mark.parametrize("language", ["en", "am"])
def test_channels_are_advised_with_reasons_and_the_best_is_chosen(opened: AppTest, language: str) -> None:
    opened.segmented_control[0].set_value(language).run()
    for key in ("sample", "understand", "advise"):
        press(opened, words()[key][language])
    assert not opened.exception
    shown = html_of(opened)
    assert "<script" not in shown
    assert {"en": "its posts is not known", "am": "የልጥፎቹ ቋንቋ አይታወቅም"}[language] in shown
    assert opened.multiselect[0].value == [7]
    press(opened, words()["understand"][language])
    assert words()["any_channel"][language] not in html_of(opened)
    assert "1. " not in html_of(opened)


def test_the_sample_brief_is_understood_in_amharic(opened: AppTest) -> None:
    opened.segmented_control[0].set_value("am").run()
    assert opened.title[0].value == words()["title"]["am"]
    press(opened, words()["sample"]["am"])
    press(opened, words()["understand"]["am"])
    assert not opened.exception
    assert "2,500 ብር" in [field.value for field in opened.text_input]
    assert "adgen-bubble" not in html_of(opened)


@pytest.mark.parametrize("language", ["en", "am"])
def test_two_models_are_compared_without_names_until_the_vote(opened: AppTest, language: str) -> None:
    def word(key: str, **values: object) -> str:
        return words()[key][language].format(**values)

    opened.segmented_control[0].set_value(language).run()
    opened.segmented_control[1].set_value("compare").run()
    press(opened, word("compare"))
    assert word("empty_brief") in html_of(opened)
    opened.text_area[0].set_value(f"ምርት፦ የቆዳ ጫማ {EVIL}\nዋጋ፦ 2,500 ብር").run()
    opened.selectbox(key="other_model").set_value("m1").run()
    press(opened, word("compare"))
    assert word("two_models") in html_of(opened)
    opened.selectbox(key="other_model").set_value("template").run()
    press(opened, word("compare"))
    assert not opened.exception
    shown = html_of(opened)
    assert shown.count('"adgen-bubble"') == 2
    assert "<script" not in shown
    assert word("model_template") not in shown
    assert "m1" not in shown
    press(opened, word("vote_second"))
    assert not opened.exception
    shown = html_of(opened)
    for name in (word("model_template"), f"{word('model_champion')} · m1"):
        assert word("wrote", model=name) in shown
    assert word("voted", choice=word("vote_second")) in shown
    assert word("tally_too_few") in shown
    assert word("vote_second") not in [button.label for button in opened.button]


def test_an_empty_brief_is_asked_for(opened: AppTest) -> None:
    press(opened, say("understand"))
    assert "Paste or upload a brief first." in html_of(opened)


def test_an_api_that_is_away_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADGEN_API_URL", "http://127.0.0.1:9")
    app = AppTest.from_file(str(PAGE), default_timeout=30).run()
    assert not app.exception
    assert "adgen serve" in html_of(app)


def test_the_page_uses_no_part_of_the_library_but_its_own() -> None:
    own = (
        "adgen_pipeline.app.screens",
        "adgen_pipeline.app import",
        "adgen_pipeline.settings import Settings",
    )
    for path in (PAGE, *sorted(PAGE.parent.joinpath("screens").glob("*.py"))):
        imports = [line for line in path.read_text(encoding="utf-8").splitlines() if "adgen_pipeline" in line]
        assert [line for line in imports if not any(name in line for name in own)] == [], path.name
