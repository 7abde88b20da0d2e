"""An ad edited in place: every change is checked by the API, and what the brief does not say lights up."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from adgen_pipeline.app import preview
from adgen_pipeline.app.screens.client import ask
from adgen_pipeline.app.screens.labels import policy_badge
from adgen_pipeline.app.screens.words import say, translated

HERE = Path(__file__).parent
HTML = '<div class="box"><div class="back" aria-hidden="true"></div><textarea spellcheck="false"></textarea></div>'


@cache
def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@cache
def _editor() -> Any:
    return st.components.v2.component(
        "adgen_editor", html=HTML, css=_part("editor.css"), js=_part("editor.js")
    )


def edited_text(ad: dict[str, Any]) -> str:
    """The ad as it was edited last; what stands in a closed editor is not lost."""
    state = st.session_state.get(f"edit_{ad['ad_id']}")
    if state is not None and state.get("text") is not None:
        st.session_state[f"text_{ad['ad_id']}"] = state["text"]
    return str(st.session_state.get(f"text_{ad['ad_id']}", ad["text"]))


def edit(ad: dict[str, Any]) -> None:
    """Show the editor of an ad and the findings on its text."""
    text = edited_text(ad)
    checked = ask("POST", f"/v1/ads/{ad['ad_id']}/checks", {"text": text})
    _editor()(
        key=f"edit_{ad['ad_id']}",
        data={
            "ad": ad["ad_id"],
            "text": text,
            "label": say("edit"),
            "marks": [
                [c["start"], c["end"], "policy" if c["kind"] == "policy" else "fact", concern_words(c)]
                for c in checked["concerns"]
            ],
        },
        default={"text": text},
        on_text_change=lambda: None,
    )
    _findings(checked)


def concern_words(concern: dict[str, Any]) -> str:
    """What is wrong with some words of an edited ad, in the chosen language."""
    kind = concern["kind"]
    kind = "promise" if kind.startswith("promise_") else kind
    return f"{concern['text']}: {say(f'concern_{kind}')}"


def _findings(checked: dict[str, Any]) -> None:
    for concern in checked["concerns"]:
        st.html(preview.notice(concern_words(concern), error=concern["kind"] != "policy"))
    if checked["missing"]:
        st.html(
            preview.notice(f"{say('not_said')}: {', '.join(fact['text'] for fact in checked['missing'])}")
        )
    for problem in checked["problems"]:
        st.html(preview.notice(translated(problem), error=True))
    if not (checked["concerns"] or checked["missing"] or checked["problems"]):
        st.html(preview.notice(say("all_well"), good=True))
    length = f"{checked['units']:,} / {checked['maximum_units']:,} {say('characters')}"
    st.html(preview.badge_row([("plain", length), policy_badge(checked["policy"])]))
