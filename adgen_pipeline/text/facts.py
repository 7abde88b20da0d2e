"""Typed facts of Amharic, English and mixed posts: what an ad must copy exactly and may never invent.

Every run of digits of a text lies in some fact (a bare number is a `quantity`), because the fact lock takes digits
outside of all facts for inventions. Only one or two keycap emoji (1️⃣), which number lists, are left out. Nothing
inside a link, handle or hashtag is a price or phone.

A fact never reaches over a line end, so facts are found line by line, and lines are remembered: shops repeat their
addresses and terms below every post (of 208,000 lines in ten channels 46,000 are distinct). Within a line the digits
are found first and then matched in place; one large alternation tried at every letter costs several times as much.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from adgen_pipeline.text import fact_patterns as patterns
from adgen_pipeline.text.digits import plain_digits
from adgen_pipeline.text.fact_values import counted_value, price_value, string_value, url_value
from adgen_pipeline.text.price_roles import price_role, speaks_of_delivery

Value = dict[str, Any] | str

REMEMBERED_LINES = 1 << 15
REMEMBERED_CHARS = 300  # longer lines hardly ever recur; the lines of ten channels take 20 MB


class Fact(NamedTuple):
    """One fact of a text.

    Attributes:
        kind: one of `text.slots.FACT_KINDS`.
        text: as written; equals the text's [start:end].
        value: {"min", "max", "currency"} of a price (numbers, ETB where no currency is named), otherwise a
            string: a phone as +251…, a percent or quantity without spaces, a link with https://.
        start, end: Python string indices.
        role: of a price that is not the product's: `delivery` (a fee) or `minimum_order`; otherwise empty.
    """

    kind: str
    text: str
    value: Value
    start: int
    end: int
    role: str = ""


class _Line(NamedTuple):
    """What a line tells: its facts, whether it opens with a number, whether it ends in a word for price."""

    facts: tuple[Fact, ...]
    opens_with_number: bool
    announces_price: bool


def find_facts(text: str) -> list[Fact]:
    """Facts of a text, in order, not overlapping.

    Every digit of the text lies in one of them, except those of one or two keycap emoji (list numbers).
    """
    facts: list[Fact] = []
    offset = 0
    announced = False
    for line in text.split("\n"):
        if line:
            read = (_remembered if len(line) <= REMEMBERED_CHARS else _read)(line, False)
            found, opens_with_number, announces_price = read
            if announced and opens_with_number:
                found = _read(line, True).facts
            for kind, written, value, start, end, role in found:
                if not isinstance(value, str):
                    value = {**value}  # the remembered one is nobody's to change
                facts.append(Fact(kind, written, value, start + offset, end + offset, role))
            announced = announces_price
        else:
            announced = False
        offset += len(line) + 1
    return facts


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
    """Facts as the document that `adgen text facts --json` prints for a line; `role` stands only where there is one."""
    documents = (fact._asdict() for fact in facts)
    return {"facts": [{k: v for k, v in d.items() if k != "role" or v} for d in documents]}


def _read(line: str, is_announced: bool) -> _Line:
    """A line read for itself; `is_announced` if the line before it ends in a word for price."""
    tail = line[-patterns.LOOK_BACK_CHARS :]
    latin = tail.casefold()
    may_announce = (
        "ዋጋ" in tail or "pri" in latin or "cost" in latin
    )  # cheap: most lines say nothing of the kind
    announces = may_announce and patterns.PRICE_CUE_AT_END.search(tail) is not None
    if not patterns.HOLDS_FACT.search(line):
        return _Line((), False, announces)
    opens = patterns.OPENS_WITH_NUMBER.match(line) is not None
    return _Line(_line_facts(line, is_announced), opens, announces)


_remembered = lru_cache(maxsize=REMEMBERED_LINES)(_read)


def forget_lines() -> None:
    """Forget the lines read so far: for measurements, and for whoever must not keep people's words in memory."""
    _remembered.cache_clear()


def _line_facts(line: str, is_announced: bool) -> tuple[Fact, ...]:
    plain, places = plain_digits(line)
    facts = _links(plain)
    if patterns.WORD_BEFORE_BIRR.search(plain):
        facts = _joined(facts, _worded_prices(plain))
    numbers: list[Fact] = []
    start = 0
    for fact in facts:
        numbers.extend(_numbers(plain, start, fact.start, is_announced))
        start = fact.start if patterns.PRICE_TAG.fullmatch(fact.text) else fact.end  # «#ዋጋ 500» names a price
    numbers.extend(_numbers(plain, start, len(plain), is_announced))
    if numbers:
        facts = sorted(facts + numbers, key=_by_start) if facts else numbers
    if any(fact.kind == "price" for fact in facts):
        facts = _with_roles(plain, facts)
    if places is None:
        return tuple(facts)
    spans = [(places[fact.start][0], places[fact.end - 1][1]) for fact in facts]
    return tuple(
        fact._replace(text=line[start:end], start=start, end=end)
        for fact, (start, end) in zip(facts, spans, strict=True)
    )


def _by_start(fact: Fact) -> int:
    return fact.start


def _links(line: str) -> list[Fact]:
    """Links, e-mail addresses, handles and hashtags; an earlier kind wins where two overlap."""
    facts: list[Fact] = []
    position = 0
    while hint := patterns.HOLDS_URL.search(line, position):
        token = line.rfind(" ", position, hint.start()) + 1
        match = patterns.URL.search(line, max(token, position))
        if match is None:
            break
        written = patterns.URL_TAIL.sub("", match.group())
        position = match.end()
        facts.append(Fact("url", written, url_value(written), match.start(), match.start() + len(written)))
    if "@" in line:
        if patterns.HOLDS_EMAIL.search(line):
            facts = _joined(facts, _matches("email", patterns.EMAIL, line))
        facts = _joined(facts, _matches("handle", patterns.HANDLE, line))
    if "#" in line:
        facts = _joined(facts, _matches("hashtag", patterns.HASHTAG, line))
    return facts


def _matches(kind: str, pattern: re.Pattern[str], line: str) -> list[Fact]:
    return [_fact(kind, match.group(), match.start()) for match in pattern.finditer(line)]


def _worded_prices(line: str) -> list[Fact]:
    """Prices all in words, but in «5 ሺህ ብር» the words belong to the digits."""
    prices: list[Fact] = []
    position = 0
    for birr in patterns.WORD_BEFORE_BIRR.finditer(line):
        low = max(position, birr.start() - patterns.WORDS_CHARS)
        match = patterns.WORDED_PRICE.search(line, low, birr.end() + 1)
        if match and match.end() >= birr.end():
            position = match.end()
            if not line[max(0, match.start() - 4) : match.start()].rstrip()[-1:].isnumeric():
                prices.append(_price(match.group(), match.start()))
    return prices


def _joined(facts: list[Fact], more: list[Fact]) -> list[Fact]:
    """Two lists in order as one; a fact of `more` that overlaps one of `facts` is left out."""
    if not facts or not more:
        return facts or more
    joined: list[Fact] = []
    place = 0
    for fact in more:
        while place < len(facts) and facts[place].end <= fact.start:
            joined.append(facts[place])
            place += 1
        if place == len(facts) or facts[place].start >= fact.end:
            joined.append(fact)
    return joined + facts[place:]


def _numbers(line: str, start: int, end: int, is_announced: bool) -> Iterator[Fact]:
    """Facts that begin with a digit, a + or an Ethiopic numeral, in line[start:end]."""
    position = start
    while found := patterns.START.search(line, position, end):
        fact = _number(line, found.start(), position, end, is_announced)
        yield fact
        position = fact.end


def _number(line: str, at: int, low: int, end: int, is_announced: bool) -> Fact:
    """The fact at a digit or an Ethiopic numeral; it may reach back to `low`."""
    match = patterns.AT_DIGIT.match(line, at - 1, end) if at > low and line[at - 1] == "+" else None
    match = match or patterns.AT_DIGIT.match(line, at, end)
    assert match is not None  # `quantity` takes any digit or numeral
    kind = match.lastgroup
    assert kind is not None
    if kind == "price":
        return _price(match.group(), match.start())
    if kind != "quantity":
        return _fact(kind, match.group(), match.start())
    before = line[max(low, at - patterns.LOOK_BACK_CHARS) : at]
    last = before.rstrip(" \t\u00a0\u202f")[-1:]
    # The last character tells which of the searches can succeed; most numbers need none of them.
    if (
        last in patterns.MONTH_ENDS
        and (month := patterns.MONTH_BEFORE.search(before))
        and (day := patterns.AFTER_MONTH.match(line, at, end))
    ):
        start = at - len(month.group())
        return _fact("date", line[start : day.end()], start)
    if last == "*" and (dialled := patterns.USSD_END.match(line, match.end(), end)):
        start = line.rindex("*", low, at)
        return _fact("phone", line[start : dialled.end()], start)
    if price := _quoted_price(line, before, last, at, end, is_announced):
        return price
    written = match.group()
    is_year = len(written) == 4 and written[:2] in ("19", "20") and last in patterns.YEAR_PREFIXES
    if (
        3 <= len(written) <= 8
        and written.isdecimal()
        and (
            (patterns.PHONE_CUE.search(before) and not is_year)
            or patterns.PHONE_CUE_AFTER.match(line, match.end(), end)
        )
    ):
        return _fact("phone", written, at)
    if (
        before[-1:] in patterns.LETTER_ENDS
        and line[at] < "፩"
        and (letters := patterns.LETTERS_BEFORE.search(before))
    ):
        start = at - len(letters.group())
        if not line[max(0, start - 1)].isdigit():
            return _fact("quantity", line[start : match.end()], start)
    if patterns.MULTIPLE.match(line, at, end) and (counted := patterns.COUNTED.match(line, at, end)):
        return Fact("quantity", counted.group(), counted_value(counted.group()), at, counted.end())
    return _fact("quantity", written, at)


def _quoted_price(line: str, before: str, last: str, at: int, end: int, is_announced: bool) -> Fact | None:
    """A price whose currency stands before it, or that follows «ዋጋ», «price» or a money emoji and has no unit."""
    if (
        last in patterns.CURRENCY_ENDS
        and (currency := patterns.CURRENCY_BEFORE.search(before))
        and (amount := patterns.AT_AMOUNT.match(line, at, end))
    ):
        start = at - len(currency.group())
        return _price(line[start : amount.end()], start)
    is_cued = (is_announced and patterns.OPENS_WITH_NUMBER.fullmatch(line, 0, at + 1) is not None) or (
        patterns.PRICE_HINT.search(before) is not None and patterns.PRICE_CUE.search(before) is not None
    )
    if not is_cued:
        return None
    if spaced := patterns.SPACED_AMOUNT.match(line, at, end):
        return _price(spaced.group(), at)
    amount = patterns.AT_AMOUNT.match(line, at, end)
    if (
        amount
        and sum(c.isdigit() for c in amount.group()) >= 2
        and patterns.UNIT_AFTER.match(line, amount.end(), end) is None
    ):
        return _price(amount.group(), at)
    return None


def _with_roles(line: str, facts: list[Fact]) -> list[Fact]:
    """The facts with the roles of their prices."""
    starts = [fact.start for fact in facts if fact.kind == "price"] + [len(line)]
    following = iter(starts[1:])
    may_be_fee = speaks_of_delivery(line)
    told: list[Fact] = []
    for fact in facts:
        if fact.kind == "price":
            role = price_role(line, fact.start, fact.end, next(following), may_be_fee=may_be_fee)
            fact = fact._replace(role=role) if role else fact
        told.append(fact)
    return told


def _price(written: str, start: int) -> Fact:
    return Fact("price", written, price_value(written), start, start + len(written))


def _fact(kind: str, written: str, start: int) -> Fact:
    """A fact of any kind but price, with its normalised value."""
    return Fact(kind, written, string_value(kind, written), start, start + len(written))
