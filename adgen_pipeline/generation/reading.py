"""A brief while it is read, field by field: what each field means for product, points and facts."""

import re
from collections.abc import Iterable
from dataclasses import replace

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.courtesies import without_greeting, without_request
from adgen_pipeline.generation.field_names import PRIVATE
from adgen_pipeline.generation.fields import SAID_AS, Field, labelled_sentence
from adgen_pipeline.generation.formats import without_stray_brackets
from adgen_pipeline.generation.lexicon import in_amharic, place, translate
from adgen_pipeline.generation.names import advertiser
from adgen_pipeline.generation.places import PLACE_CUE, place_in
from adgen_pipeline.generation.points import (
    clauses,
    days_in_amharic,
    is_phrase,
    named_amounts,
    price_points,
    term_label,
    without_frame,
)
from adgen_pipeline.generation.policy import Policy, ours
from adgen_pipeline.generation.products import (
    amharic_side,
    english_product,
    head_clause,
    without_label,
    without_offer,
)
from adgen_pipeline.generation.slotting import (
    CONTACT_KINDS,
    Slotter,
    has_words,
    located,
    says_something,
    span,
    until,
)
from adgen_pipeline.text.amharic import sentences
from adgen_pipeline.text.brief import Brief, BriefSpan
from adgen_pipeline.text.labels import SPECIFICATION, amharic_label, is_label
from adgen_pipeline.text.language import brief_language, script_shares
from adgen_pipeline.text.slots import FACT_KINDS, SLOT, slots_in

MAXIMUM_FEATURES = 12
MAXIMUM_SENSITIVE = 20
_NAME_CHARS = 300  # of a place or of standing terms
_KNOWN_SHARE = 0.5  # of a free sentence's words, from there on it may name a product
_PRODUCT_WORDS = 14  # of a free sentence that become the product
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)+")
_ETHIOPIC = re.compile("[\u1200-\u135a]")
_SLOTS_OF_PRODUCTS = ("⟨brand", "⟨product", "⟨quantity")

_QUOTE_CHARS = 120
_MODEL = re.compile(r"(?i:model(?: name| number)?)|ሞዴል|ሞዴሉ")
_MODEL_WORDS = 5
_SOLD_BY = "መጠን"  # a field «volume: 6 GB» says how much is sold; RAM or weight is one quality among others
_NOT_QUANTITY = tuple(kind for kind in FACT_KINDS if kind != "quantity")


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
        self._first_price = (
            ""  # the product with the price in its sentence: where others follow, it is that one's
        )
        self._description: list[str] = []
        self._single: dict[str, str] = {}
        self._sensitive: list[str] = []
        self._spans: list[BriefSpan] = []

    def take(self, field: Field) -> None:
        """Read one field."""
        if field.name == "internal":
            return
        # «colours: wine» is a colour: there the label says what kind of words stand in the field.
        judged = f"{field.label or field.name} {field.value}" if field.name == "color" else field.value
        evidence = self._policy.judge(judged).evidence
        self._sensitive += [words for _, words, _, _ in evidence if words not in self._sensitive]
        self._slots.label = field.label.casefold()
        if field.name not in ("body", "description", "title"):  # whose sentences have places of their own
            self._said(SAID_AS.get(field.name, field.name), field.start, field.value)
        if field.cells:
            self._row(field)
            return
        if field.name == "other" and _MODEL.fullmatch(field.label) and self._model(field):
            return
        if field.name in ("other", "features") and self._specification(field):
            return
        if field.name in ("other", "features", "contact", "description") and field.start is not None:
            field = self._without_place(field)
        match field.name:
            case "advertiser":
                self._single["advertiser"] = advertiser(field.value, self._source)
            case "vertical":
                self._single.setdefault("vertical", field.value)
            case "audience" | "tone":
                self._single.setdefault(field.name, in_amharic(self._named(field.value, field, must=False)))
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
                words = self._product_words(field)
                # A title that is only the advertiser names nothing that is sold.
                if has_words(words) or "⟨product" in words:
                    self._said("product", field.start, field.value)
                    self._product = words
            case "title":
                self._title = self._title or field
            case "price":
                slotted = self._slots.slotted(field.value, field.name, field.start)
                self._features += [p for p in price_points(slotted, field.label) if p not in self._features]
            case "contact":
                self._slots.slotted(field.value, field.name, field.start)
            case "terms" | "hours":
                self._term(field)
            case "until":
                slotted = self._slots.slotted(field.value, field.name, field.start)
                self._features += [f"እስከ {name} ድረስ" for name in slots_in(slotted)[:1]]
            case "size":
                self._add_features([f"ሳይዝ {in_amharic(self._named(field.value, field, must=False))}"])
            case "color":
                self._colour(field)
            case "body":
                self._sentences(field)
            case "description":
                if self._product:
                    self._said("description", field.start, field.value)
                    self._describe(field)
                else:
                    self._sentences(field)
            case "other" if field.label:
                label, words = _label(field.label), in_amharic(self._named(field.value, field, must=False))
                if label or has_words(words):  # «age: 8 to 14» without a word for age is a bare number
                    self._add_features([words if words.startswith(label) else f"{label} {words}".strip()])
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
                    self._slots.require(fact.slot)
        if sum(fact.kind == "price" for fact in self._slots.facts) > 1 and self._first_price:
            self._features.insert(0, self._first_price)
        names = [fact for fact in self._slots.facts if fact.kind in ("brand", "product")]
        if not (has_words(self._product) or self._features or self._description or names):
            raise BriefError(
                f"{self._source}: the brief says nothing that an ad could be about. Name at least the product "
                "(`product: …` or `ምርት፦ …`)."
            )
        ethiopic, latin = script_shares(document)
        return Brief(
            product=self._product,
            description=" ".join(self._description),
            features=tuple(self._features[:MAXIMUM_FEATURES]),
            audience=self._single.get("audience", ""),
            tone=self._single.get("tone", ""),
            vertical=self._single.get("vertical"),
            language=brief_language(document, ethiopic / (ethiopic + latin) if ethiopic + latin else 1.0),
            advertiser=self._single.get("advertiser"),
            sensitive=tuple(self._sensitive[:MAXIMUM_SENSITIVE]),
            facts=tuple(
                fact.model_copy(update={"source": located(fact, document)}) for fact in self._slots.facts
            ),
            spans=tuple(self._spans),
        )

    def _said(self, name: str, start: int | None, value: str) -> None:
        """Remember where the document says something."""
        if start is not None and value.strip():
            quote = " ".join(value.split())[:_QUOTE_CHARS]
            self._spans.append(BriefSpan(field=name, start=start, end=start + len(value), quote=quote))

    def _product_words(self, field: Field, *, copies: bool = True) -> str:
        """Product words in Amharic; what cannot be said in Amharic is a slot if it `copies`: a sentence is no name."""
        named = self._named(amharic_side(field.value), field, must=True)
        translation = translate(without_offer(named))
        if not copies and translation.known_share < _KNOWN_SHARE:
            return ""
        words = translation.text
        if copies and not has_words(words) and not slots_in(words) and any(c.isalpha() for c in field.value):
            plain = field.value.strip()
            words = self._slots.add("product", plain, plain, span(field.name, field.start), must=True)
        return words

    def _named(self, value: str, field: Field, *, must: bool) -> str:
        """The value with facts and Latin names as slots; numbers beside a name are part of it."""
        slotted = self._brand_slots(self._slots.slotted(value, field.name, field.start, kinds=_NOT_QUANTITY))
        # The model knows one product a post and copies nothing rightly once there are two: a name among the points is
        # a quantity to it.
        kind = "product" if must or not (self._product or self._features) else "quantity"
        named = self._slots.name_latin(slotted, field.name, field.start, kind=kind, must=must)
        return until(self._slots.slotted_around(named, field.name))

    def _points(self, field: Field) -> list[str]:
        """Short points of a field: its list items, lines or clauses."""
        value = self._named(without_frame(field.value), field, must=False)
        points = clauses(value) if len(value.split()) > 3 else [value]
        spoken = (in_amharic(point) for point in points)
        return [point for point in spoken if has_words(point) or says_something(point)]

    def _specification(self, field: Field) -> bool:
        """Whether the field is one such as `RAM: 8GB DDR4`, whose value is then one quantity behind its label."""
        is_labelled = field.name == "other"
        found = SPECIFICATION.fullmatch(f"{field.label}: {field.value}" if is_labelled else field.value)
        if found is None:
            return False
        value = found["value"]
        if is_phrase(value):
            return False
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
        source = span(field.name, field.start, 0, len(value))
        self._add_features([f"ሞዴል {self._slots.add('product', value, value, source, must=True)}"])
        return True

    def _describe(self, field: Field) -> None:
        words = "፣ ".join(point for point in self._points(field) if point)
        if words:
            self._description.append(words)

    def _add_features(self, points: Iterable[str]) -> None:
        for point in points:
            says = says_something(point) or (
                has_words(point) and not (is_label(point.split()) and "⟨" not in point)
            )
            if point and point not in self._features and says:
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
            text = without_stray_brackets(part.strip(" ,.;:፦/።-–፣"))
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
            elif field.name == "hours":
                text = days_in_amharic(text)
        label = "" if field.name == "terms" else "የስራ ሰዓት፦ "
        # «Delivery: 100 birr» says 100 ብር of what?
        if not label and self._slots.alone(text, field.name) is not None:
            label = f"{term_label(field.label, '').rstrip('፦ ') or _label(field.label)} "
        elif not label and _ETHIOPIC.search(text):
            label = term_label(field.label, text)
        self._slots.add(
            "term", label + text, text, span(field.name, field.start, 0, len(field.value)), must=True
        )

    def _colour(self, field: Field) -> None:
        """Colours of one field or list as one point: «wine» is one among colours."""
        words = in_amharic(self._named(f"{field.value} color", field, must=False)).removesuffix(" ቀለም")
        if not words or words == "ቀለም":
            return
        if self._features and self._features[-1].startswith("ቀለም "):
            self._features[-1] += f"፣ {words}"
        else:
            self._add_features([f"ቀለም {words}"])

    def _without_place(self, field: Field) -> Field:
        """The field without the place that it names behind a cue or in a sentence of landmarks."""
        found = place_in(field.value)
        if found is None:
            return field
        begin, end, rest = found
        start = None if field.start is None else field.start + begin
        self._location(Field("location", "", field.value[begin:end], start))
        return replace(field, value=field.value[:rest])

    def _sentences(self, field: Field) -> None:
        """Free sentences: the first that says anything names the product, places are found by their cue."""
        position = 0
        for sentence in sentences(field.value):
            begin = field.value.find(sentence, position)
            position = begin + len(sentence)
            start = None if field.start is None else field.start + begin
            if labelled := labelled_sentence(sentence, start):
                self.take(labelled)
                continue
            rest = without_greeting(sentence)
            is_first = not self._product and not self._features
            if not is_first or PLACE_CUE.search(rest):
                rest = self._without_place(Field("body", "", rest, start)).value
            if not any(c.isalnum() for c in without_request(rest)):
                continue
            self._said("product" if is_first else "features", start, rest)
            if is_first:
                self._product = self._product_of(Field("body", "", rest, start))
            else:
                slotted = self._slots.slotted(rest, "body", start)
                points = self._points(Field("body", "", without_request(rest), None))
                points = [point for point in points if has_words(point)]
                self._add_features(points)
                self._features += [p for p in named_amounts(slotted) if p not in self._features]
                if slotted.count("⟨price_") > 1 and not any("⟨price_" in point for point in points):
                    self._features += price_points(self._slots.slotted_around(slotted, "body"))

    def _product_of(self, field: Field) -> str:
        """Product words of a free sentence, without the request around them; what follows them become points."""
        text = field.value
        slotted = self._slots.slotted(text, "body", field.start)
        if not _ETHIOPIC.search(text):
            what, after, is_said = english_product(text)
            words = self._product_words(Field("body", "", what, None), copies=is_said)
            after = after if words else ""
        else:
            head, after = head_clause(without_request(text))
            words = translate(self._named(head, Field("body", "", "", None), must=True)).text
        words = without_label(words)
        kept = [w for w in words.split() if not SLOT.fullmatch(w) or w.startswith(_SLOTS_OF_PRODUCTS)]
        product = " ".join(kept[:_PRODUCT_WORDS])
        prices = [name for name in slots_in(slotted) if name.startswith("⟨price")]
        self._first_price = f"{product} {prices[0]}" if len(prices) == 1 and product else ""
        if len(prices) > 1:
            self._features += price_points(self._slots.slotted_around(slotted, "body"))
        self._add_features(p for p in self._points(Field("body", "", after, None)) if has_words(p))
        return product

    def _brand_slots(self, slotted: str) -> str:
        """The text with names that are slots already (brand, product) in their slots."""
        for fact in self._slots.facts:
            if fact.kind in ("brand", "product") and len(fact.text) > 1:
                slotted = re.sub(rf"(?<!\w){re.escape(fact.text)}(?!\w)", fact.slot, slotted)
        return slotted


def _label(label: str) -> str:
    return label if _ETHIOPIC.search(label) else amharic_label(label) or translate(label).text
