"""Typed facts of Amharic, English and mixed posts: what an ad must copy exactly and may never invent.

Every run of digits of a text lies in some fact (a bare number is a `quantity`), because the fact lock takes digits
outside of all facts for inventions. Only one or two keycap emoji (1️⃣), which number lists, are left out. Nothing
inside a link, handle or hashtag is a price or phone.

The digits are found first and then matched in place: one large alternation tried at every letter costs several
times as much.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from adgen_pipeline.text import fact_patterns as patterns
from adgen_pipeline.text.numbers import ethiopic_number, multiplier, read_amount

Value = dict[str, Any] | str


class Fact(NamedTuple):
    """One fact of a text.

    Attributes:
        kind: one of `text.slots.FACT_KINDS`.
        text: as written; equals the text's [start:end].
        value: {"min", "max", "currency"} of a price (numbers, ETB where no currency is named), otherwise a
            string: a phone as +251…, a percent or quantity without spaces, a link with https://.
        start, end: Python string indices.
    """

    kind: str
    text: str
    value: Value
    start: int
    end: int


def find_facts(text: str) -> list[Fact]:
    """Facts of a text, in order, not overlapping.

    Every digit of the text lies in one of them, except those of one or two keycap emoji (list numbers).
    """
    facts = _links(text)
    if patterns.WORD_BEFORE_BIRR.search(text):
        for match in patterns.WORDED_PRICE.finditer(text):
            # in «5 ሺህ ብር» the words belong to the digits
            if not text[: match.start()].rstrip()[-1:].isnumeric():
                _add(facts, [_price(match.group(), match.start())])
    facts.sort(key=lambda fact: fact.start)
    numbers: list[Fact] = []
    start = 0
    for fact in facts:
        numbers.extend(_numbers(text, start, fact.start))
        start = fact.end
    numbers.extend(_numbers(text, start, len(text)))
    return sorted(facts + numbers, key=lambda fact: fact.start)


def value_key(fact: Fact) -> str:
    """A canonical string, equal for two writings of the same fact, such as 0900… and +251 900…."""
    return f"{fact.kind}:{value_text(fact.value)}"


def value_text(value: Value) -> str:
    """A fact's value as one string; a price as `1200 ETB` or `100-200 ETB`."""
    if isinstance(value, str):
        return value
    low, high = value["min"], value["max"]
    return f"{low} {value['currency']}" if low == high else f"{low}-{high} {value['currency']}"


def to_json(facts: Iterable[Fact]) -> dict[str, list[dict[str, Any]]]:
    """Facts as the document that `adgen text facts --json` prints for a line."""
    return {"facts": [fact._asdict() for fact in facts]}


def _links(text: str) -> list[Fact]:
    """Links, e-mail addresses, handles and hashtags; an earlier kind wins where two overlap."""
    facts: list[Fact] = []
    if "." in text or "://" in text:
        for match in patterns.URL.finditer(text):
            written = patterns.URL_TAIL.sub("", match.group())
            facts.append(
                Fact("url", written, _url_value(written), match.start(), match.start() + len(written))
            )
    if "@" in text:
        _add(facts, (_lower("email", match) for match in patterns.EMAIL.finditer(text)))
        _add(facts, (_lower("handle", match) for match in patterns.HANDLE.finditer(text)))
    if "#" in text:
        _add(facts, (_lower("hashtag", match) for match in patterns.HASHTAG.finditer(text)))
    return facts


def _add(facts: list[Fact], more: Iterable[Fact]) -> None:
    """Append the facts that overlap none of those already there."""
    for fact in more:
        if not any(other.start < fact.end and fact.start < other.end for other in facts):
            facts.append(fact)


def _lower(kind: str, match: re.Match[str]) -> Fact:
    return Fact(kind, match.group(), match.group().casefold(), match.start(), match.end())


def _numbers(text: str, start: int, end: int) -> Iterator[Fact]:
    """Facts that begin with a digit, a + or an Ethiopic numeral, in text[start:end]."""
    position = start
    while found := patterns.START.search(text, position, end):
        at = found.start()
        if keycaps := patterns.KEYCAPS.match(text, at, end):
            digits = "".join(c for c in keycaps.group() if c.isdigit())
            if len(digits) > 2:  # a number spelled in emoji, not a list number
                is_phone = len(digits) >= 9
                value = _phone_value(digits) if is_phone else digits
                kind = "phone" if is_phone else "quantity"
                yield Fact(kind, keycaps.group(), value, at, keycaps.end())
            position = keycaps.end()
            continue
        fact = _number(text, at, position, end)
        yield fact
        position = fact.end


def _number(text: str, at: int, low: int, end: int) -> Fact:
    """The fact at a digit, a + or an Ethiopic numeral; it may reach back to `low`."""
    match = patterns.AT_DIGIT.match(text, at, end)
    if match is None:  # a + that belongs to no phone number, as in G+2
        at += 1
        match = patterns.AT_DIGIT.match(text, at, end)
    assert match is not None  # `quantity` takes any digit or numeral
    kind = match.lastgroup
    assert kind is not None
    if kind != "quantity":
        return _fact(kind, match.group(), at)
    before = text[max(low, at - patterns.LOOK_BACK_CHARS) : at]
    stripped = before.rstrip(" \t\u00a0\u202f")
    last = stripped[-1:]
    # The last character tells which of the searches can succeed; most numbers need none of them.
    if (
        (last.isalpha() or last == ".")
        and (month := patterns.MONTH_BEFORE.search(before))
        and (day := patterns.AFTER_MONTH.match(text, at, end))
    ):
        start = at - len(month.group())
        return _fact("date", text[start : day.end()], start)
    amount = patterns.AT_AMOUNT.match(text, at, end)
    if amount and last in patterns.CURRENCY_ENDS and (currency := patterns.CURRENCY_BEFORE.search(before)):
        start = at - len(currency.group())
        return _price(text[start : amount.end()], start)
    if spaced := patterns.SPACED_AMOUNT.match(text, at, end):
        if patterns.PRICE_CUE.search(before):
            return _price(spaced.group(), at)
    elif amount and _is_cued_price(text, before, amount, end):
        return _price(amount.group(), at)
    written = match.group()
    if (
        3 <= len(written) <= 8
        and written.isdigit()
        and (patterns.PHONE_CUE.search(before) or patterns.PHONE_CUE_AFTER.match(text, match.end(), end))
    ):
        return _fact("phone", written, at)
    if before[-1:].isascii() and (letters := patterns.LETTERS_BEFORE.search(before)):
        start = at - len(letters.group())
        if not text[max(0, start - 1)].isdigit():
            return _fact("quantity", text[start : match.end()], start)
    return _fact("quantity", written, at)


def _is_cued_price(text: str, before: str, amount: re.Match[str], end: int) -> bool:
    """Whether an amount without a currency follows «ዋጋ», «price» or a money emoji and has no unit."""
    return (
        amount.end() - amount.start() >= 2
        and patterns.PRICE_HINT.search(before) is not None
        and sum(c.isdigit() for c in amount.group()) >= 2
        and patterns.PRICE_CUE.search(before) is not None
        and patterns.UNIT_AFTER.match(text, amount.end(), end) is None
    )


def _fact(kind: str, written: str, start: int) -> Fact:
    """A fact with its normalised value."""
    if kind == "price":
        return _price(written, start)
    value = {"phone": _phone_value, "percent": _percent_value, "quantity": _quantity_value}.get(
        kind, _spaceless if kind == "time" else _one_spaced
    )(written)
    return Fact(kind, written, value, start, start + len(written))


def _price(written: str, start: int) -> Fact:
    if numerals := patterns.NUMERALS.match(written):
        amounts = [Decimal(ethiopic_number(numerals.group()))]
    else:
        joined = patterns.DIGIT_GROUP_SPACE.sub("", written)  # «12 500 ብር»
        parts = [match.group() for match in patterns.AMOUNT_IN.finditer(joined)] or [written]
        amounts = [read_amount(part) for part in parts]
        if len(amounts) == 2 and amounts[0] < 1000 <= amounts[1] and (factor := multiplier(parts[1])) > 1:
            amounts[0] *= factor  # in «2-3 ሺህ ብር» both are thousands
    currency = "ETB"
    if patterns.DOLLAR.search(written):
        currency = "USD"
    elif "€" in written or "ዩሮ" in written:
        currency = "EUR"
    value = {"min": _plain(min(amounts)), "max": _plain(max(amounts)), "currency": currency}
    return Fact("price", written, value, start, start + len(written))


def _plain(amount: Decimal) -> int | float:
    """The amount as an int where it is one."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _phone_value(written: str) -> str:
    """+251… for Ethiopian numbers, + and digits for foreign ones, digits for short codes."""
    digits = "".join(str(int(c)) for c in written if c.isdecimal())
    if written.startswith("+") and not digits.startswith("251"):
        return f"+{digits}"
    for prefix in ("00251", "251"):
        if digits.startswith(prefix) and len(digits) >= len(prefix) + 9:
            return f"+251{digits[len(prefix) :].removeprefix('0')}"
    if len(digits) < 9:
        return digits
    return f"+251{digits.removeprefix('0')}"


def _percent_value(written: str) -> str:
    return "-".join(patterns.PLAIN_NUMBER.findall(written))


def _quantity_value(written: str) -> str:
    """Lower case, without spaces and thousands commas, common units unified: `128 ጊጋ` is `128gb`."""
    written = patterns.NUMERALS.sub(lambda match: str(ethiopic_number(match.group())), written)
    plain = patterns.LIST_SEPARATOR.sub(",", patterns.THOUSANDS_COMMA.sub("", written.casefold()))
    parts = patterns.QUANTITY_PARTS.fullmatch("".join(plain.split()))
    assert parts is not None  # it holds a digit
    number, unit = parts.groups()
    return number + patterns.UNITS.get(unit, unit)


def _one_spaced(written: str) -> str:
    return " ".join(written.split()).casefold()


def _spaceless(written: str) -> str:
    """A time as h:mm with am or pm; the Ethiopian clock is left as it is."""
    parts = patterns.TIME_PARTS.match(written)
    assert parts is not None  # it begins with a digit
    hour, minute = parts.groups()
    half = patterns.HALF_DAY.search(written)
    return f"{int(hour)}:{minute or '00'}{half.group().lower() if half else ''}"


def _url_value(written: str) -> str:
    """With https://, host in lower case without www., telegram.me as t.me, single slashes, none at the end."""
    scheme, _, rest = written.rpartition("://")
    host, slash, path = rest.partition("/")
    host = host.casefold().removeprefix("www.")
    host = "t.me" if host in ("telegram.me", "telegram.dog") else host
    path = patterns.SLASHES.sub("/", path).strip("/")
    return f"{'tg' if scheme.casefold() == 'tg' else 'https'}://{host}{slash if path else ''}{path}"
