"""Labelling functions: each looks at one kind of evidence and votes for or against a label, or abstains.

A function is right often, not always; how often, label_model.py estimates from where they agree and differ. They are
kept apart by what they look at, so that one that is wrong on somebody's channels shows in labels/functions. What a
channel mostly holds is no function but the prior of its posts.
"""

import numpy as np
from numpy.typing import NDArray

from adgen_pipeline.labels.evidence import AGAINST, AMHARIC, APPEAL, BRAND, FACT, LATIN, Evidence
from adgen_pipeline.labels.taxonomy import AD, TAGS, VERTICALS

Votes = NDArray[np.int8]  # …, function, label: 1 for, -1 against, 0 abstains

LABELS = (AD, *VERTICALS, *TAGS)
FUNCTIONS = {
    "amharic_words": "for: Amharic entries of its lexicon weigh enough; prefixes, suffixes and spellings folded",
    "latin_words": "for: English and Oromo entries of its lexicon weigh enough",
    "brands": "for a vertical: an advertiser that nearly everybody knows is named, or signs",
    "no_words": "against verticals and tags: entries of its lexicon do not weigh enough",
    "other_vertical": "against a vertical: another one has twice its evidence or more",
    "outside": "against a vertical: real estate, education, jobs or gambling weigh more",
    "price": "for an ad: a price or sizes",
    "contact": "for an ad: a phone number or hotline",
    "appeals": "for an ad: verb forms that speak to the reader",
    "reports": "against an ad: words of reports or of calls for gifts",
    "no_offer": "against an ad: no price, phone, appeal or word that sells",
}
_PLACE = {name: number for number, name in enumerate(FUNCTIONS)}
_LABEL = {name: number for number, name in enumerate(LABELS)}
_SOURCES = {AMHARIC: "amharic_words", LATIN: "latin_words", BRAND: "brands"}
_FACTS = {"price": "price", "sizes": "price", "phone": "contact", "short_phone": "contact"}

MINIMUM_SALE_WORDS = 0.75  # weight of words with which an ad's lexicon votes
MINIMUM_REPORTS = 0.8  # weight of two words of reports


def votes(found: Evidence, minimum_score: float) -> Votes:
    """Votes on one text: function × label."""
    given = np.zeros((len(FUNCTIONS), len(LABELS)), np.int8)
    sums: dict[tuple[str, str], float] = {}
    for sign in found.signs:
        name = _SOURCES.get(sign.kind)
        if name is not None and sign.label in _LABEL:
            sums[name, sign.label] = sums.get((name, sign.label), 0.0) + sign.weight
        elif sign.label == AD and sign.kind == APPEAL:
            given[_PLACE["appeals"], 0] = 1
        elif sign.label == AD and sign.kind == FACT and sign.word in _FACTS:
            given[_PLACE[_FACTS[sign.word]], 0] = 1
    for (name, label), weight in sums.items():
        least = MINIMUM_SALE_WORDS if label == AD else minimum_score
        given[_PLACE[name], _LABEL[label]] = weight * found.dilution >= least
    against = sum(sign.weight for sign in found.signs if sign.label == AGAINST)
    given[_PLACE["reports"], 0] = -(against >= MINIMUM_REPORTS)
    given[_PLACE["no_offer"], 0] = -(not given[:, 0].clip(0).any())
    best = max(found.scores[vertical] for vertical in VERTICALS)
    for label in (*VERTICALS, *TAGS):
        place, score = _LABEL[label], found.scores[label]
        given[_PLACE["no_words"], place] = -(score < minimum_score)
        if label not in TAGS:
            given[_PLACE["other_vertical"], place] = -(best >= minimum_score and score < 0.5 * best)
            given[_PLACE["outside"], place] = -(found.outside >= minimum_score and found.outside > score)
    return given
