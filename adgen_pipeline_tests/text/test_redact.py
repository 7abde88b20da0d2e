"""Previews and logs without what reaches a person."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.redact import redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ደውሉ +251 900 000 012", "ደውሉ [phone]"),
        ("0900-00-00-12/0900 00 00 13", "[phone]/[phone]"),
        ("ቅርንጫፍ0900000012", "ቅርንጫፍ[phone]"),
        ("(0900) 000.012", "([phone]"),
        ("ስልክ ቁጥር 0002 ይደውሉ", "ስልክ ቁጥር [phone] ይደውሉ"),
        ("0️⃣9️⃣0️⃣0️⃣ 0️⃣0️⃣ 0️⃣0️⃣ 1️⃣2️⃣", "[phone]"),
        ("𝟎𝟗𝟎𝟎𝟎𝟎𝟎𝟎𝟏𝟐", "[phone]"),
        ("ለአቶ ናሙና ምሳሌ ይስጡ", "ለአቶ [name] ይስጡ"),
        ("ወ/ሮ ናሙና፣ ወ/ት ምሳሌ እና ዶ/ር ናሙናው", "ወ/ሮ [name]፣ ወ/ት [name] እና ዶ/ር [name]"),
        ("Mr. Sample Person", "Mr. [name]"),
        ("ስልክ፦ ናሙና 0900000012", "ስልክ፦ [name] [phone]"),
        ("0900000012 (ናሙና)\nዋጋ 500 ብር", "[phone] ([name])\nዋጋ 500 ብር"),
        ("ስም፦ ናሙና ምሳሌ", "ስም፦ [name]"),
        ("ስልክ ቁጥር 0900000012 ላይ ይደውሉ", "ስልክ ቁጥር [phone] ላይ ይደውሉ"),
        ("ለበለጠ መረጃ ይደውሉ", "ለበለጠ መረጃ ይደውሉ"),
        ("SIZE 39 40 41 42 43 44 45", "SIZE 39 40 41 42 43 44 45"),
        ("DON'T MISS OUT", "DON'T MISS OUT"),
        ("1️⃣ ቦሌ 2️⃣ ፒያሳ", "1️⃣ ቦሌ 2️⃣ ፒያሳ"),
        ("@abc_sample_shop", "[handle]"),
        ("shop@example.com", "[email]"),
        ("https://t.me/abc_sample_shop ቅናሽ", "[link] ቅናሽ"),
        ("t.me/joinchat/AAAA", "[link]"),
        ("ዋጋ 1,500,000 ብር ወይም 96,899", "ዋጋ 1,500,000 ብር ወይም 96,899"),
        ("ዋጋ 1500 - 2000 ብር", "ዋጋ 1500 - 2000 ብር"),
    ],
)
def test_contacts_are_masked_and_prices_are_not(text: str, expected: str) -> None:
    assert redact(text) == expected


NAMES = st.text(st.sampled_from("ሀለመረሰበተነከወዘየደገ"), min_size=3, max_size=6)
TITLES = st.sampled_from(["አቶ", "ለአቶ", "ወ/ሮ", "የወ/ሮ", "ወ/ት", "ዶ/ር", "Mr", "Mrs.", "Dr."])


@given(TITLES, NAMES, NAMES, st.sampled_from(["", "\n", "። ", "፣ ዋጋ 500 ብር"]))
def test_a_name_after_a_title_is_masked(title: str, first: str, last: str, after: str) -> None:
    assert redact(f"ናሙና፦ {title} {first} {last}{after}") == f"ናሙና፦ {title} [name]{after}"


@example(["0900 00 00 12", "0900 00 00 12", "@abc_shop", "0900 00 00 12"])
@given(
    st.lists(
        st.sampled_from(["0900 00 00 12", "@abc_shop", "t.me/x1", "a@b.com", "ናሙና", "ዋጋ 5 ብር", "/", " "]),
        max_size=8,
    )
)
def test_no_contact_that_is_found_survives(pieces: list[str]) -> None:
    text = "".join(pieces)
    hidden = redact(text)
    kinds = ("phone", "handle", "email", "url")
    assert [f.text for f in find_facts(text) if f.kind in kinds and f.text in hidden] == []


@settings(deadline=None)
@given(st.text(max_size=20), st.integers(min_value=0, max_value=99), st.sampled_from(["", " ", "-", "."]))
def test_no_phone_survives_in_any_surrounding(around: str, number: int, separator: str) -> None:
    phone = separator.join(["0900", "00", "00", f"{number:02}"])
    assert phone not in redact(f"{around} {phone} {around}")
