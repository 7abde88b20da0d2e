"""Channels at a glance: how much, when and about what each posts."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from adgen_pipeline.app import preview
from adgen_pipeline.app.screens.words import say, say_or


def screen(channels: Sequence[dict[str, Any]]) -> None:
    """The profile of a chosen channel."""
    if not channels:
        st.html(preview.notice(say("no_channels")))
        return
    chosen = st.selectbox(
        say("channel"), channels, format_func=lambda channel: f"{channel['name']} ({channel['channel_id']})"
    )
    profile = chosen["profile"]
    if profile is None:
        st.html(preview.notice(say("no_profile")))
        return
    share, words, emojis = profile["ethiopic_share"], profile["median_words"], profile["emojis_per_post"]
    st.html(
        preview.table(
            [
                (say("posts"), f"{profile['posts_count']:,}"),
                (say("ads_of_channel"), f"{profile['ads_count']:,} ({profile['ad_share']:.0%})"),
                (say("posts_from_to"), f"{_day(profile['first_date'])} – {_day(profile['last_date'])}"),
                (say("median_words"), "–" if words is None else f"{words:.0f}"),
                (say("emojis_per_post"), "–" if emojis is None else f"{emojis:.1f}"),
                (say("ethiopic_share"), "–" if share is None else f"{share:.0%}"),
                (say("verticals"), _counted(profile["verticals"], "vertical")),
                (say("languages"), _counted(profile["languages"], "language")),
                (say("hashtags"), _counted(profile["top_hashtags"])),
                (say("emojis"), _counted(profile["top_emojis"])),
            ]
        )
    )
    st.markdown(f"**{say('by_hour')}**")
    st.html(preview.bars([f"{hour:02d}" for hour in range(24)], profile["hour_counts"], label=say("by_hour")))
    st.markdown(f"**{say('by_weekday')}**")
    days = say("weekdays").split()
    st.html(preview.bars(days, profile["weekday_counts"], label=say("by_weekday")))


def _day(moment: str | None) -> str:
    return moment[:10] if moment else "–"


def _counted(entries: Sequence[dict[str, Any]], kind: str = "") -> str:
    """Counts by name; of a kind whose names are words of the page, or as they stand."""
    named = (f"{say_or(kind + '_' + e['name'], e['name'])} {e['posts_count']:,}" for e in entries)
    return ", ".join(named) or "–"
