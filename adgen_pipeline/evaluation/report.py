"""One HTML page that answers a person's questions: is it good, what does it write, where does it fail, on what data.

The page stands alone (figures and letters are embedded, no script, no network) and treats every word of a channel,
brief or model as untrusted: the template escapes all of it, and excerpts of channels have their contacts redacted.
"""

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from adgen_pipeline import figures
from adgen_pipeline.artifacts import write_json
from adgen_pipeline.corpus import charts, profiles
from adgen_pipeline.evaluation import scores as scoring
from adgen_pipeline.evaluation.catalogue import ALL, BITS_PER_BYTE, BY_NAME
from adgen_pipeline.evaluation.evidence import shown_ads, shown_cases, shown_failures
from adgen_pipeline.evaluation.metrics import Metric
from adgen_pipeline.evaluation.scores import Difference
from adgen_pipeline.evaluation.systems import OURS, TITLES, in_order

TEMPLATE = Path(__file__).with_name("report.html")
CASES_SHOWN = 5  # the first by id, so that nobody picked them
SIGNS_SHOWN = 20  # emoji and hashtags
PIXELS_AN_INCH = 120  # on the page; the letters of all figures are as large as its notes
FINE = (BITS_PER_BYTE.name, "brief_similarity")  # of two decimals
# What the sentences beside each baseline name; the table below has every metric.
IN_VERDICT = (
    "acceptable", "fact_recall", "fact_precision", "chrf_masked", "bleu", "vertical_consistency", "amharic_word_share",
    "unseen_run", "copied_run", "bits_per_byte",
)  # fmt: skip
GOOD, FAIR = 0.8, 0.5  # share of acceptable ads for the verdict's colour


def build(
    out: Path,
    *,
    measures: pl.DataFrame,
    scores: pl.DataFrame,
    retrieval: pl.DataFrame,
    cases: pl.DataFrame,
    answers: pl.DataFrame,
    ads: pl.DataFrame,
    briefs: pl.DataFrame,
    channel_profiles: pl.DataFrame,
    word_frequencies: pl.DataFrame,
    ngrams: pl.DataFrame,
    versions: Mapping[str, str],
    training_curve: bytes | None,
) -> dict[str, object]:
    """Writes report.html, figures/*.png and scores.json below `out`; returns the verdict in numbers.

    Args:
        out: the folder of the report.
        measures: MEASURES.
        scores: SCORES.
        retrieval: RETRIEVAL.
        cases: CASES.
        answers: ANSWERS.
        ads: GENERATED_ADS.
        briefs: BRIEFS.
        channel_profiles: CHANNEL_PROFILES.
        word_frequencies: WORD_FREQUENCIES.
        ngrams: NGRAMS.
        versions: what the report is about: names and versions of recipe and artifacts.
        training_curve: the losses as PNG; None: no training in this run.
    """
    differences = scoring.compare(measures)
    verdict = _verdict(measures, differences)
    images = {
        "scores": scoring.figure(scores),
        "retrieval": _retrieval_figure(retrieval),
        **charts.of_channels(channel_profiles),
        "top_words": charts.top_words(word_frequencies),
        "top_phrases": charts.top_phrases(ngrams),
        **({"training_curve": training_curve} if training_curve is not None else {}),
    }
    failures = shown_failures(cases, answers)
    words = {
        "verdict": verdict,
        "tiles": _tiles(scores, retrieval),
        "systems": [(name, TITLES.get(name, name)) for name in _systems(scores)],
        "score_rows": _score_rows(scores),
        "differences": _differences(differences),
        "retrieval": sorted(retrieval.to_dicts(), key=lambda row: -row["mrr_at_10"]),
        "ads": shown_ads(ads, briefs),
        "cases": shown_cases(cases, answers, limit=CASES_SHOWN),
        "cases_count": cases.height,
        "failures": failures,
        "channels": _channels(channel_profiles),
        "signs": {
            title: profiles.most_used(channel_profiles, column, SIGNS_SHOWN)
            for title, column in (("Emoji", "top_emojis"), ("Hashtags", "top_hashtags"))
        },
        "versions": {**versions, **_written_with(ads)},
        "system_titles": TITLES,
        "figures": {
            name: {
                "uri": figures.data_uri(image),
                "width": round(PIXELS_AN_INCH * figures.width_inches(image)),
            }
            for name, image in images.items()
        },
    }
    page = render(words)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.html").write_text(page, encoding="utf-8")
    (out / "figures").mkdir(exist_ok=True)
    for name, image in images.items():
        (out / "figures" / f"{name}.png").write_bytes(image)
    write_json(out / "scores.json", {"scores": scores.to_dicts(), "retrieval": retrieval.to_dicts()})
    return {
        "verdict": verdict["headline"],
        "acceptable_share": verdict["share"],
        "failures_count": len(failures),
        "ads_count": ads.height,
        "page_bytes": len(page.encode()),
    }


def render(words: Mapping[str, Any]) -> str:
    """The page, with the embedded font cut to the letters that it uses; everything is escaped.

    Raises:
        jinja2.UndefinedError: the template names something that `words` does not hold.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template(TEMPLATE.name)
    return template.render(**words, font=figures.font_data_uri(template.render(**words, font="")))


def _verdict(measures: pl.DataFrame, differences: list[Difference]) -> dict[str, Any]:
    """The headline, and a sentence a baseline, from what was measured."""
    acceptable = measures.filter(metric="acceptable").group_by("system").agg(pl.col("value").sum(), pl.len())
    counts = {system: (int(good), total) for system, good, total in acceptable.iter_rows()}
    good, total = counts.get(OURS, (0, 0))
    others = in_order([name for name in counts if name != OURS])
    share = good / total if total else 0.0
    sentences = [f"{TITLES.get(name, name)}: {counts[name][0]} of {counts[name][1]}." for name in others]
    return {
        "headline": f"{good} of {total} held-out briefs got an ad that could be posted as it is",
        "baselines": " ".join(sentences),
        "sentences": [_comparison(name, differences) for name in others],
        "share": share,
        "tone": "good" if share >= GOOD else "fair" if share >= FAIR else "poor",
    }


def _comparison(baseline: str, differences: list[Difference]) -> dict[str, Any]:
    titles: dict[str, list[str]] = {"better": [], "level": [], "worse": []}
    for difference in differences:
        if difference.baseline == baseline and difference.metric.name in IN_VERDICT:
            titles[difference.verdict].append(difference.metric.title)
    return {"name": baseline, "baseline": TITLES.get(baseline, baseline), **titles}


def _tiles(scores: pl.DataFrame, retrieval: pl.DataFrame) -> list[dict[str, str]]:
    """The five numbers that people ask for first."""
    ours = {row["metric"]: row for row in scores.filter(system=OURS).iter_rows(named=True)}
    base = {row["metric"]: row for row in scores.filter(system="base").iter_rows(named=True)}
    tiles = [
        {
            "title": BY_NAME[name].title,
            "value": _number(BY_NAME[name], ours.get(name, {}).get("value")),
            "note": f"base {_number(BY_NAME[name], base.get(name, {}).get('value'))}",
        }
        for name in ("acceptable", "fact_recall", "fact_precision", "bits_per_byte")
    ]
    best = retrieval.sort("recall_at_10", descending=True).head(1).to_dicts()
    if best:
        tiles.append(
            {
                "title": "Retrieval, recall@10",
                "value": f"{100 * best[0]['recall_at_10']:.0f} %",
                "note": f"{best[0]['system'].replace('_', ' ')}, {best[0]['queries_count']} queries",
            }
        )
    return tiles


def _systems(scores: pl.DataFrame) -> list[str]:
    return in_order(scores["system"].unique().to_list())


def _score_rows(scores: pl.DataFrame) -> list[dict[str, Any]]:
    """A row a metric: its meaning, and by system the value with its interval; the best values are marked."""
    by_key = {(row["metric"], row["system"]): row for row in scores.iter_rows(named=True)}
    rows = []
    for metric in ALL:
        cells = {system: by_key.get((metric.name, system)) for system in _systems(scores)}
        values = [cell["value"] for cell in cells.values() if cell and cell["value"] is not None]
        best = (max if metric.is_higher_better else min)(values, default=None)
        rows.append(
            {
                "title": metric.title,
                "meaning": metric.meaning,
                "arrow": "↑" if metric.is_higher_better else "↓",
                "cells": {
                    system: {
                        "value": _number(metric, cell["value"] if cell else None),
                        "interval": _interval(metric, cell),
                        "is_best": cell is not None and cell["value"] is not None and cell["value"] == best,
                    }
                    for system, cell in cells.items()
                },
            }
        )
    return rows


def _differences(differences: list[Difference]) -> list[dict[str, Any]]:
    """A row a metric: ours minus each baseline."""
    rows: dict[str, dict[str, Any]] = {}
    for difference in differences:
        metric = difference.metric
        if metric.name == "by_model":
            continue
        row = rows.setdefault(metric.name, {"title": metric.title, "cells": {}})
        row["cells"][difference.baseline] = {
            "verdict": difference.verdict,
            "value": _number(metric, difference.value, signed=True),
            "interval": f"{_number(metric, difference.low, signed=True)} … "
            f"{_number(metric, difference.high, signed=True)}",
        }
    return list(rows.values())


def _number(metric: Metric, value: float | None, *, signed: bool = False) -> str:
    """A value as people read it; differences with their sign, those of shares in percentage points."""
    if value is None:
        return "–"
    scaled = 100 * value if metric.is_share else value
    decimals = 0 if metric.is_share else 2 if metric.name in FINE else 1
    is_nothing = round(scaled, decimals) == 0
    written = f"{0.0 if is_nothing else scaled:{'+' if signed and not is_nothing else ''}.{decimals}f}"
    unit = "" if not metric.is_share else " pts" if signed else " %"
    return written.replace("-", "−") + unit


def _interval(metric: Metric, cell: Mapping[str, Any] | None) -> str:
    if cell is None or cell["low"] is None:
        return ""
    return f"{_number(metric, cell['low'])} … {_number(metric, cell['high'])}"


def _retrieval_figure(retrieval: pl.DataFrame) -> bytes:
    titles = {"recall_at_10": "recall@10", "mrr_at_10": "MRR@10", "ndcg_at_10": "nDCG@10"}
    systems = {row["system"]: row for row in retrieval.iter_rows(named=True)}
    order = [name for name in ("hybrid", "dense", "full_text") if name in systems]
    groups = {
        title: {name.replace("_", " "): (systems[name][column],) * 3 for name in order}
        for column, title in titles.items()
    }
    return figures.png(figures.grouped_bars(groups, title="Finding the post that answers a brief"))


def _channels(profiles: pl.DataFrame) -> list[dict[str, Any]]:
    rows = profiles.sort("posts_count", "channel_id", descending=[True, False]).to_dicts()
    return [
        {
            **row,
            "channel_name": unicodedata.normalize("NFKC", row["channel_name"]),  # ⒶⒷ is in few fonts
            "verticals": ", ".join(v["vertical"].replace("_", " ") for v in row["verticals"][:3]),
        }
        for row in rows
    ]


def _written_with(ads: pl.DataFrame) -> dict[str, str]:
    """Versions of model and index that wrote the ads shown."""
    return {
        name: ", ".join(sorted(set(ads[column])))
        for name, column in (("model", "model"), ("index", "index"))
        if ads.height
    }
