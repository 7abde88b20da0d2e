import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.decoders import ByteFallback, Fuse, Replace
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.decoders import Sequence as DecoderSequence
from tokenizers.models import BPE, WordLevel
from tokenizers.normalizers import Replace as NormalizerReplace
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from adgen_pipeline.errors import ArtifactError, DataError
from adgen_pipeline.recipe import TokenizerRecipe
from adgen_pipeline.text.slots import vocabulary
from adgen_pipeline.tokenizer.extend import extend, measure_gates, problems, shortfalls
from adgen_pipeline.tokenizer.trim import prepare
from adgen_pipeline.training.base import build_base

WRAPPER: Any = PreTrainedTokenizerFast
RECIPE = TokenizerRecipe(slots_per_kind=2)
ENGLISH = [
    "the price of the shoes",
    "call us today, phone 0900 00 00 01",
    "new sale 50% off at https://example.com",
] * 5
POSTS = [
    f"አዲስ {thing} በቅናሽ ዋጋ ለሽያጭ ቀረበ። ስልክ ⟨phone_1⟩ ይደውሉ! price {number} birr"
    for number, thing in enumerate(["ጫማ", "ቦርሳ", "ልብስ", "ሶፋ", "ሰዓት", "መጽሐፍ", "ጫማ", "ልብስ"])
]


def byte_fallback() -> Tokenizer:
    """As Llama 2's: pieces are text, a space is ▁, and Ethiopic letters are three bytes each."""
    trainer = BpeTrainer(vocab_size=120, show_progress=False, special_tokens=["<unk>", "<s>", "</s>"])
    learned = Tokenizer(BPE())
    learned.normalizer = NormalizerReplace(" ", "▁")
    learned.train_from_iterator(ENGLISH, trainer)
    model = json.loads(learned.to_str())["model"]
    pieces = [*sorted(model["vocab"], key=model["vocab"].get), *(f"<0x{byte:02X}>" for byte in range(256))]
    tokenizer = Tokenizer(
        BPE(
            vocab={piece: number for number, piece in enumerate(pieces)},
            merges=[tuple(merge) for merge in model["merges"]],
            unk_token="<unk>",
            byte_fallback=True,
        )
    )
    tokenizer.normalizer = NormalizerReplace(" ", "▁")
    tokenizer.decoder = DecoderSequence([Replace("▁", " "), ByteFallback(), Fuse()])
    return tokenizer


def byte_level() -> Tokenizer:
    """As Llama 3's: pieces are bytes; some Ethiopic bytes are merged already, across letters too."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=300,
        show_progress=False,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator([*ENGLISH, "ሰላም ለሁሉም"], trainer)
    return tokenizer


@pytest.fixture(scope="module", params=[byte_fallback, byte_level], ids=lambda make: make.__name__)
def folders(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, Path]:
    root = tmp_path_factory.mktemp(request.param.__name__)
    wrapped = WRAPPER(tokenizer_object=request.param(), unk_token="<unk>", bos_token="<s>", eos_token="</s>")
    wrapped.save_pretrained(root / "published")
    prepare(root / "published", POSTS, root / "base", recipe=RECIPE)
    extend(root / "base", POSTS, root / "extended", pieces=900)
    measure_gates(root / "base", root / "extended", POSTS)
    return root / "published", root / "base", root / "extended"


@pytest.fixture(scope="module")
def tokenizers(folders: tuple[Path, Path, Path]) -> tuple[Any, Any]:
    return AutoTokenizer.from_pretrained(folders[1]), AutoTokenizer.from_pretrained(folders[2])


def test_ethiopic_words_become_one_piece(tokenizers: tuple[Any, Any]) -> None:
    before, after = tokenizers
    assert len(before.tokenize(" በቅናሽ")) >= 8, "letters were bytes"
    assert len(after.tokenize(" በቅናሽ")) == 1


def test_each_ethiopic_letter_of_a_text_tokenizer_is_a_piece(tokenizers: tuple[Any, Any]) -> None:
    before, after = tokenizers
    if "▁" in before.get_vocab():
        assert {"ሀ", "ፐ", "።", "፩"} <= set(after.get_vocab())


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], max_codepoint=0x11FF), max_size=80))
def test_text_without_ethiopic_letters_is_cut_as_before(tokenizers: tuple[Any, Any], text: str) -> None:
    before, after = tokenizers
    assert after.tokenize(text) == before.tokenize(text)


@given(st.text(alphabet=st.sampled_from("ሰላምበቅናሽዋጋ።፩ abc19🎁\u200d\n᎐Ꭰᄀ"), max_size=60))
def test_any_text_comes_back_as_from_the_base(tokenizers: tuple[Any, Any], text: str) -> None:
    before, after = tokenizers
    expected = before.decode(before(text, add_special_tokens=False).input_ids)
    assert after.decode(after(text, add_special_tokens=False).input_ids) == expected


def test_slots_and_control_pieces_stay_what_they_were(tokenizers: tuple[Any, Any]) -> None:
    before, after = tokenizers
    for slot in vocabulary(2):
        assert after.tokenize(f"ዋጋ{slot}ብር").count(slot) == 1
    assert after.special_tokens_map == before.special_tokens_map
    turns = [{"role": "user", "content": "ሰላም"}, {"role": "assistant", "content": "እሺ"}]
    ids = after.apply_chat_template(turns, tokenize=True, return_dict=False)
    assert ids.count(after.eos_token_id) == 2


def test_the_gates_are_passed(folders: tuple[Path, Path, Path]) -> None:
    assert problems(folders[2]) == []


def test_a_gate_says_when_nothing_is_won(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, base, _ = folders
    shutil.copytree(base, tmp_path / "same")
    measure_gates(base, tmp_path / "same", ["ጫማ ለሽያጭ"])
    (problem,) = problems(tmp_path / "same")
    assert "nothing is won" in problem


def test_a_gate_says_when_words_of_other_posts_still_fall_to_pieces(
    folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    _, base, extended = folders
    shutil.copytree(extended, tmp_path / "poor")
    strange = " ".join(first + second + "ጸ" for first in "ሀለሐመሠረሰሸቀበተቸኀነኘአ" for second in "ከኸወዐዘዠየደጀገጠጨጰጸፀፈ")
    found = measure_gates(base, tmp_path / "poor", [strange])
    assert found["different_words"] == 256
    (problem,) = shortfalls(tmp_path / "poor")
    assert "raise tokenizer.extend_pieces" in problem
    assert problems(tmp_path / "poor") == [], "it may be used"


def test_a_gate_says_when_english_is_cut_otherwise(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, base, extended = folders
    shutil.copytree(extended, tmp_path / "wrong")
    source = json.loads((extended / "tokenizer.json").read_text(encoding="utf-8"))
    source["model"]["merges"] = [
        merge for merge in source["model"]["merges"] if "".join(merge).isascii() is False
    ]
    (tmp_path / "wrong" / "tokenizer.json").write_text(json.dumps(source), encoding="utf-8")
    measure_gates(base, tmp_path / "wrong", POSTS)
    assert any("without Ethiopic letters" in problem for problem in problems(tmp_path / "wrong"))


def test_the_same_texts_give_the_same_bytes(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, base, extended = folders
    extend(base, POSTS, tmp_path / "again", pieces=900)
    for name in ("tokenizer.json", "kept_ids.json"):
        assert (tmp_path / "again" / name).read_bytes() == (extended / name).read_bytes()


def test_new_rows_start_from_the_mean_of_their_parts(
    folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    published, _, extended = folders
    config = LlamaConfig(
        vocab_size=len(AutoTokenizer.from_pretrained(published)),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        tie_word_embeddings=False,
    )
    model: Any = LlamaForCausalLM(config)
    model.to(torch.bfloat16).save_pretrained(published)
    info = build_base(published, extended, tmp_path / "model")
    rows = json.loads((extended / "kept_ids.json").read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(extended)
    number = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(" በቅናሽ")[0])
    assert isinstance(rows[number], list)
    assert info["vocabulary_size"] == len(tokenizer)
    resized: Any = LlamaForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32)
    old = model.get_input_embeddings().weight.detach().float()
    off = resized.get_input_embeddings().weight[number].detach() - old[rows[number]].mean(0)
    assert off.std() < 0.2 * old.std(), "the mean, and a little noise"
    assert str(AutoTokenizer.from_pretrained(published).decode(rows[number])).strip() == "በቅናሽ"


def test_too_few_words_are_an_error(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"set tokenizer\.extend_pieces to 0"):
        extend(folders[1], ["hello"], tmp_path / "out", pieces=900)


def test_only_bpe_is_extended(tmp_path: Path) -> None:
    tokenizer = WRAPPER(tokenizer_object=Tokenizer(WordLevel({"x": 0, "?": 1}, unk_token="?")), eos_token="x")
    tokenizer.save_pretrained(tmp_path / "base")
    with pytest.raises(ArtifactError, match="WordLevel cannot be extended"):
        extend(tmp_path / "base", ["x"], tmp_path / "out", pieces=10)
