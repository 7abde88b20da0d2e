"""The campaign manager's page: a client of the API and of nothing else.

Streamlit runs this file from top to bottom at every change; what must survive stands in `st.session_state`. The
screens are in `app/screens/`.
"""

from typing import Any

import streamlit as st

from adgen_pipeline.app import preview
from adgen_pipeline.app.screens import ads, brief, channels, compare, history
from adgen_pipeline.app.screens.client import ApiProblemError, ask
from adgen_pipeline.app.screens.words import LANGUAGES, named, say

LOOK_AGAIN_SECONDS = 4.0
SCREENS = ("write", "compare", "history", "channels")


@st.fragment(run_every=LOOK_AGAIN_SECONDS)
def wait_for_the_model() -> None:
    """Look again every few seconds; the page starts over once the model is there."""
    try:
        ask("GET", "/ready")
    except ApiProblemError as problem:
        text = say("loading") if problem.loading else str(problem)
        st.html(preview.notice(text, error=not problem.loading))
        return
    st.rerun()


def is_ready() -> bool:
    """Whether ads can be written; remembered, since a loaded model stays."""
    if not st.session_state.get("ready"):
        try:
            ask("GET", "/ready")
        except ApiProblemError:
            return False
        st.session_state["ready"] = True
    return True


def heading() -> str:
    """Title, language switch and the way to the screens; returns the chosen screen."""
    left, right = st.columns([4, 1], vertical_alignment="top")
    with right:
        st.segmented_control(
            "Language / ቋንቋ",
            list(LANGUAGES),
            default="en",
            key="language_choice",
            format_func=LANGUAGES.__getitem__,
            label_visibility="collapsed",
        )
    st.session_state["language"] = st.session_state.get("language_choice") or "en"
    with left:
        st.title(say("title"))
        st.caption(say("subtitle"))
    chosen = st.segmented_control(
        say("screens"),
        SCREENS,
        default="write",
        key="screen",
        format_func=named("screen", SCREENS),
        label_visibility="collapsed",
    )
    return chosen or "write"


def write(names: dict[int, str]) -> None:
    """From a brief to judged ads."""
    left, right = st.columns([5, 6], gap="large")
    with left:
        brief.paste()
        fields = brief.correct()
        if fields is not None:
            ads.choose(fields, names)
    with right:
        ads.show(names)


def main() -> None:
    """The page."""
    st.set_page_config(page_title="adgen", page_icon=":material/campaign:", layout="wide")
    st.html(preview.style())
    screen = heading()
    if screen != "compare":
        compare.left()
    if not is_ready():
        wait_for_the_model()
        return
    try:
        known: list[dict[str, Any]] = ask("GET", "/v1/channels")
        names = {channel["channel_id"]: channel["name"] for channel in known}
        if screen == "compare":
            compare.screen(names)
        elif screen == "history":
            history.screen(names)
        elif screen == "channels":
            channels.screen(known)
        else:
            write(names)
    except ApiProblemError as problem:
        st.session_state["ready"] = False
        st.html(preview.notice(str(problem), error=True))


if __name__ == "__main__":
    main()
