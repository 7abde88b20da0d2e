"""Previews and logs without what reaches a person."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.text.redact import redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ደውሉ +251 900 000 012", "ደውሉ [phone]"),
        ("0900-00-00-12/0900 00 00 13", "[phone]/[phone]"),
        ("ቅርንጫፍ0900000012", "ቅርንጫፍ[phone]"),
        ("(0900) 000.012", "([phone]"),
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


@settings(deadline=None)
@given(st.text(max_size=20), st.integers(min_value=0, max_value=99), st.sampled_from(["", " ", "-", "."]))
def test_no_phone_survives_in_any_surrounding(around: str, number: int, separator: str) -> None:
    phone = separator.join(["0900", "00", "00", f"{number:02}"])
    assert phone not in redact(f"{around} {phone} {around}")
