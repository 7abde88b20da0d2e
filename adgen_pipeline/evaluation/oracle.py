"""A second opinion on what an ad invents, by rules that share nothing with the guards.

It reads two strings, the brief's document and the ad, and knows neither slots nor `text.facts`: a fault of those cannot
hide here. Every digit run, number word, @ and link of the ad must stand in the brief's document, and so must every
promise and address by its kind. Standard library only; a test keeps it so.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

# Letters that sound alike, as the first of them (own table: this module shares no code with text.amharic).
_SAME = {0x1210: 0x1200, 0x1280: 0x1200, 0x1220: 0x1230, 0x12D0: 0x12A0, 0x1340: 0x1338}
_ALIKE = {base + order: same + order for base, same in _SAME.items() for order in range(7)} | {
    0x1203: 0x1200,
    0x1213: 0x1200,
    0x1283: 0x1200,
    0x12A3: 0x12A0,
    0x12D3: 0x12A0,
}  # ሃ, ኣ

_NUMBER_WORDS: dict[int, tuple[str, ...]] = {
    2: ("ሁለት", "two", "double"), 3: ("ሶስት", "three", "triple"), 4: ("አራት", "four"), 5: ("አምስት", "five"),
    6: ("ስድስት", "six"), 7: ("ሰባት", "seven"), 8: ("ስምንት", "eight"), 9: ("ዘጠኝ", "nine"),
    10: ("አስር", "ten"), 11: ("eleven",), 12: ("twelve", "dozen", "ደርዘን"), 15: ("fifteen",),
    20: ("ሀያ", "twenty"), 30: ("ሰላሳ", "thirty"), 40: ("አርባ", "forty"), 50: ("ሀምሳ", "fifty"),
    60: ("ስልሳ", "ስድሳ", "sixty"), 70: ("ሰባ", "seventy"), 80: ("ሰማንያ", "ሰማኒያ", "eighty"), 90: ("ዘጠና", "ninety"),
    100: ("መቶ", "hundred"), 1000: ("ሺ", "ሺህ", "thousand"), 1_000_000: ("ሚሊዮን", "ሚሊየን", "ሚልዮን", "million"),
    1_000_000_000: ("ቢሊዮን", "ቢሊየን", "billion"),
}  # fmt: skip
_MULTIPLIERS = (1000, 1_000_000, 1_000_000_000)

# What an ad may offer only if its brief does, by kind: any word of the kind in the brief supports the kind.
_PROMISES: dict[str, tuple[str, ...]] = {
    "delivery": (
        "ዴሊቨሪ", "ደሊቨሪ", "ድሊቨሪ", "ዲሊቨሪ", "እናደርሳለን", "እናደርስ", "ያሉበት ድረስ", "እንልካለን", "ማድረሻ", "ለማድረስ",
        "deliver", "shipping", "ships ",
    ),
    "payment": (
        "ቴሌብር", "telebirr", "cbe birr", "ሲቢኢ", "በብድር", "ብድር", "ዱቤ", "በዱቤ", "ቅድሚያ ክፍያ", "ቀሪ ክፍያ", "ክፍያ", "ባንክ",
        "instalment", "installment", "loan", "credit", "payment", " pay ", "bank",
    ),
    "warranty": ("ዋስትና", "ዋራንቲ", "ጋራንቲ", "ዋስትናው", "warrant", "guarant"),
    "discount": ("ቅናሽ", "ቅናሹ", "discount", " off", "% sale", "ፐርሰንት"),
    "gift": ("ስጦታ", "ቦነስ", "በነፃ", "በነጻ", "ነፃ", "ነጻ", "gift", "bonus", " free"),
    "stock": ("ውስን", "ጥቂት ፍሬ", "ጥቂት ፍሬዎች", "limited", "last pieces", "while stock"),
}  # fmt: skip

_DIGITS = re.compile(r"\d+")
_GROUPS = re.compile(r"(?<=\d)[,،](?=\s?\d{3}(?!\d))\s?")  # 96,899 and «94, 369» are one number
_PHONE = re.compile(r"\+?\d[\d ()./-]{6,}\d")
_HANDLE = re.compile(r"@\s?[A-Za-z0-9_]{2,}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_LINK = re.compile(
    r"(?i)(?:https?://|www\.|t\.me/|telegram\.me/)[^\s<>«»“”]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*"
    r"\.(?:com|et|net|org|me|io|shop|app|info|co|ly|link|store|biz|xyz)\b(?:/[^\s<>«»“”]*)?"
)
_AFTER_ADDRESS = re.compile(r"አድራሻ(?:ችን|ዉ|ው)?+\W*(?P<place>[^\n።]{3,80})")
_WORD = re.compile(r"[^\W\d_]+")
_QUOTES = re.compile(r"[\"“”«»'‘’\[\](){}]")
# Consonants of Unicode's names of Ethiopic letters, and of Latin spellings, that are one sound to who spells a place.
_SOUNDS = (
    ("sz", "s"), ("ts", "s"), ("tz", "s"), ("sh", "s"), ("hh", "h"), ("xw", "h"), ("x", "h"), ("ch", "c"), ("ck", "k"),
    ("q", "k"), ("ph", "p"), ("ny", "n"), ("gn", "n"), ("zh", "z"), ("th", "t"), ("w", ""), ("y", ""),
)  # fmt: skip
_VOWELS = re.compile("[aeiou]+")
_ETHIOPIC_NAME = re.compile(r"ETHIOPIC SYLLABLE (?:GLOTTAL |PHARYNGEAL )?(?P<sound>[A-Z]+)")
_LEAST_CONSONANTS = 2  # of a word that can be told by them
_ETHIOPIC_NUMERALS = re.compile("[\u1369-\u137c]+")
_UNITS_OF = {"post": 4096, "caption": 1024, "sponsored": 160, "tagline": 60}
_PHONE_DIGITS = 9  # an Ethiopian number without 0 or +251


class Finding(NamedTuple):
    """Something in an ad that its brief does not hold: its kind and the words."""

    kind: str
    text: str


def invented(brief: str, ad: str) -> list[Finding]:
    """Numbers, number words, phones, handles, e-mails and links of an ad that its brief does not hold."""
    source, text = _folded(brief), _folded(ad)
    found = [*_addresses(source, text)]
    bare = _LINK.sub(" ", _MAIL.sub(" ", _HANDLE.sub(" ", text)))  # digits in them belong to them
    known_runs = _runs(source)
    known_phones = _phones(source)
    for match in _PHONE.finditer(bare):
        digits = "".join(_DIGITS.findall(match.group()))
        is_known = digits[-_PHONE_DIGITS:] in known_phones or all(
            run in known_runs for run in _runs(match.group())
        )
        if len(digits) >= _PHONE_DIGITS and not is_known:
            found.append(Finding("phone", match.group()))
    phones = [finding.text for finding in found if finding.kind == "phone"]
    stated = {str(value) for value in _spelled(source)} | _multiplied(source)
    for match in _DIGITS.finditer(bare):
        run = match.group()
        is_of_phone = any(run in phone for phone in phones) or _is_of_known_phone(
            bare, match.start(), known_phones
        )
        if (
            run not in known_runs
            and run.lstrip("0") not in known_runs
            and run not in stated
            and not is_of_phone
        ):
            found.append(Finding("number", run))
    found += [
        Finding("number word", word)
        for word, value in _number_words(bare)
        if str(value) not in known_runs
        and value not in _spelled(source)
        and not _is_written_out(value, known_runs)
    ]
    return found


def leaked_contacts(brief: str, ad: str) -> list[Finding]:
    """Phones, handles, e-mails and links of an ad that its brief does not hold: they are somebody else's."""
    return [
        finding for finding in invented(brief, ad) if finding.kind in ("phone", "handle", "link", "e-mail")
    ]


def unsupported_promises(brief: str, ad: str) -> list[Finding]:
    """Promises of an ad whose kind its brief does not name, and places after «አድራሻ» that it does not hold.

    A place may be spelled in the other script: «ቦሌ» is supported by "Bole", by its consonants.
    """
    source, text = (f" {_QUOTES.sub(' ', _folded(said))} " for said in (brief, ad))  # "Free" is a word, too
    found = []
    for kind, signs in _PROMISES.items():
        folded = [_folded(sign) if sign.strip() == sign else sign for sign in signs]
        said = next((sign for sign in folded if sign in text), None)
        if said is not None and not any(sign in source for sign in folded):
            found.append(Finding(kind, said))
    known = set(_WORD.findall(source))
    # Of the words in either script: within one, other vowels make another word.
    spelled = {
        is_latin: {_consonants(word) for word in known if word.isascii() == is_latin} - {""}
        for is_latin in (False, True)
    }
    for match in _AFTER_ADDRESS.finditer(text):
        words = _WORD.findall(_LINK.sub(" ", _HANDLE.sub(" ", match["place"])))
        if words and not any(
            _stands(word, known) or _consonants(word) in spelled[not word.isascii()] for word in words
        ):
            found.append(Finding("address", match["place"].strip()))
    return found


def missing(facts: Iterable[str], ad: str) -> list[str]:
    """Those of some facts' texts that an ad does not hold, spaces, homophones and the way of writing numbers aside."""
    text = _folded(ad)
    squeezed, runs, phones = _squeezed(text), _runs(text), _phones(text)
    lost = []
    for fact in facts:
        folded = _folded(fact)
        digits = "".join(_DIGITS.findall(folded))
        is_phone = len(digits) >= _PHONE_DIGITS and not _WORD.search(folded)
        if _squeezed(folded) in squeezed or (is_phone and digits[-_PHONE_DIGITS:] in phones):
            continue
        numbers = _runs(folded)
        if numbers and not is_phone and not _LINK.search(folded) and "@" not in folded and numbers <= runs:
            continue  # «3200 ETB» as «3,200 ብር»
        lost.append(fact)
    return lost


def format_faults(ad: str, format: str) -> list[str]:
    """Why Telegram would not take an ad in a format, in words; empty if it would.

    Raises:
        KeyError: the format is unknown.
    """
    faults = []
    units = len(ad.encode("utf-16-le", "surrogatepass")) // 2
    if units > _UNITS_OF[format]:
        faults.append(f"{units} UTF-16 units, {_UNITS_OF[format]} at most")
    if not ad.strip():
        faults.append("empty")
    if "⟨" in ad or "⟩" in ad:
        faults.append("a slot is open")
    if any(unicodedata.category(character) == "Cs" for character in ad):
        faults.append("half a character")
    if format in ("sponsored", "tagline") and "\n" in ad:
        faults.append("a line break")
    if format == "sponsored" and len(_LINK.findall(ad)) + len(_HANDLE.findall(_LINK.sub(" ", ad))) > 1:
        faults.append("more than one link")
    if format == "tagline" and (_PHONE.search(ad) or _HANDLE.search(ad) or _LINK.search(ad)):
        faults.append("a contact")
    return faults


def _addresses(source: str, text: str) -> list[Finding]:
    """Handles, e-mails and links of `text` that `source` does not hold; t.me/name and @name are one place."""
    known_mails = {mail.strip(".") for mail in _MAIL.findall(source)}
    found = [Finding("e-mail", mail) for mail in _MAIL.findall(text) if mail.strip(".") not in known_mails]
    source, text = _MAIL.sub(" ", source), _MAIL.sub(" ", text)
    known = {_place(link) for link in _LINK.findall(source)} | {
        _place(name) for name in _HANDLE.findall(source)
    }
    found += [Finding("link", link) for link in _LINK.findall(text) if _place(link) not in known]
    text = _LINK.sub(" ", text)
    return found + [Finding("handle", name) for name in _HANDLE.findall(text) if _place(name) not in known]


def _place(address: str) -> str:
    """Where a link or handle leads, however it is written."""
    bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", address.replace(" ", "").lower()).rstrip("/.,!?)]}»\"'።፣")
    return re.sub(r"^(?:t\.me/|telegram\.me/|@)", "", bare)


def _folded(text: str) -> str:
    """Text in lower case, with homophones, digits of all scripts and Ethiopic numerals in their plain form."""
    text = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    text = _ETHIOPIC_NUMERALS.sub(lambda match: str(_ethiopic(match.group())), text)
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    return _GROUPS.sub("", digits.lower())


def _ethiopic(numerals: str) -> int:
    """The number that Ethiopic numerals write: ፪፻፲፭ is 215, ፼ is ten thousand."""
    total = hundreds = pending = 0
    for numeral in numerals:
        value = int(unicodedata.numeric(numeral))
        if value < 100:
            pending += value
        elif value == 100:
            hundreds += (pending or 1) * 100
            pending = 0
        else:
            total = (total + hundreds + pending or 1) * 10_000
            hundreds = pending = 0
    return total + hundreds + pending


def _runs(text: str) -> set[str]:
    """Digit runs, as written and without leading zeros."""
    found = set(_DIGITS.findall(text))
    return found | {run.lstrip("0") or "0" for run in found}


def _phones(text: str) -> set[str]:
    """Last nine digits of what may be a phone: runs with spaces, dashes and brackets between them."""
    joined = ("".join(_DIGITS.findall(match.group())) for match in _PHONE.finditer(text))
    return {digits[-_PHONE_DIGITS:] for digits in joined if len(digits) >= _PHONE_DIGITS}


def _is_of_known_phone(text: str, place: int, known: set[str]) -> bool:
    for match in _PHONE.finditer(text):
        if match.start() <= place < match.end():
            return "".join(_DIGITS.findall(match.group()))[-_PHONE_DIGITS:] in known
    return False


def _number_words(text: str) -> list[tuple[str, int]]:
    """Number words of a folded text with their values; «አንድ» is left out, it is the article too."""
    by_word = _by_word()
    found = []
    for word in _WORD.findall(text):
        bare = word
        if bare not in by_word and bare[:1] in "የበለከ":
            bare = bare[1:]
        if bare not in by_word and bare.endswith(("ኛ", "ን", "ዎች")):
            bare = bare.removesuffix("ኛ").removesuffix("ን").removesuffix("ዎች")
        if bare in by_word:
            found.append((word, by_word[bare]))
    return found


def _by_word() -> dict[str, int]:
    return {_folded(word): value for value, words in _NUMBER_WORDS.items() for word in words}


def _spelled(text: str) -> set[int]:
    return {value for _, value in _number_words(text)}


def _multiplied(text: str) -> set[str]:
    """Numbers that digits and a word make together: «25 ሺህ» states 25000."""
    by_word = _by_word()
    found = set()
    for match in re.finditer(r"(\d+(?:\.\d+)?)\s*([^\W\d_]+)", text):
        value = by_word.get(match[2])
        if value in _MULTIPLIERS:
            found.add(f"{float(match[1]) * value:.0f}")
    return found


def _is_written_out(value: int, runs: set[str]) -> bool:
    """Whether a multiplier only says otherwise what the brief writes in digits: «25 ሺህ» for 25000."""
    zeros = len(str(value)) - 1
    return value in _MULTIPLIERS and any(run.endswith("0" * zeros) and len(run) > zeros for run in runs)


def _stands(word: str, known: set[str]) -> bool:
    """Whether a word is a brief's, prefixes of place aside."""
    return word in known or word[1:] in known or any(len(other) > 3 and other in word for other in known)


def _consonants(word: str) -> str:
    """What is left of a word in either script without vowels and doubled letters; empty if that tells nothing."""
    sounds = []
    for letter in word:
        named = _ETHIOPIC_NAME.match(unicodedata.name(letter, ""))
        sounds.append(named["sound"].lower() if named else letter)
    bones = "".join(sounds)
    if not bones.isascii():
        return ""
    for written, plain in _SOUNDS:
        bones = bones.replace(written, plain)
    bones = re.sub(r"(.)\1+", r"\1", _VOWELS.sub("", bones))
    return bones if len(bones) >= _LEAST_CONSONANTS else ""


def _squeezed(text: str) -> str:
    return "".join(text.split())
