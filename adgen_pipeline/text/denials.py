"""Whether a text says that something is not offered: «no delivery», «warranty: none», «ዋስትና የለውም», "delivery yelenm".

Places are those of folded texts (`lexical.folded`).
"""

import re

from adgen_pipeline.text.lexical import folded

_CHARS = 60  # on either side
# «no delivery fee» and «ለማድረስ ክፍያ የለም» deny the fee, «no warranty worries» the worries.
_DENIED_INSTEAD = r"fees?|charges?|costs?|limits?|problems?|wor(?:ry|ries)|hassles?|issues?|delays?|minimum"
_DENIED_INSTEAD_AMHARIC = folded("ክፍያ|ወጪ|ዋጋ|ገደብ|ችግር|ሀሳብ|ስጋት|ብቻ")
_BETWEEN = (
    r"(?:[ -](?:an?|any|our|the|free|home|door|cash|card|sale|special|further|extra|additional|kind|sort|of|on|by"
    r"|for|in|product|money|back|made in|service|yet|and|or|\w+ or))"
)
_BEFORE = re.compile(
    r"(?<!\w)(?:no|not|without|non|neither|nor|excluding"
    r"|(?:do(?:es)?|can|will|could)(?: not|n[’']?t)|cannot|won[’']?t|never"
    r")(?: (?:offer|have|give|provide|do|accept|take|make|come with|include|carry|sell)(?: it)?)?"
    rf"{_BETWEEN}{{0,3}}[ -]\Z"
    rf"|(?<!\w)(?:{folded('ያለ|ያለምንም|ካለ|ካለምንም')}|yale|yaleminim)\s\Z"
)
_AFTER = re.compile(
    rf"(?!\s(?:{_DENIED_INSTEAD})(?!\w))"
    r"(?:\s(?:service|services|option|policy|here|at the moment|currently|now)){0,2}"
    r"(?:\s(?:is|are|was|comes?)? ?(?:not(?! only| just)|unavailable|impossible|excluded)(?!\w)"
    r"|\s(?:isn|aren)[’']?t(?!\w)"
    r"|\s?[:=፦-]\s?(?:no|none|not|n/a|nil|unavailable)(?!\w))"
)
_FEE_DENIED = re.compile(rf"\s(?:{_DENIED_INSTEAD})(?!\w)|\w*\s(?:{_DENIED_INSTEAD_AMHARIC})\w*(?!\w)")
_VERB = folded(
    r"የለ(?:ም|ንም|ኝም|ውም|ውም|ባቸውም|ባትም|ዎትም|ምና)|የሌለ\w*|አልባ|የማይ\w+"
    r"|አን(?:ሰጥም|ሸጥም|ቀበልም|ልክም|መልስም|ቀይርም)|አይ(?:ጨምርም|ሰጥም|ሰጠውም|ሸጥም|ደረግም|ኖርም|ኖረውም|ቀርብም|መለስም|ቻልም|ፈቀድም|ቀየርም)|አና(?:ደርግም|ደርስም|ቀርብም|መጣም)"
)
_VERB_LATIN = r"yelem|yelenm|yelenim|yelewm|yelewim|yelelew\w*|yelelebet|ansetim|anset'?m|aydelem|alba"
_AFTER_AMHARIC = re.compile(
    rf"(?:[^\w\n.,!?።፣፤;]{{1,3}}(?!(?:{_DENIED_INSTEAD_AMHARIC})\w*(?!\w))\w+){{0,2}}"
    rf"[^\w\n.,!?።፣፤;]{{1,4}}(?:{_VERB}|{_VERB_LATIN})(?!\w)"
)


def denied(key: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the folded text says that what key[start:end] names is not offered, with these words; else None."""
    if after := _AFTER_AMHARIC.match(key, end) or _AFTER.match(key, end):
        return start, after.end()
    low = max(0, start - _CHARS)
    before = _BEFORE.search(key[low:start])
    if before is None or _FEE_DENIED.match(key, end):
        return None
    return low + before.start(), end
