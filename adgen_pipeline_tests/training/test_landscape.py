"""The landscape: bits by an independent sum, held-out posts only, problems as rows, and nothing measured twice."""

import json
import math
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from huggingface_hub import constants
from transformers import AutoModelForCausalLM, AutoTokenizer

from adgen_pipeline.artifacts import Store
from adgen_pipeline.errors import DataError, TrainingError
from adgen_pipeline.schemas import DOCUMENTS
from adgen_pipeline.settings import encodings_folder
from adgen_pipeline.training.base_models import resolve
from adgen_pipeline.training.landscape import candidate, charts, encodings
from adgen_pipeline.training.landscape.survey import held_out, problems, shortfalls, survey
from adgen_pipeline.training_recipe import LandscapeRecipe, TrainingRecipe
from adgen_pipeline.training_schemas import LANDSCAPE
from adgen_pipeline_tests.training.samples import no_report, texts, tiny_checkpoint


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("cache"))


def loaded(folder: Path) -> tuple[Any, Any]:
    network: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return network.eval(), AutoTokenizer.from_pretrained(folder)


def documents(**splits: int) -> pl.DataFrame:
    """So many posts of each split; a post names its split."""
    names = [split for split, count in splits.items() for _ in range(count)]
    return DOCUMENTS.frame(
        [
            {"channel_id": 1, "message_id": number, "post": f"አዲስ ጫማ {split} {number}", "split": split}
            for number, split in enumerate(names)
        ]
    )


def recipe(*candidates: str, **landscape: object) -> TrainingRecipe:
    asked = {"candidates": candidates, "loads": ["full"], "posts": 4, "answer_tokens": 4, **landscape}
    return TrainingRecipe.model_validate(
        {"base_model": "tiny-random", "precision": "fp32", "landscape": asked}
    )


def here(work: Callable[..., Any], *arguments: object) -> Any:
    """In this process: a new one takes seconds to load the libraries."""
    return work(*arguments)


def test_bits_are_those_of_each_token_of_each_text_alone(tiny: Path) -> None:
    network, tokenizer = loaded(tiny)
    expected = 0.0
    with torch.no_grad():
        for text in texts()[:7]:
            ids = [tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False).input_ids]
            chances = network(torch.tensor([ids])).logits[0].log_softmax(-1)
            expected -= sum(float(chances[place - 1, ids[place]]) for place in range(1, len(ids)))
        bits, speed = candidate.foretell(network, tokenizer, texts()[:7], window=512)
    assert bits == pytest.approx(expected / math.log(2), rel=1e-5)
    assert speed > 0


@pytest.mark.parametrize("window", [3, 4, 17, 512])
def test_every_token_is_foretold_once_however_small_the_window(tiny: Path, window: int) -> None:
    network, tokenizer = loaded(tiny)
    torch.nn.init.zeros_(network.get_input_embeddings().weight)  # shared with the output: all pieces alike
    with torch.no_grad():
        bits, _ = candidate.foretell(network, tokenizer, texts()[:5], window=window)
    tokens = sum(len(ids) for ids in tokenizer(texts()[:5], add_special_tokens=False).input_ids)
    assert bits == pytest.approx(tokens * math.log2(network.config.vocab_size), rel=1e-5)


def test_a_chat_model_is_asked_in_its_own_format_and_a_base_model_goes_on_with_a_text(tiny: Path) -> None:
    _, tokenizer = loaded(tiny)
    for asked in candidate.scenarios().values():
        assert tokenizer.decode(candidate._prompt(tokenizer, asked)[0]) == "<bos>" + asked["plain"]
    tokenizer.chat_template = "[{{ messages[0]['content'] }}]"
    for asked in candidate.scenarios().values():
        assert tokenizer.decode(candidate._prompt(tokenizer, asked)[0]) == f"[{asked['chat']}]"


def test_parameters_are_counted_in_the_files(tiny: Path) -> None:
    assert candidate.stored_parameters(tiny) == loaded(tiny)[0].num_parameters()


def test_posts_are_drawn_from_validation_and_from_the_test_only_where_there_are_no_others() -> None:
    drawn = held_out(documents(train=9, validation=9, test=9), 5, seed=1)
    assert len(drawn) == 5
    assert all("validation" in post for post in drawn)
    assert drawn == held_out(documents(train=9, validation=9, test=9), 5, seed=1)
    assert all("test" in post for post in held_out(documents(train=9, test=3), 5, seed=1))
    with pytest.raises(DataError, match="None of 9 documents is held out"):
        held_out(documents(train=9), 5, seed=1)


def test_a_candidate_that_is_not_at_hand_is_a_row_and_the_rest_goes_on_and_is_kept(tmp_path: Path) -> None:
    (tmp_path / "no-model").mkdir()
    store = Store(tmp_path / "data")
    asked = recipe("nobody/nothing", str(tmp_path / "no-model"), "tiny-random")
    table, facts = survey(documents(validation=6), asked, store, gpus=0, report=no_report, apart=here)
    assert LANDSCAPE.violations(table) == []
    row = table.row(by_predicate=pl.col("candidate") == "tiny-random", named=True)
    assert row["problem"] is None
    assert row["bits_per_byte"] > 0
    assert {answer["scenario"] for answer in row["answers"]} == set(candidate.scenarios())
    assert (facts["posts"], facts["measured"], facts["kept"], facts["problems"]) == (4, 1, 0, 2)
    assert shortfalls(table) == []
    said = problems(table)
    assert len(said) == 2
    assert any("'nobody/nothing' is not at hand" in line and "hf download" in line for line in said)
    assert any("config.json and tokenizer.json missing" in line for line in said)
    again, facts = survey(
        documents(validation=6, train=3), asked, store, gpus=0, report=no_report, apart=here
    )
    assert (facts["measured"], facts["kept"]) == (0, 1)
    assert again.equals(table)
    _, facts = survey(documents(validation=7), asked, store, gpus=0, report=no_report, apart=here)
    assert facts["measured"] == 1  # other posts are held out


def test_weights_that_cannot_fit_are_not_loaded(tmp_path: Path, tiny: Path) -> None:
    shutil.copytree(tiny, tmp_path / "large")
    with (tmp_path / "large" / "model.safetensors").open("r+b") as file:
        file.truncate(1 << 42)  # 4 TiB that take no room on the disk
    from adgen_pipeline.training.landscape.survey import _measured  # noqa: PLC0415

    found = _measured(tmp_path / "large", "4bit", ["ጫማ"], {"device": "cpu"}, here)
    assert found.keys() == {"problem"}
    assert "take at least 1,048,576 MiB" in str(found["problem"])


def test_what_breaks_in_a_candidate_is_its_problem(tmp_path: Path, tiny: Path) -> None:
    shutil.copytree(tiny, tmp_path / "odd")
    config = json.loads((tmp_path / "odd" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "odd" / "config.json").write_text(
        json.dumps({**config, "model_type": "odd"}), encoding="utf-8"
    )
    table, _ = survey(
        documents(validation=2), recipe(str(tmp_path / "odd")), Store(tmp_path), gpus=0, report=no_report, apart=here
    )  # fmt: skip
    assert "could not be measured (ValueError" in table["problem"][0]
    assert shortfalls(table) == ["no candidate could be measured"]


def test_posts_that_a_tokenizer_cannot_read_make_no_figure(tmp_path: Path, tiny: Path) -> None:
    shutil.copytree(tiny, tmp_path / "blind")
    path = tmp_path / "blind" / "tokenizer.json"
    pieces = json.loads(path.read_text(encoding="utf-8"))
    pieces["model"]["byte_fallback"] = False
    path.write_text(json.dumps(pieces), encoding="utf-8")
    found = candidate.measure(
        tmp_path / "blind", "full", ["ጫማ 👟"], precision="fp32", device="cpu", answer_tokens=2
    )
    assert found["bits_per_byte"] is None
    assert "has no pieces for" in str(found["problem"])


WHOLE: dict[str, object] = {
    "candidate": "a", "load": "full", "name": "a", "bits_per_byte": 1.5, "forward_tokens_per_second": 9.0,
    "generation_tokens_per_second": 3.0, "weights_mib": 10.0, "answers": [{"scenario": "question", "text": ""}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"load": "8bit", "weights_mib": 5.0}, [], id="whole"),
        pytest.param({"load": "4bit"}, ["a (4bit): 10.0 MiB are not less than unquantised"], id="not quantised"),
        pytest.param({"candidate": "b", "load": "4bit"}, [], id="nothing to compare with"),
        pytest.param(
            {"candidate": "b", "bits_per_byte": math.nan}, ["b (full): bits per byte are nan"], id="nan"
        ),
        pytest.param({"candidate": "b", "bits_per_byte": None}, ["b (full): bits per byte are None"], id="none"),
        pytest.param({"candidate": "b", "answers": []}, ["b (full): there are no answers"], id="no answers"),
        pytest.param(
            {"candidate": "b", "generation_tokens_per_second": 0.0}, ["b (full): its speed is unknown"], id="no speed"
        ),
        pytest.param({"candidate": "b", "bits_per_byte": None, "problem": "why"}, [], id="says why"),
    ],
)  # fmt: skip
def test_what_was_measured_is_whole(changed: dict[str, object], said: list[str]) -> None:
    assert shortfalls(LANDSCAPE.frame([WHOLE, {**WHOLE, **changed}])) == said


def test_figures_show_what_is_there_and_their_numbers_have_names_that_mlflow_takes() -> None:
    rows: list[dict[str, object]] = [
        {**WHOLE, "name": "Gemma 3 (Q4), ጂ", "tokens_per_word": 2.0, "tokens_per_ethiopic_word": 3.0},
        {"candidate": "b", "load": "tokens only", "name": "b", "tokens_per_word": 5.0, "tokens_per_ethiopic_word": 7.0},
        {"candidate": "c", "load": "full", "name": "c", "problem": "why"},
    ]  # fmt: skip
    table = LANDSCAPE.frame(rows)
    drawn = charts.figures(table)
    assert set(drawn) == {"bits_per_byte", "fertility"}  # no words a second: nothing to set memory against
    assert all(image.startswith(b"\x89PNG") for image in drawn.values())
    assert charts.numbers(table)["Gemma_3_Q4/full/bits_per_byte"] == 1.5
    assert charts.numbers(table)["b/tokens_only/tokens_per_word"] == 5.0
    assert charts.figures(LANDSCAPE.empty()) == {}


def test_the_encodings_stand_where_tiktoken_keeps_them() -> None:
    # as packages that bring the files name them
    names = {"cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4", "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790"}  # fmt: skip # noqa: E501
    assert {name: encodings.path_of(name, Path()).name for name in encodings.DIGESTS} == names


@pytest.mark.skipif(find_spec("tiktoken") is not None, reason="tiktoken is installed")
def test_without_tiktoken_the_encodings_are_left_out_and_the_reason_is_told(tmp_path: Path) -> None:
    table, facts = survey(
        documents(validation=2), recipe("nobody/nothing"), Store(tmp_path), gpus=0, report=no_report, apart=here
    )  # fmt: skip
    assert facts["encodings_left_out"] == dict.fromkeys(
        encodings.DIGESTS, "tiktoken is not installed: pip install tiktoken"
    )
    assert table["candidate"].to_list() == ["nobody/nothing"]


@pytest.mark.skipif(find_spec("tiktoken") is None, reason="needs tiktoken")
def test_a_file_of_another_digest_is_not_taken_nor_fetched(tmp_path: Path) -> None:
    assert "no such file" in str(encodings.missing("o200k_base", tmp_path))
    encodings.path_of("o200k_base", tmp_path).write_bytes(b"IQ== 0\n")
    assert "by its digest" in str(encodings.missing("o200k_base", tmp_path))


@pytest.mark.skipif(
    encodings.missing("o200k_base", encodings_folder()) is not None, reason="needs tiktoken and its file"
)
def test_an_encoding_cuts_english_into_words() -> None:
    found = encodings.measure("o200k_base", ["the shop sells new shoes ጫማ"])
    assert found["vocabulary_size"] == 200_019
    assert found["tokens_per_word"] == pytest.approx((5 + 6) / 6, abs=0.4)


def test_a_snapshot_in_the_hubs_cache_is_at_hand(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(TrainingError, match="'one/model' is not at hand"):
        resolve("one/model", "main", tmp_path / "cache", report=no_report, fetches=False)
    with pytest.raises(TrainingError, match=r"not at hand.*accept .* on its page, then fetch it"):
        resolve("google/gemma-3-270m", "main", tmp_path / "cache", report=no_report, fetches=False)
    repository = tmp_path / "models--one--model"
    (repository / "refs").mkdir(parents=True)
    commit = "0123456789abcdef0123456789abcdef01234567"
    (repository / "refs" / "main").write_text(commit, encoding="ascii")
    shutil.copytree(tiny, repository / "snapshots" / commit)
    found = resolve("one/model", "main", tmp_path / "cache", report=no_report, fetches=False)
    assert found == repository / "snapshots" / commit


def test_the_landscape_is_no_part_of_a_training_job() -> None:
    asked = recipe("tiny-random")
    without = asked.model_copy(update={"landscape": None})
    assert asked.digest() == without.digest()
    assert asked.for_fine_tuning() == without.for_fine_tuning()
    assert isinstance(asked.landscape, LandscapeRecipe)


@pytest.mark.slow
@pytest.mark.parametrize("load", ["8bit", "4bit"])
def test_quantised_candidates_are_measured_in_processes_of_their_own(tmp_path: Path, load: str) -> None:
    asked = recipe("tiny-random", loads=["full", load])
    table, facts = survey(documents(validation=6), asked, Store(tmp_path), gpus=0, report=no_report)
    assert problems(table) == []
    assert shortfalls(table) == []
    assert facts["measured"] == 2
    assert table["peak_mib"].min() > 0  # type: ignore[operator]
