"""The form in which a conversation becomes one text: the base's own, Gemma's where its pieces exist, else ChatML.

The template is stored with the tokenizer and used for training, evaluation and writing alike.
"""

from typing import Any

from adgen_pipeline.errors import ArtifactError

CHATML_PIECES = ("<|im_start|>", "<|im_end|>")
GEMMA_PIECES = ("<start_of_turn>", "<end_of_turn>")

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

# Gemma knows no system turn: its text comes before that of the first user turn.
GEMMA = (
    "{{ bos_token }}"
    "{% if messages[0]['role'] == 'system' %}"
    "{% set prefix = messages[0]['content'] + '\n\n' %}{% set turns = messages[1:] %}"
    "{% else %}{% set prefix = '' %}{% set turns = messages %}{% endif %}"
    "{% for message in turns %}"
    "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' }}"
    "{{ (prefix if loop.first else '') + message['content'] + '<end_of_turn>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)


def chat_template(tokenizer: Any) -> tuple[str, tuple[str, ...]]:
    """The chat template for a base tokenizer, and the control pieces that it needs."""
    if isinstance(tokenizer.chat_template, str):
        return tokenizer.chat_template, ()
    known = set(tokenizer.get_vocab())
    if known.issuperset(GEMMA_PIECES):
        return GEMMA, GEMMA_PIECES
    return CHATML, CHATML_PIECES


def turn_end(tokenizer: Any) -> str:
    """The piece that ends the assistant's turn in the tokenizer's chat template.

    Raises:
        ArtifactError: no special piece follows the assistant's words, so that a model could never stop.
    """
    word = "ሀሁሂ"  # in no control piece
    turns = [{"role": "user", "content": word}, {"role": "assistant", "content": word}]
    rendered: str = tokenizer.apply_chat_template(turns, tokenize=False)
    after = rendered[rendered.rindex(word) + len(word) :]
    special = {str(piece) for piece in tokenizer.added_tokens_decoder.values() if piece.special}
    special |= set(tokenizer.all_special_tokens)
    ends = [(after.index(piece), piece) for piece in sorted(special) if piece in after]
    if not ends:
        raise ArtifactError(
            f"{tokenizer.name_or_path}: its chat template writes no special piece after the assistant's words, so "
            "a model would never stop. Mend chat_template.jinja of the base model."
        )
    return min(ends)[1]
