"""From the slotted lines of a post to the words of its brief: what the product is, and its points in short.

A brief names the product plainly («የመስኮት መጋረጃ»); the sentence around it («ዛሬ … ይዘን መጥተናል») is what the model shall
find itself, so words that greet, announce and sell are taken off.
"""

import re
from collections.abc import Iterable, Sequence

from adgen_pipeline.corpus.lines import is_call, is_greeting
from adgen_pipeline.text.amharic import STOP_WORDS
from adgen_pipeline.text.labels import ORDER, is_label
from adgen_pipeline.text.letters import shape, shaped
from adgen_pipeline.text.slots import SLOT, slot_kind, slots_in

# Kinds that have a line of their own in a prompt; the others belong to the words around them.
OFFER_KINDS = frozenset(("phone", "handle", "email", "url", "price", "term", "brand"))

_TITLE_WORDS = 8
_POINT_WORDS = 8
_WORD = re.compile(r"[^\W_]*(?:⟨[a-z]+_\d+⟩[^\W_]*)+|[^\W_]+(?:[./'’-][^\W_]+)*")
_SENTENCE = re.compile(r"[።!?፤\n]+|\.(?=\s|$)")
_CLAUSE = re.compile(r"[።!?፤|—–]+|\s-\s|\.(?=\s|$)")
_HEAD = re.compile(r"^([^፦]{3,40})፦\s*(.+)$")
_ORDER = re.compile(rf"{ORDER.pattern}|ይደውሉ")
_LIST_MARK = re.compile(r"^\W*⟨quantity_\d+⟩[.)]\s+")
_FOR_WHOM = re.compile(  # ለመ… and ለማ… say what for: «ለመቁረጥ»
    r"(?:ለ(?![መማ])[ሀ-ፚ]{2,}(?: እና| ወይም)?(?: |\Z)){1,3}(?:የሚሆ[ንኑ]|ተስማሚ|ምቹ|የተዘጋጀ)?"
)
# Ends of verbs: -ል, -ናል …, and polite imperatives, which end in a letter of the second order (…ሉ, …ዱ)
_FINITE_VERB = re.compile(r"(?:ይ|ያ|ታ|እን)[ሀ-ፚ]*[ልሁሉሑሙሡሩሱሹቁቡቱቹኁኑኙኩዉዙዡዩዱጁጉጡጩጱጹፁፉፑ]|[ሀ-ፚ]+(?:ናል|ዋል|ቷል|ታል|ለን)")
_FRAME_PHRASE = shaped(
    r"በጥራት እና በውበት|ጥራት እና ዋጋ የተገናኙበት|በተመጣጣኝ ዋጋ|በ?ገበያ ላይ|ከእኛ (?:ጋር|ዘንድ)|እኛ ጋር|ለሽያጭ|ለምትፈልጉ ሁሉ|በእጃችን አለ|መግዛት አስበዋል"
    r"|በመሸጥ ላይ እንገኛለን|የት እንደሚያገኙ ያውቃሉ|ለማግኘት ብዙ መዞር አያስፈልግም|የዛሬው? ምርጫችን|አስተማማኝ ምርጫዎ እኛ ነን|ከፈለጉ|ጤና ይስጥልን"
    r"|(?:⟨phone_\d+⟩\s*)?(?:ላይ )?በመደወል(?: (?:ወይም|እና|አልያም)?\s*(?:የ?ፅሁፍ |አጭር )?መልዕክት በመላክ)?"
    r"|የራስዎ ያ(?:ድ)?ርጉ|(?:አዲስ|በ?ድጋሚ) የ?ገ[ባቡ](?![ሀ-ፚ])"
)
_FRAME_WORDS = """
    ሰላም እንደምን ዋላችሁ አደራችሁ አመሻችሁ ቤተሰቦች ቤተሰቦቻችን ውድ ክቡራን ክቡራት ደንበኞቻችን ደንበኞች ይስጥልን ዛሬ አሁን አሁኑኑ እነሆ
    ይዘን ይዘንልዎ ይዘንልዎት ይዘንላችሁ ይዘንሎት መጥተናል መተናል መጣን ቀርበናል አቅርበናል አቀረብን አቅርበንልዎታል አዘጋጅተናል ጀምረናል አስገብተናል
    አስመጥተናል ገብቷል ገብተዋል ገባ ገቡ ደርሷል ቀርቧል ቀርበዋል ቀረበ ቀረበልዎ ቀረቡልዎ ቀረበላችሁ ቀረቡላችሁ አለን አሉን እየሸጥን እንሸጣለን ነው ናቸው
    ይፈልጋሉ አይተውታል አይተዋል ያስፈልግዎታል ያግኙ ያገኙታል ያገኛሉ ያገኙ ይውሰዱ ለምትፈልጉ ለሚፈልጉ ሁሉ ብቻ ያቀረብንላችሁ ያቀረብንልዎት ይግዙን
"""
_FRAME = frozenset(shape(word) for word in _FRAME_WORDS.split())
_STOP_WORDS = frozenset(map(shape, STOP_WORDS))
_PLAIN = {"አዲሱን": "አዲስ", "አዲሱ": "አዲስ"}
# What hangs behind a noun: «… በተለያየ ቅርፅ», «… ከ2 አንሶላ ጋር»; looked for in titles too long for a name.
_ATTACHED = re.compile(r"(?<=[ሀ-ፚ⟩)] )(?:በተለያ[የዩዮ]\b(?:(?! የ).)*|ከ⟨quantity_\d+⟩.*ጋር\b.*)$")
_PRICE_WORDS = "ዋጋ ዋጋው ብር ብቻ በ ከ price prices pric cost birr br etb only is"
_PRICE_FILLERS = frozenset(_PRICE_WORDS.split())
# Function words elsewhere, which here change what is said: «አንድ ብሩሽ», «ያለ ጊዜው», «does not damage».
_TELLING = frozenset(("አንድ", "ሁለት", "ያለ", "የለም", "አይደለም", "ምን", "ያህል", "not", "no", "without"))
# «ለአያያዝ ምቹ» (easy to hold) is said of the thing, not of people.
_USES = shaped("ለአያያዝ|ለአጠቃቀም|ለአገልግሎት|ለጉዞ")


def names_a_product(text: str) -> bool:
    """Whether a line can be the title: not a mere slogan such as «ቤትዎ ውበት ይጨምራል»."""
    if is_greeting(text):
        return False
    if _ORDER.search(shape(text)) or re.search(r"[A-Za-z]{3}", text):
        return True
    return any(_is_nominal(_stripped(clause)) for clause in _clauses(text))


def product(text: str) -> tuple[str, list[str]]:
    """The product in words and slots, and points with what else the title line says.

    Args:
        text: the slotted title line.
    """
    text, tail = _without_attached(_before_order(text))
    clauses = [(clause, words) for clause in _clauses(text) if (words := _stripped(clause))]
    if not clauses:
        return _joined(w for w in _WORD.findall(text) if not _is_offer(w)), []
    chosen = next(
        (n for n, (_, words) in enumerate(clauses) if any(_is_name(w) for w in words)),
        next((n for n, (_, words) in enumerate(clauses) if _is_nominal(words)), 0),
    )
    words = clauses[chosen][1]
    rest = [_short(_said(clause)) for n, (clause, _) in enumerate(clauses) if n != chosen]
    rest = [p for p in (*rest, _short(_said(tail))) if p and not is_greeting(p) and not is_call(p)]
    if len(words) <= _TITLE_WORDS:
        return _joined(words), rest
    if names := [w for w in words if _is_name(w)]:  # the name says what it is
        return names[0], [_short(w for w in words if w != names[0]), *rest]
    # the head of an Amharic noun phrase stands last
    return _joined(words[-3:]), [_short(words[:-3]), *rest]


def points(text: str) -> list[str]:
    """Short points from a slotted line that says something of the product."""
    text = _before_order(_LIST_MARK.sub("", text))
    said = [sentence for sentence in _SENTENCE.split(text) if not is_call(SLOT.sub(" ", sentence))]
    found = [_short(_said(sentence)) for sentence in said]
    return [p for p in found if any(_says_something(word) for word in p.split()) and not is_label(p.split())]


def offer(text: str) -> str:
    """A price with what it is the price of («⟨quantity_1⟩ ⟨price_1⟩», «የነበረው ⟨price_2⟩»); empty for a bare price."""
    words = [w for w in _WORD.findall(text) if shape(w).casefold() not in _PRICE_FILLERS]
    return _joined(words[: _POINT_WORDS + 2]) if any(not _is_offer(w) for w in words) else ""


def is_audience(point: str) -> bool:
    """Whether a point says for whom it is: «ለቤት እና ለቢሮ …»."""
    return _FOR_WHOM.fullmatch(point) is not None and _USES.match(shape(point)) is None


def _clauses(text: str) -> list[str]:
    """Parts of a title line; what stands before ፦ is one of its own."""
    parts: list[str] = []
    for clause in _CLAUSE.split(text):
        head = _HEAD.match(clause.strip())
        parts += head.groups() if head else (clause,)
    return [part for part in parts if part.strip()]


def _before_order(text: str) -> str:
    """The text before «ለማዘዝ», if there is any."""
    found = _ORDER.search(shape(text))
    return text[: found.start()] if found and found.start() else text


def _without_attached(text: str) -> tuple[str, str]:
    """A long title without what hangs behind its noun, and that; the noun stands before it."""
    found = _ATTACHED.search(text)
    if found is None or len(text.split()) <= _TITLE_WORDS or len(text[: found.start()].split()) < 2:
        return text, ""
    return text[: found.start()], found.group()


def _stripped(clause: str) -> list[str]:
    """Words of a clause without offers and without the words that only announce."""
    words = [w for w in _said(_without_frame(clause)) if shape(w) not in _FRAME]
    if words and words[-1] == "ጋር":  # «… ከሙሉ ልብስ ጋር»: what comes with it is a point
        start = max((n for n, w in enumerate(words) if w.startswith("ከ")), default=0)
        words = words[:start] if start >= 2 else words[:-1]
    while words and len(words[-1]) == 1:  # a preposition whose price is gone: «ጫማ በ ⟨price_1⟩»
        words.pop()
    return [_PLAIN.get(w, w) for w in words]


def _without_frame(clause: str) -> str:
    """The clause without the phrases that only announce; found in its shape, which has its length."""
    plain, parts, end = shape(clause), [], 0
    for match in _FRAME_PHRASE.finditer(plain):
        parts.append(clause[end : match.start()])
        end = match.end()
    return " ".join([*parts, clause[end:]])


def _said(clause: str) -> list[str]:
    return [w for w in _WORD.findall(clause) if not _is_offer(w)]


def _is_nominal(words: Sequence[str]) -> bool:
    """Whether words end in a noun, as a product's name does."""
    return bool(words) and _FINITE_VERB.fullmatch(words[-1]) is None


def _is_offer(word: str) -> bool:
    """Whether a word is a slot, perhaps with a prefix as in «በ⟨price_1⟩», that has a line of its own in a prompt."""
    return any(slot_kind(name) in OFFER_KINDS for name in slots_in(word))


def _is_name(word: str) -> bool:
    return any(slot_kind(name) == "product" for name in slots_in(word))


def _says_something(word: str) -> bool:
    """Whether a word is more than a slot, its prefix or a function word."""
    rest = SLOT.sub("", word)
    return len(rest) > 1 and shape(rest) not in _STOP_WORDS


def _short(words: Iterable[str]) -> str:
    """At most eight words, function words left out where there are more than four."""
    kept = list(words)
    if len(kept) > 4:
        kept = [w for w in kept if w in _TELLING or shape(w) not in _STOP_WORDS]
    return _joined(kept[:_POINT_WORDS])


def _joined(words: Iterable[str]) -> str:
    return " ".join(words)
