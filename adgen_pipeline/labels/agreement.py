"""How far annotators agree: Cohen's and Fleiss' kappa for each label, Krippendorff's alpha with its interval.

Posts bear several labels, so each label is a question of its own with yes or no; whole answers are compared as sets
by MASI. Skipped answers and those of adjudicators, who see the others' answers, do not count.

Sources: Cohen (1960); Fleiss (1971), here for posts with any number of answers; Krippendorff, "Computing
Krippendorff's Alpha-Reliability" (2011); Passonneau, "Measuring Agreement on Set-valued Items" (2006).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from adgen_pipeline.label_schemas import ADJUDICATION, AGREEMENT
from adgen_pipeline.labels.taxonomy import AD, NOT_AD, TAGS, VERTICALS

Floats = npt.NDArray[np.float64]
Units = list[dict[str, frozenset[str]]]  # for each post annotator → labels

WHOLE = "all"  # the row of whole answers
KEY = ["channel_id", "message_id"]
INTERVAL = (2.5, 97.5)


def agreement(
    annotations: pl.DataFrame, *, adjudicators: Collection[str] = (), samples: int, seed: int
) -> pl.DataFrame:
    """Table labels/agreement.

    Args:
        annotations: table labels/annotations.
        adjudicators: annotators whose answers decide, and are not compared.
        samples: bootstrap samples of posts.
        seed: of the samples.
    """
    units = compared(annotations, adjudicators)
    rows = []
    for label in (AD, *VERTICALS, *TAGS):
        # Who gave a tag only has not said whether it is an ad.
        answers = [
            {name: label in labels for name, labels in unit.items() if label != AD or labels & {AD, NOT_AD}}
            for unit in units
        ]
        rows.append(_row(label, answers, _nominal, samples=samples, seed=seed))
    rows.append(_row(WHOLE, units, masi_distance, samples=samples, seed=seed))
    return AGREEMENT.conform(AGREEMENT.frame(rows))


def compared(annotations: pl.DataFrame, adjudicators: Collection[str] = ()) -> Units:
    """Answers by post, of posts that two or more annotators answered, in the order of their keys."""
    counted = annotations.filter(~pl.col("is_skipped") & ~pl.col("annotator").is_in(list(adjudicators)))
    by_post: dict[tuple[int, int], dict[str, frozenset[str]]] = defaultdict(dict)
    for channel_id, message_id, name, labels in (
        counted.sort(*KEY, "annotator").select(*KEY, "annotator", "labels").iter_rows()
    ):
        by_post[channel_id, message_id][name] = frozenset(labels)
    return [answers for answers in by_post.values() if len(answers) > 1]


def alpha(counts: Floats, distances: Floats, weights: Floats | None = None) -> Floats:
    """Krippendorff's alpha; nan where all answers are the same.

    Args:
        counts: (units, values): how many answered a unit with a value; units with one answer are left out.
        distances: (values, values), 0 on the diagonal.
        weights: (samples, units): how often each sample holds a unit; None: one sample of all units, once.

    Returns:
        (samples,)
    """
    many = counts.sum(axis=1) > 1
    counts = counts[many]
    drawn = np.ones((1, len(counts))) if weights is None else weights[:, many]
    answers = counts.sum(axis=1)
    within = np.einsum("uc,cd,ud->u", counts, distances, counts) / (answers - 1)
    size = drawn @ answers
    totals = drawn @ counts  # (samples, values)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = (drawn @ within) / size
        expected = np.einsum("bc,cd,bd->b", totals, distances, totals) / (size * (size - 1))
        found: Floats = np.where(expected > 0, 1 - observed / expected, np.nan)
    return found


def fleiss_kappa(counts: Floats) -> float | None:
    """Fleiss' kappa over (units, values) with two answers or more each; None where all answers are the same."""
    answers = counts.sum(axis=1)
    if not len(counts):
        return None
    observed = float((((counts**2).sum(axis=1) - answers) / (answers * (answers - 1))).mean())
    expected = float(((counts.sum(axis=0) / answers.sum()) ** 2).sum())
    return None if expected >= 1 else (observed - expected) / (1 - expected)


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Cohen's kappa of two annotators' answers about the same posts; None where all answers are the same."""
    if not first:
        return None
    count = len(first)
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / count
    of_first, of_second = Counter(first), Counter(second)
    expected = sum(of_first[value] * of_second[value] for value in of_first) / count**2
    return None if expected >= 1 else (observed - expected) / (1 - expected)


def masi_distance(first: frozenset[str], second: frozenset[str]) -> float:
    """How far two sets differ, 0…1: overlap, and less where one does not hold the other."""
    if first == second:
        return 0.0
    shared = first & second
    if not shared:
        return 1.0
    monotony = 2 / 3 if first < second or second < first else 1 / 3
    return 1 - monotony * len(shared) / len(first | second)


def confusion(units: Units) -> dict[str, list[float]]:
    """Label → how often one annotator gave it where another one gave each label, in the order of the keys.

    Shared labels stand on the diagonal; a label that one gave alone is set against those that the other gave alone.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for unit in units:
        for first, second in combinations([unit[name] for name in sorted(unit)], 2):
            pairs.update((label, label) for label in first & second)
            for one in first - second:
                for other in second - first:
                    pairs.update([(one, other), (other, one)])
    order = [label for label in (AD, NOT_AD, *VERTICALS, *TAGS) if any(label in pair for pair in pairs)]
    return {label: [float(pairs[label, other]) for other in order] for label in order}


def adjudication(annotations: pl.DataFrame, *, adjudicators: Collection[str] = ()) -> pl.DataFrame:
    """Table labels/adjudication: posts on which annotators differ and no adjudicator has answered."""
    decided = annotations.filter(pl.col("annotator").is_in(list(adjudicators)) & ~pl.col("is_skipped"))
    open_posts = annotations.join(decided.select(KEY).unique(), on=KEY, how="anti").filter(
        ~pl.col("is_skipped")
    )
    rows: list[dict[str, object]] = []
    for (channel_id, message_id), answers in open_posts.sort(*KEY, "annotator").group_by(
        KEY, maintain_order=True
    ):
        given = [set(labels) for labels in answers["labels"]]
        agreed, all_labels = set.intersection(*given), set.union(*given)
        if agreed != all_labels:
            rows.append(
                {
                    "channel_id": channel_id,
                    "message_id": message_id,
                    "agreed": sorted(agreed),
                    "disputed": sorted(all_labels - agreed),
                    "answers": answers.select("annotator", "labels").to_dicts(),
                }
            )
    return ADJUDICATION.conform(ADJUDICATION.frame(rows))


def poor_agreement(table: pl.DataFrame, *, minimum_alpha: float) -> list[str]:
    """A sentence for each label on which annotators agree too little."""
    poor = table.filter(pl.col("alpha") < minimum_alpha).sort("alpha")
    return [
        f"{row['label']}: alpha {row['alpha']:.2f} over {row['posts_count']} posts"
        for row in poor.iter_rows(named=True)
    ]


def _row(
    label: str,
    units: Sequence[dict[str, Any]],
    distance: Callable[[Any, Any], float],
    *,
    samples: int,
    seed: int,
) -> dict[str, object]:
    """A row of labels/agreement over annotator → answer of each post."""
    units = [unit for unit in units if len(unit) > 1]
    values = sorted(
        {value for unit in units for value in unit.values()}, key=lambda v: (str(type(v)), _order(v))
    )
    place = {value: number for number, value in enumerate(values)}
    counts = np.zeros((len(units), len(values)))
    for number, unit in enumerate(units):
        for value in unit.values():
            counts[number, place[value]] += 1
    answers = counts.sum(axis=1)
    row: dict[str, object] = {"label": label, "posts_count": len(units), "answers_count": int(answers.sum())}
    if not units:
        return row
    distances = np.array([[distance(a, b) for b in values] for a in values])
    weights = np.random.default_rng(seed).multinomial(len(units), [1 / len(units)] * len(units), size=samples)
    drawn = alpha(counts, distances, weights.astype(np.float64))
    drawn = drawn[~np.isnan(drawn)]
    found = float(alpha(counts, distances)[0])
    equal = ((counts**2).sum(axis=1) - answers).sum() / (answers * (answers - 1)).sum()
    low, high = np.percentile(drawn, INTERVAL) if len(drawn) and not np.isnan(found) else (None, None)
    return {
        **row,
        "positive_share": float(counts[:, place[True]].sum() / answers.sum()) if True in place else None,
        "observed_agreement": float(equal),
        "cohen_kappa": _mean_cohen(units),
        "fleiss_kappa": fleiss_kappa(counts),
        "alpha": None if np.isnan(found) else found,
        "alpha_low": None if low is None else float(low),
        "alpha_high": None if high is None else float(high),
    }


def _mean_cohen(units: Sequence[dict[str, Any]]) -> float | None:
    """Mean of Cohen's kappa over pairs of annotators, weighted by the posts that they share."""
    shared: dict[tuple[str, str], list[tuple[Any, Any]]] = defaultdict(list)
    for unit in units:
        for first, second in combinations(sorted(unit), 2):
            shared[first, second].append((unit[first], unit[second]))
    kappas = [
        (cohen_kappa([first for first, _ in pairs], [second for _, second in pairs]), len(pairs))
        for pairs in shared.values()
    ]
    defined = [(kappa, count) for kappa, count in kappas if kappa is not None]
    total = sum(count for _, count in defined)
    return sum(kappa * count for kappa, count in defined) / total if total else None


def _nominal(first: object, second: object) -> float:
    return float(first != second)


def _order(value: Any) -> list[str]:
    return sorted(value) if isinstance(value, frozenset) else [str(value)]
