from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from adgen_pipeline.evaluation import systems
from adgen_pipeline.evaluation.answers import System, answers, bits_per_byte, write_all
from adgen_pipeline.evaluation.baselines import in_words, nearest_answer, template_answer, unchecked
from adgen_pipeline.evaluation_schemas import ANSWERS, CASES
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.models import TextModel
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.slots import slots_in
from adgen_pipeline_tests.generation.models import tiny_model
from adgen_pipeline_tests.generation.writers import RECIPE, published_store, tiny_writer

BRIEF = understand("ምርት፦ የቆዳ ጫማ\nዋጋ፦ 1,800 ብር\nስልክ፦ 0900 000 014", source="brief.txt")


@pytest.fixture(scope="module")
def cases() -> pl.DataFrame:
    common = {"brief": BRIEF.model_dump_json(), "reference": "ጫማ", "reference_slotted": "የቆዳ ጫማ ⟨price_1⟩"}
    rows = [
        {"case_id": f"{channel}/1", "channel_id": channel, "message_id": 1, **common} for channel in (1, 2)
    ]
    return CASES.frame(rows)


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> AdWriter:
    return tiny_writer(tmp_path_factory.mktemp("writer"))


def test_every_system_answers_every_case_and_is_timed(
    cases: pl.DataFrame, writer: AdWriter, tmp_path: Path
) -> None:
    model = TextModel(tiny_model(tmp_path))
    systems: dict[str, System] = {
        "base": lambda pairs: unchecked(model, writer.prompt, pairs, RECIPE),
        "template": lambda pairs: (template_answer(brief) for _, brief in pairs),
    }
    table, seconds = answers(cases, systems, report=print)
    assert ANSWERS.violations(table) == []
    assert table.height == 4
    assert set(table.filter(system="template")["written_by"]) == {"template"}
    assert set(seconds) == {"base", "template"}
    assert seconds["base"] >= 0
    again, _ = answers(cases, systems, report=print)
    assert again.equals(table)


def test_the_template_fills_every_slot_of_the_brief() -> None:
    text, slotted, written_by = template_answer(BRIEF)
    assert "0900 000 014" in text
    assert "⟨phone_1⟩" in slotted
    assert written_by == "template"


def test_bits_per_byte_has_one_number_a_held_out_post_and_model(cases: pl.DataFrame, tmp_path: Path) -> None:
    bits = bits_per_byte(cases, {"base": tiny_model(tmp_path)})
    assert list(bits) == ["base"]
    assert len(bits["base"]) == cases.height
    assert all(value > 0 for value in bits["base"])


def test_ours_and_every_system_that_a_recipe_can_list_write_from_a_data_folder(
    cases: pl.DataFrame, tmp_path: Path
) -> None:
    store = published_store(tmp_path)
    elsewhere = (
        systems.OURS,
        "no_retrieval",
        "endpoint",
    )  # ours itself, ours in this recipe, a test of its own
    listed = [name for name in systems.NAMES if name not in elsewhere]
    recipe = Recipe.model_validate(
        {
            "name": "tiny",
            "description": "t",
            "corpus": {"exemplars_in_prompt": 0},
            "training": {"base_model": "tiny-random"},
            "generation": {"candidates": 2, "maximum_new_tokens": 8},
            "evaluation": {"systems": listed},
        }
    )
    base = store.artifact("training", "model")
    table, _ = write_all(cases, base=base, store=store, recipe=recipe, report=print)
    assert set(table["system"]) == {systems.OURS, *listed}
    assert set(systems.TITLES) == set(systems.NAMES)


def test_a_system_that_would_be_ours_is_refused() -> None:
    values = {"name": "tiny", "description": "t", "training": {"base_model": "tiny-random"}}
    for quoted, same in ((0, "no_retrieval"), (1, "retrieval")):
        sections = {"corpus": {"exemplars_in_prompt": quoted}, "evaluation": {"systems": [same]}}
        with pytest.raises(ValidationError, match=f"{same} is ours"):
            Recipe.model_validate({**values, **sections})


def test_the_nearest_post_says_the_briefs_facts_and_none_of_its_own(writer: AdWriter) -> None:
    text, slotted, written_by = nearest_answer(writer, BRIEF, 1)
    assert written_by == "post"
    assert slotted
    assert set(find_facts_texts(text)) <= {fact.text for fact in BRIEF.facts}


def find_facts_texts(text: str) -> list[str]:
    return [fact.text for fact in find_facts(text)]


def test_a_brief_in_words_says_every_fact_and_has_no_slot() -> None:
    brief = in_words(BRIEF)
    said = "\n".join([brief.product, brief.description, *brief.features])
    assert all(fact.text in said for fact in BRIEF.facts)
    assert slots_in(said) == []
    assert brief.facts == ()
