"""Where a brief says where: behind words such as «located in», or in a sentence that is only landmarks."""

import re

from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.slots import SLOT

PLACE_CUE = re.compile(
    r"(?:አድራሻ(?:ችን)?|(?<![ሀ-ፚ])የ?ቦታ(?:ው)?(?![ሀ-ፚ]|\s*ማስያዣ)"
    r"|(?i:\badrasha(?:chin)?|\baddress|\blocation|\b(?:we are |we're )?located (?:at|in)"
    r"|\bfind us (?:at|in)|\bvisit us (?:at|in)))"
    r"\s*[:፦\-–]?\s*(?P<place>[^.።\n;]+)"
)
_LANDMARK = re.compile(
    r"(?i:\b(?:next to|near|opposite|behind|in front of|beside|(?:\d+(?:st|nd|rd|th)|ground) floor|building|plaza"
    r"|mall|square|tower|room \d+|shop no|branch)\b)"
    r"|አጠገብ|ፊት ለፊት|ፊትለፊት|[ህሕ]ንፃ|[ህሕ]ንጻ|አደባባይ|ማዞሪያ|ቀበሌ|ገበያ ማዕከል|ገበያ ማእከል|ከፍ ብሎ|ዝቅ ብሎ|ገባ ብሎ|ቅርንጫፍ"
)
# Verbs and offers: such a sentence says more than where.
_SAYS_MORE = re.compile(
    r"(?i:\b(?:sell\w*|buy|rent|sale|deliver\w*|free|has|have|with|price|birr|etb|from \d|view|apartment|house|villa"
    r"|land|room for|bedrooms?|order|call|get|we (?!are)|you)\b)"
    r"|ብር|ነፃ|ነጻ|ሽያጭ|ኪራይ|የሚሸጥ|የሚከራይ|እና?ደርሳ|አለ[ንውት]?(?![ሀ-ፚ])|መኝታ|ቤት ለ|ካሬ"
)
_NAME = re.compile(r"(?<!\w)[A-Z][a-z]+|[ሀ-ፚ]{2,}")
_MAXIMUM_WORDS = 14
_COMMA = re.compile(r"[፣,]\s+")
_WHERE = re.compile(
    r"(?i:\W*(?:our )?(?:office|shop|store|showroom|we are|we're)\b(?: is| are)?(?: (?:at|in|on))?\W*)"
)


def is_place(sentence: str) -> bool:
    """Whether a sentence only says where: landmarks and names, no fact to pay or call, no verb of selling."""
    text = SLOT.sub(" ", sentence)
    if not _LANDMARK.search(text) or _SAYS_MORE.search(text) or len(text.split()) > _MAXIMUM_WORDS:
        return False
    rest = _LANDMARK.sub(" ", text)
    return _NAME.search(rest) is not None and not any(fact.kind != "quantity" for fact in find_facts(text))


def place_in(text: str) -> tuple[int, int, int] | None:
    """Where a text names a place, and up to where it says something else; None if it names none."""
    if cue := PLACE_CUE.search(text):
        return *cue.span("place"), cue.start()
    end = len(text.rstrip(" .።"))
    # «ስልክ …፣ ቃሊቲ ገበያ ማዕከል»: the place may be its last clauses.
    for begin in (0, *(comma.end() for comma in _COMMA.finditer(text))):
        if is_place(text[begin:]):
            opened = _WHERE.match(text, begin)
            return opened.end() if opened else begin, end, begin
    return None
