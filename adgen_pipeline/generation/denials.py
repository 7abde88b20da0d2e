"""What a brief says that the shop does not do: «no delivery», «ዋስትና የለውም». Word by word it would come out as an offer.

Only standing terms count: «no sugar» and «no interest» are what is sold, and «no delivery fee» is an offer.
"""

import re

from adgen_pipeline.text.denials import denied
from adgen_pipeline.text.letters import shape, shaped
from adgen_pipeline.text.lexical import folded

_TERM = re.compile(
    r"(?<!\w)(?:deliver(?:y|ies|ed|ing)?|shipping|ship(?:ment)?|warrant(?:y|ies)|guarantee[sd]?|returns?|refunds?"
    r"|discounts?|credit|instal?lments?|(?:free )?gifts?|exchanges?|installation|transport|wastina|[qk]inash)(?!\w)"
    + folded(r"|(?<![ሀ-ፚ])[የበለከ]?(?:[ዴደዲ]ሊቨሪ|ማድረ[ስሻ]|ማጓጓዣ|ዋስትና|ጋራንቲ|ዋራንቲ|ቅናሽ|ዱቤ|ብድር|ስጦታ|ተመላሽ|ክሬዲት)[ሀ-ፚ]*")
)
# The term is in the verb.
_VERB = re.compile(
    folded(r"(?<![ሀ-ፚ])(?:አና?ደርስም|አንልክም|አይደርስም|አናደርስላ[ሀ-ፚ]*ም|አንመልስም|አንቀይርም)(?![ሀ-ፚ])")
    + r"|\b(?:an|ana)adersim\b|\banadersim\b|\ban?likim\b"
)
_NOTHING = shaped(
    r"\W*(?i:no|none|not (?:available|offered|included|provided|applicable)|n/?a|unavailable|nil|never|yelem"
    r"|yelewm|yelenim)\W*"
    r"|\W*(?:የለም|የለውም|የለንም|የላትም|አይሰጥም|አንሰጥም|አይኖርም|አይፈቀድም)\W*"
)
_LEFT_OUT_LABEL = shaped(
    r"(?i:^(?:not?|does not|doesn'?t|is not|what is not)\b.*\b(?:include[sd]?|cover(?:s|ed)?|offered"
    r"|available)$|^exclu(?:des?|ded|ding|sions?)$)"
    r"|^(?:\S+ )?(?:አይጨምርም|የማይጨም[ርረሩ][ሀ-ፚ]*|ያልተካተ[ቱተት][ሀ-ፚ]*|የማያካትት[ሀ-ፚ]*|አያካትትም|ያልተጨመረ[ሀ-ፚ]*)$"
)


def denial(clause: str) -> tuple[int, int] | None:
    """Where a clause says that a standing term (delivery, warranty, discount, credit …) is not offered; else None."""
    key = folded(clause)
    for term in _TERM.finditer(key):
        if found := denied(key, *term.span()):
            return found
    verb = _VERB.search(key)
    return verb.span() if verb else None


def says_nothing(value: str) -> bool:
    """Whether a field's value only says that there is none: «none», «የለም»."""
    return _NOTHING.fullmatch(shape(value)) is not None


def labels_what_is_left_out(label: str) -> bool:
    """Whether a field of this name lists what the price does not cover: «Not included», «የማይጨምረው»."""
    return _LEFT_OUT_LABEL.search(shape(" ".join(label.replace("_", " ").split()))) is not None
