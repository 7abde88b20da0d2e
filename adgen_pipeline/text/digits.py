"""The digits of a text as ASCII: styled 𝟏, Arabic-Indic ٣, full-width ５, and keycap emoji 1️⃣.

One or two keycaps number a list («1️⃣ ቦሌ») unless money or a per cent stands beside them; they are no number of the text.
"""

import re

from adgen_pipeline.text.numbers import SPACE, SPACES

_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_KEYCAP = re.compile("\\d\ufe0f?\u20e3")
_KEYCAPS = re.compile(rf"{_KEYCAP.pattern}(?:(?:{SPACE}|[-–.,/:()+]){{0,3}}{_KEYCAP.pattern})*")
_COUNTED = re.compile(rf"{SPACES}(?:ብር|ሺ|ሚሊ|እስከ|ፐርሰንት|በመቶ|[%٪％$]|(?i:etb|birr|br\b|usd|percent))")
_MONEY_BEFORE = re.compile(r"(?:ብር|ዋጋ|\$|(?i:etb|birr|br\.?|usd|price))[ :፦፡=\-]{0,3}\Z")
_LIST_MARK = "\ufffc"  # neither letter, digit nor blank


def plain_digits(text: str) -> tuple[str, list[tuple[int, int]] | None]:
    """The text with ASCII digits only, and where each of its characters comes from.

    Returns:
        The text itself and None if there is nothing to change; otherwise the changed text and, for each of its
        characters, the start and end of what it stands for in `text`.
    """
    has_keycaps = "\u20e3" in text
    if not has_keycaps and (text.isascii() or _OTHER_DIGIT.search(text) is None):
        return text, None
    places: list[tuple[int, int]] = []
    parts: list[str] = []
    end = 0

    def copy(to: int) -> None:
        parts.append(text[end:to])
        places.extend((place, place + 1) for place in range(end, to))

    for run in _KEYCAPS.finditer(text) if has_keycaps else ():
        copy(run.start())
        keycaps = list(_KEYCAP.finditer(text, run.start(), run.end()))
        is_number = (
            len(keycaps) > 2
            or _COUNTED.match(text, run.end()) is not None
            or _MONEY_BEFORE.search(text[max(0, run.start() - 8) : run.start()]) is not None
        )
        end = run.start()
        for keycap in keycaps:
            if not (is_number and text[end : keycap.start()].isspace()):  # «1️⃣ 5️⃣ 0️⃣» is 150
                copy(keycap.start())
            parts.append(keycap.group()[0] if is_number else _LIST_MARK)
            places.append(keycap.span())
            end = keycap.end()
    copy(len(text))
    return _OTHER_DIGIT.sub(lambda match: str(int(match.group())), "".join(parts)), places
