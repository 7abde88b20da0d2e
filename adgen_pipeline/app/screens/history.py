"""Past ads: searched, opened with their brief and evidence, judged again."""

from collections.abc import Mapping
from datetime import datetime

import streamlit as st

from adgen_pipeline.app import preview
from adgen_pipeline.app.screens.ads import card
from adgen_pipeline.app.screens.client import ask
from adgen_pipeline.app.screens.labels import format_words
from adgen_pipeline.app.screens.words import say, say_or

SHOWN = 50
TEMPLATE = "template"  # the API's name of the model that is none


def screen(channels: Mapping[int, str]) -> None:
    """The history.

    Raises:
        ApiProblemError: the API refused.
    """
    query = st.text_input(say("search_ads"), key="history_query", icon=":material/search:")
    found = ask("GET", "/v1/ads", params={"q": query, "limit": SHOWN})
    if not found:
        st.html(preview.notice(say("no_ads")))
        return
    chosen = st.selectbox(
        say("past_ads", count=len(found)),
        range(len(found)),
        format_func=lambda place: _line(found[place], channels),
    )
    opened = ask("GET", f"/v1/ads/{found[chosen]['ad_id']}")
    is_asked_template = opened["model"] == TEMPLATE
    card(opened["ad"], channels, is_asked_template=is_asked_template)
    st.markdown(f"**{say('verdicts')}**")
    if opened["feedback"]:
        st.html(
            preview.table(
                (
                    _day(given["given"]),
                    say(f"given_{given['verdict']}"),
                    say(f"role_{given['role']}"),
                    _reason(given["reason"]) or given["text"] or "",
                )
                for given in opened["feedback"]
            )
        )
    else:
        st.caption(say("no_verdict"))
    model = say("model_template") if is_asked_template else opened["model"]
    st.caption(say("versions", model=model, index=opened["index"]))


def _reason(reason: str | None) -> str:
    """A reason in words: one of the page's, alone or before somebody's own; else as it was sent."""
    kind, colon, words = (reason or "").partition(": ")
    return f"{say_or(f'reason_{kind}', kind)}{colon}{words}"


def _line(ad: dict[str, object], channels: Mapping[int, str]) -> str:
    """An ad of the history on one line."""
    channel = channels.get(ad["channel_id"], "") if isinstance(ad["channel_id"], int) else ""
    verdict = " · " + say(f"given_{ad['verdict']}") if ad["verdict"] else ""
    placed = " · ".join(part for part in (channel, format_words(str(ad["format"]))) if part)
    return f"{_day(str(ad['created']))} · {placed}{verdict} · {' '.join(str(ad['text']).split())[:60]}"


def _day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
