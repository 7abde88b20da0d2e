"""The campaign manager's page: a client of the API and of nothing else.

Streamlit runs this file from top to bottom at every change; what must survive stands in `st.session_state`.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import streamlit as st
import yaml

from adgen_pipeline.app import preview
from adgen_pipeline.settings import Settings

WRITE_SECONDS = 600.0  # eight ads on a busy laptop
LOOK_AGAIN_SECONDS = 4.0
FORMAT_UNITS = {"post": 4096, "caption": 1024, "sponsored": 160, "tagline": 60}  # as generation/formats.py
SAMPLE = {
    "en": "Product: Leather shoes for men\nFeatures: genuine leather, light, sizes 39 to 45\nPrice: 2,500 birr\n"
    "Phone: 0900 000 001\nLocation: Bole, Addis Ababa",
    "am": "ምርት፦ የወንዶች የቆዳ ጫማ\nባህሪያት፦ እውነተኛ ቆዳ፣ ቀላል፣ ከ39 እስከ 45 ቁጥር\nዋጋ፦ 2,500 ብር\nስልክ፦ 0900 000 001\n"
    "አድራሻ፦ ቦሌ፣ አዲስ አበባ",
}


@cache
def words() -> dict[str, dict[str, str]]:
    """Every word of the page, by key and language."""
    path = Path(__file__).with_name("page_words.yaml")
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def say(key: str, **values: str) -> str:
    """A word of the page in the chosen language."""
    return words()[key][st.session_state.get("language", "en")].format(**values)


class ApiProblemError(Exception):
    """The API refused, and its sentence says why; `loading` if it only needs a moment."""

    def __init__(self, sentence: str, *, loading: bool = False) -> None:
        super().__init__(sentence)
        self.loading = loading


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """The API's answer.

    Raises:
        ApiProblemError: it is away, or it refused.
    """
    settings = Settings.from_environment()
    headers = {"X-API-Key": settings.api_key} if settings.api_key else {}
    try:
        answer = httpx.request(
            method,
            settings.api_url + path,
            json=body,
            headers=headers,
            timeout=WRITE_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise ApiProblemError(say("away", url=settings.api_url)) from error
    if answer.is_success:
        return answer.json()
    try:
        sentence = str(answer.json()["detail"])
    except (ValueError, KeyError):
        sentence = f"HTTP {answer.status_code}"
    raise ApiProblemError(sentence, loading=path == "/ready" and sentence == "loading")


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


def heading() -> None:
    """Title and language switch."""
    left, right = st.columns([4, 1], vertical_alignment="top")
    with right:
        st.segmented_control(
            "Language / ቋንቋ",
            ["am", "en"],
            default="en",
            key="language_choice",
            format_func=lambda code: {"am": "አማርኛ", "en": "English"}[code],
            label_visibility="collapsed",
        )
    st.session_state["language"] = st.session_state.get("language_choice") or "en"
    with left:
        st.title(say("title"))
        st.caption(say("subtitle"))


def brief_text() -> tuple[str, str]:
    """The brief as typed or uploaded, and the name of its file (empty if typed)."""
    if st.button(say("sample"), icon=":material/edit_note:"):
        st.session_state["brief_text"] = SAMPLE[st.session_state["language"]]
    typed = st.text_area(
        say("brief"), height=230, placeholder=say("brief_hint"), key="brief_text", max_chars=20_000
    )
    file = st.file_uploader(say("upload"), type=["md", "txt", "yaml", "yml", "json"], key="brief_file")
    if file is None:
        return typed, ""
    try:
        return file.getvalue().decode("utf-8-sig"), file.name
    except UnicodeDecodeError:
        st.html(preview.notice(say("not_text"), error=True))
        return "", ""


def format_label(name: str) -> str:
    """A kind of ad in both languages: the chosen one stays chosen when the page's language changes."""
    return " · ".join(words()[f"format_{name}"].values())


def form(channels: dict[int, str]) -> None:
    """What to write, and the two buttons; the answers go into the session."""
    text, file_name = brief_text()
    chosen = st.selectbox(
        say("channel"),
        [None, *channels],
        format_func=lambda key: say("any_channel") if key is None else f"{channels[key]} ({key})",
    )
    kind = st.selectbox(say("format"), FORMAT_UNITS, format_func=format_label)
    count = st.slider(say("count"), 1, 8, 2)
    left, right = st.columns(2)
    understand = left.button(say("understand"), width="stretch")
    write = right.button(say("write"), type="primary", width="stretch")
    if not (understand or write):
        return
    st.session_state.pop("answer", None)
    if not text.strip():
        st.html(preview.notice(say("empty_brief"), error=True))
        return
    body: dict[str, Any] = {"brief": text, "file_name": file_name or None}
    try:
        if understand:
            st.session_state["answer"] = ask("POST", "/v1/briefs", body)
        else:
            with st.spinner(say("writing")):
                body |= {"channel_id": chosen, "n": count, "format": kind}
                st.session_state["answer"] = ask("POST", "/v1/ads", body)
    except ApiProblemError as problem:
        st.html(preview.notice(str(problem), error=True))


def understood(brief: dict[str, Any], missing: list[str]) -> None:
    """The brief as understood, and what it does not say."""
    st.subheader(say("understood"))
    if missing:
        st.html(preview.notice(f"{say('missing')}: {', '.join(say(f'lacks_{name}') for name in missing)}"))
    for key in ("contradictions", "set_aside"):
        if brief[key]:
            st.html(preview.notice(f"{say(key)}: {' · '.join(brief[key])}"))
    values = brief | {"features": " · ".join(brief["features"])}
    slots = {fact["slot"]: fact["text"] for fact in brief["facts"]}
    rows = [
        (say(name), _filled(str(values[name]), slots))
        for name in ("product", "description", "features", "audience", "tone", "vertical", "advertiser")
        if values.get(name)
    ]
    st.html(preview.table(rows))
    if brief["facts"]:
        st.markdown(f"**{say('facts')}**")
        st.html(preview.table((say(f"kind_{_kind(fact['slot'])}"), fact["text"]) for fact in brief["facts"]))


def show_ad(ad: dict[str, Any], channels: dict[int, str]) -> None:
    """One ad as Telegram would show it, with its evidence below."""
    verdict = ad["policy"]["verdict"]
    badges = [
        (
            verdict,
            say(f"policy_{verdict}")
            + (f": {', '.join(ad['policy']['rules'])}" if ad["policy"]["rules"] else ""),
        ),
        ("plain", say(f"written_by_{ad['written_by']}")),
    ]
    limit = f"{FORMAT_UNITS[ad['format']]:,}"
    footer = f"{preview.utf16_units(ad['text']):,} {say('length', limit=limit)}"
    st.html(preview.bubble(ad, channel=channels.get(ad["channel_id"], ""), footer=footer, badges=badges))
    if ad["left_out"]:
        st.html(preview.notice(f"{say('left_out')}: {'; '.join(ad['left_out'])}"))
    with st.expander(say("copy"), icon=":material/content_copy:"):
        st.code(ad["text"], language=None, wrap_lines=True)
    with st.expander(say("evidence"), icon=":material/fact_check:"):
        st.markdown(f"**{say('exemplars')}**")
        if ad["exemplars"]:
            st.html(preview.table((_source(post, channels), post["excerpt"]) for post in ad["exemplars"]))
        else:
            st.caption(say("no_exemplars"))
        st.markdown(f"**{say('fact_sources')}**")
        st.html(
            preview.table((say(f"kind_{fact['kind']}"), fact["text"], fact["source"]) for fact in ad["facts"])
        )
        st.markdown(f"**{say('scores')}**")
        st.html(preview.table((part, f"{score:.3f}") for part, score in ad["scores"].items()))


def answer(channels: dict[int, str]) -> None:
    """What the API answered last."""
    found = st.session_state.get("answer")
    if found is None:
        return
    if "ads" in found:
        st.subheader(say("ads"))
        for ad in found["ads"]:
            show_ad(ad, channels)
        st.caption(
            say("versions", model=found["model"], index=found["index"], seconds=f"{found['seconds']:.0f}")
        )
        st.download_button(
            say("download"),
            json.dumps(found, ensure_ascii=False, indent=1),
            file_name="ads.json",
            mime="application/json",
            icon=":material/download:",
        )
    understood(found["brief"], found["missing"])


def _source(post: dict[str, Any], channels: dict[int, str]) -> str:
    """Where an exemplar stands."""
    if post["message_id"] is None:
        return say("document")
    return f"{channels.get(post['channel_id'], post['channel_id'])} / {post['message_id']}"


def _kind(slot: str) -> str:
    """The kind of a slot such as ⟨price_1⟩."""
    return slot.strip("⟨⟩").rpartition("_")[0]


def _filled(text: str, slots: dict[str, str]) -> str:
    """The text with its slots replaced by what they stand for."""
    for slot, value in slots.items():
        text = text.replace(slot, value)
    return text


def main() -> None:
    """The page."""
    st.set_page_config(page_title="adgen", page_icon=":material/campaign:", layout="wide")
    st.html(preview.style())
    heading()
    if not is_ready():
        wait_for_the_model()
        return
    try:
        channels = {c["channel_id"]: c["name"] for c in ask("GET", "/v1/channels")}
    except ApiProblemError as problem:
        st.session_state["ready"] = False
        st.html(preview.notice(str(problem), error=True))
        return
    left, right = st.columns([5, 6], gap="large")
    with left:
        form(channels)
    with right:
        answer(channels)


if __name__ == "__main__":
    main()
