"""Where a brief says two things that cannot both be true: two prices of one product, two last days, free and paid.

An ad would say both, or the wrong one; which is right only the client knows, so that they are named and not resolved.
A price list, an old price beside a new one and a price for each size are no contradictions. A row of a table claims
its prices for what its other cells name.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from adgen_pipeline.generation.fields import Field
from adgen_pipeline.text.amharic import STOP_WORDS
from adgen_pipeline.text.durations import durations
from adgen_pipeline.text.facts import Fact, find_facts, value_text
from adgen_pipeline.text.price_roles import DELIVERY, MINIMUM_ORDER
from adgen_pipeline.text.stems import stem_key

_NAMES = {
    "price": "two prices for one product",
    "percent": "two reductions for one product",
    "date": "two last days of the offer",
    "warranty": "two lengths of the warranty",
    "delivery": "free delivery and a fee for it",
}
_CLAUSE_END = re.compile(r"[።;\n]|[.!?]\s|፤|(?<!\d)[,፣]|[,፣](?!\d)")
_PRICE_CUE = re.compile(r"ዋጋ|(?i:\b(?:price[sd]?|costs?|only|for)\b)")
# An old price beside a new one, a price «from», by instalments, for each of something.
_TWO_AT_ONCE = re.compile(
    r"የነበረ|ነበር|ቀድሞ|ከዚህ በፊት|ይልቅ|አሁን|ቅናሽ|ጀምሮ|እስከ|በወር|በየ|ለአንድ|ቅድሚያ|ቅድመ"
    r"|(?i:\b(?:was|were|now|instead|before|discount|old|regular|from|starting)\b)"
    r"|(?i:\b(?:up to|per|each|monthly|deposit|down ?payment|save)\b)"
)
_REDUCTION = re.compile(r"ቅናሽ|(?i:\b(?:discount|off|reduction|sale)\b)")
_UNTIL = re.compile(r"እስከ|(?i:\b(?:until|till|ends?|expires?|valid)\b)")
_WARRANTY = re.compile(r"ዋስትና|ጋራንቲ|(?i:\b(?:warranty|guarantee)\b)")
# «1 year on the motor», «ለሞተሩ 2 ዓመት ዋስትና»: a part's own.
_WARRANTY_OF = re.compile(
    r"(?<!\w)(?:ለ(?P<am>(?!አንድ|ሁለት|ሶስት|ሦስት|አራት|አምስት|ስድስት|አስር)[^\W\d]{2,})"
    r"|(?i:(?:on|for)\s(?:the\s|its\s)?(?P<en>(?!(?:one|two|three|four|five|six|ten|twelve|all|each|every)\b)[a-z]{3,})))"
)
_DELIVERY = re.compile(r"ማድረ[ስሻ]|ዴሊቨሪ|(?i:\b(?:delivery|shipping)\b)")
_FREE_DELIVERY = re.compile(
    r"(?:ነ[ፃጻ]\s*(?:ማድረስ|ማድረሻ|ዴሊቨሪ))|(?:(?:ማድረስ|ማድረሻ|ዴሊቨሪ)\w*\s*(?:በ?ነ[ፃጻ]))|(?i:\bfree (?:delivery|shipping)\b)"
)
_OF_A_PRICE = frozenset(
    stem_key(
        "ዋጋ ዋጋው ዋጋዋ ዋጋቸው ብር ብቻ በ ከ ለ ነው price prices priced cost costs only for at is the a of birr etb br our offer it"
        " with ባለ"
    ).split()
)
_PRODUCTS = ("product", "title", "brand")


@dataclass(frozen=True)
class _Claim:
    """What a clause says of something: kind and subject are what makes two claims one matter.

    Of one subject's prices with several sizes, each size is a matter of its own.
    """

    kind: str
    subject: str
    value: str
    words: str
    place: str
    sizes: frozenset[str] = frozenset()


def contradictions(fields: Sequence[Field]) -> tuple[str, ...]:
    """Sentences on what the fields of a brief contradict, each with both wordings and where they stand."""
    names = frozenset(stem_key(" ".join(f.value for f in fields if f.name in _PRODUCTS)).split())
    several = sum(field.name == "product" for field in fields) > 1
    claims: list[_Claim] = []
    product = ""
    least_order = False
    for field in fields:
        if field.name == "internal":
            continue
        if field.cells:
            claims += _row_claims(field.cells, product, names)
            continue
        if field.name in ("product", "title"):
            product = stem_key(field.value) if several or field.name == "title" else ""
        for clause, facts, start in _clauses(field):
            least_order |= any(fact.role == MINIMUM_ORDER for fact in facts)
            claims += _claims(field, clause, facts, start, product, names)
    found: dict[tuple[str, str], _Claim] = {}
    said: list[str] = []
    for claim in _by_size(claims):
        first = found.setdefault((claim.kind, claim.subject), claim)
        if first.value == claim.value or (claim.kind == "delivery" and least_order):
            continue
        said.append(
            f"{_NAMES[claim.kind]}: «{first.words}» ({first.place}) and «{claim.words}» ({claim.place})"
        )
    return tuple(dict.fromkeys(said))


def _clauses(field: Field) -> Iterator[tuple[str, list[Fact], int]]:
    """Clauses of a field with their facts and where they begin in it; a comma within a fact ends no clause."""
    facts = find_facts(field.value)
    start = 0
    ends = [
        match.end()
        for match in _CLAUSE_END.finditer(field.value)
        if not any(fact.start < match.end() <= fact.end for fact in facts)
    ]
    for end in [*ends, len(field.value)]:
        inside = [fact for fact in facts if start <= fact.start and fact.end <= end]
        yield field.value[start:end], inside, start
        start = end


def _claims(
    field: Field, clause: str, facts: Sequence[Fact], start: int, product: str, names: frozenset[str]
) -> Iterator[_Claim]:
    def claim(kind: str, value: str, fact: Fact | None, subject: str = "") -> _Claim:
        low, high = (fact.start, fact.end) if fact else (start, start + len(clause))
        return _Claim(kind, subject, value, fact.text if fact else clause.strip(), _place(field, low, high))

    is_fee = _DELIVERY.search(field.label) is not None
    subject = f"{product}/{_rest(clause, facts, start, names)}"
    for fact in facts:
        if fact.kind == "price" and (is_fee or fact.role == DELIVERY):
            yield claim("delivery", "fee", fact)
        elif fact.kind == "price" and not fact.role and not _TWO_AT_ONCE.search(clause):
            if field.name == "price" or _PRICE_CUE.search(clause):
                yield replace(claim("price", value_text(fact.value), fact, subject), sizes=_sizes(facts))
        elif fact.kind == "quantity" and field.name == "price" and clause.strip() == fact.text:
            yield claim("price", f"{value_text(fact.value)} ETB", fact, subject)
        elif fact.kind == "percent" and (field.name == "offer" or _REDUCTION.search(clause)):
            yield claim("percent", value_text(fact.value), fact, subject)
    if word := _WARRANTY.search(clause) or _WARRANTY.search(field.label):
        lengths = list(durations(clause))
        beside = word.start() if word.string is clause else 0
        if lengths:
            length = min(lengths, key=lambda d: min(abs(d.start - beside), abs(d.end - beside)))
            part = _WARRANTY_OF.search(clause)
            of = stem_key(part["am"] or part["en"]) if part else ""
            low, high = start + length.start, start + length.end
            words = clause[length.start : length.end].strip()
            yield _Claim(
                "warranty", "" if of in names else of, str(length.months), words, _place(field, low, high)
            )
    dates = [fact for fact in facts if fact.kind == "date"]
    if dates and (field.name == "until" or _UNTIL.search(clause)):
        yield claim("date", value_text(dates[-1].value), dates[-1])
    if _FREE_DELIVERY.search(clause):
        yield claim("delivery", "free", None)


def _row_claims(cells: Sequence[Field], product: str, names: frozenset[str]) -> Iterator[_Claim]:
    """The prices of a table's row; a column of old prices claims nothing."""
    others = " ".join(cell.value for cell in cells if cell.name == "features")
    facts = find_facts(others)
    sizes = _sizes(facts)
    for cell in cells:
        if cell.name != "price" or _TWO_AT_ONCE.search(cell.label):
            continue
        title = _rest(cell.label, find_facts(cell.label), 0, names)
        of = " ".join(filter(None, (_rest(others, facts, 0, names), title)))
        for fact in find_facts(cell.value):
            if fact.kind in ("price", "quantity"):
                value = value_text(fact.value)
                value = value if fact.kind == "price" else f"{value} ETB"
                yield _Claim(
                    "price", f"{product}/{of}", value, fact.text, _place(cell, fact.start, fact.end), sizes
                )


def _by_size(claims: Sequence[_Claim]) -> Iterator[_Claim]:
    """The claims, prices of a subject that come in several sizes told apart by them."""
    sizes: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for claim in claims:
        if claim.kind == "price" and claim.sizes:
            sizes[claim.subject].add(claim.sizes)
    for claim in claims:
        is_several = claim.kind == "price" and len(sizes[claim.subject]) > 1
        yield (
            replace(claim, subject=f"{claim.subject}/{' '.join(sorted(claim.sizes))}")
            if is_several
            else claim
        )


def _sizes(facts: Sequence[Fact]) -> frozenset[str]:
    return frozenset(value_text(fact.value) for fact in facts if fact.kind == "quantity")


def _place(field: Field, start: int, end: int) -> str:
    return field.name if field.start is None else f"{field.name}:{field.start + start}-{field.start + end}"


def _rest(clause: str, facts: Sequence[Fact], start: int, names: frozenset[str]) -> str:
    """What a clause names beside its facts, the product and the words of a price: a size, another product."""
    letters = list(clause)
    for fact in facts:
        letters[fact.start - start : fact.end - start] = " " * (fact.end - fact.start)
    left = [word for word in stem_key("".join(letters)).split() if word not in names | _OF_A_PRICE]
    return " ".join(word for word in left if word not in STOP_WORDS and any(c.isalpha() for c in word))
