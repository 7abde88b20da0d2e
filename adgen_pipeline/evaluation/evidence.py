"""What the report shows of ads, cases and failures: texts cut into marked parts, channels' contacts redacted."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from adgen_pipeline.evaluation.metrics import Answer, Case, chrf_masked, counted, defects
from adgen_pipeline.evaluation.scores import read_answer, read_cases
from adgen_pipeline.evaluation.systems import in_order
from adgen_pipeline.text.brief import Brief
from adgen_pipeline.text.facts import find_facts
from adgen_pipeline.text.redact import redact
from adgen_pipeline.text.slots import fill

UNSUPPORTED = "not in the brief"
LANGUAGES = {"am": "Amharic", "en": "English", "mixed": "mixed"}


def shown_ads(ads: pl.DataFrame, briefs: pl.DataFrame) -> list[dict[str, Any]]:
    """Generated ads in the order of briefs and ranks, each with its brief, marked facts and evidence."""
    known = {row["brief_id"]: row for row in briefs.iter_rows(named=True)}
    shown = []
    for row in ads.sort("brief_id", "format", "rank").iter_rows(named=True):
        brief = known.get(row["brief_id"])
        shown.append(
            {
                **row,
                "parts": marked(row["text"], {fact["text"]: fact["kind"] for fact in row["facts"]}),
                "brief": None if brief is None else shown_brief(brief["brief"]),
                "brief_source": "" if brief is None else brief["source"],
                "missing": [] if brief is None else brief["missing"],
                "exemplars": [
                    {**exemplar, "excerpt": redact(exemplar["excerpt"])} for exemplar in row["exemplars"]
                ],
                "scores": [(score["part"].replace("_", " "), score["score"]) for score in row["scores"]],
            }
        )
    return shown


def shown_brief(document: str) -> dict[str, Any]:
    """A brief's fields with their slots filled, and what an ad must carry."""
    brief = Brief.model_validate_json(document)
    fields = {
        "Product": brief.product,
        "About it": brief.description,
        "Points": " · ".join(brief.features),
        "For": brief.audience,
        "Tone": brief.tone,
        "Vertical": (brief.vertical or "").replace("_", " "),
        "Language": LANGUAGES.get(brief.language, brief.language),
        "Advertiser": brief.advertiser or "",
    }
    return {
        "fields": {name: fill(text, brief.values()) for name, text in fields.items() if text},
        "facts": [{"kind": fact.kind, "text": fact.text, "must": fact.must} for fact in brief.facts],
    }


def shown_cases(cases: pl.DataFrame, answers: pl.DataFrame, *, limit: int) -> list[dict[str, Any]]:
    """The first cases by id: the real post and what each system wrote, contacts redacted."""
    known = read_cases(cases)
    written = _by_case(answers)
    shown = []
    for case_id in sorted(known)[:limit]:
        case = known[case_id]
        texts = [
            {
                "system": system,
                "text": redact(answer.text),
                "likeness": chrf_masked(case, answer),
                "defects": defects(case, answer),
                "written_by": answer.written_by,
            }
            for system, answer in written.get(case_id, [])
        ]
        shown.append(
            {"case_id": case_id, "reference": redact(case.reference), "answers": texts, **_asked(case)}
        )
    return shown


def shown_failures(cases: pl.DataFrame, answers: pl.DataFrame) -> list[dict[str, Any]]:
    """Every answer of ours that could not be posted, by case, and what is wrong with it."""
    known = read_cases(cases)
    failures = []
    for row in answers.filter(system="ours").sort("case_id").iter_rows(named=True):
        case, answer = known[row["case_id"]], read_answer(row)
        if found := defects(case, answer):
            failures.append(
                {"case_id": row["case_id"], "defects": found, "text": redact(answer.text), **_asked(case)}
            )
    return failures


def marked(text: str, facts: Mapping[str, str]) -> list[dict[str, str]]:
    """A text in parts, {text, kind}: facts with their kind, facts that nothing supports as such, the rest without.

    Args:
        text: an ad.
        facts: kinds by the text of the facts that its brief states.
    """
    spans = _literal_spans(text, facts)
    for fact in find_facts(text):
        if all(fact.end <= start or fact.start >= end for start, end, _ in spans):
            spans.append((fact.start, fact.end, UNSUPPORTED))
    parts, at = [], 0
    for start, end, kind in sorted(spans):
        parts += [{"text": text[at:start], "kind": ""}, {"text": text[start:end], "kind": kind}]
        at = end
    parts.append({"text": text[at:], "kind": ""})
    return [part for part in parts if part["text"]]


def _literal_spans(text: str, facts: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """Where the facts stand, longer ones first, none within another."""
    spans: list[tuple[int, int, str]] = []
    for written, kind in sorted(facts.items(), key=lambda pair: (-len(pair[0]), pair[0])):
        start = text.find(written) if written else -1
        while start >= 0:
            end = start + len(written)
            if all(end <= low or start >= high for low, high, _ in spans):
                spans.append((start, end, kind))
            start = text.find(written, end)
    return spans


def _asked(case: Case) -> dict[str, Any]:
    brief = case.brief
    return {
        "product": redact(fill(brief.product, brief.values())),
        "points": [redact(fill(point, brief.values())) for point in brief.features],
        "required": counted([fact.kind for fact in brief.facts if fact.must]),
    }


def _by_case(answers: pl.DataFrame) -> dict[str, Sequence[tuple[str, Answer]]]:
    found: dict[str, list[tuple[str, Answer]]] = {}
    for row in answers.iter_rows(named=True):
        found.setdefault(row["case_id"], []).append((row["system"], read_answer(row)))
    return {
        case: [pair for name in in_order([n for n, _ in rows]) for pair in rows if pair[0] == name]
        for case, rows in found.items()
    }
