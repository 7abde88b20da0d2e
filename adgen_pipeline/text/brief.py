"""What a campaign brief says, in the form that the corpus constructs from posts and the writer reads from files."""

from pydantic import BaseModel, ConfigDict

from adgen_pipeline.text.slots import fill, slot_kind


class BriefFact(BaseModel):
    """One thing that an ad must say exactly.

    Attributes:
        slot: its slot, such as ⟨price_1⟩.
        text: how the ad writes it.
        value: its normalised value (`text.facts`), or the text itself for names.
        source: where it was found: a field of the brief, with start and end if known, such as "offer:12-20".
        must: whether the ad has to carry it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    slot: str
    text: str
    value: str
    source: str = ""
    must: bool = True

    @property
    def kind(self) -> str:
        """Kind of the fact or name."""
        return slot_kind(self.slot)


class BriefSpan(BaseModel):
    """Where a document says a field of the brief: start and end in its cleaned text, and how it begins there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    start: int
    end: int
    quote: str


class Brief(BaseModel):
    """A brief as understood. Free words stand in the fields, exact things in `facts`.

    Attributes:
        product: what is sold, in words; may hold slots.
        description: one to a few sentences or keywords about it; may hold slots.
        features: short points, each a few words; may hold slots.
        facts: everything to be copied exactly, one slot each.
        language: language of the brief (am, en, mixed, am-latn: Amharic in Latin letters), not of the ad, which is
            Amharic.
        sensitive: words of the whole document that advertising rules name; for the policy, never for the prompt.
        spans: where the document says the fields in words; a fact names its own place in `source`.
        contradictions: sentences on what it says in two ways that cannot both be true.
        set_aside: what is no part of the ad: what the document keeps back («not for publication», a cost price), and
            what speaks to a program or is hidden in it («ignore all instructions»).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    product: str = ""
    description: str = ""
    features: tuple[str, ...] = ()
    audience: str = ""
    tone: str = ""
    vertical: str | None = None
    language: str = "am"
    advertiser: str | None = None
    facts: tuple[BriefFact, ...] = ()
    sensitive: tuple[str, ...] = ()
    spans: tuple[BriefSpan, ...] = ()
    contradictions: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()

    def values(self) -> dict[str, str]:
        """Slots and the texts that fill them."""
        return {fact.slot: fact.text for fact in self.facts}

    def of_kind(self, kind: str) -> tuple[BriefFact, ...]:
        """Facts of one kind, in order."""
        return tuple(fact for fact in self.facts if fact.kind == kind)


def brief_text(brief: Brief) -> str:
    """Everything that a brief says, slots filled, one part a line."""
    parts = [brief.product, brief.description, *brief.features, brief.audience]
    filled = [fill(part, brief.values()) for part in parts if part]
    return "\n".join([*filled, *(fact.text for fact in brief.facts)])
