"""The labels: ten ad verticals, four tags and `ad`, each with its definition (taxonomy.yaml) and words (lexicons.yaml).

A post can bear several. Verticals name what is advertised; what lies outside the ten (real estate, schools, jobs) is
an ad without a vertical. Tags hold for any post.
"""

from functools import cache
from pathlib import Path
from typing import Any

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
AD, NOT_AD = "ad", "not_ad"

Weights = dict[float, tuple[str, ...]]  # weight → words and phrases in their plain form


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lexicon(_Frozen):
    """Words and phrases of Amharic, English and Oromo."""

    am: Weights
    en: Weights
    om: Weights = {}

    def weights(self) -> dict[str, float]:
        """Words and phrases of all languages with their weights; the highest where one stands twice."""
        found: dict[str, float] = {}
        for lexicon in (self.am, self.en, self.om):
            for weight, entries in lexicon.items():
                for entry in entries:
                    found[entry] = max(weight, found.get(entry, 0.0))
        return found


class Outside(_Frozen):
    """What lies outside the ten verticals.

    Attributes:
        name, amharic: what it is called.
        iab: ids and names in the IAB Ad Product Taxonomy 2.0.
        aliases: how people spell it in their sheets.
    """

    name: str
    amharic: str
    iab: dict[int, str]
    aliases: tuple[str, ...]


class Label(Outside):
    """One label.

    Attributes:
        definition: what it stands for.
        examples: posts of it, invented.
        confused_with: label → what tells them apart.
        words: its lexicon.
    """

    definition: str
    examples: tuple[str, ...] = Field(min_length=1)
    confused_with: dict[str, str]
    words: Lexicon


class Words(_Frozen):
    """Words and phrases that all weigh the same."""

    am: tuple[str, ...]
    en: tuple[str, ...]
    weight: float = 0.0


class AdLabel(Label):
    """What makes a post an ad.

    Attributes:
        facts: weights of what text patterns find: a price, a phone …
        appeals: weights of verb forms that speak to the reader.
        against: words of reports, which speak against an ad.
        giving: words of calls for gifts and help, which are no ads: they ask people to give, not to buy.
    """

    facts: dict[str, float]
    appeals: dict[str, float]
    against: Words
    giving: Words


class Taxonomy(_Frozen):
    """All labels.

    Attributes:
        version: changes when a label's meaning does.
        outside: what lies outside the ten verticals; ads of it have none.
        not_ad_aliases: spellings that say that a post is no ad.
        outside_words: lexicons of some of what lies outside.
        brands: vertical → advertisers that nearly everybody knows.
        neutral: phrases that hold a word of a lexicon and say nothing about the post.
    """

    version: str
    verticals: dict[str, Label]
    tags: dict[str, Label]
    outside: dict[str, Outside]
    not_ad_aliases: tuple[str, ...]
    outside_words: dict[str, Lexicon]
    brands: dict[str, tuple[str, ...]]
    neutral: Words
    ad: AdLabel

    def labels(self) -> dict[str, Label]:
        """Verticals and tags by id."""
        return {**self.verticals, **self.tags}


@cache
def taxonomy() -> Taxonomy:
    """The labels of taxonomy.yaml with the words of lexicons.yaml."""
    values, words = _read("taxonomy.yaml"), _read("lexicons.yaml")
    for group in ("verticals", "tags"):
        for label, lexicon in words[group].items():
            values[group][label]["words"] = lexicon
    values["ad"] |= words["ad"]
    values |= {"outside_words": words["outside"], "brands": words["brands"], "neutral": words["neutral"]}
    found = Taxonomy.model_validate(values)
    assert tuple(found.verticals) == VERTICALS
    assert tuple(found.tags) == TAGS
    return found


def _read(name: str) -> dict[str, Any]:
    found = yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found
