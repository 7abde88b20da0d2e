r"""Patterns of what is not prose in a Telegram post: links, e-mails, mentions, hashtags, emoji, symbols.

They are strings, so that they can be joined, and keep to what Python's `regex` (V1) and Rust's `regex` (polars)
share: set operations and `\p{…}`, no lookaround, no named groups.
"""

ETHIOPIC_LETTER = "[\u1200-\u135a\u1380-\u138f\u2d80-\u2dde\uab01-\uab2e\U0001e7e0-\U0001e7fe]"
ETHIOPIC_PUNCTUATION = "፠፡።፣፤፥፦፧፨"

_TLDS = "com|net|org|info|biz|app|shop|store|online|site|et|me|io|co|tv|gl|ly|dev|xyz|link"
_LINK_CHARACTER = rf"[^\s<>\"«»“”{ETHIOPIC_PUNCTUATION}\x00-\x1f]"
_LINK_END = rf"[^\s<>\"«»“”{ETHIOPIC_PUNCTUATION}\x00-\x1f.,;:!?)\]}}'*|…]"
_NAME = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"

EMAIL = rf"[A-Za-z0-9](?:[A-Za-z0-9._%+-]*[A-Za-z0-9_%+-])?@(?:{_NAME}\.)+[A-Za-z]{{2,}}"
# Telegram's own links end where Latin ends: shops glue Ethiopic words to them.
TELEGRAM_LINK = r"(?i:(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/[A-Za-z0-9_+/?=&%-]*[A-Za-z0-9_=])"
WEB_LINK = rf"(?i:(?:https?|tg|ftp)://|www\.){_LINK_CHARACTER}*{_LINK_END}"
BARE_LINK = (
    rf"(?i:\b(?:{_NAME}\.)+(?:{_TLDS})\b)(?:[/?][A-Za-z0-9_./?=&%#@~+:-]*[A-Za-z0-9_/=])?"  # example.com/shop
)
LINK = f"(?:{TELEGRAM_LINK}|{WEB_LINK}|{BARE_LINK})"
MENTION = "@[A-Za-z][A-Za-z0-9_]{2,31}"
HASHTAG = (
    f"#[0-9A-Za-z_\u00c0-\u024f]*(?:{ETHIOPIC_LETTER}|[A-Za-z_\u00c0-\u024f])"
    f"(?:{ETHIOPIC_LETTER}|[0-9A-Za-z_\u00c0-\u024f\u135d-\u135f])*"
)

# Characters that are an emoji by themselves; the ones left out are letters, punctuation or signs (™) unless a
# variation selector follows.
_EMOJI_ALONE = r"[\p{Emoji}&&\p{Extended_Pictographic}--[©®™‼⁉ℹⓂ㊗㊙]]"
_DRESS = "(?:[\ufe0e\ufe0f]*\\p{Emoji_Modifier})?[\ufe0e\ufe0f]*[\U000e0020-\U000e007f]*\u20e3?"
_EMOJI_UNIT = rf"\p{{Extended_Pictographic}}{_DRESS}"
_EMOJI_JOINED = f"{_EMOJI_UNIT}(?:\u200d{_EMOJI_UNIT})+"
_EMOJI_SELECTED = "\\p{Extended_Pictographic}[\ufe0e\ufe0f]+\u20e3?"
_FLAG = r"\p{Regional_Indicator}{2}"
_KEYCAP = "[0-9#*]\ufe0f?\u20e3"
_EMOJI_SINGLE = f"{_EMOJI_ALONE}{_DRESS}"
EMOJI = f"(?:{_EMOJI_JOINED}|{_EMOJI_SELECTED}|{_EMOJI_SINGLE}|{_FLAG}|{_KEYCAP})"
SYMBOL = r"[\p{So}\p{Sk}]"  # never %, +, / or a currency: those are Po, Sm and Sc
