"""Ads: what to write and where, candidates as they come, and each ad with its evidence, edited and judged."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from adgen_pipeline.app import downloads, preview
from adgen_pipeline.app.screens.client import ApiProblemError, ask, events
from adgen_pipeline.app.screens.editor import edit, edited_text
from adgen_pipeline.app.screens.labels import FORMAT_UNITS, bubble, format_words, policy_words
from adgen_pipeline.app.screens.words import language, named, say, say_or, where

ADVISED = 3  # channels that are shown
REASONS = ("wrong", "unnatural", "dull", "too_long", "not_this_channel")

Channels = Mapping[int, str]


def choose(fields: dict[str, Any], channels: Channels) -> None:
    """Channels, formats and how many; the button writes."""
    st.subheader(say("where"))
    brief = {name: value for name, value in fields.items() if value}
    if st.button(say("advise"), icon=":material/recommend:"):
        _advise(brief, channels)
    _advice()
    chosen = st.multiselect(
        say("channel"),
        list(channels),
        key="channels",
        format_func=lambda key: f"{channels[key]} ({key})",
        placeholder=say("any_channel"),
        max_selections=4,
    )
    formats = st.multiselect(
        say("format"), list(FORMAT_UNITS), default=["post"], format_func=named("format", FORMAT_UNITS)
    )
    count = st.slider(say("count"), 1, 8, 2)
    if not st.button(say("write"), type="primary", width="stretch", icon=":material/campaign:"):
        return
    st.session_state["written"] = []
    channels_asked: list[int | None] = [*chosen] or [None]
    for channel in channels_asked:
        for kind in formats or ["post"]:
            _write({"brief": brief, "channel_id": channel, "format": kind, "n": count}, channels)


def _advise(brief: dict[str, Any], channels: Channels) -> None:
    """Ask which channels suit the brief; the best one is chosen."""
    try:
        found = ask("POST", "/v1/channels/advice", {"brief": brief, "k": ADVISED, "language": language()})
    except ApiProblemError as problem:
        st.html(preview.notice(str(problem), error=True))
        return
    st.session_state["advice"] = found
    st.session_state["channels"] = [c["channel_id"] for c in found[:1] if c["channel_id"] in channels]


def _advice() -> None:
    """The channels that were advised, with the reasons."""
    for place, channel in enumerate(st.session_state.get("advice") or (), start=1):
        title = f"{place}. {channel['name']} ({channel['channel_id']}) · {channel['score']:.2f}"
        st.html(preview.reasons(title, channel["reasons"]))


def _write(body: dict[str, Any], channels: Channels) -> None:
    """Write for one channel and format; candidates are shown as they come, the ads go into the session."""
    name = channels.get(body["channel_id"], say("any_channel"))
    kind = format_words(body["format"])
    with st.status(f"{say('writing')} {name} · {kind}", expanded=True) as status:
        line, places = st.empty(), st.container()
        try:
            for event, value in events("/v1/ads", body):
                if event == "progress":
                    line.caption(
                        f"{say('stage_' + value['stage'])} · {value['seconds']:.0f} {say('seconds')}"
                    )
                elif event == "candidate":
                    places.html(preview.candidate(value["text"]))
                elif event == "done":
                    st.session_state["written"].append(value)
                    status.update(label=f"{say('written')} {name} · {kind}", state="complete", expanded=False)
        except ApiProblemError as problem:
            status.update(label=f"{say('not_written')} {name} · {kind}", state="error")
            st.html(preview.notice(str(problem), error=True))


def show(channels: Channels) -> None:
    """The ads of the session: previews, evidence, verdicts, downloads."""
    answers = st.session_state.get("written") or []
    if not answers:
        return
    ads = [ad for answer in answers for ad in answer["ads"]]
    st.subheader(say("ads"))
    for ad in ads:
        card(ad, channels)
    st.caption(say("versions", model=answers[0]["model"], index=answers[0]["index"]))
    _downloads([{**ad, "text": edited_text(ad), "channel": channels.get(ad["channel_id"], "")} for ad in ads])


@st.fragment
def card(ad: dict[str, Any], channels: Channels, *, is_asked_template: bool = False) -> None:
    """One ad as Telegram would show it, what can be done with it, and its evidence.

    Args:
        ad: of the API's answer.
        channels: names by id.
        is_asked_template: whether the template was asked, in a comparison, and did not stand in for a model.
    """
    writer = "asked_template" if is_asked_template else ad["written_by"]
    badges = [("plain", say(f"written_by_{writer}"))]
    text = edited_text(ad)
    given = st.session_state.get(f"given_{ad['ad_id']}")
    if given is not None:
        badges.append(({"reject": "refuse"}.get(given, "allow"), say(f"given_{given}")))
    channel = channels.get(ad["channel_id"], "")
    st.html(bubble(ad, kind=ad["format"], channel=channel, badges=badges, text=text))
    if ad["left_out"]:
        st.html(preview.notice(f"{say('left_out')}: {'; '.join(ad['left_out'])}"))
    _verdict(ad, text)
    if st.toggle(say("edit"), key=f"editing_{ad['ad_id']}"):
        try:
            edit(ad)
        except ApiProblemError as problem:
            st.html(preview.notice(str(problem), error=True))
    with st.expander(say("copy"), icon=":material/content_copy:"):
        st.code(text, language=None, wrap_lines=True)
    with st.expander(say("evidence"), icon=":material/fact_check:"):
        evidence(ad, channels)


def _verdict(ad: dict[str, Any], text: str) -> None:
    """Accept, or reject with a reason; an edited text is accepted as an edit."""
    left, right = st.columns(2)
    name, is_edited = ad["ad_id"], text != ad["text"]
    verdict = {"verdict": "edit", "text": text} if is_edited else {"verdict": "accept"}
    left.button(
        say("accept_edit") if is_edited else say("accept"), key=f"accept_{name}", icon=":material/check:",
        width="stretch", on_click=_judge, args=(name, verdict),
    )  # fmt: skip
    with right.popover(say("reject"), icon=":material/close:", width="stretch"):
        st.selectbox(say("why"), REASONS, format_func=named("reason", REASONS), key=f"why_{name}")
        st.text_input(say("in_words"), key=f"words_{name}", max_chars=500)
        st.button(say("reject"), key=f"reject_{name}", type="primary", on_click=_reject, args=(name,))
    if problem := st.session_state.pop(f"problem_{name}", None):
        st.html(preview.notice(problem, error=True))


def _reject(ad_id: str) -> None:
    reason, words = str(st.session_state[f"why_{ad_id}"]), str(st.session_state[f"words_{ad_id}"]).strip()
    _judge(ad_id, {"verdict": "reject", "reason": f"{reason}: {words}" if words else reason})


def _judge(ad_id: str, verdict: dict[str, Any]) -> None:
    """Send a verdict; what comes of it is shown with the ad."""
    try:
        ask("POST", f"/v1/ads/{ad_id}/feedback", verdict)
    except ApiProblemError as problem:
        st.session_state[f"problem_{ad_id}"] = str(problem)
        return
    st.session_state[f"given_{ad_id}"] = verdict["verdict"]


def evidence(ad: dict[str, Any], channels: Channels) -> None:
    """The posts that shaped an ad, where the brief says its facts, and its scores."""
    st.markdown(f"**{say('fact_sources')}**")
    st.html(
        preview.table(
            (f"{number}. " + say(f"kind_{fact['kind']}"), fact["text"], where(fact["source"]))
            for number, fact in enumerate(ad["facts"], start=1)
        )
    )
    st.markdown(f"**{say('exemplars')}**")
    if ad["exemplars"]:
        st.html(preview.table((source(post, channels), post["excerpt"]) for post in ad["exemplars"]))
    else:
        st.caption(say("no_exemplars"))
    st.markdown(f"**{say('scores')}**")
    st.html(
        preview.table((say_or(f"score_{part}", part), f"{score:.3f}") for part, score in ad["scores"].items())
    )


def source(post: dict[str, Any], channels: Channels) -> str:
    """Where an exemplar stands."""
    if post["message_id"] is None:
        return say("document")
    return f"{channels.get(post['channel_id'], post['channel_id'])} / {post['message_id']}"


def _downloads(ads: list[dict[str, Any]]) -> None:
    """Tables for programs name kinds and verdicts as the API does; the document for people says them in words."""
    said = [
        {**ad, "format": format_words(ad["format"]), "policy": {"verdict": policy_words(ad["policy"])}}
        for ad in ads
    ]
    st.markdown(f"**{say('download')}**")
    kinds = (
        ("CSV", downloads.as_csv(ads), "ads.csv", "text/csv"),
        (
            "DOCX", downloads.as_docx(said, title=say("ads")), "ads.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("JSON", downloads.as_json(ads), "ads.json", "application/json"),
    )  # fmt: skip
    for place, (label, content, name, kind) in zip(st.columns(3), kinds, strict=True):
        place.download_button(
            label, content, file_name=name, mime=kind, icon=":material/download:", on_click="ignore",
            width="stretch",
        )  # fmt: skip
