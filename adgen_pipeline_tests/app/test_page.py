from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from adgen_pipeline.app import page
from adgen_pipeline.app.beside import Fit
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


def begin_to_compare(app: AppTest, language: str, brief: str) -> None:
    """Open the screen in a language, type a brief and choose the template as the other model."""
    app.segmented_control[0].set_value(language).run()
    app.segmented_control[1].set_value("compare").run()
    app.text_area[0].set_value(brief).run()
    app.selectbox(key="other_model").set_value("template").run()


@pytest.mark.parametrize("language", ["en", "am"])
def test_two_models_are_compared_without_names_until_the_vote(opened: AppTest, language: str) -> None:
    def word(key: str, **values: object) -> str:
        return words()[key][language].format(**values)

    begin_to_compare(opened, language, f"ምርት፦ የቆዳ ጫማ {EVIL}\nዋጋ፦ 2,500 ብር")
    opened.selectbox(key="compare_format").set_value("caption").run()
    press(opened, word("compare"))
    assert not opened.exception
    shown = html_of(opened)
    assert shown.count('"adgen-bubble"') == 2
    assert shown.count(word("format_caption")) == 2
    assert shown.count(word("policy_allow")) == 2
    assert "<script" not in shown
    before_the_tally = shown.split("adgen-table")[0]
    assert word("model_template") not in before_the_tally
    assert "m1" not in before_the_tally
    assert [header.value for header in opened.subheader][:2] == [word("side_first"), word("side_second")]
    press(opened, word("vote_second"))
    assert not opened.exception
    shown = html_of(opened)
    names = (word("model_template"), f"{word('model_champion')} · m1")
    for name in names:
        assert word("wrote", model=name) in shown
    assert word("voted", choice=word("vote_second")) in shown
    assert word("tally_models", model=names[1], other=names[0]) in shown
    assert word("tally_too_few") in shown
    assert word("vote_second") not in [button.label for button in opened.button]
    written = writers_in_history(opened, language)
    assert sorted(written) == sorted([word("written_by_model"), word("written_by_asked_template")])


def writers_in_history(app: AppTest, language: str) -> list[str]:
    """Who wrote the newest two ads, in the history's words."""
    known = [words()[key][language] for key in words() if key.startswith("written_by_")]
    app.segmented_control[1].set_value("history").run()
    said = []
    for place in (0, 1):
        app.selectbox[0].select_index(place).run()
        assert not app.exception
        said += [by for by in known if by in html_of(app)]
    return said


def test_a_comparison_is_kept_by_the_page_while_other_screens_are_looked_at(opened: AppTest) -> None:
    begin_to_compare(opened, "en", "Product: Leather shoes\nPrice: 2,500 birr")
    press(opened, say("compare"))
    before = html_of(opened).split("adgen-table")[0]
    opened.segmented_control[1].set_value("channels").run()
    opened.segmented_control[1].set_value("compare").run()
    assert html_of(opened).split("adgen-table")[0] == before
    assert str(opened.text_area[0].value).startswith("Product: Leather shoes")


def tallies_asked_for(api: str) -> int:
    """How often the API was asked for the tally."""
    counted = httpx.get(f"{api}/metrics", trust_env=False).text
    lines = [line for line in counted.splitlines() if 'route="/v1/comparisons/summary"' in line]
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith("adgen_requests_total"))


def test_the_tally_is_asked_for_when_the_screen_is_opened_and_after_a_vote(opened: AppTest, api: str) -> None:
    asked = tallies_asked_for(api)
    begin_to_compare(opened, "en", "Product: Leather shoes\nPrice: 2,500 birr")
    opened.selectbox(key="compare_format").set_value("caption").run()
    press(opened, say("compare"))
    opened.segmented_control[0].set_value("am").run()
    assert tallies_asked_for(api) == asked + 1
    (before,) = [header.value for header in opened.subheader if header.value.startswith("እስካሁን")]
    press(opened, words()["vote_first"]["am"])
    assert tallies_asked_for(api) == asked + 2
    (after,) = [header.value for header in opened.subheader if header.value.startswith("እስካሁን")]
    assert after != before
    opened.run()
    assert tallies_asked_for(api) == asked + 2
    for screen in ("channels", "compare"):
        opened.segmented_control[1].set_value(screen).run()
    assert tallies_asked_for(api) == asked + 3
    assert not opened.exception


def test_a_comparison_needs_a_brief_and_two_models(opened: AppTest) -> None:
    opened.segmented_control[1].set_value("compare").run()
    press(opened, say("compare"))
    assert say("no_brief") in html_of(opened)
    opened.text_area[0].set_value("Product: Leather shoes").run()
    opened.selectbox(key="other_model").set_value("m1").run()
    press(opened, say("compare"))
    assert say("two_models") in html_of(opened)
    assert "adgen-bubble" not in html_of(opened)


def test_a_second_vote_is_refused_with_the_reason(opened: AppTest, api: str) -> None:
    begin_to_compare(opened, "am", "ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2,500 ብር")
    press(opened, words()["compare"]["am"])
    name = opened.session_state["comparison"]["comparison_id"]
    elsewhere = httpx.post(f"{api}/v1/comparisons/{name}/vote", json={"choice": "both"}, trust_env=False)
    assert elsewhere.is_success
    press(opened, words()["vote_first"]["am"])
    assert not opened.exception
    assert "የሚቆጠረው የመጀመሪያው ብቻ ነው" in html_of(opened)


def test_the_same_ad_from_both_models_is_not_voted_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def same(version: str) -> Fit:
        return lambda serving: SmallWriter(serving.channels, model_version=version)

    with listening(small_app(tmp_path, load_beside=same)) as address:
        monkeypatch.setenv("ADGEN_API_URL", address)
        app = AppTest.from_file(str(PAGE), default_timeout=30).run()
        begin_to_compare(app, "en", "Product: Leather shoes\nPrice: 2,500 birr")
        press(app, say("compare"))
        assert say("same_ad") in html_of(app)
        assert say("vote_both") not in [button.label for button in app.button]
        assert say("no_votes") in [caption.value for caption in app.caption]


@pytest.mark.parametrize("language", ["en", "am"])
def test_kinds_and_verdicts_are_said_in_words_on_every_screen(opened: AppTest, language: str) -> None:
    opened.segmented_control[0].set_value(language).run()
    for key in ("sample", "understand"):
        press(opened, words()[key][language])
    opened.multiselect[1].set_value(["sponsored"]).run()
    press(opened, words()["write"][language])
    assert words()["format_sponsored"][language] in html_of(opened)
    assert words()["policy_allow"][language] in html_of(opened)
    press(opened, words()["accept"][language])
    opened.segmented_control[1].set_value("history").run()
    (line, *_) = opened.selectbox[0].options
    for key in ("format_sponsored", "given_accept"):
        assert words()[key][language] in line
    for key in ("format_sponsored", "policy_allow", "given_accept", "role_manager"):
        assert words()[key][language] in html_of(opened)


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
