"""What the classifier and the labels before it say together, of posts and of lone texts.

Of posts, the classifier's answer enters as one more voice: how much likelier it takes a label to be than before it saw
the text, by log odds, beside those of the weak labels. Where that is less than three to one it abstains. It learnt
from posts of the same channels. A lone text may be of another kind than all of them, where it is sure and wrong
(docs/LOG.md): there the rules decide, and it fills in the vertical of an ad where they know none.

Where people taught it a label (labels/annotations, labels.further), it decides alone, in both cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from adgen_pipeline.labels import classifier
from adgen_pipeline.labels.classifier import Classifier
from adgen_pipeline.labels.evidence import Evidence, find_evidence
from adgen_pipeline.labels.functions import LABELS
from adgen_pipeline.labels.rules import decide, given, odds
from adgen_pipeline.labels.taxonomy import AD, TAGS, VERTICALS
from adgen_pipeline.labels.weak import as_post_labels, by_channels, verdict
from adgen_pipeline.labels.words import words
from adgen_pipeline.schemas import POST_LABELS

Floats = NDArray[np.float64]

ABSTENTION = np.log(3)  # log odds below which the classifier says nothing
LARGEST_ODDS = 4.0  # of the classifier: 55 to 1
LARGEST_WEAK_ODDS = 6.0
# Half: what it learnt from are the weak labels themselves, so that it repeats them more often than it adds to them.
CLASSIFIER_SHARE = 0.5
OCCLUDED_WORDS = 150  # of a text, looked through for what made the classifier give a tag


@dataclass(frozen=True)
class Labeller:
    """A classifier beside the labels that it learnt from."""

    classifier: Classifier

    def predict(self, text: str, *, minimum_score: float) -> dict[str, object]:
        """The labels of a lone text, as `rules.predict` gives them; source is model or rule."""
        return self.predict_all([text], minimum_score=minimum_score)[0]

    def predict_all(self, texts: Sequence[str], *, minimum_score: float) -> list[dict[str, object]]:
        """The labels of lone texts."""
        found = [find_evidence(text) for text in texts]
        weak = _likely(np.array([odds(one, minimum_score) for one in found]).reshape(-1, len(LABELS)))
        voices = self.voices(texts)
        is_open = np.array([_is_open(one, minimum_score) for one in found], np.bool_).reshape(-1, 1)
        fills = is_open & (voices > 0) & np.isin(LABELS, VERTICALS)
        voices = np.where(fills | (self.classifier.is_taught > 0), voices, 0.0)
        likely = np.where(fills, _likely(voices), together(weak, voices, self.classifier))
        decided = _is_by_classifier(weak, likely, voices, self.classifier)
        answers = []
        for row, (text, one) in enumerate(zip(texts, found, strict=True)):
            said = verdict(likely[row], one)
            said["evidence"] = self._evidence(text, one, said)
            scores = {label: round(float(p), 4) for label, p in zip(LABELS, likely[row], strict=True)}
            answers.append({**said, "scores": scores, "source": "model" if decided[row] else "rule"})
        return answers

    def voices(self, texts: Sequence[str]) -> Floats:
        """Text × label: log odds by the classifier, less those before it saw the text; 0 where it abstains."""
        likely = np.clip(self.classifier.probabilities(texts).astype(np.float64), 1e-6, 1 - 1e-6)
        before = np.clip(self.classifier.prior.astype(np.float64), 1e-4, 1 - 1e-4)
        heard = np.clip(_logit(likely) - _logit(before), -LARGEST_ODDS, LARGEST_ODDS)
        heard[np.abs(heard) < ABSTENTION] = 0.0
        threshold = np.clip(self.classifier.threshold.astype(np.float64), 1e-4, 1 - 1e-4)
        heard = np.where(self.classifier.is_taught > 0, _logit(likely) - _logit(threshold), heard)
        voices: Floats = np.where(self.classifier.is_learnt > 0, heard, 0.0)
        return voices

    def label_posts(self, posts: pl.DataFrame | pl.LazyFrame, weak: pl.DataFrame) -> pl.DataFrame:
        """Table labels/post_labels by the classifier and the weak labels.

        Args:
            posts: channel_id, message_id, post of telegram/posts; texts are read a few channels at a time.
            weak: table labels/weak_labels.
        """
        parts, start = [POST_LABELS.empty()], 0
        for some in by_channels(posts.lazy(), weak):
            parts.append(self._label(some["post"], weak[start : start + some.height]))
            start += some.height
        return POST_LABELS.conform(pl.concat(parts))

    def _label(self, texts: pl.Series, weak: pl.DataFrame) -> pl.DataFrame:
        """Rows of labels/post_labels of some posts by their texts and their rows of labels/weak_labels."""
        rows = as_post_labels(weak)
        different = texts.unique(maintain_order=True)
        place = dict(zip(different.to_list(), range(different.len()), strict=True))
        voices = self.voices(different.to_list())[[place[text] for text in texts]]
        before = weak["probabilities"].struct.unnest().to_numpy().astype(np.float64)
        likely = together(before, voices, self.classifier)
        is_changed = ((before > 0.5) != (likely > 0.5)).any(axis=1)
        by_classifier = _is_by_classifier(before, likely, voices, self.classifier)
        table = rows.with_columns(
            source=pl.when(pl.Series(by_classifier)).then(pl.lit("model")).otherwise(pl.lit("rule")),
            confidence=pl.Series(_confidence(likely)),
        )
        changed = []
        for row in np.flatnonzero(is_changed).tolist():
            text = texts[row]
            found = find_evidence(text)
            said = verdict(likely[row], found)
            changed.append(
                {**table.row(row, named=True), **said, "evidence": self._evidence(text, found, said)}
            )
        return pl.concat([table.filter(~pl.Series(is_changed)), POST_LABELS.frame(changed)])

    def _evidence(self, text: str, found: Evidence, said: dict[str, object]) -> list[dict[str, object]]:
        """Signs of the given labels; for a tag without one, the word that the classifier misses most."""
        verticals, tags = said["verticals"], said["tags"]
        assert isinstance(verticals, list)
        assert isinstance(tags, list)
        evidence = found.of(given(verticals, tags, is_ad=bool(said["is_ad"])))
        shown = {str(sign["label"]) for sign in evidence}
        return evidence + [self._missed(text, tag) for tag in tags if tag not in shown]

    def _missed(self, text: str, tag: str) -> dict[str, object]:
        """The word without which the classifier takes a tag for least likely."""
        places = list(dict.fromkeys(words(text).places))[:OCCLUDED_WORDS] or [(0, len(text))]
        without = [text[:start] + text[end:] for start, end in places]
        column = self.classifier.labels.index(tag)
        start, end = places[int(np.argmin(self.classifier.probabilities(without)[:, column]))]
        return {"label": tag, "word": text[start:end], "start": start, "end": end}


def load(folder: Path) -> Labeller:
    """The labeller of a folder.

    Raises:
        DataError: it was made with other features.
    """
    return Labeller(classifier.load(folder))


def unsound(folder: Path) -> list[str]:
    """What is wrong with a labeller's folder; nothing where it can be used."""
    labeller = load(folder)
    arrays = [labeller.classifier.weights, labeller.classifier.bias, labeller.classifier.scale]
    problems = [] if all(np.isfinite(array).all() for array in arrays) else ["a weight is not finite"]
    if labeller.classifier.probabilities([""]).shape != (1, len(LABELS)):
        problems.append("a text does not get a probability for each label")
    return problems


def together(weak: Floats, voices: Floats, trained: Classifier) -> Floats:
    """Post × label: probability by the weak labels (probabilities) and the classifier (log odds)."""
    before = _logit(np.clip(weak, 1e-9, 1 - 1e-9)).clip(-LARGEST_WEAK_ODDS, LARGEST_WEAK_ODDS)
    return _likely(np.where(trained.is_taught > 0, voices, before + CLASSIFIER_SHARE * voices))


def _is_open(found: Evidence, minimum_score: float) -> bool:
    """Whether the rules take a text for an ad of which they know no vertical, and nothing that lies outside."""
    verticals, _, is_ad = decide(found, minimum_score)
    return is_ad and not verticals and found.outside < minimum_score


def _is_by_classifier(weak: Floats, likely: Floats, voices: Floats, trained: Classifier) -> NDArray[np.bool_]:
    """Whether the classifier speaks for what decides a post: its likeliest label, or that it has none."""
    spoke = np.where(likely > 0.5, voices > 0, voices < 0) & (trained.is_learnt > 0)
    is_given = likely > 0.5
    decisive = np.where(is_given, likely, -1.0)
    decisive[:, LABELS.index(AD)] = np.where(is_given.any(axis=1), 0.0, 1.0)  # what is advertised says more
    decisive[:, LABELS.index(AD)][is_given.sum(axis=1) == is_given[:, LABELS.index(AD)]] = 1.0
    chosen = spoke[np.arange(len(likely)), decisive.argmax(axis=1)]
    by_classifier: NDArray[np.bool_] = chosen | ((weak > 0.5) != is_given).any(axis=1)
    return by_classifier


def _confidence(likely: Floats) -> Floats:
    """Probability of the least sure label that is given, or that a post is no ad."""
    is_ad = likely[:, LABELS.index(AD)] > 0.5
    counts = likely > 0.5
    counts[:, 1 : len(LABELS) - len(TAGS)] &= is_ad[:, None]
    sure = np.where(counts, likely, 1.0)
    sure[:, LABELS.index(AD)] = np.where(is_ad, likely[:, LABELS.index(AD)], 1 - likely[:, LABELS.index(AD)])
    least: Floats = sure.min(axis=1)
    return least


def _logit(likely: Floats) -> Floats:
    found: Floats = np.log(likely / (1 - likely))
    return found


def _likely(log_odds: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-log_odds))
    return found
