"""Facts and names of a brief turned into numbered slots, each fact once however often the brief says it."""

import re
from collections.abc import Collection, Sequence

from adgen_pipeline.generation.lexicon import makers, translate, unknown_words
from adgen_pipeline.text.amharic import STOP_WORDS
from adgen_pipeline.text.brief import BriefFact
from adgen_pipeline.text.facts import Fact, find_facts, value_text
from adgen_pipeline.text.labels import word_before
from adgen_pipeline.text.price_roles import DELIVERY, MINIMUM_ORDER, without_delivery_word
from adgen_pipeline.text.slots import SLOT, slot

CONTACT_KINDS = ("phone", "handle", "email", "url")
MAXIMUM_MODELS = 2  # that an ad must name
MAXIMUM_MUSTS = 8  # of a kind: a brief of twenty pages lists more contacts than an ad can
# A number among the features or an hour may be left out of a short ad; a price or a contact may not, nor what has a
# field of its own.
_MUST_FIELDS = ("offer", "size")
_OPTIONAL_KINDS = ("quantity", "hashtag", "time")

_LATIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:['’.+&/-][A-Za-z0-9]+)*")
_LATIN = re.compile(r"[A-Za-z]")
_NUMBER_BEFORE = re.compile(r"(?<![\w⟨.,])\d+(?:[.,]\d+)?[A-Za-z]{1,3}[ \u00a0]$")
_NUMBERS_AFTER = re.compile(r"(?:[ \u00a0](?:[A-Z]?\d+[A-Za-z0-9]*)(?![\w.,⟩]))*")
_MONTHS = {
    "jan": "ጃንዋሪ", "feb": "ፌብሩዋሪ", "mar": "ማርች", "apr": "ኤፕሪል", "may": "ሜይ", "jun": "ጁን", "jul": "ጁላይ", "aug": "ኦገስት",
    "sep": "ሴፕቴምበር", "oct": "ኦክቶበር", "nov": "ኖቬምበር", "dec": "ዲሴምበር",
}  # fmt: skip
_MONTH = re.compile(r"(?i:\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?)")
_CURRENCY = re.compile(r"(?i:(?:\betb|\bbirrs?|\bbr\b\.?|(?<=\d)(?:etb|birrs?|br\b\.?)))\s*\.?")
_GOODS_BEFORE = re.compile(
    r"(?i:\b(?:of|x|no\.?|number|every|per|buy|pack|packs|carton|cartons|box|boxes|dozen|bundle|minimum|least)\s*)\Z|(?<![ሀ-ፚ])ባለ\s*\Z"
)
_GOODS_AFTER = re.compile(
    r"(?i:\s*(?:x|×|for|pieces?|pcs|packs?|cartons?|box(?:es)?|bottles?|or more|in a)\b)|\s*(?:ፍሬ|ካርቶን|እሽግ|ደርዘን|ሲገዙ)"
)
_NAMING = ("body", "title", "description")  # where a sentence may name a model that is sold
_NO_MAKER = re.compile(
    r"(?i:\b(?:facebook|telegram|tiktok|instagram|youtube|whatsapp|google|viber|linkedin|phone|tel|addis ababa)\b)"
)
_MUCH_LESS = 10  # a bare number below a tenth of all prices beside it is none
_IN_LIST = re.compile(r",\s*(?:and\s+)?|\s+(?:and|&)\s+")
_ABBREVIATED = 3  # letters of a maker's name that is written in capitals
_SPELLED = {"iphone": "iPhone", "macbook": "MacBook", "thinkpad": "ThinkPad", "elitebook": "EliteBook"}
_NETWORK = re.compile(
    r"(?i:\b(?P<name>instagram|insta|ig|tik ?tok|facebook|fb|you ?tube|twitter)\b)[^\w@]*\Z"
)
_NETWORKS = {"i": "ኢንስታግራም", "t": "ቲክቶክ", "f": "ፌስቡክ", "y": "ዩቲዩብ"}
_AND = re.compile(r"\s+(?:and|&)\s+")
_SENTENCE_START = re.compile(r"(?:\A|[.!?።፤\n])[\s\-*•\"'(]*\Z")
_UNIT = re.compile(r"(?<![A-Za-z])[A-Za-z]{3,}(?![A-Za-z])")


class Slotter:
    """Collects the facts of a brief in order; equal facts share a slot."""

    def __init__(self) -> None:
        self.label = ""  # of the field being read: what stands before a number that begins its value
        self._models = 0
        self._facts: list[BriefFact] = []
        self._by_key: dict[tuple[str, str, str], int] = {}

    @property
    def facts(self) -> tuple[BriefFact, ...]:
        """All facts so far, in the order found."""
        return tuple(self._facts)

    def add(self, kind: str, text: str, value: str, source: str, *, must: bool, label: str = "") -> str:
        """The slot of a fact or name, new or known; a must stays a must.

        Quantities are equal only behind the same `label`: one bedroom and one bathroom are two facts.
        """
        key = (kind, value.casefold(), label if kind == "quantity" else "")
        if key in self._by_key:
            position = self._by_key[key]
            if must and not self._facts[position].must:
                self._facts[position] = self._facts[position].model_copy(update={"must": True})
            return self._facts[position].slot
        number = 1 + sum(fact.kind == kind for fact in self._facts)
        must = must and number <= MAXIMUM_MUSTS
        self._by_key[key] = len(self._facts)
        self._facts.append(
            BriefFact(slot=slot(kind, number), text=text, value=value, source=source, must=must)
        )
        return self._facts[-1].slot

    def require(self, slot: str) -> None:
        """Make a known fact one that the ad must say."""
        place = next(place for place, fact in enumerate(self._facts) if fact.slot == slot)
        self._facts[place] = self._facts[place].model_copy(update={"must": True})

    def values(self) -> dict[str, str]:
        """Slots and their texts so far."""
        return {fact.slot: fact.text for fact in self._facts}

    def slotted(
        self, value: str, field: str, start: int | None, *, kinds: Collection[str] | None = None
    ) -> str:
        """The value with each fact (of some kinds) as a slot, read with the field's meaning in mind."""
        parts: list[str] = []
        end = 0
        facts = find_facts(value)
        for fact in facts:
            if fact.kind == "quantity" and field == "price" and _counts_goods(value, fact, facts):
                kind, text, normal = _in_field(fact, "features")
            else:
                kind, text, normal = _in_field(fact, field)
            if kind == "handle" and (
                network := _NETWORK.search(value, 0, fact.start) or _NETWORK.search(self.label)
            ):
                # «በቴሌግራም ያግኙን» before a page elsewhere would send people to a stranger.
                kind, text = "term", f"{_NETWORKS.get(network['name'][0].lower(), 'ገጽ')}፦ {text}"
            if kinds is not None and kind not in kinds:
                continue
            source = span(field, start, fact.start, fact.end)
            must = (field in _MUST_FIELDS or kind not in _OPTIONAL_KINDS) and fact.role != MINIMUM_ORDER
            label = word_before(value, fact.start) or self.label
            before = value[end : fact.start]
            if fact.role == DELIVERY and kind == "term":
                before = without_delivery_word(before)
            parts += [before, self.add(kind, text, normal, source, must=must, label=label)]
            end = fact.end
        return "".join([*parts, value[end:]])

    @staticmethod
    def alone(value: str, field: str) -> str | None:
        """How an ad writes a value that is one fact and nothing else (`5 hours` as `5 ሰዓት`); otherwise None."""
        facts = find_facts(value)
        return _in_field(facts[0], field)[1] if len(facts) == 1 and facts[0].text == value else None

    def slotted_around(self, slotted: str, field: str) -> str:
        """The text with facts between its slots as slots too; the slots it has stay."""
        parts: list[str] = []
        end = 0
        for match in SLOT.finditer(slotted):
            parts += [self.slotted(slotted[end : match.start()], field, None), match.group()]
            end = match.end()
        return "".join([*parts, self.slotted(slotted[end:], field, None)])

    def name_latin(self, value: str, field: str, start: int | None, *, kind: str, must: bool) -> str:
        """The slotted value with runs of Latin names (words that the lexicon lacks) as slots of a name kind.

        Lower-case words that the lexicon lacks are left out unless they are all there is of a product.
        """
        pieces: list[str] = []
        end = 0
        runs = _name_runs(value)
        for begin, stop in runs if must else _listed(value, runs):
            text = _AND.sub(" እና ", _written_as_name(value[begin:stop]))
            if field in _NAMING and _is_model(text, value) and self._models < MAXIMUM_MODELS:
                self._models += 1
                is_first = not any(fact.kind == "product" for fact in self._facts)
                name = self.add(
                    "product" if is_first else "quantity", text, text, span(field, start), must=True
                )
                pieces += [value[end:begin], name]
                end = stop
                continue
            # A specification («16GB RAM») is a quantity to the model, which knows one product a post.
            is_quantity = not must and any(character.isdigit() for character in text)
            name = self.add("quantity" if is_quantity else kind, text, text, span(field, start), must=must)
            pieces += [value[end:begin], name]
            end = stop
        return "".join([*pieces, value[end:]])


def span(field: str, start: int | None, begin: int = 0, end: int | None = None) -> str:
    """Where something was found: `price:12-20`, or only the field if its place in the document is unknown."""
    if start is None or end is None:
        return field
    return f"{field}:{start + begin}-{start + end}"


def until(slotted: str) -> str:
    """English words of time and range around slots, in Amharic."""
    slotted = re.sub(r"(?i:\b(?:for|at)\s+)(⟨price_\d+⟩)", r"በ\1", slotted)
    slotted = re.sub(r"(?i:\b(?:until|till|by|before|ends(?: on)?)\s+)(⟨date_\d+⟩)", r"እስከ \1 ድረስ", slotted)
    return re.sub(r"(⟨(\w+)_\d+⟩)\s*(?:to|-|–)\s*(⟨\2_\d+⟩)", r"ከ\1 እስከ \3", slotted)


def says_something(point: str) -> bool:
    """Whether a point of slots alone is one: a name or a size is, a lone price or phone stands among the facts."""
    return any(
        name.startswith(("⟨product", "⟨brand", "⟨quantity", "⟨percent"))
        for name in [m.group() for m in SLOT.finditer(point)]
    )


def has_words(text: str) -> bool:
    """Whether a text says more than slots and function words."""
    return any(
        word not in STOP_WORDS and any(c.isalpha() for c in word) for word in SLOT.sub(" ", text).split()
    )


def _counts_goods(value: str, fact: Fact, facts: Sequence[Fact]) -> bool:
    """Whether a bare number among prices counts what is sold: «240 birr each by the carton of 24», «3 for 500 birr»."""
    if _GOODS_BEFORE.search(value, 0, fact.start) or _GOODS_AFTER.match(value, fact.end):
        return True
    lows = [f.value["min"] for f in facts if f.kind == "price" and isinstance(f.value, dict)]
    plain = re.fullmatch(r"\d+(?:\.\d+)?", str(fact.value))
    return bool(lows and plain and float(plain.group()) * _MUCH_LESS <= min(lows))


def _in_field(fact: Fact, field: str) -> tuple[str, str, str]:
    """Kind, text for the ad and value of a fact, given the field that it stands in.

    What delivery costs, and from which order on it is free, are terms: said under «ዋጋ» they would be the product's
    price.
    """
    if fact.role and field != "price":
        naming = "ዴሊቨሪ " if fact.role == DELIVERY else ""
        return "term", naming + _birr(fact.text), value_text(fact.value)
    if field == "price" and fact.kind == "quantity" and re.fullmatch(r"\d+(?:\.\d+)?", str(fact.value)):
        amount = float(str(fact.value))
        number = int(amount) if amount == int(amount) else amount
        text = _birr(fact.text) if _LATIN.search(fact.text) else f"{fact.text} ብር"  # «12.5 million»
        return "price", text, value_text({"min": number, "max": number, "currency": "ETB"})
    if field == "contact" and fact.kind == "quantity" and re.fullmatch(r"\d{3,15}", fact.text):
        return "phone", fact.text, fact.text  # a short code
    if fact.kind == "price" and isinstance(fact.value, dict) and fact.value.get("currency") == "ETB":
        return "price", _birr(fact.text), value_text(fact.value)
    if fact.kind == "date" and _LATIN.search(fact.text):
        spoken = _MONTH.sub(lambda m: _MONTHS[m[1].lower()], fact.text)
        return "date", re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1", spoken), value_text(fact.value)
    if fact.kind == "quantity" and _LATIN.search(fact.text):
        return "quantity", _UNIT.sub(lambda m: _unit(m.group()), fact.text), value_text(fact.value)
    return fact.kind, fact.text, value_text(fact.value)


def _birr(text: str) -> str:
    """A price in birr as an Amharic ad writes it: the digits as they are, then ብር."""
    if not _LATIN.search(text):
        return text if re.search(r"[^\d.,\s]", text) else f"{text} ብር"  # «normal price 9,000»
    bare = _CURRENCY.sub(" ", text)
    bare = _UNIT.sub(lambda m: _unit(m.group()), bare).replace(" to ", " እስከ ")
    bare = " ".join(bare.split())
    return bare if "ብር" in bare else f"{bare} ብር"


def _unit(word: str) -> str:
    translation = translate(word)
    return translation.text if translation.text and not translation.unknown else word


def _name_runs(value: str) -> list[tuple[int, int]]:
    """Runs of Latin words that look like names: unknown to the lexicon and written like one.

    Model numbers and sizes beside a name belong to it (`EliteBook 840 G5`, `16GB RAM`): cut apart, the pieces
    mean nothing.
    """
    slots = [match.span() for match in SLOT.finditer(value)]
    runs: list[tuple[int, int]] = []
    for start, end in unknown_words(value):
        word = value[start:end]
        follows_maker = bool(runs) and value[runs[-1][0] : start].split(" ")[0].lower() in makers()
        follows_maker = follows_maker and not value[runs[-1][1] : start].strip(" \u00a0")  # «tecno spark 20»
        if any(begin <= start < stop for begin, stop in slots) or not (
            follows_maker or _looks_like_name(word)
        ):
            continue
        if runs and not value[runs[-1][1] : start].strip(" \u00a0"):
            runs[-1] = (runs[-1][0], _with_numbers(value, max(end, runs[-1][1])))
            continue
        # The first word of a sentence has a capital anyway: on its own it is a name only with more capitals.
        is_first = _SENTENCE_START.search(value, 0, start) is not None
        following = _LATIN_NAME.match(value, end + 1) if value[end : end + 1] == " " else None
        if (
            is_first
            and word[1:].islower()
            and word.lower() not in makers()
            and not (following and _looks_like_name(following.group()))
        ):
            continue
        before = _NUMBER_BEFORE.search(value, 0, start)
        runs.append((before.start() if before else start, _with_numbers(value, end)))
    return runs


def _written_as_name(text: str) -> str:
    """A name with the capitals that makers have: «toyota vitz» is Toyota Vitz, «hp» HP."""
    return " ".join(
        _SPELLED.get(word, word.upper() if len(word) <= _ABBREVIATED else word.capitalize())
        if word in makers()
        or (place and word.islower() and text.split(" ")[0].lower() in makers() and word.isalpha())
        else word
        for place, word in enumerate(text.split(" "))
    )


def _listed(value: str, runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs of names with those that a list joins («Canada, Italy and Poland») as one."""
    joined: list[tuple[int, int]] = []
    for begin, stop in runs:
        if (
            joined
            and _IN_LIST.fullmatch(value, joined[-1][1], begin)
            and not any(c.isdigit() for c in value[joined[-1][0] : stop])
        ):
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((begin, stop))
    return joined


def _with_numbers(value: str, end: int) -> int:
    """Where a name ends when the numbers after it are taken to it."""
    numbers = _NUMBERS_AFTER.match(value, end)
    return numbers.end() if numbers else end


def _is_model(text: str, sentence: str) -> bool:
    """Whether a name of several words is a maker with its model: it holds a number, or stands in Amharic words."""
    words = text.split()
    if len(words) < 2 or _NO_MAKER.search(text) or not all(_looks_like_name(word) for word in words):
        return False
    first = words[0]
    if not first.isalpha() or not translate(first).unknown:  # «Intel» is in the lexicon: a specification
        return False
    return any(c.isdigit() for c in text) or any("ሀ" <= c <= "ፚ" for c in sentence)


def _looks_like_name(word: str) -> bool:
    return word.lower() in makers() or any(character.isupper() or character.isdigit() for character in word)


def located(fact: BriefFact, document: str) -> str:
    """A fact's source with its place, if it was not known yet and the document says the fact only once."""
    if ":" in fact.source or document.count(fact.value) != 1:
        return fact.source
    return span(fact.source, document.index(fact.value), 0, len(fact.value))
