from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.generation.models import TextModel, _Answers
from adgen_pipeline.generation.sampling import MINIMUM_WORD_PIECES, Rules, _is_latin, draw, penalise_repeats
from adgen_pipeline.text.slots import SLOT, slots_in
from adgen_pipeline_tests.generation.models import tiny_model

PROMPT = [{"role": "user", "content": "ምርት፦ የቆዳ ጫማ ⟨price_1⟩ ⟨phone_1⟩"}]
LONGER = [{"role": "system", "content": "ማስታወቂያ ጻፍ"}, *PROMPT]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def model(folder: Path) -> TextModel:
    return TextModel(folder, precision="fp32", device="cpu")


def _write(model: TextModel, prompts: list[list[dict[str, str]]], **options: object) -> list[list[str]]:
    settings = {
        "samples": 3,
        "temperature": 1.0,
        "top_p": 0.95,
        "repetition_penalty": 1.1,
        "maximum_new_tokens": 24,
        "seed": 5,
    }
    return model.generate(prompts, **{**settings, **options})  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_answers_and_another_seed_others(model: TextModel) -> None:
    assert _write(model, [PROMPT]) == _write(model, [PROMPT])
    assert _write(model, [PROMPT]) != _write(model, [PROMPT], seed=6)
    assert len({*_write(model, [PROMPT])[0]}) == 3


def test_a_model_gives_way_before_each_piece_and_answers_the_same(model: TextModel, folder: Path) -> None:
    steps: list[int] = []
    polite = TextModel(folder, precision="fp32", device="cpu", give_way=lambda: steps.append(1))
    assert _write(polite, [PROMPT], maximum_new_tokens=8) == _write(model, [PROMPT], maximum_new_tokens=8)
    assert 1 <= len(steps) <= 8


def test_a_prompt_beside_a_longer_one_is_answered_as_if_alone(model: TextModel) -> None:
    """Left padding must not be seen: greedy answers are the same with and without it."""
    alone = _write(model, [PROMPT], samples=1, top_p=1e-6)
    beside = _write(model, [PROMPT, LONGER], samples=1, top_p=1e-6)
    assert beside[0] == alone[0]


def test_greedy_answers_are_those_of_transformers_own_loop(model: TextModel, folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids: Any = tokenizer.apply_chat_template(
        LONGER, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    out = network.generate(**ids, do_sample=False, max_new_tokens=24, pad_token_id=tokenizer.pad_token_id)
    expected = out[0, ids["input_ids"].shape[1] :].tolist()
    text: Any = tokenizer.decode([i for i in expected if i not in tokenizer.all_special_ids])
    ((answer,),) = _write(model, [LONGER], samples=1, top_p=1e-6, repetition_penalty=1.0)
    assert answer == text.strip()


def test_with_slots_given_no_digit_address_or_other_slot_is_drawn(model: TextModel) -> None:
    answers = _write(model, [PROMPT], samples=24, temperature=3.0, top_p=1.0, allowed_slots=[{"⟨price_1⟩"}])[
        0
    ]
    used = [slot for answer in answers for slot in slots_in(answer)]
    assert set(used) <= {"⟨price_1⟩"}
    assert all(answer.count("⟨price_1⟩") <= 1 for answer in answers)
    assert not any(character in "0123456789@#" for answer in answers for character in answer)


def test_with_slots_given_latin_letters_are_drawn_only_as_the_prompt_has_them(model: TextModel) -> None:
    named = [{"role": "user", "content": "ምርት፦ Q"}]
    answers = _write(model, [PROMPT, named], samples=24, temperature=3.0, top_p=1.0, allowed_slots=[(), ()])
    letters = [{c for answer in drawn for c in answer if c.isascii() and c.isalpha()} for drawn in answers]
    assert letters[0] == set()
    assert letters[1] <= {"Q"}


def test_a_line_that_comes_again_ends_an_answer_and_is_taken_back() -> None:
    end, line_end = 0, 9
    rules = Rules({}, frozenset((line_end,)), torch.zeros(10, dtype=torch.bool), 0)
    answers = _Answers(2, 5, torch.ones(2, 10, dtype=torch.bool), rules, {end})
    first = [1, 2, 3, line_end, 4, line_end, 4, line_end, 1, 2, 3, line_end, 5]  # a short line may come again
    second = [1, 2, 3, line_end, 1, 2, 4, line_end, 1, 2, 3, 4, end]
    for step in range(len(first)):
        answers.take(torch.tensor([pieces[step] for pieces in (first, second)])[answers.active], 50)
    assert answers.active == []
    assert answers.written == [first[:8], second[:-1]]


@pytest.mark.parametrize(
    ("piece", "is_latin"),
    [
        ("▁Telegram", False),
        ("inbox", False),
        ("▁Teleg", True),
        ("cm", True),
        ("ሀA", True),
        ("<0x41>", True),
        ("<0xE1>", False),
        ("áĪĢ", False),  # ሀ in the letters that stand for its bytes
        ("▁ጫማ", False),
    ],
)
def test_latin_pieces_are_those_that_could_be_of_a_name(piece: str, is_latin: bool) -> None:
    assert _is_latin(piece) is is_latin


def test_with_slots_given_an_answer_has_words_of_its_own(model: TextModel) -> None:
    answers = _write(model, [PROMPT], samples=24, temperature=3.0, top_p=1.0, allowed_slots=[{"⟨price_1⟩"}])
    pieces = [
        model.tokenizer(SLOT.sub("", answer), add_special_tokens=False).input_ids for answer in answers[0]
    ]
    words = [
        sum(any(map(str.isalpha, p)) for p in model.tokenizer.convert_ids_to_tokens(ids)) for ids in pieces
    ]
    assert min(words) >= MINIMUM_WORD_PIECES


def test_without_slots_given_the_model_writes_what_it_likes(model: TextModel) -> None:
    answers = _write(model, [PROMPT], samples=24, temperature=3.0, top_p=1.0)[0]
    assert any(slots_in(answer) for answer in answers)
    assert not any("<|im_end|>" in answer or "<pad>" in answer for answer in answers)


def test_bits_per_byte_is_the_mean_loss_in_bits_over_the_bytes(model: TextModel, folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    text = "የቆዳ ጫማ ዋጋ"
    ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False).input_ids]])
    with torch.inference_mode():
        loss = float(network(input_ids=ids, labels=ids).loss)
    expected = loss * (ids.shape[1] - 1) / torch.log(torch.tensor(2.0)).item() / len(text.encode())
    alone, beside = model.bits_per_byte([text, "የቆዳ ጫማ ዋጋ ስልክ አድራሻ ለማዘዝ ይደውሉ"])
    assert alone == pytest.approx(expected, rel=1e-4)
    assert beside > 0


def test_slots_count_neither_as_bits_nor_as_bytes(model: TextModel) -> None:
    nothing, slot = model.bits_per_byte(["", "⟨price_1⟩"])
    assert nothing != nothing
    assert slot != slot
    with_slot, without = model.bits_per_byte(["የቆዳ ጫማ ⟨price_1⟩", "የቆዳ ጫማ "])
    assert with_slot == pytest.approx(without, rel=1e-3)


def test_a_folder_without_a_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no model is there"):
        TextModel(tmp_path)


def test_pieces_outside_of_top_p_are_never_drawn() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]])).repeat(400, 1)
    generators = [torch.Generator().manual_seed(n) for n in range(400)]
    drawn = draw(logits, generators, temperature=1.0, top_p=0.75)
    counts = torch.bincount(drawn, minlength=4) / 400
    assert counts[2:].sum() == 0
    assert counts[0] == pytest.approx(0.5 / 0.8, abs=0.08)


def test_a_masked_piece_is_never_drawn() -> None:
    logits = torch.tensor([[0.0, float("-inf"), float("-inf")]]).repeat(50, 1)
    generators = [torch.Generator().manual_seed(n) for n in range(50)]
    assert not draw(logits, generators, temperature=1.0, top_p=1.0).any()


def test_the_penalty_makes_written_pieces_less_likely_whatever_their_sign() -> None:
    logits = torch.tensor([[2.0, -2.0, 2.0]])
    written = torch.tensor([[True, True, False]])
    assert penalise_repeats(logits, written, 2.0).tolist() == [[1.0, -4.0, 2.0]]


@pytest.mark.slow
@pytest.mark.parametrize("load_in", ["4bit", "8bit"])
def test_a_quantised_model_writes(folder: Path, load_in: str) -> None:
    model = TextModel(folder, load_in=load_in, device="cpu")  # type: ignore[arg-type]
    assert len(_write(model, [PROMPT])[0]) == 3
