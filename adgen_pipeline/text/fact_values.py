"""Normalised values of facts: what makes two writings of one phone, price or size equal."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from adgen_pipeline.text import fact_patterns as patterns
from adgen_pipeline.text.numbers import ethiopic_number, multiplier, read_amount


def string_value(kind: str, written: str) -> str:
    """The value of a fact of any kind but price and link."""
    return _READERS[kind](written)


def counted_value(written: str) -> str:
    """The value of a quantity with a word for thousands or millions: `1.2 ሚሊዮን ሊትር` is `1200000l`."""
    amount = patterns.AMOUNT_IN.match(written)
    assert amount is not None  # COUNTED begins with it
    unit = "".join(written[amount.end() :].casefold().split())
    return f"{_plain(read_amount(amount.group()))}{patterns.UNITS.get(unit, unit)}"


def price_value(written: str) -> dict[str, Any]:
    """{"min", "max", "currency"} of a price; ETB where no currency is named."""
    if patterns.NUMERALS.match(written):  # ፲ ሺህ ብር · ፴፪ ሺህ ፭፻ ብር
        amounts = [read_amount(patterns.NUMERALS.sub(lambda m: str(ethiopic_number(m.group())), written))]
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
    return {"min": _plain(min(amounts)), "max": _plain(max(amounts)), "currency": currency}


def _plain(amount: Decimal) -> int | float:
    """The amount as an int where it is one."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _phone_value(written: str) -> str:
    """+251… for Ethiopian numbers, + and digits for foreign ones, digits for short codes."""
    if written.startswith("*"):
        return written  # *000# is dialled as it stands
    digits = "".join(c for c in written if c.isdecimal())
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
    if written.isdecimal():
        return written
    if "፩" <= written[0] <= "፼":
        written = patterns.NUMERALS.sub(lambda match: str(ethiopic_number(match.group())), written)
        if "፩" <= written[0] <= "፼":
            return written  # more numerals than any number has
    plain = patterns.LIST_SEPARATOR.sub(",", patterns.THOUSANDS_COMMA.sub("", written.casefold()))
    parts = patterns.QUANTITY_PARTS.fullmatch("".join(plain.split()))
    assert parts is not None  # it holds a digit
    number, unit = parts.groups()
    return number + patterns.UNITS.get(unit, unit)


def _one_spaced(written: str) -> str:
    return " ".join(written.split()).casefold()


def _time_value(written: str) -> str:
    """A time as h:mm with am or pm; the Ethiopian clock is left as it is: «3 ሰዓት ተኩል» is 3:30."""
    parts = patterns.TIME_PARTS.match(written)
    assert parts is not None  # it begins with a digit
    hour, minute = parts.groups()
    half = patterns.HALF_DAY.search(written)
    minute = minute or ("30" if "ተኩል" in written else "15" if "ከሩብ" in written else "00")
    return f"{int(hour)}:{minute}{half.group().lower() if half else ''}"


def url_value(written: str) -> str:
    """With https://, host in lower case without www., telegram.me as t.me, single slashes, none at the end."""
    scheme, _, rest = written.rpartition("://")
    host, slash, path = rest.partition("/")
    host = host.casefold().removeprefix("www.")
    host = "t.me" if host in ("telegram.me", "telegram.dog") else host
    path = patterns.SLASHES.sub("/", path).strip("/")
    return f"{'tg' if scheme.casefold() == 'tg' else 'https'}://{host}{slash if path else ''}{path}"


def _folded(written: str) -> str:
    return written.casefold()


_READERS: dict[str, Callable[[str], str]] = {
    "phone": _phone_value,
    "percent": _percent_value,
    "quantity": _quantity_value,
    "time": _time_value,
    "date": _one_spaced,
    "email": _folded,
    "handle": _folded,
    "hashtag": _folded,
}
