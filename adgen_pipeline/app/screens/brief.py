"""The brief: pasted or uploaded, shown as understood, corrected, and what is missing asked for."""

from typing import Any

import streamlit as st

from adgen_pipeline.app import preview
from adgen_pipeline.app.screens.client import ApiProblemError, ask
from adgen_pipeline.app.screens.words import language, say, translated

ENDINGS = ["md", "txt", "yaml", "yml", "json", "pdf", "docx"]
LONG = ("description", "features")
FIELDS = (
    "product", "price", "contact", "features", "brand", "location", "offer", "terms", "description", "audience",
    "tone",
)  # fmt: skip
ASKED_IN = {
    "product": "product",
    "contact": "contact",
    "offer": "price",
}  # what is missing → the field to say it in
SAMPLE = {
    "en": "Product: Leather shoes for men\nFeatures: genuine leather, light, sizes 39 to 45\nPrice: 2,500 birr\n"
    "Phone: 0900 000 001\nLocation: Bole, Addis Ababa",
    "am": "ምርት፦ የወንዶች የቆዳ ጫማ\nባህሪያት፦ እውነተኛ ቆዳ፣ ቀላል፣ ከ39 እስከ 45 ቁጥር\nዋጋ፦ 2,500 ብር\nስልክ፦ 0900 000 001\n"
    "አድራሻ፦ ቦሌ፣ አዲስ አበባ",
}


def paste() -> None:
    """Where a brief is pasted or uploaded; what was understood goes into the session."""
    typed = type_in()
    file = st.file_uploader(say("upload"), type=ENDINGS, key="brief_file")
    if not st.button(say("understand"), type="primary", width="stretch", icon=":material/arrow_forward:"):
        return
    if file is None and not typed.strip():
        st.html(preview.notice(say("empty_brief"), error=True))
        return
    try:
        if file is not None:
            found = ask("POST", "/v1/briefs", files={"file": (file.name, file.getvalue())})
        else:
            found = ask("POST", "/v1/briefs", {"brief": typed})
    except ApiProblemError as problem:
        st.html(preview.notice(str(problem), error=True))
        return
    st.session_state["understood"] = found
    st.session_state["written"] = []
    st.session_state["advice"] = []
    for name in FIELDS:
        value = found["fields"][name]
        st.session_state[f"field_{name}"] = "\n".join(value) if isinstance(value, list) else value


def type_in() -> str:
    """Where a brief is typed or pasted; the same on every screen that asks for one."""
    if st.button(say("sample"), icon=":material/edit_note:"):
        st.session_state["brief_text"] = SAMPLE[language()]
    _restore("brief_text")
    typed = st.text_area(
        say("brief"), height=200, placeholder=say("brief_hint"), key="brief_text", max_chars=20_000
    )
    _keep("brief_text", typed)
    return str(typed)


def correct() -> dict[str, Any] | None:
    """The brief as understood, to be corrected; returns its fields, None before there are any."""
    found = st.session_state.get("understood")
    if found is None:
        return None
    st.subheader(say("understood"))
    lacks = list(found["missing"])
    if lacks:
        st.html(preview.notice(f"{say('missing')}: {', '.join(say(f'lacks_{name}') for name in lacks)}"))
    for key in ("contradictions", "set_aside"):
        if found["brief"].get(key):
            said = found["brief"][key]
            shown = map(translated, said) if key == "contradictions" else said
            st.html(preview.notice(f"{say(key)}: {' · '.join(shown)}"))
    wanted = {ASKED_IN[name] for name in lacks}
    fields: dict[str, Any] = {name: found["fields"][name] for name in ("advertiser", "sensitive")}
    shown = [n for n in FIELDS if n in wanted] + [n for n in FIELDS[:6] if n not in wanted]
    for name in shown:
        fields[name] = _field(name, is_wanted=name in wanted)
    with st.expander(say("more_fields")):
        for name in FIELDS:
            if name not in shown:
                fields[name] = _field(name, is_wanted=False)
    fields["features"] = [line.strip() for line in fields["features"].split("\n") if line.strip()]
    return fields


def _field(name: str, *, is_wanted: bool) -> str:
    label = f"{say(name)} — {say('please_say')}" if is_wanted else say(name)
    key = f"field_{name}"
    _restore(key)
    value = st.text_area(label, key=key, height=110) if name in LONG else st.text_input(label, key=key)
    _keep(key, value)
    return str(value)


def _keep(key: str, value: str) -> None:
    """Remember what stands in an input: Streamlit forgets the inputs of a screen that is left."""
    st.session_state[f"kept_{key}"] = value


def _restore(key: str) -> None:
    st.session_state.setdefault(key, st.session_state.get(f"kept_{key}", ""))
