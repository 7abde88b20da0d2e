"""Two models side by side: both write for one brief, somebody chooses the better ad, then sees who wrote which."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from adgen_pipeline.app import preview
from adgen_pipeline.app.screens import brief
from adgen_pipeline.app.screens.client import ApiProblemError, ask
from adgen_pipeline.app.screens.labels import FORMAT_UNITS, bubble
from adgen_pipeline.app.screens.words import named, say

SIDES = ("first", "second")
CHOICES = (*SIDES, "both", "neither")

Channels = Mapping[int, str]
Contenders = Sequence[dict[str, Any]]  # models of GET /v1/models that can be compared


def left() -> None:
    """Forget what is asked for anew when the screen is opened again."""
    st.session_state.pop("tally", None)


def screen(channels: Channels) -> None:
    """What to compare, both ads, the vote, and the tally.

    Raises:
        ApiProblemError: the API refused.
    """
    st.caption(say("compare_hint"))
    contenders: Contenders = ask("GET", "/v1/models")["contenders"]
    left, right = st.columns([6, 5], gap="large")
    with left:
        typed = brief.type_in()
    with right:
        _ask_for_both(typed, channels, contenders)
    if (compared := st.session_state.get("comparison")) is not None:
        _both(compared, channels, contenders)
    _tally(contenders)


def _ask_for_both(typed: str, channels: Channels, contenders: Contenders) -> None:
    """Channel, format and two models; the button has both write for what was typed."""
    places = {key: f"{name} ({key})" for key, name in channels.items()}
    channel = st.selectbox(
        say("channel"), list(places), index=None, key="compare_channel", format_func=places.__getitem__,
        placeholder=say("any_channel"),
    )  # fmt: skip
    kind = st.selectbox(
        say("format"), list(FORMAT_UNITS), key="compare_format", format_func=named("format", FORMAT_UNITS)
    )
    names = {contender["model"]: _name(contender) for contender in contenders}
    models = [
        st.selectbox(say(label), list(names), index=place, key=label, format_func=names.__getitem__)
        for place, label in ((0, "one_model"), (min(1, len(names) - 1), "other_model"))
    ]
    if not st.button(say("compare"), type="primary", width="stretch", icon=":material/compare_arrows:"):
        return
    if not typed.strip():
        st.html(preview.notice(say("no_brief"), error=True))
        return
    if models[0] == models[1]:
        st.html(preview.notice(say("two_models"), error=True))
        return
    st.session_state["comparison"] = None
    body = {"brief": typed, "channel_id": channel, "format": kind, "models": models}
    try:
        with st.spinner(say("comparing")):
            st.session_state["comparison"] = ask("POST", "/v1/comparisons", body)
    except ApiProblemError as problem:
        st.html(preview.notice(str(problem), error=True))


def _both(compared: dict[str, Any], channels: Channels, contenders: Contenders) -> None:
    """Both ads without names, the question, and after the answer the names."""
    for place, side in zip(st.columns(2, gap="medium"), SIDES, strict=True):
        with place:
            _card(compared, side, channels, contenders)
    if compared["is_same"]:
        st.html(preview.notice(say("same_ad")))
    elif compared["vote"] is not None:
        choice = say(f"vote_{compared['vote']['choice']}")
        st.html(preview.notice(say("voted", choice=choice), good=True))
    else:
        _question(compared["comparison_id"])


def _card(compared: dict[str, Any], side: str, channels: Channels, contenders: Contenders) -> None:
    """One of the two ads."""
    ad, revealed, badges = compared[side], compared["revealed"], []
    if revealed is not None:
        badges.append(("plain", say("wrote", model=_named(revealed[side]["model"], contenders))))
    st.subheader(say(f"side_{side}"))
    channel = channels.get(compared["channel_id"], "")
    st.html(bubble(ad, kind=compared["format"], channel=channel, badges=badges))
    if ad["left_out"]:
        st.html(preview.notice(f"{say('left_out')}: {'; '.join(ad['left_out'])}"))


def _question(comparison_id: str) -> None:
    """Which ad is better: four buttons."""
    st.markdown(f"**{say('which_better')}**")
    for place, choice in zip(st.columns(len(CHOICES)), CHOICES, strict=True):
        place.button(
            say(f"vote_{choice}"), key=f"vote_{choice}", width="stretch", on_click=_vote, args=(comparison_id, choice)
        )  # fmt: skip
    if problem := st.session_state.pop("vote_problem", None):
        st.html(preview.notice(problem, error=True))


def _vote(comparison_id: str, choice: str) -> None:
    """Send a vote; the names come back with it, and the tally is asked for anew."""
    st.session_state.pop("tally", None)
    try:
        path = f"/v1/comparisons/{comparison_id}/vote"
        st.session_state["comparison"] = ask("POST", path, {"choice": choice})
    except ApiProblemError as problem:
        st.session_state["vote_problem"] = str(problem)


def _tally(contenders: Contenders) -> None:
    """Votes and win rates by pairs of models, as they were when the screen was opened or somebody here voted."""
    if "tally" not in st.session_state:
        st.session_state["tally"] = ask("GET", "/v1/comparisons/summary")
    summary = st.session_state["tally"]
    st.subheader(say("tally", count=summary["votes_count"]))
    if not summary["pairs"]:
        st.caption(say("no_votes"))
        return
    st.html(preview.table(_line(pair, contenders) for pair in summary["pairs"]))
    st.caption(say("tally_halves"))


def _line(pair: dict[str, Any], contenders: Contenders) -> tuple[str, str]:
    """Two models; how often the first was preferred, how sure that is, and the votes behind it."""
    model, other = (_named(pair[name], contenders) for name in ("model", "other"))
    interval = say("tally_too_few")
    if pair["low"] is not None:
        interval = say("tally_interval", low=f"{pair['low']:.0%}", high=f"{pair['high']:.0%}")
    rate = say("tally_rate", model=model, rate=f"{pair['win_rate']:.0%}")
    counted = {name: pair[name] for name in ("wins", "losses", "both", "neither")}
    votes = say("tally_votes", model=model, other=other, **counted)
    return say("tally_models", model=model, other=other), f"{rate} ({interval})\n{votes}"


def _named(model: str, contenders: Contenders) -> str:
    """A model as people call it; a version that is gone by its digits."""
    return next((_name(contender) for contender in contenders if contender["model"] == model), model)


def _name(contender: dict[str, Any]) -> str:
    title = say(f"model_{contender['title'] or 'other'}")
    return title if contender["title"] == "template" else f"{title} · {contender['model']}"
