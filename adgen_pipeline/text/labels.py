"""What shop posts call things: labels before facts, calls to act, places. One table for corpus and generation.

Corpus reads posts with it, training rows say English labels in Amharic with it, the guards know by it which fact may
stand behind which label.
"""

import re
from collections.abc import Sequence

from adgen_pipeline.text.letters import shape, shaped

# An Amharic label: the kind of fact that stands behind it ("" for any), and other words for it.
_TABLE: dict[str, tuple[str, str]] = {
    "ዋጋ": ("price", "ዋጋው price prices prize pric cost"),
    "ስልክ": ("phone", "tel telephone phone phones call mobile"),
    "አድራሻ": ("location", "አድራሻችን አድራሻው address adress location"),
    "ሳይዝ": ("quantity", "size sizes siz"),
    "መጠን": ("quantity", "capacity volume dimension dimensions"),
    "ክብደት": ("quantity", "weight"),
    "ቁመት": ("quantity", "height"),
    "ርዝመት": ("quantity", "length"),
    "ስፋት": ("quantity", "width"),
    "ኃይል": ("quantity", "power wattage voltage"),
    "ራም": ("quantity", "ram"),
    "ማከማቻ": ("quantity", "storage storag memory rom"),
    "ስክሪን": ("quantity", "screen display"),
    "ፕሮሰሰር": ("quantity", "processor cpu"),
    "ግራፊክስ": ("quantity", "graphics graphic gpu"),
    "ባትሪ": ("quantity", "battery"),
    "ካሜራ": ("quantity", "camera"),
    "መኝታ": ("quantity", "bedroom bedrooms"),
    "መታጠቢያ": ("quantity", "bathroom bathrooms"),
    "ደረጃ": ("quantity", ""),
    "ቀለም": ("", "ከለር color colour colors colours"),
    "ሁኔታ": ("", "status condition"),
    "ሲስተም": ("", "os"),
    "ማቴሪያል": ("", "material"),
    "አይነት": ("", "type"),
    "ብራንድ": ("", "brand"),
    "ሞዴል": ("", "model"),
    "ያግኙን": ("", "contact contacts"),
    "ያናግሩን": ("", "inbox dm"),
    "ቴሌግራም": ("", "telegram"),
    "ቅናሽ": ("", "discount"),
}
LABEL_KINDS = {label: kind for label, (kind, _) in _TABLE.items() if kind}
SIZE_LABELS = frozenset(label for label, kind in LABEL_KINDS.items() if kind == "quantity")
AMHARIC_LABELS = {
    word: label for label, (_, words) in _TABLE.items() for word in words.split() if word.isascii()
}
_SPECIFIED = [word for word, label in AMHARIC_LABELS.items() if label in SIZE_LABELS]
_SPECIFIED += [
    "status",
    "condition",
    "os",
    "material",
    "type",
    "model",
    "color",
    "colour",
    "colors",
    "colours",
]
# «Storage : 512GB SSD», «Ram - 8 DDR4»: a label, and a value of at most seven Latin words and numbers.
_VALUE_WORD = r"[A-Za-z0-9][A-Za-z0-9.,+&/()\"”'’×*°#®™–-]*"
SPECIFICATION = re.compile(
    rf"(?P<label>{'|'.join(sorted(_SPECIFIED, key=len, reverse=True))})\b(?: ?(?:size|type))?"
    r"[ \u00a0]*(?:[:፡፦=#–—-][ \u00a0:፡፦=–—-]*|(?=\d))"
    rf"(?P<value>{_VALUE_WORD}(?:[ \u00a0]+(?:&[ \u00a0]+)?{_VALUE_WORD}){{0,6}})(?![ \u00a0]*[\w(])",
    re.IGNORECASE,
)
# Labels of a line that names the product.
NAME_LABELS = frozenset(("brand", "product", "name", "item", "ብራንድ", "ምርት", "ስም"))
# What only announces the lines below, or hangs beside a contact.
_ANNOUNCING = """
    ብር ለማዘዝ ለበለጠ መረጃ ለተጨማሪ ማብራሪያ ማሳሰቢያ ጥቅሞች ጥቅሙ ጥቅም ባህሪያት ቻናል ቻናላችን ቻናሉ ገፃችን ይህ ይሄ ምርት ስም for
    available feature features specs specification specifications description benefit benefits package product name item
    includes included channel tiktok facebook instagram youtube whatsapp link website
"""
_LABEL_WORDS = frozenset(
    shape(word).casefold()
    for word in (*_ANNOUNCING.split(), *_TABLE, *" ".join(words for _, words in _TABLE.values()).split())
)

# Calls to order, come, share, join. A call is short, promises nothing and names no product.
CALL = shaped(
    r"ደውሉ|ይደውላሉ|ለመደወል|ይዘዙ|ለማዘዝ|ማዘዝ ይችላሉ|ጎብኙ|ሼር|ቀላቀሉ|ላኩልን|ለመላክ|ያናግሩ|ያነጋግሩ|አናግሩ|ለማናገር|አዋሩ|ይፃፉ|ይምጡ|ብቅ ይበሉ|ለመምጣት|መምጣት ከፈለጉ"
    r"|ፎሎው|ይከተሉ|ተከተሉ|ቤተሰብ ?ም? ይሁኑ|አባል ይሁኑ|ጆይን|ያጋሩ|ስላጋሩ|እንዳያመል|አያምል|ይመልከቱ|ይምረጡ|ያግኙን|ለበለጠ|ለተጨማሪ (?:መረጃ|ማብራሪያ)|ይፍጠኑ"
    r"|ያማክሩን|ይመዝገቡ|ያረጋግጡ|እናመሰግናለን|ይተባበሩን|forward በማድረግ|ያድርጉት|ማዘዣ ይጠቀሙ|ይግዙ"
    r"|(?i:\b(?:join|share|forward|follow|inbox|dm|subscribe|contact (?:us|me)|check (?:it )?(?:out|on)|check our"
    r"|tiktok video|download here|click|more details?|visit (?:us|our)|call (?:us|me|now)|order (?:now|here)|to order"
    r")\b)"
)
ORDER = shaped("ለማዘዝ|ይዘዙ|ለመግዛት|ይግዙ")
_WORD = re.compile(r"[^\W\d_]+")
_LABELLED = re.compile(
    rf"(?<!\w)(?P<label>{'|'.join(sorted(_TABLE, key=len, reverse=True))})\s*[^\w\s⟨]*\s*[^\w\s⟨]*\s*(?=⟨)"
)


def amharic_label(label: str) -> str | None:
    """The Amharic of an English label (`RAM`, `Screen size`); None if the table lacks it."""
    words = label.casefold().split()
    return AMHARIC_LABELS.get(words[0]) if words and words[1:] in ([], ["size"], ["type"]) else None


def is_label(words: Sequence[str]) -> bool:
    """Whether words only announce what follows, such as «ለተጨማሪ መረጃ»."""
    return all(len(word) == 1 or shape(word).casefold() in _LABEL_WORDS for word in words)


def labels_before_slots(slotted: str) -> list[tuple[str, str]]:
    """Each Amharic label of the table that stands right before a slot, with that slot."""
    return [
        (match["label"], slotted[match.end() : slotted.index("⟩", match.end()) + 1])
        for match in _LABELLED.finditer(slotted)
    ]


def word_before(text: str, start: int) -> str:
    """The last word before a place on its line: what a number there is a number of. Empty at the line's beginning."""
    words = _WORD.findall(text[text.rfind("\n", 0, start) + 1 : start])
    return shape(words[-1]).casefold() if words else ""
