"""Facts as a property: what is generated is found, whatever stands around it, and no text takes long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adgen_pipeline.text.facts import Fact, find_facts, forget_lines, value_text
from adgen_pipeline.text.numbers import ethiopic_numerals

Generated = tuple[str, str, str]  # kind, as written, value

FILLERS = st.sampled_from(["ናሙና", "ለሁሉም", "እና", "ምርጥ ዕቃ።", "for you", "✅", "…", "🔥🔥", "አዲስ ገቢ!", "(ናሙና)"])
STYLES = {
    "ascii": "0123456789",
    "bold": "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
    "full width": "０１２３４５６７８９",
    "keycap": [f"{digit}\ufe0f\u20e3" for digit in "0123456789"],
}


def styled(written: str, style: str) -> str:
    return "".join(STYLES[style][int(c)] if c.isascii() and c.isdigit() else c for c in written)


@st.composite
def phones(draw: st.DrawFn) -> Generated:
    digits = draw(st.sampled_from("79")) + "".join(
        draw(st.lists(st.sampled_from("0123456789"), min_size=8, max_size=8))
    )
    gap = draw(st.sampled_from(["", " ", "-", ".", " - "[:2]]))
    grouped = draw(
        st.sampled_from(
            [
                digits[:3] + gap + digits[3:5] + gap + digits[5:7] + gap + digits[7:],
                digits[:3] + gap + digits[3:6] + gap + digits[6:],
                gap.join(digits),
            ]
        )
    )
    prefix = draw(st.sampled_from(["0", "+251", "251", "+251 ", "+251-", "+251(0)", "00251"]))
    if prefix == "0" and draw(st.booleans()):
        return "phone", f"0{digits[:3]}/{digits[3:5]}/{digits[5:7]}/{digits[7:]}", f"+251{digits}"
    return "phone", prefix + grouped, f"+251{digits}"


@st.composite
def prices(draw: st.DrawFn) -> Generated:
    amount = draw(st.integers(min_value=10, max_value=9_999_999))
    number = draw(st.sampled_from([f"{amount}", f"{amount:,}", f"{amount:,}".replace(",", ", ")]))
    form = draw(
        st.sampled_from(["{} ብር", "{}ብር", "{} birr", "{}Br", "{} ETB", "ETB {}", "{}/-", "{} br.", "{} Birr"])
    )
    if draw(st.booleans()):
        return "price", form.format(number), f"{amount} ETB"
    kind = draw(st.sampled_from(["dollar", "thousands", "numerals", "range", "millions"]))
    thousands = draw(st.integers(min_value=2, max_value=999))
    match kind:
        case "dollar":
            return "price", f"${amount}", f"{amount} USD"
        case "thousands":
            return "price", f"{thousands} ሺህ ብር", f"{thousands * 1000} ETB"
        case "millions":
            return (
                "price",
                f"{thousands // 100 + 1}.5 ሚሊዮን ብር",
                f"{(thousands // 100 + 1) * 1_000_000 + 500_000} ETB",
            )
        case "numerals":
            return "price", f"{ethiopic_numerals(amount)} ብር", f"{amount} ETB"
    dash = draw(st.sampled_from([" -", "-", " - ", "–", " እስከ "]))
    return "price", f"{amount}{dash}{amount + thousands} ብር", f"{amount}-{amount + thousands} ETB"


@st.composite
def others(draw: st.DrawFn) -> Generated:
    number = draw(st.integers(min_value=1, max_value=12))
    year = draw(st.integers(min_value=1990, max_value=2030))
    name = draw(st.from_regex(r"[a-z]{3,8}_shop", fullmatch=True))
    return draw(
        st.sampled_from(
            [
                ("percent", f"{number}0%", f"{number}0"),
                ("percent", f"{number} ፐርሰንት", f"{number}"),
                ("time", f"{number}:30 ሰዓት", f"{number}:30"),
                ("time", f"{number} ሰዓት", f"{number}:00"),
                ("time", f"{number} ሰዓት ተኩል", f"{number}:30"),
                ("date", f"ጥቅምት {number} ቀን {year} ዓ.ም", f"ጥቅምት {number} ቀን {year} ዓ.ም"),
                ("date", f"{number}/{number}/{year}", f"{number}/{number}/{year}"),
                ("date", f"{number} መስከረም {year}", f"{number} መስከረም {year}"),
                ("date", f"March {number}, {year}", f"march {number}, {year}"),
                ("quantity", f"{number}8 GB", f"{number}8gb"),
                ("quantity", f"{number} ኪሎ", f"{number}kg"),
                ("quantity", f"{number}ኛ", f"{number}ኛ"),
                ("quantity", f"{number}x{number} m", f"{number}x{number}m"),
                ("url", f"https://t.me/{name}?p={number}500ETB", f"https://t.me/{name}?p={number}500ETB"),
                ("url", f"www.{name.replace('_', '-')}.com", f"https://{name.replace('_', '-')}.com"),
                ("handle", f"@{name}_{number}500", f"@{name}_{number}500"),
                ("hashtag", f"#{name}_09000000{number:02}", f"#{name}_09000000{number:02}"),
                ("email", f"{name}{number}@example.com", f"{name}{number}@example.com"),
            ]
        )
    )


@given(st.lists(st.tuples(FILLERS, st.one_of(phones(), prices(), others())), min_size=1, max_size=6), FILLERS)
def test_what_is_generated_is_found(pieces: list[tuple[str, Generated]], last: str) -> None:
    text = " ".join(f"{filler} {written}" for filler, (_, written, _) in pieces) + f" {last}"
    assert [(f.kind, f.text, value_text(f.value)) for f in find_facts(text)] == [piece for _, piece in pieces]


@given(st.one_of(phones(), prices()), st.sampled_from(sorted(STYLES)), FILLERS)
def test_styled_and_keycap_digits_are_digits(piece: Generated, style: str, filler: str) -> None:
    kind, written, value = piece
    if "፼" in written or any("፩" <= c <= "፼" for c in written):
        return  # Ethiopic numerals have no styles
    text = f"{filler} {styled(written, style)} {filler}"
    (fact,) = find_facts(text)
    assert (fact.kind, value_text(fact.value)) == (kind, value)
    assert text[fact.start : fact.end] == fact.text == styled(written, style)


@given(phones(), st.sampled_from(["ቅርንጫፍ", "ስልክ", "ለማዘዝ", "ይደውሉ", "ላይ"]))
def test_a_phone_glued_to_words_is_found(phone: Generated, word: str) -> None:
    _, written, value = phone
    (fact,) = find_facts(f"{word}{written}{word}")
    assert (fact.kind, fact.text, fact.value) == ("phone", written, value)


@given(phones(), phones(), st.sampled_from(["/", " / ", " ", ", ", "\n", " ወይም ", "//"]))
def test_two_phones_are_two_facts(first: Generated, second: Generated, between: str) -> None:
    found = find_facts(f"📞 {first[1]}{between}{second[1]}")
    assert [(f.kind, f.text) for f in found] == [first[:2], second[:2]]


@given(st.text(max_size=300), st.booleans())
def test_the_same_text_gives_the_same_facts_remembered_or_not(text: str, again: bool) -> None:
    first = find_facts(text)
    forget_lines()
    assert find_facts(text) == first
    assert [text[f.start : f.end] for f in first] == [f.text for f in first]


def test_a_changed_value_does_not_change_later_findings() -> None:
    (fact,) = find_facts("ዋጋ 500 ብር")
    assert isinstance(fact.value, dict)
    fact.value["min"] = 1
    assert find_facts("ዋጋ 500 ብር") == [
        Fact("price", "500 ብር", {"min": 500, "max": 500, "currency": "ETB"}, 3, 9)
    ]


HOSTILE = [
    "1", "፼", "፩", "0900000012", "1 ", "20 ", "100 ", "1,", "100,", "100, ", "1.", "100.", "1-",
    "1/", "+", "+1", "@a", "@", "#", "#1", "a.", "a@a.", "http://", "://", ".com", "a-", "x1",
    "ብር", "ብር ", "አንድ ", "መቶ ሺ ", "1 ሺ ", "ዋጋ ", "ስልክ ", " ", "\xa0", "1 - ", "$", "$1", "*1",
    "1*", "1️⃣", "𝟏", "1:", "1 ሰዓት", "ጥር 1 ", "ማድረሻ ", "ማድረሻ 1 ብር ", "Jan 1 ", "(", "1)", "5% ",
]  # fmt: skip


def seconds(piece: str, size_bytes: int) -> float:
    text = piece * (size_bytes // len(piece.encode()))
    start = time.process_time()
    find_facts(text)
    return time.process_time() - start


@pytest.mark.parametrize("piece", HOSTILE, ids=repr)
def test_a_hostile_text_takes_no_quadratic_time(piece: str) -> None:
    assert seconds(piece, 20_000) < 1.0  # quadratic forms of these patterns took ten times as long


@pytest.mark.slow
@pytest.mark.parametrize("piece", HOSTILE, ids=repr)
def test_a_hostile_text_of_100_kb_takes_a_second(piece: str) -> None:
    assert min(seconds(piece, 100_000) for _ in range(2)) < 1.0
