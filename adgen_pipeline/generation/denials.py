"""What a brief says that the shop does not do: «no delivery», «ዋስትና የለውም». Word by word it would come out as an offer.

Only standing terms count: «no sugar» and «no interest» are what is sold, and «no delivery fee» is an offer.
"""

import re

from adgen_pipeline.text.letters import shape, shaped

_TERM = (
    r"(?:deliver(?:y|ies|ed|ing)?|shipping|ship(?:ment)?|warrant(?:y|ies)|guarantee[sd]?|returns?|refunds?|discounts?|credit"
    r"|instal?lments?|(?:free )?gifts?|exchanges?|installation|transport)"
)
_FEE = r"(?!\s+(?:fees?|charges?|costs?|price|cards?|needed|required|problem|worries))"
_FEW = r"(?:[\w'’]+\s+){0,3}?"
_ENGLISH = re.compile(
    rf"(?i:\b(?:no|without|excluding|excl\.?|minus|neither|nor)\s+(?:any\s+)?(?:\w+\s+(?:or|and|nor)\s+|home\s+|free\s+)?{_TERM}\b{_FEE}"
    rf"|\b(?:(?:do|does|did|can|could|will|would|is|are)\s?(?:n[o'’]t|not)|can(?:no|['’])t|won['’]?t|don['’]?t|never)\s+"
    rf"(?!only\b|just\b){_FEW}{_TERM}\b{_FEE}"
    rf"|\b{_TERM}\s+(?:[\w'’]+\s+){{0,2}}?(?:not|isn['’]?t|aren['’]?t|unavailable|excluded)\b(?!\s+(?:only|just))(?:\s+\w+)?"
    rf"|\b{_TERM}\s*[:=–-]\s*(?:no|none|not)\b)"
)
_AMHARIC_TERM = (
    r"(?:[ዴደዲ]ሊቨሪ|ማድረ[ስሻ]|ማጓጓዣ|ዋስትና|ጋራንቲ|ዋራንቲ|ቅናሽ|ዱቤ|ብድር|ስጦታ|ተመላሽ|ክሬዲት"
    r"|(?i:delivery|warranty|discount|guarantee|credit|refund))"
)
_NOT = (
    r"(?:የለ|የሌለ|አይ[ሀ-ፚ]+ም|አን[ሀ-ፚ]+ም|አና[ሀ-ፚ]+ም|አያ[ሀ-ፚ]+ም|አል[ሀ-ፚ]+ም|ያል(?!ቅ)[ሀ-ፚ]"
    r"|የማይ(?!ቋ|ጠ|ደ)[ሀ-ፚ]|የማን[ሀ-ፚ]|የማያ[ሀ-ፚ])[ሀ-ፚ]*"
)
_AMHARIC = shaped(
    rf"(?<![ሀ-ፚ])[የበለከ]?{_AMHARIC_TERM}[ሀ-ፚ]*\s+(?:(?!ክፍያ|ዋጋ|ሂሳብ|አለ|እንሰጣ)[^\s,፣።]+\s+){{0,2}}?{_NOT}"
    rf"|(?<![ሀ-ፚ])ያለ\s+{_AMHARIC_TERM}(?![ሀ-ፚ]*\s+(?:ክፍያ|ዋጋ|ሂሳብ))"
    r"|(?<![ሀ-ፚ])(?:አና?ደርስም|አንልክም|አይደርስም|አናደርስላ[ሀ-ፚ]*ም|አንመልስም|አንቀይርም)(?![ሀ-ፚ])"
    r"|(?i:\b(?:delivery|wasti?na|warranty|discount|qinash|kinash)\w*\s+(?:\w+\s+)?(?:yele\w*m?|yelm|ye?len\w*|ayno\w*|ans?e\w+m|ayse\w+m)\b"
    r"|\b(?:an|ana)adersim\b|\banadersim\b|\ban?likim\b)"
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
    found = _ENGLISH.search(clause) or _AMHARIC.search(shape(clause))
    return found.span() if found else None


def says_nothing(value: str) -> bool:
    """Whether a field's value only says that there is none: «none», «የለም»."""
    return _NOTHING.fullmatch(shape(value)) is not None


def labels_what_is_left_out(label: str) -> bool:
    """Whether a field of this name lists what the price does not cover: «Not included», «የማይጨምረው»."""
    return _LEFT_OUT_LABEL.search(shape(" ".join(label.replace("_", " ").split()))) is not None
