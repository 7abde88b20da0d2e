import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.recipe import TokenizerRecipe
from adgen_pipeline.text.slots import vocabulary
from adgen_pipeline.tokenizer.chat_template import chat_template, turn_end
from adgen_pipeline.tokenizer.trim import prepare, training_texts
from adgen_pipeline_tests.training.samples import conversations, texts, tiny_checkpoint

WRAPPER: Any = PreTrainedTokenizerFast
RECIPE = TokenizerRecipe(trim=True, slots_per_kind=3)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("trim")
    checkpoint = tiny_checkpoint(root)
    prepare(checkpoint, texts(), root / "trimmed", recipe=RECIPE)
    prepare(checkpoint, texts(), root / "whole", recipe=RECIPE.model_copy(update={"trim": False}))
    return {"base": checkpoint, "trimmed": root / "trimmed", "whole": root / "whole"}


@pytest.fixture(scope="module")
def tokenizers(folders: dict[str, Path]) -> dict[str, Any]:
    return {name: AutoTokenizer.from_pretrained(folder) for name, folder in folders.items()}


def test_trimming_drops_pieces_that_the_texts_do_not_use(tokenizers: dict[str, Any]) -> None:
    pieces = set(tokenizers["trimmed"].get_vocab())
    assert "▁ጫማ" in pieces, "a word of the texts"
    assert "▁መገናኛ" not in pieces, "a word that stands in no text"
    assert "▁price" in pieces, "English is kept: briefs come in English too"
    assert len(tokenizers["trimmed"]) < len(tokenizers["whole"])


@pytest.mark.parametrize("text", texts(), ids=range(len(texts())))
def test_text_whose_pieces_are_kept_encodes_to_the_pieces_of_the_base(
    tokenizers: dict[str, Any], text: str
) -> None:
    plain = text.replace("⟨", "(").replace("⟩", ")")
    assert tokenizers["trimmed"].tokenize(plain) == tokenizers["base"].tokenize(plain)


def test_a_piece_keeps_the_pieces_that_its_merges_pass_through(tokenizers: dict[str, Any]) -> None:
    # ▁ኮምፒውተር comes about as ▁ኮ, ▁ኮም, … although no text contains those alone.
    assert {"▁ኮ", "▁ኮም", "▁ኮምፒ"} <= set(tokenizers["trimmed"].get_vocab())


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_decoding_gives_back_any_text(tokenizers: dict[str, Any], text: str) -> None:
    for name in ("trimmed", "whole"):
        tokenizer = tokenizers[name]
        plain = text.replace("▁", "_")  # the piece for a space: no tokenizer of this kind keeps it apart
        ids = tokenizer(plain, add_special_tokens=False).input_ids
        if not any(piece in plain for piece in tokenizer.all_special_tokens):
            assert tokenizer.decode(ids, skip_special_tokens=True) == plain


@pytest.mark.parametrize("name", ["trimmed", "whole"])
def test_each_slot_is_one_piece_and_survives_decoding(tokenizers: dict[str, Any], name: str) -> None:
    tokenizer = tokenizers[name]
    for slot in vocabulary(3):
        text = f"ዋጋ{slot} ብር {slot}"
        ids = tokenizer(text, add_special_tokens=False).input_ids
        assert ids.count(tokenizer.convert_tokens_to_ids(slot)) == 2
        assert tokenizer.decode(ids, skip_special_tokens=True) == text


@pytest.mark.parametrize("name", ["trimmed", "whole"])
def test_kept_ids_name_the_base_piece_of_each_new_id(
    folders: dict[str, Path], tokenizers: dict[str, Any], name: str
) -> None:
    kept = json.loads((folders[name] / "kept_ids.json").read_text(encoding="utf-8"))
    assert len(kept) == len(tokenizers[name])
    new = set()
    for number, source in enumerate(kept):
        piece = tokenizers[name].convert_ids_to_tokens(number)
        if source is None:
            new.add(piece)
        else:
            assert tokenizers["base"].convert_ids_to_tokens(source) == piece
    assert new == {*vocabulary(3), "<|im_start|>", "<|im_end|>"}


def test_a_base_without_template_gets_chatml_and_its_turn_end(tokenizers: dict[str, Any]) -> None:
    tokenizer = tokenizers["trimmed"]
    turns = [{"role": "user", "content": "ሰላም"}, {"role": "assistant", "content": "እሺ"}]
    assert tokenizer.apply_chat_template(turns, tokenize=False) == (
        "<|im_start|>user\nሰላም<|im_end|>\n<|im_start|>assistant\nእሺ<|im_end|>\n"
    )
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.pad_token_id != tokenizer.eos_token_id


def test_a_base_with_gemmas_pieces_gets_gemmas_turns(tokenizers: dict[str, Any]) -> None:
    tokenizer = WRAPPER(tokenizer_object=Tokenizer(WordLevel({"x": 0})), bos_token="<bos>")
    tokenizer.add_tokens(["<start_of_turn>", "<end_of_turn>"], special_tokens=True)
    template, pieces = chat_template(tokenizer)
    tokenizer.chat_template = template
    turns = [
        {"role": "system", "content": "rule"},
        {"role": "user", "content": "brief"},
        {"role": "assistant", "content": "ad"},
    ]
    assert tokenizer.apply_chat_template(turns, tokenize=False) == (
        "<bos><start_of_turn>user\nrule\n\nbrief<end_of_turn>\n<start_of_turn>model\nad<end_of_turn>\n"
    )
    assert turn_end(tokenizer) == "<end_of_turn>"
    assert pieces == ("<start_of_turn>", "<end_of_turn>")


def test_a_base_keeps_its_own_template() -> None:
    tokenizer = WRAPPER(tokenizer_object=Tokenizer(WordLevel({"x": 0})), eos_token="</s>")
    tokenizer.chat_template = "{% for m in messages %}[{{ m['content'] }}]</s>{% endfor %}"
    assert chat_template(tokenizer) == (tokenizer.chat_template, ())
    assert turn_end(tokenizer) == "</s>"


def test_a_template_that_ends_no_turn_is_refused() -> None:
    tokenizer = WRAPPER(tokenizer_object=Tokenizer(WordLevel({"x": 0})), eos_token="</s>")
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    with pytest.raises(ArtifactError, match="would never stop"):
        turn_end(tokenizer)


def test_only_bpe_is_trimmed(folders: dict[str, Path], tmp_path: Path) -> None:
    tokenizer = WRAPPER(tokenizer_object=Tokenizer(WordLevel({"x": 0, "?": 1}, unk_token="?")), eos_token="x")
    tokenizer.save_pretrained(tmp_path / "base")
    with pytest.raises(ArtifactError, match="WordLevel cannot be trimmed"):
        prepare(tmp_path / "base", ["x"], tmp_path / "out", recipe=RECIPE)


def test_the_same_texts_give_the_same_bytes(folders: dict[str, Path], tmp_path: Path) -> None:
    prepare(folders["base"], list(reversed(texts())), tmp_path / "again", recipe=RECIPE)
    for file in sorted(folders["trimmed"].iterdir()):
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


def test_training_texts_are_posts_and_turns_once_each() -> None:
    posts = conversations().select(post="message_id").cast({"post": str})
    rows = conversations()
    found = training_texts(posts, rows)
    assert found == sorted(set(found))
    assert set(texts()) <= set(found)
    assert "1" in found
