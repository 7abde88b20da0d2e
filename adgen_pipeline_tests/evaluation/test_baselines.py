from pathlib import Path

import polars as pl
import pytest

from adgen_pipeline.evaluation.answers import System, answers, bits_per_byte, write_all
from adgen_pipeline.evaluation.baselines import template_answer, untrained
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.models import TextModel
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.recipe import Recipe
from adgen_pipeline.schemas import ANSWERS, CASES
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
        "base": lambda pairs: untrained(model, writer, pairs, RECIPE),
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


def test_all_three_systems_write_from_a_data_folder(cases: pl.DataFrame, tmp_path: Path) -> None:
    store = published_store(tmp_path)
    recipe = Recipe.model_validate(
        {
            "name": "tiny",
            "description": "t",
            "training": {"base_model": "tiny-random"},
            "generation": {"candidates": 2, "maximum_new_tokens": 8},
        }
    )
    base = store.artifact("training", "model")
    table, _ = write_all(cases, base=base, store=store, recipe=recipe, report=print)
    assert set(table["system"]) == {"ours", "base", "template"}
