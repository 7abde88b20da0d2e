"""Hand-written briefs, what is expected of each (expected.toml), and how far reading them does it.

`SEEN` was looked at while the writer and its guards were made. What they get wrong of `DEVELOPMENT` may be looked at
and mended; nobody who mends looks at `HELD_OUT`, which tells how strangers' briefs fare.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from adgen_pipeline.errors import BriefError
from adgen_pipeline.generation.brief import missing, read_brief
from adgen_pipeline.generation.guard import Guard
from adgen_pipeline.generation.policy import judge
from adgen_pipeline.generation.prompt import spoken
from adgen_pipeline.generation.template import template_ad
from adgen_pipeline.text.brief import Brief, brief_text
from adgen_pipeline.text.promises import offered

SEEN = Path(__file__).with_name("briefs")
DEVELOPMENT = Path(__file__).with_name("briefs_development")
HELD_OUT = Path(__file__).with_name("briefs_held_out")
ASPECTS = ("read", "must", "must_not", "missing", "contradictions", "policy", "promises", "template")


class Expected(BaseModel):
    """What a brief must lead to; the keys are explained in briefs/expected.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    kind: str
    language: str
    must: tuple[str, ...]
    must_not: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    vertical: str | None = None
    rules: tuple[str, ...] = ()
    is_refused: bool = False
    missing: tuple[str, ...] = ()
    contradictions: int = 0


class Shortfall(NamedTuple):
    """Where a brief is not understood as expected: what it is about (`ASPECTS`), what was expected, what came."""

    aspect: str
    expected: str
    came: str


def expectations(folder: Path) -> dict[str, Expected]:
    """Brief ids and what is expected of each, in the order of the file."""
    entries = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    return {name: Expected.model_validate(entry) for name, entry in entries.items()}


def document_text(path: Path) -> str:
    r"""The text of a brief's file as a person reads it; in JSON, \u12ad is a letter."""
    text = path.read_text(encoding="utf-8-sig")
    return json.dumps(json.loads(text), ensure_ascii=False) if path.suffix.lower() == ".json" else text


def says(text: str, words: str) -> bool:
    """Whether words stand in a text, and not as a part of a longer number (900 is not in 0900 000 101)."""
    return re.search(rf"(?<!\d)(?<!\d[,.]){re.escape(words)}(?!\d|[,.]\d)", text) is not None


def shortfalls(folder: Path, expected: Expected) -> list[Shortfall]:
    """Where reading a brief of a folder, or the template's ad for it, is not as expected; empty if all is."""
    try:
        brief = read_brief(folder / expected.file)
    except BriefError as error:
        return [] if expected.is_refused else [Shortfall("read", "a brief", str(error))]
    if expected.is_refused:
        return [Shortfall("read", "refused in a sentence", brief_text(brief))]
    return [*_misread(brief, expected), *_missaid(brief, expected)]


def understood(folder: Path) -> dict[str, object]:
    """Shares of a folder's briefs that are understood as expected, in all and by aspect, and each shortfall."""
    known = expectations(folder)
    found = {name: shortfalls(folder, expected) for name, expected in known.items()}
    short = {name: {shortfall.aspect for shortfall in lot} for name, lot in found.items()}
    demanded = sum(len(expected.must) for expected in known.values())
    return {
        "briefs": len(known),
        "kinds": dict(Counter(expected.kind for expected in known.values())),
        "understood_share": _share(sum(not lot for lot in found.values()), len(known)),
        "as_expected_share_by_aspect": {
            aspect: _share(sum(aspect not in aspects for aspects in short.values()), len(known))
            for aspect in ASPECTS
        },
        "must_have_facts_found_share": _share(demanded - _not_found(known, found), demanded),
        "shortfalls": {name: [list(shortfall) for shortfall in lot] for name, lot in found.items() if lot},
    }


def _misread(brief: Brief, expected: Expected) -> Iterator[Shortfall]:
    """What of a brief's fields is not as expected."""
    musts = [fact.text for fact in brief.facts if fact.must]
    for words in expected.must:
        if not any(says(text, words) for text in musts):
            yield Shortfall("must", words, _listed(musts))
    for words in expected.must_not:
        if texts := [text for text in musts if says(text, words)]:
            yield Shortfall("must_not", f"without {words}", _listed(texts))
    lacking = missing(brief)
    if expected.kind in ("ordinary", "no_facts") and lacking != expected.missing:
        yield Shortfall("missing", _listed(expected.missing), _listed(lacking))
    if len(brief.contradictions) != expected.contradictions:
        yield Shortfall("contradictions", str(expected.contradictions), _listed(brief.contradictions))
    judged = judge("\n".join([brief_text(brief), *brief.sensitive]))
    is_allowed = judged.verdict == "allow"
    if not set(expected.rules) <= set(judged.rules) or is_allowed != (not expected.rules):
        yield Shortfall("policy", _listed(expected.rules), f"{judged.verdict}, rules {_listed(judged.rules)}")
    invented = offered(brief_text(brief)) - set(expected.promises)
    if expected.kind == "ordinary" and invented:
        yield Shortfall("promises", _listed(expected.promises), f"also {_listed(sorted(invented))}")


def _missaid(brief: Brief, expected: Expected) -> Iterator[Shortfall]:
    """What the template's ad, which answers when nothing else can, does not say or may not say."""
    ad = Guard(brief).fallback(template_ad(spoken(brief, keep_unknown=True)))
    for words in expected.must:
        if not says(ad.text, words):
            yield Shortfall("template", words, ad.text)
    for words in expected.must_not:
        if says(ad.text, words):
            yield Shortfall("template", f"without {words}", ad.text)


def _not_found(known: dict[str, Expected], found: dict[str, list[Shortfall]]) -> int:
    """Facts that had to be found and were not; all of them where a brief could not be read."""
    return sum(
        len(known[name].must) if shortfall.aspect == "read" else shortfall.aspect == "must"
        for name, lot in found.items()
        for shortfall in lot
    )


def _listed(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values) or "none"


def _share(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 0.0
