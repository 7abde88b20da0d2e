"""What is said in short beside an ad: kind, length, and whether it may be placed, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from adgen_pipeline.app import preview
from adgen_pipeline.app.screens.words import say, say_or, where

FORMAT_UNITS = {"post": 4096, "caption": 1024, "sponsored": 160, "tagline": 60}  # as generation/formats.py


def format_words(kind: str) -> str:
    """A kind of ad in words."""
    return say(f"format_{kind}")


def length(text: str, kind: str) -> str:
    """How long an ad is, and may be."""
    return f"{preview.utf16_units(text):,} / {FORMAT_UNITS[kind]:,} {say('characters')}"


def policy_words(policy: Mapping[str, Any]) -> str:
    """Whether an ad may be placed, and what the rules behind that are about."""
    rules = ", ".join(say_or(f"rule_{rule}", rule) for rule in policy["rules"])
    return say(f"policy_{policy['verdict']}") + (f": {rules}" if rules else "")


def policy_badge(policy: Mapping[str, Any]) -> tuple[str, str]:
    """The same as a badge: its colour and its words."""
    return policy["verdict"], policy_words(policy)


def bubble(
    ad: Mapping[str, Any],
    *,
    kind: str,
    channel: str,
    badges: Sequence[tuple[str, str]],
    text: str | None = None,
) -> str:
    """An ad as Telegram would show it, its facts numbered and traced to the brief, badges below.

    Args:
        ad: an ad of the API's answer, with or without who wrote it.
        kind: of ad.
        channel: name above it; empty for none.
        badges: colour and words of each, after the verdict of the rules and the kind of ad.
        text: as edited; None for the ad's own.
    """
    shown = ad["text"] if text is None else text
    return preview.bubble(
        {"text": shown, "facts": [{**fact, "source": where(fact["source"])} for fact in ad["facts"]]},
        channel=channel,
        footer=length(shown, kind),
        badges=[policy_badge(ad["policy"]), ("plain", format_words(kind)), *badges],
        kinds={fact["slot"]: say(f"kind_{fact['kind']}") for fact in ad["facts"]},
    )
