"""Numbers as they are written in Amharic posts: Ethiopic numerals, ሺ and ሚሊዮን, number words, grouped digits.

What a number means (a price, a phone) is decided in `text.facts`. The patterns expect ASCII digits (`text.digits`),
and all their repeats are bounded: a page of blanks, commas or number words must not cost quadratic time.
"""

import re
from decimal import Decimal

SPACE = r"[ \t\u00a0\u202f]"  # horizontal: a number never goes on in the next line
SPACES = f"{SPACE}{{0,3}}"

# Unit words with their spellings in real posts; each is a factor.
MULTIPLIERS: dict[str, int] = {
    "ሺህ": 1_000,
    "ሺሕ": 1_000,
    "ሺ": 1_000,
    "ሽህ": 1_000,
    "ሽ": 1_000,
    "ሚሊዮን": 1_000_000,
    "ሚሊየን": 1_000_000,
    "ሚልዮን": 1_000_000,
    "ሚልየን": 1_000_000,
    "ሚሊዬን": 1_000_000,
    "ቢሊዮን": 1_000_000_000,
    "ቢሊየን": 1_000_000_000,
    "million": 1_000_000,
    "thousand": 1_000,
    "k": 1_000,
}
_BELOW_HUNDRED: dict[str, int] = {
    "አንድ": 1,
    "ሁለት": 2,
    "ሶስት": 3,
    "ሦስት": 3,
    "አራት": 4,
    "አምስት": 5,
    "ስድስት": 6,
    "ሰባት": 7,
    "ስምንት": 8,
    "ዘጠኝ": 9,
    "አስር": 10,
    "አሥር": 10,
    "አስራ": 10,
    "አሥራ": 10,
    "ሃያ": 20,
    "ሀያ": 20,
    "ሰላሳ": 30,
    "ሠላሳ": 30,
    "አርባ": 40,
    "ሃምሳ": 50,
    "ሀምሳ": 50,
    "አምሳ": 50,
    "ስልሳ": 60,
    "ስድሳ": 60,
    "ሰባ": 70,
    "ሰማንያ": 80,
    "ሰማኒያ": 80,
    "ዘጠና": 90,
}

# Longest first, so that ሺህ is not read as ሺ with a rest.
MULTIPLIER = (
    "(?:"
    + "|".join(sorted((m for m in MULTIPLIERS if not m.isascii()), key=lambda m: (-len(m), m)))
    + r")(?![ሀ-ፚ])|(?i:million|thousand|k)(?![A-Za-z])"
)
# 1700 · 96,899 · 94, 369 · 1.500 (three digits after a point are thousands: no price has mills) · 1500.50
DIGITS = (
    rf"(?:[0-9]{{1,12}}+(?:,{SPACE}?[0-9]{{3}}){{1,4}}+(?![0-9])|[0-9]{{1,3}}+(?:\.[0-9]{{3}}){{1,4}}+(?![0-9])"
    r"|[0-9]{1,12}+(?![0-9]))(?:\.[0-9]{1,2}+(?![0-9]))?"
)
# 5 ሺህ · 5ሺ 500 · 1 ሚሊዮን 200 ሺህ
AMOUNT = (
    rf"{DIGITS}(?:{SPACES}(?:{MULTIPLIER})"
    rf"(?:{SPACES}(?:ከ|እና)?{SPACES}{DIGITS}(?:{SPACES}(?:{MULTIPLIER}))?)?)?"
)

_WORD = "|".join(
    sorted({*_BELOW_HUNDRED, "መቶ", *(m for m in MULTIPLIERS if not m.isascii())}, key=lambda w: (-len(w), w))
)
NUMBER_WORDS = rf"(?:(?:{_WORD})(?![ሀ-ፚ]){SPACE}{{1,3}}){{0,9}}(?:{_WORD})(?![ሀ-ፚ])"

_PART = re.compile(rf"({DIGITS})|({_WORD}|(?i:million|thousand|k))")
_GROUPED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")
MAXIMUM_NUMERALS = 16  # a longer run of Ethiopic numerals is no number that anybody writes


def ethiopic_number(numerals: str) -> int:
    """The value of Ethiopic numerals ፩…፼, which are multiplicative: ፪፻፲፭ is 215.

    Raises:
        ValueError: a character is not an Ethiopic numeral, or there is none.
    """
    if not numerals or any(not "፩" <= c <= "፼" for c in numerals):
        raise ValueError(f"{numerals!r} is not an Ethiopic number")
    total = pair = 0
    for character in numerals:
        code = ord(character) - 0x1369
        if code < 9:  # ፩ … ፱
            pair += code + 1
        elif code < 18:  # ፲ … ፺
            pair += (code - 8) * 10
        elif code == 18:  # ፻ multiplies what stands before it
            pair = (pair or 1) * 100
        else:  # ፼ multiplies everything before it
            total = ((total + pair) or 1) * 10_000
            pair = 0
    return total + pair


def ethiopic_numerals(number: int) -> str:
    """A number from 1 in Ethiopic numerals, the reverse of `ethiopic_number`: 215 is ፪፻፲፭, 100 is ፻.

    Raises:
        ValueError: the number is below 1; there is no zero.

    Source: CSS Counter Styles Level 3, "Ethiopic numeric counter style": pairs of digits, ፻ after every odd pair
        that is not zero, ፼ after every even one, no ፩ before ፻ and none at the front before ፼.
    """
    if number < 1:
        raise ValueError(f"{number} has no Ethiopic numerals, which begin with ፩")
    digits = str(number)
    digits = "0" * (len(digits) % 2) + digits
    pairs = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    written = []
    for at, pair in enumerate(pairs):
        place = len(pairs) - 1 - at
        is_hundreds = place % 2 == 1
        if pair and not (pair == 1 and place and (is_hundreds or at == 0)):
            tens, ones = divmod(pair, 10)
            written.append((chr(0x1371 + tens) if tens else "") + (chr(0x1368 + ones) if ones else ""))
        if is_hundreds and pair:
            written.append("፻")
        elif place and not is_hundreds:
            written.append("፼")
    return "".join(written)


def read_digits(digits: str) -> Decimal:
    """The value of digits with or without groups: `96,899`, `94, 369`, `1.500` and `1500.50`."""
    plain = "".join(digits.split()).replace(",", "")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(".", "")
    whole, _, cents = plain.rpartition(".")
    return Decimal(f"{whole.replace('.', '')}.{cents}" if whole else plain)  # 1.500.50 is 1500.50


def read_amount(text: str) -> Decimal:
    """The value of an amount in digits, number words or both: `5ሺ 500` is 5500, `ሁለት መቶ` is 200.

    Raises:
        ValueError: there is no number in it.
    """
    total = current = Decimal(0)
    found = False
    for digits, word in _PART.findall(text):
        found = True
        if digits:
            current += read_digits(digits)
        elif word in _BELOW_HUNDRED:
            current += _BELOW_HUNDRED[word]
        elif word == "መቶ":
            current = (current or Decimal(1)) * 100
        else:
            total += (current or Decimal(1)) * MULTIPLIERS[word.lower()]
            current = Decimal(0)
    if not found:
        raise ValueError(f"{text!r} holds no number")
    return total + current


def multiplier(text: str) -> int:
    """The factor of the last multiplier word in a text (ሺህ: 1000); 1 if there is none."""
    words = [word for _, word in _PART.findall(text) if word]
    return MULTIPLIERS.get(words[-1].lower(), 1) if words else 1
