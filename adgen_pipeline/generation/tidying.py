"""What a small model leaves in its text and nobody should read: broken slots, template tokens, runs of marks."""

import re

import regex

from adgen_pipeline.text.amharic import hygiene
from adgen_pipeline.text.slots import SLOT, slots_in

_BROKEN_SLOT = re.compile(r"⟨[^⟩\n]{0,24}⟩?|⟩")
_TEMPLATE_TOKEN = re.compile(r"<[|/a-zA-Z_][^<>\n]{0,30}>|\[/?INST\]|<<SYS>>")
# One emoji over and over, and lines of emoji alone, are where a small model loses its thread.
_SYMBOL_RUN = regex.compile(r"((?=\p{Emoji})[^\w\s#*]\p{M}*)(?:\s*\1){2,}")
# «፤ ፤ ፤ ፤» and «:// ://:// ://», until its tokens are used up; «...» and «---» are a pause and a rule.
_MARK_RUN = re.compile(
    r"(?:([^\w\s])(?:[ \t]+\1){2,}|((?!(.)\3)[!-/:-@\[-`{-~]{2,4})(?:[ \t]*\2){2,})[!-/:-@\[-`{-~]{0,3}"
)
# «ወይም ⟨location_1⟩ ይደውሉልን»: a place where posts have a second phone; the place then gets a line of its own.
_CALLED_PLACE = re.compile(
    r"[ \t]*(?:(?:ወይም|አልያም|እና)[ \t]+)?⟨location_\d+⟩[ \t]*(?:ላይ[ \t]*)?ይደውሉ(?:ልን)?(?![ሀ-ፚ])"
)
_SAID_TWICE = re.compile(r"(⟨(?:product|brand)_\d+⟩)(?:[ \t,፣/+]*\1)+")


def tidy(slotted: str, values: dict[str, str]) -> str:
    """The text without broken slots, template tokens and stray blanks; slots stand apart from letters.

    Args:
        slotted: a candidate as the model wrote it.
        values: of the brief's slots; a currency that a value holds is not said twice.
    """
    parts: list[str] = []
    end = 0
    text = _TEMPLATE_TOKEN.sub("", hygiene(slotted)).replace("\ufffd", "")  # bytes that made no letter
    text = _SAID_TWICE.sub(r"\1", _CALLED_PLACE.sub("", text))
    for match in SLOT.finditer(text):
        parts += [_BROKEN_SLOT.sub("", text[end : match.start()]), match.group()]
        end = match.end()
    parts.append(_BROKEN_SLOT.sub("", text[end:]))
    for position in range(1, len(parts), 2):
        value = values.get(parts[position], "x")
        before, after = parts[position - 1], parts[position + 1]
        if value.endswith("ብር"):
            after = re.sub(r"^\s*ብር(?![ሀ-ፚ])", "", after)
        if after[:1].isalnum() or (not after and position + 2 < len(parts)):
            after = f" {after}"
        # በ ከ ለ የ are written together with what they govern; any other letter is a word of its own.
        if re.search(r"[^\W\d_]{2}$", before):
            before = f"{before} "
        parts[position - 1], parts[position + 1] = before, after
    lines = [
        _MARK_RUN.sub("", _SYMBOL_RUN.sub(r"\1", " ".join(line.split())))
        for line in "".join(parts).split("\n")
    ]
    lines = [line for line in lines if not line or slots_in(line) or any(c.isalnum() for c in line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
