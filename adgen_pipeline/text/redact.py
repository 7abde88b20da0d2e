"""Texts of other people without what identifies or reaches them: for previews in the UI, reports and logs.

Masked are phones, short codes, handles, e-mails, links, and names that a title, a label or a phone stands beside. A
name in the middle of a sentence is not found: previews are short and for engineers, not a publication.
"""

import regex

from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.patterns import EMAIL, ETHIOPIC_LETTER, LINK

_GAP = r"[\s./()_\-‐-―\ufe0f\u20e3]{0,5}"
_CONTACT = regex.compile(
    rf"(?P<email>{EMAIL})"
    rf"|(?P<link>{LINK})"
    r"|(?P<handle>@[\p{L}\p{N}_]+)"
    rf"|(?P<phone>(?<!\d)(?:(?:\+|00)?2{_GAP}5{_GAP}1|0)(?:{_GAP}\d){{8,9}}|\+(?:{_GAP}\d){{7,14}}"
    r"|\d(?:[.\-]?\d){6,})",
    regex.V1,
)
_LONG_ENOUGH = 7  # a short code's digits may stand in a price
_MASKS = {"phone": "phone", "handle": "handle", "email": "email", "url": "link"}

_NAME = rf"(?:{ETHIOPIC_LETTER}{{2,}}|\p{{Lu}}[\p{{L}}'’]+)"
_TITLE = (
    r"(?:አቶ|ወ[/.]ሮ|ወይዘሮ|ወ[/.]ት|ወይዘሪት|ዶ[/.]ር|ዶክተር|ኢ[/.]ር|ኢንጂነር|ኢንጅነር|ፕ[/.]ር|ፕሮፌሰር|ሼህ|ቄስ|መምህር|አርቲስት"
    r"|(?:M[Rr][Ss]?|Ms|Miss|D[Rr]|Eng|Engineer|Ato)\b\.?)"
)
# Words that follow a title, a label or a phone without being a name.
_NO_NAME = (
    r"(?!(?:ቁጥር|ቁጥሮች|ቁጥራችን|ቁ|በ|ላይ|ወይም|እና|ደውሉ|ደውለው|ይደውሉ|በመደወል|ያግኙን|ይፃፉ|ይጻፉ|ቴሌግራም|ዋትሳፕ|ዋትስአፕ|ኢሞ|ቫይበር|ቢሮ|ሱቅ|ብቻ|አድራሻ|ዋጋ"
    r"|መረጃ|ለበለጠ|ለማዘዝ|ለተጨማሪ|ማዘዝ|መደወል|ይችላሉ|ይላኩ|ናቸው|ነው|ነበር|አለ|የሚል|እንደ|ከ|ለ|ያለው|ያላቸው|ይሁኑ|ይዘዙ)(?!\p{L})"
    r"|(?i:phone|mobile|tel|telegram|whats ?app|imo|viber|number|no|call|us|me|or|and|the|office|shop|sms|text)\b)"
)
_TWO = rf"{_NAME}(?:[ \u00a0]{_NO_NAME}{_NAME})?"  # a person's name and the father's
_NAMES = regex.compile(
    rf"(?<![\p{{L}}/])(?P<title>[ለየበከእና]{{0,2}}{_TITLE}[\s:፡፦]{{1,3}}){_NO_NAME}(?P<name>{_TWO})"
    # «ስልክ፦ አበበ [phone]»: one or two words between the label and its phone
    rf"|(?P<label>(?:ስልክ|ደውሉ|(?i:call|phone|tel|contact))[\s:፡፦=.\-–—]{{1,6}}){_NO_NAME}"
    rf"(?P<who>{_TWO})(?=[\s:፡፦=.\-–—(]{{0,4}}\[phone\])"
    # «ስም፦ አበበ ከበደ»
    rf"|(?<!\p{{L}})(?P<named>(?:ሙሉ\s)?ስም[ሽህዎ]?[\s:፡፦=\-–—#]{{1,5}}"
    rf"|(?i:full name|contact person|name)\s*[:=\-–—]\s*){_NO_NAME}(?P<called>{_TWO})"
    # «[phone] (አበበ)», «[phone] አበበ» at the end of a line
    rf"|(?P<after>\[phone\][ \u00a0]{{0,2}}(?:\([ ]?|[-–—፦:][ ]?)?){_NO_NAME}(?P<owner>{_TWO})"
    r"(?=[ ]?(?:\)|[\r\n]|\Z))",
    regex.V1,
)


def redact(text: str) -> str:
    """The text with [phone], [handle], [email], [link] and [name] where a person or shop could be reached or named."""
    spans = [(f.start, f.end, _MASKS[f.kind]) for f in find_facts(text) if f.kind in _MASKS]
    spans += [(match.start(), match.end(), str(match.lastgroup)) for match in _CONTACT.finditer(text)]
    parts: list[str] = []
    end = 0
    for start, stop, mask in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            parts += [text[end:start], f"[{mask}]"]
        end = max(end, stop)
    hidden = "".join([*parts, text[end:]])
    # The same phone again, glued to other digits, is no phone to the finder, but it is to a reader.
    for found, mask in sorted({(text[start:stop], mask) for start, stop, mask in spans}):
        if len(found) >= _LONG_ENOUGH:
            hidden = hidden.replace(found, f"[{mask}]")
    return str(_NAMES.sub(_without_name, hidden))


def _without_name(match: regex.Match[str]) -> str:
    before = next(
        found for group in ("title", "label", "named", "after") if (found := match[group]) is not None
    )
    return f"{before}[name]"
