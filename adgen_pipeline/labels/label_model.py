"""What votes of labelling functions amount to: how telling each one's votes are, and how likely a label is.

The estimator of Dawid and Skene (1979), a label at a time, by expectation and maximisation: each function votes for or
against with chances that depend on the truth alone. It differs in three ways, each of which keeps labels that few posts
have from drifting to what many have: the prior of a post is the share that the rules see in its channel; the chances
start from the rules' verdicts and stay tied to them by pseudo-votes; a function that abstains says nothing.

It is our own since no kept library fits: docs/LOG.md says what was looked at and what drifted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adgen_pipeline.labels.functions import FUNCTIONS, LABELS, Votes

Floats = NDArray[np.float64]
Probabilities = NDArray[np.float32]  # one a post and label: what is not held twice
Numbers = NDArray[np.int64]

STEPS = 50
PSEUDO_VOTES = 50.0  # of each function and truth, as the rules' verdicts have them
PSEUDO_POSTS = 20.0  # of each channel, as all channels have them
WRONG_SHARE = 0.05  # of the rules' verdicts, at first
SMOOTHING = 1e-5  # chance of any vote
MINIMUM_PRIOR = 0.02  # what hardly a post of a channel has, its next one may have
_PLACES = 3 ** np.arange(len(FUNCTIONS), dtype=np.int64)


@dataclass(frozen=True)
class LabelModel:
    """What the votes amount to.

    Attributes:
        likely: post × label: how likely the label is.
        chances: label × truth (no, yes) × function × vote (against, none, for).
    """

    likely: Probabilities
    chances: Floats


def estimate(votes: Votes, verdicts: NDArray[np.bool_], channels: Numbers) -> LabelModel:
    """The model of these votes.

    Args:
        votes: post × function × label.
        verdicts: post × label, as the rules decide.
        channels: of each post.
    """
    numbers = np.unique(channels, return_inverse=True)[1]
    likely = np.empty((len(votes), len(LABELS)), dtype=np.float32)
    all_chances = []
    for label in range(len(LABELS)):
        likely[:, label], chances = _of_label(votes[:, :, label], verdicts[:, label], numbers)
        all_chances.append(chances)
    return LabelModel(likely, np.array(all_chances))


def _of_label(
    votes: NDArray[np.int8], verdicts: NDArray[np.bool_], channels: Numbers
) -> tuple[Floats, Floats]:
    """How likely one label is for each post, and the chances of votes on it."""
    codes = votes.astype(np.int64) @ _PLACES + _PLACES.sum() + _PLACES[-1] * 3 * channels  # a vote and 1: 0…2
    distinct, place = np.unique(codes, return_inverse=True)
    patterns = distinct[:, None] // _PLACES % 3 - 1
    prior = _priors(verdicts, channels)[distinct // (_PLACES[-1] * 3)]
    cast = (patterns[:, :, None] == np.arange(-1, 2)).astype(np.float64)  # pattern, function, vote
    counts = np.bincount(place, minlength=len(patterns)).astype(np.float64)
    believed = np.where(verdicts, 1 - WRONG_SHARE, WRONG_SHARE * verdicts.mean() if len(verdicts) else 0.0)
    believed = np.bincount(place, weights=believed, minlength=len(patterns)) / np.maximum(counts, 1)
    tied = chances = _chances(cast, counts, believed, np.zeros((2, *cast.shape[1:])))
    for _ in range(STEPS):
        before = believed
        believed = _expect(patterns, prior, chances)
        chances = _chances(cast, counts, believed, PSEUDO_VOTES * tied)
        if np.abs(believed - before).max(initial=0.0) < 1e-4:
            break
    return _expect(patterns, prior, chances)[place], chances


def _priors(verdicts: NDArray[np.bool_], channels: Numbers) -> Floats:
    """Share of each channel's posts with a label, drawn towards that of all posts where there are few."""
    posts = np.bincount(channels)
    held = np.bincount(channels, weights=verdicts)
    everywhere = verdicts.mean() if len(verdicts) else 0.0
    shares: Floats = (held + PSEUDO_POSTS * everywhere) / (posts + PSEUDO_POSTS)
    return shares.clip(MINIMUM_PRIOR, 1 - MINIMUM_PRIOR)


def _chances(cast: Floats, counts: Floats, believed: Floats, pseudo: Floats) -> Floats:
    """Chances of votes (truth, function, vote) by what is believed of each pattern."""
    found = np.einsum("tp,pfv->tfv", counts * np.stack([1 - believed, believed]), cast) + pseudo + SMOOTHING
    chances: Floats = found / found.sum(axis=2, keepdims=True)
    return chances.clip(SMOOTHING)


def _expect(patterns: Numbers, prior: Floats, chances: Floats) -> Floats:
    """How likely the label is for each pattern."""
    odds = np.log(chances[1] / chances[0])  # function, vote
    logits = np.log(prior / (1 - prior)) + (patterns > 0) @ odds[:, 2] + (patterns < 0) @ odds[:, 0]
    likely: Floats = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return likely
