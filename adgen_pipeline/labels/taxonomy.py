"""The labels: ten ad verticals, four tags and `ad`, each with its definition and keyword lexicon (taxonomy.yaml).

A post can bear several. Verticals name what is advertised; what lies outside the ten (real estate, schools, jobs) is
an ad without a vertical. Tags hold for any post.
"""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

VERTICALS = (
    "retail",
    "automotive",
    "financial_services",
    "telecom",
    "cpg",
    "travel",
    "computing_electronics",
    "media",
    "entertainment",
    "healthcare_pharma",
)
TAGS = ("gambling", "politics", "profanity", "religious")
AD = "ad"

Lexicon = dict[float, tuple[str, ...]]  # weight → words and phrases in their plain form


class Label(BaseModel):
    """One label.

    Attributes:
        name: its English name.
        amharic: its Amharic name.
        definition: what it stands for.
        am, en: keyword lexicons.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    amharic: str
    definition: str
    am: Lexicon
    en: Lexicon

    def weights(self) -> dict[str, float]:
        """Words and phrases of both languages with their weights; the highest where one stands twice."""
        found: dict[str, float] = {}
        for lexicon in (self.am, self.en):
            for weight, entries in lexicon.items():
                for entry in entries:
                    found[entry] = max(weight, found.get(entry, 0.0))
        return found


class Words(BaseModel):
    """Words and phrases that all weigh the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    am: tuple[str, ...]
    en: tuple[str, ...]
    weight: float = 0.0


class AdLabel(Label):
    """What makes a post an ad.

    Attributes:
        facts: weights of what text patterns find: a price, a phone …
        against: words of reports, which speak against an ad.
    """

    facts: dict[str, float]
    against: Words


class Taxonomy(BaseModel):
    """All labels.

    Attributes:
        neutral: phrases that hold a word of a lexicon and say nothing about the post.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verticals: dict[str, Label] = Field(min_length=len(VERTICALS))
    tags: dict[str, Label] = Field(min_length=len(TAGS))
    neutral: Words
    ad: AdLabel

    def labels(self) -> dict[str, Label]:
        """Verticals and tags by id."""
        return {**self.verticals, **self.tags}


@cache
def taxonomy() -> Taxonomy:
    """The labels of taxonomy.yaml."""
    text = Path(__file__).with_name("taxonomy.yaml").read_text(encoding="utf-8")
    found = Taxonomy.model_validate(yaml.safe_load(text))
    assert tuple(found.verticals) == VERTICALS
    assert tuple(found.tags) == TAGS
    return found
