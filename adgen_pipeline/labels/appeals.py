"""Verb forms with which an ad speaks to its reader, told by their shape, so that no list of verbs is needed.

`polite`: the polite imperative, ይ-/ያ- … -u, and with an object (ይግዙ, ይሞክሩት, ያግኙን). Its shape is also that of "they
would", so that a form before ነበር or ዘንድ does not count, and the form of "they do" (-aLLu: ይናገራሉ) never does.
`lets`: the first person plural, እን-: እንግዛ, እንሞክር; not "we shall" (-ለን). Conjunctions and nouns that begin alike are
listed.
"""

import re

_SYLLABLES = [chr(code) for code in range(0x1200, 0x1358)]
_U = "".join(letter for letter in _SYLLABLES if ord(letter) & 7 == 1)  # second order: ሉ, ዙ
_A = "".join(letter for letter in _SYLLABLES if ord(letter) & 7 == 3)  # fourth order: ላ, ያ
_BARE = "".join(letter for letter in _SYLLABLES if ord(letter) & 7 == 5)  # sixth order: ል, ዝ
_LETTER = "[ሀ-ፚ]"

# With ያ- the same vowels make "who did" (ያደረጉ); the imperative has a bare consonant before its ending: ያድርጉ.
_POLITE = re.compile(
    rf"(?<!{_LETTER})(?!ይሁን|ይኹን)(?:ይ{_LETTER}{{0,5}}(?<![{_A}])[{_U}]|ያ{_LETTER}{{0,4}}[{_BARE}][{_U}](?<!ችሁ))(?:ን|ልን|በት|ት|ኝ)?"
    rf"(?!{_LETTER})(?!\s+(?:ነበ|የነበ|ዘንድ|ይሆን))"
)
_LETS = re.compile(
    rf"(?<!{_LETTER})እን(?!ደ|ዲ|ዴ|ዳ|ዶ|ኳ|ጂ|ጅ|ድ|ግድ|ግዲ|ግዳ|ግዶ|ግሊ|ስ|ቅ|ቁ|ቆ|ጀራ|ጨት|ጦጦ|ባ|ከን|ከብ|ተ|ሆ|ቢ|ቡ|ዝር|ጉ|ጥ){_LETTER}{{2,5}}"
    rf"(?<!ለን)(?<!ችሁ)(?!{_LETTER})"
)
_FORMS = {"polite": _POLITE, "lets": _LETS}


def find_appeals(key: str) -> dict[str, list[str]]:
    """Distinct verb forms that speak to the reader, by their kind, in order.

    Args:
        key: a text in L2 spelling.
    """
    return {kind: list(dict.fromkeys(form.findall(key))) for kind, form in _FORMS.items()}
