"""A brief while it is read, field by field: what each field means for product, points and facts."""

import re
from collections.abc import Iterable

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.courtesies import is_medium, without_greeting, without_request
from adgen_pipeline.generation.field_names import PRIVATE
from adgen_pipeline.generation.fields import Field
from adgen_pipeline.generation.formats import without_stray_brackets
from adgen_pipeline.generation.lexicon import in_amharic, place, translate
from adgen_pipeline.generation.policy import Policy, ours
from adgen_pipeline.generation.slotting import (
    CONTACT_KINDS,
    Slotter,
    has_words,
    says_something,
    span,
    until,
)
from adgen_pipeline.text.amharic import sentences
from adgen_pipeline.text.brief import Brief, BriefFact, BriefSpan
from adgen_pipeline.text.labels import SPECIFICATION, amharic_label
from adgen_pipeline.text.language import language, script_shares
from adgen_pipeline.text.slots import FACT_KINDS, SLOT, slots_in

MAXIMUM_FEATURES = 12
MAXIMUM_SENSITIVE = 20
_NAME_CHARS = 300  # of a place or of standing terms
_KNOWN_SHARE = 0.5  # of a free sentence's words, from there on it may name a product
_PRODUCT_WORDS = 14  # of a free sentence that become the product
_ADVERTISER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)+")
_SIDES = re.compile(r"\s+[/|]\s+|\s*[()]\s*")
_ETHIOPIC = re.compile("[\u1200-\u135a]")

_SELLS = re.compile(
    r"(?i:\b(?:sell(?:s|ing)?|advertis(?:e|es|ing)|promot(?:e|es|ing)|offer(?:s|ing)?"
    r"|ad(?:vert)?s? for|launch(?:ing)?|brief:)\s+)"
    r"(?P<what>[^.;:!?\n]+)"
)
_PRODUCT_END = re.compile(
    r"(?i:\s(?:at|from|in|located|call|price[ds]?|which|that|starting|near|waga|wagaw)\b)|,\s|\s[-–—]\s|\("
)
# «ምርት፦ ጫማ ዋጋ 500 ብር ስልክ 09…» on one line: price and contact are facts, not words of the product.
_OFFER_IN_PRODUCT = re.compile(
    r"(?:(?:ስልክ(?: ቁጥር)?|ዋጋው?|(?i:price|phone|call|tel))\s*[:፦\-]?\s*)?⟨(?:price|phone|handle|email|url)_\d+⟩"
)
_PLACE_CUE = re.compile(
    r"(?:አድራሻ(?:ችን)?|ቦታ(?:ው)?"
    r"|(?i:\badrasha(?:chin)?|\baddress|\blocation|\blocated (?:at|in)|\bfind us (?:at|in)|\bvisit us (?:at|in)))"
    r"\s*[:፦\-–]?\s*(?P<place>[^.።\n;]+)"
)
# Fields that are said among the points of an ad.
_FIELD_OF = {
    "other": "features",
    "size": "features",
    "color": "features",
    "until": "features",
    "hours": "terms",
}
_QUOTE_CHARS = 120
_MODEL = re.compile(r"(?i:model(?: name| number)?)|ሞዴል|ሞዴሉ")
_MODEL_WORDS = 5
_SOLD_BY = "መጠን"  # a field «volume: 6 GB» says how much is sold; RAM or weight is one quality among others
_TERM_LABELS = {
    "delivery": "ዴሊቨሪ", "shipping": "ዴሊቨሪ", "warranty": "ዋስትና", "guarantee": "ዋስትና", "payment": "ክፍያ"
}  # fmt: skip
_NOT_QUANTITY = tuple(kind for kind in FACT_KINDS if kind != "quantity")
_SPLIT = re.compile(r"\s*[;；•፤፣\n]\s*|,(?!\d)\s*|\s\+\s|\.\s+|።\s*")


class Reading:
    """What a brief has said so far."""

    def __init__(self, source: str, policy: Policy | None = None) -> None:
        """Begin with nothing; `source` names the brief in errors, `policy` says which words are sensitive."""
        self._source = source
        self._policy = policy or ours()
        self._slots = Slotter()
        self._product = ""
        self._title: Field | None = None
        self._features: list[str] = []
        self._description: list[str] = []
        self._single: dict[str, str] = {}
        self._sensitive: list[str] = []
        self._spans: list[BriefSpan] = []

    def take(self, field: Field) -> None:
        """Read one field."""
        if field.name == "internal":
            return
        evidence = self._policy.judge(field.value).evidence
        self._sensitive += [words for _, words, _, _ in evidence if words not in self._sensitive]
        self._slots.label = field.label.casefold()
        if field.name not in ("body", "description", "title"):  # whose sentences have places of their own
            self._said(_FIELD_OF.get(field.name, field.name), field.start, field.value)
        if field.cells:
            self._row(field)
            return
        if field.name == "other" and _MODEL.fullmatch(field.label) and self._model(field):
            return
        if field.name in ("other", "features") and self._specification(field):
            return
        match field.name:
            case "advertiser":
                self._single["advertiser"] = self._advertiser(field.value)
            case "audience" | "tone" | "vertical":
                self._single.setdefault(
                    field.name, self._words(field) if field.name != "vertical" else field.value
                )
            case "brand" if _SLUG.fullmatch(field.value):
                self._single.setdefault("advertiser", field.value)  # `client: abc-shop` names a folder
            case "brand":
                self._name(field, "brand")
            case "location":
                self._location(field)
            case "product":
                words = self._product_words(field)
                if self._product:
                    self._add_features([words])
                self._product = self._product or words
            case "title" if not self._product and translate(field.value).text:
                self._said("product", field.start, field.value)
                self._product = self._product_words(field)
            case "title":
                self._title = self._title or field
            case "price" | "contact":
                self._slots.slotted(field.value, field.name, field.start)
            case "terms" | "hours":
                self._term(field)
            case "until":
                slotted = self._slots.slotted(field.value, field.name, field.start)
                self._add_features([f"እስከ {name} ድረስ" for name in slots_in(slotted)[:1]])
            case "size" | "color":
                self._add_features([f"{'ሳይዝ' if field.name == 'size' else 'ቀለም'} {self._words(field)}"])
            case "body":
                self._sentences(field)
            case "description":
                if self._product:
                    self._said("description", field.start, field.value)
                    self._describe(field)
                else:
                    self._sentences(field)
            case "other" if field.label:
                self._add_features([f"{_label(field.label)} {self._words(field)}".strip()])
            case _:
                self._add_features(self._points(field))

    def brief(self, document: str) -> Brief:
        """The brief as read.

        Raises:
            BriefError: there is nothing in it that an ad could be about.
        """
        if not self._product and self._title is not None:
            self._said("product", self._title.start, self._title.value)
            self._product = self._product_words(self._title)
        if not self._product and self._features:  # «Car for sale: …» is no field that has a name
            self._product = self._features.pop(0)
            for fact in self._slots.facts:
                if fact.slot in slots_in(self._product) and fact.kind in ("product", "brand"):
                    self._slots.add(fact.kind, fact.text, fact.value, fact.source, must=True)
        names = [fact for fact in self._slots.facts if fact.kind in ("brand", "product")]
        if not (has_words(self._product) or self._features or self._description or names):
            raise BriefError(
                f"{self._source}: the brief says nothing that an ad could be about. Name at least the product "
                "(`product: …` or `ምርት፦ …`)."
            )
        ethiopic, latin = script_shares(document)
        share = ethiopic / (ethiopic + latin) if ethiopic + latin else 1.0
        return Brief(
            product=self._product,
            description=" ".join(self._description),
            features=tuple(self._features[:MAXIMUM_FEATURES]),
            audience=self._single.get("audience", ""),
            tone=self._single.get("tone", ""),
            vertical=self._single.get("vertical"),
            language=_language(document, share),
            advertiser=self._single.get("advertiser"),
            sensitive=tuple(self._sensitive[:MAXIMUM_SENSITIVE]),
            facts=tuple(
                fact.model_copy(update={"source": _located(fact, document)}) for fact in self._slots.facts
            ),
            spans=tuple(self._spans),
        )

    def _said(self, name: str, start: int | None, value: str) -> None:
        """Remember where the document says something."""
        if start is not None and value.strip():
            quote = " ".join(value.split())[:_QUOTE_CHARS]
            self._spans.append(BriefSpan(field=name, start=start, end=start + len(value), quote=quote))

    def _advertiser(self, value: str) -> str:
        if not _ADVERTISER.fullmatch(value):
            raise BriefError(
                f"{self._source}: advertiser {value!r} is not a folder name below advertisers/ (letters, "
                "digits, - and _). Use that folder's name."
            )
        return value

    def _product_words(self, field: Field, *, copies: bool = True) -> str:
        """Product words in Amharic; what cannot be said in Amharic is a slot if it `copies`: a sentence is no name."""
        named = self._named(_amharic_side(field.value), field, must=True)
        translation = translate(_OFFER_IN_PRODUCT.sub(" ", named))
        if not copies and translation.known_share < _KNOWN_SHARE:
            return ""
        words = translation.text
        if copies and not has_words(words) and not slots_in(words) and any(c.isalpha() for c in field.value):
            plain = field.value.strip()
            words = self._slots.add("product", plain, plain, span(field.name, field.start), must=True)
        return words

    def _words(self, field: Field) -> str:
        return in_amharic(self._named(field.value, field, must=False))

    def _named(self, value: str, field: Field, *, must: bool) -> str:
        """The value with facts and Latin names as slots; numbers beside a name are part of it."""
        slotted = self._brand_slots(self._slots.slotted(value, field.name, field.start, kinds=_NOT_QUANTITY))
        named = self._slots.name_latin(slotted, field.name, field.start, kind="product", must=must)
        return until(self._slots.slotted_around(named, field.name))

    def _points(self, field: Field) -> list[str]:
        """Short points of a field: its list items, lines or clauses."""
        value = self._named(field.value, field, must=False)
        points = _SPLIT.split(value) if len(value.split()) > 3 else [value]
        spoken = (in_amharic(point) for point in points)
        return [point for point in spoken if has_words(point) or says_something(point)]

    def _specification(self, field: Field) -> bool:
        """Whether the field is one such as `RAM: 8GB DDR4`, whose value is then one quantity behind its label."""
        is_labelled = field.name == "other"
        found = SPECIFICATION.fullmatch(f"{field.label}: {field.value}" if is_labelled else field.value)
        if found is None:
            return False
        value = found["value"]
        text = self._slots.alone(value, field.name) or value
        begin = field.value.index(value)
        source = span(field.name, field.start, begin, begin + len(value))
        label = amharic_label(found["label"]) or ""
        must = is_labelled and label == _SOLD_BY and self._slots.alone(value, field.name) is not None
        name = self._slots.add("quantity", text, value, source, must=must, label=label)
        self._add_features([f"{label} {name}".strip()])
        return True

    def _row(self, field: Field) -> None:
        """A row of a table as one point, its prices behind what they are the prices of."""
        parts: list[str] = []
        for cell in field.cells:
            if (
                cell.name == PRIVATE or cell.value not in field.value
            ):  # the row's part that was set aside is blank
                continue
            if cell.name == "price":
                parts.append(self._slots.slotted(cell.value, "price", cell.start))
            else:
                parts += self._points(cell)
        self._add_features([" ".join(part for part in parts if part)])

    def _model(self, field: Field) -> bool:
        """Whether the field names a model, whose name an ad must copy: `model: HiAce …`, not the year of one."""
        value = field.value.strip(" .,።\"'")
        if not any(c.isalpha() for c in value) or len(value.split()) > _MODEL_WORDS:
            return False
        name = self._slots.add(
            "product", value, value, span(field.name, field.start, 0, len(value)), must=True
        )
        self._add_features([f"ሞዴል {name}"])
        return True

    def _describe(self, field: Field) -> None:
        words = "፣ ".join(point for point in self._points(field) if point)
        if words:
            self._description.append(words)

    def _add_features(self, points: Iterable[str]) -> None:
        for point in points:
            if point and point not in self._features and (has_words(point) or says_something(point)):
                self._features.append(point)

    def _name(self, field: Field, kind: str) -> None:
        text = without_stray_brackets(field.value.strip(" .,።\"'"))
        if text and text in field.value:
            end = field.value.index(text) + len(text)
            self._slots.add(kind, text, text, span(field.name, field.start, end - len(text), end), must=True)

    def _location(self, field: Field) -> None:
        """A place is copied as it stands, in Amharic if all its words are known; contacts in it are facts."""
        slotted = self._slots.slotted(field.value, "location", field.start, kinds=CONTACT_KINDS)
        for part in SLOT.split(slotted)[::3] if SLOT.search(slotted) else [slotted]:
            text = without_stray_brackets(part.strip(" ,.;:፦/።-–"))
            if text and len(text) <= _NAME_CHARS:
                spoken = text if _ETHIOPIC.search(text) else place(text) or text
                source = span("location", field.start, 0, len(field.value))
                self._slots.add("location", spoken, spoken, source, must=True)

    def _term(self, field: Field) -> None:
        """Standing terms are said in the brief's own words; English ones in Amharic if all words are known."""
        text = without_stray_brackets(field.value.strip())
        if len(text) > _NAME_CHARS:  # pages of conditions are no line of an ad
            return
        if not _ETHIOPIC.search(text):
            translation = translate(text)
            if translation.text and not translation.unknown:
                text = translation.text
        label = "" if field.name == "terms" else "የስራ ሰዓት፦ "
        if (
            not label and self._slots.alone(text, field.name) is not None
        ):  # «Delivery: 100 birr» says 100 ብር of what?
            label = f"{_TERM_LABELS.get(field.label.casefold(), _label(field.label))} "
        self._slots.add(
            "term", label + text, text, span(field.name, field.start, 0, len(field.value)), must=True
        )

    def _sentences(self, field: Field) -> None:
        """Free sentences: the first that says anything names the product, places are found by their cue."""
        position = 0
        for sentence in sentences(field.value):
            begin = field.value.find(sentence, position)
            position = begin + len(sentence)
            start = None if field.start is None else field.start + begin
            rest = without_greeting(sentence)
            if cue := _PLACE_CUE.search(rest):
                where = cue.start("place")
                self._location(Field("location", "", cue["place"], None if start is None else start + where))
                rest = rest[: cue.start()]
            if not any(c.isalnum() for c in without_request(rest)):
                continue
            is_first = not self._product and not self._features
            self._said("product" if is_first else "features", start, rest)
            if is_first:
                self._product = self._product_of(Field("body", "", rest, start))
            else:
                self._slots.slotted(rest, "body", start)
                points = self._points(Field("body", "", without_request(rest), None))
                self._add_features(point for point in points if has_words(point))

    def _product_of(self, field: Field) -> str:
        """Product words of a free sentence, without the request around them."""
        text = field.value
        if not _ETHIOPIC.search(text):
            sells = _SELLS.search(text)
            sells = None if sells and is_medium(sells["what"]) else sells
            what = sells["what"] if sells else text
            end = _PRODUCT_END.search(what)
            self._slots.slotted(text, "body", field.start)
            phrase = Field("body", "", what[: end.start()] if end else what, None)
            words = self._product_words(phrase, copies=sells is not None)
        else:
            self._slots.slotted(text, "body", field.start)
            words = translate(self._named(without_request(text), Field("body", "", "", None), must=True)).text
        kept = [w for w in words.split() if not SLOT.fullmatch(w) or w.startswith(("⟨brand", "⟨product"))]
        return " ".join(kept[:_PRODUCT_WORDS])

    def _brand_slots(self, slotted: str) -> str:
        """The text with names that are slots already (brand, product) in their slots."""
        for fact in self._slots.facts:
            if fact.kind in ("brand", "product") and len(fact.text) > 1:
                slotted = re.sub(rf"(?<!\w){re.escape(fact.text)}(?!\w)", fact.slot, slotted)
        return slotted


def _language(document: str, ethiopic_share: float) -> str:
    """Language of a document by its scripts; Latin letters may spell Amharic."""
    if ethiopic_share >= 0.7:
        return "am"
    if ethiopic_share > 0.2:
        return "mixed"
    return "am-latn" if language(document) == "am-latn" else "en"


def _amharic_side(text: str) -> str:
    """The Amharic one of two names for the same thing («sofa / ሶፋ»)."""
    sides = [side for side in _SIDES.split(text) if side]
    amharic = [side for side in sides if _ETHIOPIC.search(side)]
    return " ".join(amharic) if len(amharic) < len(sides) and amharic else text


def _label(label: str) -> str:
    return label if _ETHIOPIC.search(label) else amharic_label(label) or translate(label).text


def _located(fact: BriefFact, document: str) -> str:
    """A fact's source with its place, if it was not known yet and the document says the fact only once."""
    if ":" in fact.source or document.count(fact.value) != 1:
        return fact.source
    return span(fact.source, document.index(fact.value), 0, len(fact.value))
