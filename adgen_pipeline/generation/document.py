"""A brief's text before its fields are read: what its form hides is taken out, what its form breaks is joined.

Comments in Markdown and HTML are never seen by whoever sends the brief on; time-stamps of chats and voice messages and
the head of a mail are no part of it; the margin cuts sentences, and a price from its currency. All is done in place:
characters become blanks, line ends become spaces, so that a place in the text stays the same place.
"""

import re

from adgen_pipeline.generation.fields import is_table_row, opens_field

_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|^[ \t]{0,3}\[(?://|comment|\W*)\]:[ \t]*\S[^\n]*$"  # [//]: # (a comment of Markdown)
    r"|<(?P<tag>script|style|template|noscript)\b[^>]*>.*?(?:</(?P=tag)\s*>|\Z)"
    r"|<(?P<shut>\w+)\b[^>]*(?:display:\s*none|visibility:\s*hidden|font-size:\s*0|\shidden\b)[^>]*>.*?(?:</(?P=shut)\s*>|\Z)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_HIDDEN_HINT = re.compile(r"<!--|\]:|<\w", re.IGNORECASE)
_QUOTED_BLOCK = re.compile(
    r"(?P<before>(?:^(?![ \t]*>)[^\n]*\S[^\n]*\n(?:[ \t]*\n)?)?)(?P<quoted>(?:^[ \t]*>[^\n]*(?:\n|\Z))+)",
    re.MULTILINE,
)
_WROTE = re.compile(
    r"(?i:\b(?:wrote|writes|sent|sends|forward(?:ed)?|replied|reply|asked|asks|comment(?:ed)?|message[sd]?|below|fwd|original)\b)"
    r"|ጽፏል|ጽፈዋል|ጻፈ|ልኳል|ላከ|መልእክት|አስተያየት"
)
_ASKS_TO_WRITE = re.compile(
    r"(?i:(?:^|[.!?>]\s*|\b(?:please|kindly|just|and|also)\s+)(?:write|put|add|insert|include|paste|type|place|print|say)\b)"
    r"|ብላችሁ ጻፉ|ብለህ ጻፍ|ብለው ይጻፉ|ጨምሩበት|አስገቡ"
)
_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[ap]\.?m\.?)?"
_DAY = r"\d{1,4}[/.\-]\d{1,2}[/.\-]\d{2,4}"
# «[12/03/25, 14:02] Hana: …», «12/03/2025, 14:02 - Hana: …», «Hana, [12.03.2025 14:02]»
_CHAT_STAMP = re.compile(
    rf"^(?:\[(?:{_DAY},?\s+)?{_CLOCK}(?:,\s*{_DAY})?\]|{_DAY},?\s+{_CLOCK}\s+[-–])[ \t]*(?:[^\n:\d@]{{1,30}}:(?!//))?"
    rf"|^[^\n\[\]\d@]{{1,30}},?\s\[{_DAY},?\s+{_CLOCK}\][ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_RECORDING = re.compile(
    r"\b(?:voice|audio|video|call|recording|memo)\b[^\n\d()\[\]]{0,30}[(\[,:–-]?[^\S\n]*\d{1,2}:\d{2}(?::\d{2})?[)\]]?"
    r"|(?:የ?ድም[ፅጽ]|ቪዲዮ|የስልክ ጥሪ)[^\n\d()\[\]]{0,24}[(\[,:፦–-]?[^\S\n]*\d{1,2}[:፡]\d{2}[)\]]?",
    re.IGNORECASE,
)
_STAGE_LINE = re.compile(
    r"^[ \t]*[\[(](?:voice|audio|video|phone|call|recording|transcri\w*|forwarded|sticker|photo|image|file|sent|deleted"
    r"|የድም[ፅጽ]|ድም[ፅጽ]|ቪዲዮ|ፎቶ|የስልክ)\b[^\n\])]*[\])][ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_MAIL_HEAD = re.compile(
    r"\A\s*(?:(?:from|to|cc|bcc|sent|date|reply-to|subject|attachments?):[^\n]*(?:\n|\Z)){2,}", re.I
)
_MAIL_LINE = re.compile(
    r"^[ \t]*(?:from|to|cc|bcc|sent|date|reply-to|attachments?):[^\n]*$", re.MULTILINE | re.IGNORECASE
)
_UNIT_ON_NEXT_LINE = re.compile(r"(?<=\d)[ \t]*\n(?=[ \t]*(?:ብር|ሺህ?|ሚሊዮን|(?i:birr?|etb|br|shi|million)\b))")
# Amharic in Latin letters, between digits and a currency or another amount: «62 shi birr», «500 iske 700 birr».
_IN_ETHIOPIC = (
    (
        re.compile(
            r"(?<=\d)([ ]?)(shih|shi|sih)\b(?=[ \t]*(?:birr?|br|etb|ብር|\d|iske|eske|esk|to|-|[.,;)]|$))",
            re.I | re.M,
        ),
        "ሺህ",
    ),
    (
        re.compile(r"(?<=\d)([ ]?)(mill?iyon|milyon|million|mln)\b(?=[ \t]*(?:birr?|br|etb|ብር|\d))", re.I),
        "ሚሊዮን",
    ),
    (re.compile(r"(?<=[\dhirb])([ ]?)(iske|eske|esk|iskeh|up to)\b(?=[ \t]*\d)", re.I), "እስከ"),
    (
        re.compile(r"(?<=\d)([ ])(and)(?=[ ]\d[\d.,]*[ ]?(?:birr?|br|etb|ብር)\b)", re.I),
        "to",
    ),  # between 500 and 700 birr
)
_SENTENCE_END = re.compile(r"[.።!?:፦፤;|]\s*$")
_FULL_LINE = 0.75  # of the text's longest line: a shorter line was ended by its writer, not by the margin
_WRAPPED_CHARS = 60


def without_hidden(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with blanks for what a reader of the rendered document does not see, and these parts."""
    if not _HIDDEN_HINT.search(text):
        return text, ()
    parts = tuple(" ".join(match.group().split()) for match in _HIDDEN.finditer(text))
    return _HIDDEN.sub(_blanks, text), parts


def without_quoted(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with blanks for what others said in it, and these parts.

    That is a block of «> …» lines below a line that says that somebody wrote it, or that asks to write something.
    """
    parts: list[str] = []

    def blank(block: re.Match[str]) -> str:
        if not (_WROTE.search(block["before"]) or _ASKS_TO_WRITE.search(block["quoted"])):
            return block.group()
        parts.append(" ".join(re.sub(r"(?m)^[ \t]*>+", " ", block["quoted"]).split()))
        return block["before"] + re.sub(r"[^\n]", " ", block["quoted"])

    return _QUOTED_BLOCK.sub(blank, text), tuple(parts)


def joined(text: str) -> str:
    """Plain text or Markdown with blanks for time-stamps and mail heads, and with its wrapped lines joined."""
    if head := _MAIL_HEAD.match(text):
        text = _MAIL_LINE.sub(_blanks, text[: head.end()]) + text[head.end() :]
    for pattern in (_CHAT_STAMP, _STAGE_LINE, _RECORDING):
        text = pattern.sub(_blanks, text)
    text = number_words(text)
    return _unwrapped(_UNIT_ON_NEXT_LINE.sub(lambda match: " " * len(match.group()), text))


def number_words(text: str) -> str:
    """The text with Amharic number words in Ethiopic that were written in Latin letters."""
    for pattern, word in _IN_ETHIOPIC:
        text = pattern.sub(lambda m, word=word: m[1] + word[: len(m[2])].ljust(len(m[2])), text)  # type: ignore[misc]
    return text


def _unwrapped(text: str) -> str:
    """The text with a space for each line end that only the margin made."""
    lines = text.split("\n")
    width = max((len(line.rstrip()) for line in lines), default=0)
    pieces = [lines[0]]
    is_open = _is_open(lines[0], width)
    for line in lines[1:]:
        goes_on = is_open and line.strip() != "" and not opens_field(line) and not is_table_row(line)
        pieces += [" " if goes_on else "\n", line]
        is_open = _is_open(line, width)
    return "".join(pieces)


def _is_open(line: str, width: int) -> bool:
    """Whether a line may go on in the next one."""
    bare = line.rstrip()
    is_full = len(bare) >= max(_WRAPPED_CHARS, _FULL_LINE * min(width, 130))
    return is_full and not bare.startswith("#") and not _SENTENCE_END.search(bare)


def _blanks(match: re.Match[str]) -> str:
    """As many characters, blank; line ends stay."""
    return re.sub(r"[^\n]", " ", match.group())
