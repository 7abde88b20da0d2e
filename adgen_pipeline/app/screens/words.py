"""Every word of the page, in the language that was chosen."""

from functools import cache
from pathlib import Path

import streamlit as st
import yaml

LANGUAGES = {"am": "አማርኛ", "en": "English"}


@cache
def words() -> dict[str, dict[str, str]]:
    """Every word of the page, by key and language."""
    path = Path(__file__).parent.parent / "page_words.yaml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def language() -> str:
    """The chosen language, am or en."""
    return str(st.session_state.get("language", "en"))


def say(key: str, **values: object) -> str:
    """A word of the page in the chosen language."""
    return words()[key][language()].format(**values)


def say_or(key: str, otherwise: str) -> str:
    """A word of the page, or what stands for itself where the page has no word for it."""
    return say(key) if key in words() else otherwise
