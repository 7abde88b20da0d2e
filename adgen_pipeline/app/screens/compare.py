"""Two models side by side: both write for one brief, somebody chooses the better ad, then sees who wrote which."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from adgen_pipeline.app import preview
from adgen_pipeline.app.screens import brief
from adgen_pipeline.app.screens.ads import FORMAT_UNITS, length, policy_badge
from adgen_pipeline.app.screens.client import ApiProblemError, ask
from adgen_pipeline.app.screens.words import say, where

SIDES = ("first", "second")
CHOICES = (*SIDES, "both", "neither")


def screen(channels: Mapping[int, str]) -> None:
    """The comparison and the tally.

    Raises:
        ApiProblemError: the API refused.
    """
    st.caption(say("compare_hint"))
    contenders: list[dict[str, Any]] = ask("GET", "/v1/models")["contenders"]
    left, right = st.columns([5, 6], gap="large")
    with left:
        _ask_for_both(channels, contenders)
    with right:
        compared = st.session_state.get("comparison")
        if compared is not None:
            _cards(compared, channels, contenders)
        _tally(contenders)


def _ask_for_both(channels: Mapping[int, str], contenders: Sequence[dict[str, Any]]) -> None:
    """Brief, channel, format and two models; the button has both write."""
    typed = brief.type_in()
    channel = st.selectbox(
        say("channel"),
        [None, *channels],
        key="compare_channel",
        format_func=lambda key: say("any_channel") if key is None else f"{channels[key]} ({key})",
    )
    kind = st.selectbox(
        say("format"),
        list(FORMAT_UNITS),
        key="compare_format",
        format_func=lambda name: say(f"format_{name}"),
    )
    names = {contender["model"]: _name(contender) for contender in contenders}
    models = [
        st.selectbox(say(label), list(names), index=index, key=label, format_func=names.__getitem__)
        for index, label in enumerate(("one_model", "other_model"))
    ]
    if not st.button(say("compare"), type="primary", width="stretch", icon=":material/compare_arrows:"):
        return
    if not typed.strip():
        st.html(preview.notice(say("empty_brief"), error=True))
        return
    if models[0] == models[1]:
        st.html(preview.notice(say("two_models"), error=True))
        return
    body = {"brief": typed, "channel_id": channel, "format": kind, "models": models}
    try:
        with st.spinner(say("comparing")):
            st.session_state["comparison"] = ask("POST", "/v1/comparisons", body)
    except ApiProblemError as problem:
        st.html(preview.notice(str(problem), error=True))


def _cards(
    compared: dict[str, Any], channels: Mapping[int, str], contenders: Sequence[dict[str, Any]]
) -> None:
    """Both ads without names, the question, and after the answer the names."""
    revealed = compared["revealed"]
    for side in SIDES:
        ad = compared[side]
        badges = [policy_badge(ad["policy"])]
        if revealed is not None:
            badges.append(("plain", say("wrote", model=_named(revealed[side]["model"], contenders))))
        st.subheader(say(f"side_{side}"))
        shown = {**ad, "facts": [{**fact, "source": where(fact["source"])} for fact in ad["facts"]]}
        st.html(
            preview.bubble(
                shown,
                channel=channels.get(compared["channel_id"], ""),
                footer=length(ad["text"], compared["format"]),
                badges=badges,
                kinds={fact["slot"]: say(f"kind_{fact['kind']}") for fact in ad["facts"]},
            )
        )
    if compared["is_same"]:
        st.html(preview.notice(say("same_ad")))
    elif compared["vote"] is not None:
        choice = say(f"vote_{compared['vote']['choice']}")
        st.html(preview.notice(say("voted", choice=choice), good=True))
    else:
        _question(compared["comparison_id"])


def _question(comparison_id: str) -> None:
    """Which ad is better: four buttons."""
    st.markdown(f"**{say('which_better')}**")
    rows = (*st.columns(2), *st.columns(2))
    for column, choice in zip(rows, CHOICES, strict=True):
        column.button(
            say(f"vote_{choice}"), key=f"vote_{choice}", width="stretch", on_click=_vote, args=(comparison_id, choice)
        )  # fmt: skip
    if problem := st.session_state.pop("vote_problem", None):
        st.html(preview.notice(problem, error=True))


def _vote(comparison_id: str, choice: str) -> None:
    """Send a vote; the names come back with it."""
    try:
        path = f"/v1/comparisons/{comparison_id}/vote"
        st.session_state["comparison"] = ask("POST", path, {"choice": choice})
    except ApiProblemError as problem:
        st.session_state["vote_problem"] = str(problem)


def _tally(contenders: Sequence[dict[str, Any]]) -> None:
    """Votes and win rates of all comparisons, by pairs of models."""
    summary = ask("GET", "/v1/comparisons/summary")
    st.markdown(f"**{say('tally', count=summary['votes_count'])}**")
    if not summary["pairs"]:
        st.caption(say("no_votes"))
        return
    st.html(preview.table(_line(pair, contenders) for pair in summary["pairs"]))


def _line(pair: dict[str, Any], contenders: Sequence[dict[str, Any]]) -> tuple[str, str]:
    model, other = (_named(pair[name], contenders) for name in ("model", "other"))
    interval = say("tally_too_few")
    if pair["low"] is not None:
        interval = say("tally_interval", low=f"{pair['low']:.0%}", high=f"{pair['high']:.0%}")
    counted = {name: pair[name] for name in ("wins", "losses", "both", "neither")}
    rate = say("tally_rate", rate=f"{pair['win_rate']:.0%}")
    return say(
        "tally_models", model=model, other=other
    ), f"{rate} ({interval})\n{say('tally_votes', **counted)}"


def _named(model: str, contenders: Sequence[dict[str, Any]]) -> str:
    """A model as people call it; a version that is gone by its digits."""
    return next((_name(contender) for contender in contenders if contender["model"] == model), model)


def _name(contender: dict[str, Any]) -> str:
    title = say(f"model_{contender['title'] or 'other'}")
    return title if contender["title"] == "template" else f"{title} · {contender['model']}"
