"""How the page shows untrusted text: as escaped HTML of our own making, in a font that has Ethiopic letters.

Briefs, posts and names of channels may hold anything; nothing of it is ever taken for HTML or Markdown.
"""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

FONT = Path(__file__).parent.parent / "fonts" / "NotoSansEthiopic-Regular.ttf"
FONT_FAMILY = "Noto Sans Ethiopic Adgen"
EMOJI = '"Noto Color Emoji", "Apple Color Emoji", "Segoe UI Emoji"'  # whichever the reader's system has

STYLE = """
.stApp, .stApp p, .stApp label, .stApp textarea, .stApp input, .stApp button, .stApp h1, .stApp h2, .stApp h3,
.stApp code, .stApp li, div[data-baseweb="popover"] li {font-family: "FAMILY", "Noto Sans", EMOJI, sans-serif;}
.stApp pre, .stApp pre code {font-family: "FAMILY", monospace; white-space: pre-wrap;}
.block-container, [data-testid="stMainBlockContainer"] {padding-top: 2.2rem; max-width: 1180px;}
.st-key-language_choice {display: flex; justify-content: flex-end;}
.adgen-chat {background: #d5e3c5; border-radius: 12px; padding: 18px; font-family: "FAMILY", EMOJI, sans-serif;}
.adgen-bubble {background: #fff; color: #111; border-radius: 12px; border-bottom-left-radius: 3px; padding: 10px 14px;
 max-width: 34rem; box-shadow: 0 1px 2px rgba(0,0,0,.18); overflow-wrap: anywhere;}
.adgen-channel {color: #1f6fae; font-weight: 600; margin-bottom: 4px;}
.adgen-text {white-space: pre-wrap; line-height: 1.55; font-size: 1rem;}
.adgen-text mark {background: #fff0b8; color: inherit; border-radius: 3px; padding: 0 2px;}
.adgen-foot {text-align: right; color: #5d6a75; font-size: .78rem; margin-top: 4px;}
.adgen-badge {display: inline-block; border-radius: 10px; padding: 2px 10px; margin: 8px 6px 0 0; font-size: .82rem;
 background: #e8eef4; color: #22323f;}
.adgen-allow {background: #d8f0dc; color: #14532d;} .adgen-needs_review {background: #fdecc4; color: #6b4300;}
.adgen-refuse {background: #fbd9d9; color: #7a1212;}
.adgen-notice {border-radius: 8px; padding: 10px 14px; margin: 4px 0; background: #fdecc4; color: #4d3200;
 font-family: "FAMILY", EMOJI, sans-serif; overflow-wrap: anywhere;}
.adgen-notice.adgen-error {background: #fbd9d9; color: #7a1212;}
.adgen-table {border-collapse: collapse; width: 100%; font-size: .92rem; font-family: "FAMILY", EMOJI, sans-serif;}
.adgen-table td, .adgen-table th {border-bottom: 1px solid rgba(128,128,128,.3); padding: 5px 10px 5px 0;
 text-align: left; vertical-align: top; overflow-wrap: anywhere; white-space: pre-wrap;}
.adgen-table th {font-weight: 600; white-space: nowrap; width: 9rem;}
"""


@cache
def style() -> str:
    """The page's style sheet, with the font inside: the browser fetches nothing from anywhere."""
    encoded = base64.b64encode(FONT.read_bytes()).decode("ascii")
    source = f"src: url(data:font/ttf;base64,{encoded}) format('truetype');"
    face = f'@font-face {{font-family: "{FONT_FAMILY}"; {source} font-display: block;}}'
    return f"<style>{face}{STYLE.replace('FAMILY', FONT_FAMILY).replace('EMOJI', EMOJI)}</style>"


def marked(text: str, facts: Iterable[str]) -> str:
    """The text as HTML, each occurrence of a fact inside <mark>; everything else escaped.

    Longer facts win where they overlap.
    """
    taken = [False] * len(text)
    spans: list[tuple[int, int]] = []
    for fact in sorted(set(facts) - {""}, key=lambda f: (-len(f), f)):
        start = text.find(fact)
        while start >= 0:
            end = start + len(fact)
            if not any(taken[start:end]):
                taken[start:end] = [True] * len(fact)
                spans.append((start, end))
            start = text.find(fact, end)
    pieces, position = [], 0
    for start, end in sorted(spans):
        pieces += [html.escape(text[position:start]), "<mark>", html.escape(text[start:end]), "</mark>"]
        position = end
    return "".join([*pieces, html.escape(text[position:])])


def bubble(ad: Mapping[str, Any], *, channel: str, footer: str, badges: Sequence[tuple[str, str]]) -> str:
    """An ad as Telegram shows a post, as HTML.

    Args:
        ad: an ad of the API's answer.
        channel: name above the text; empty for none.
        footer: small print below the text.
        badges: (kind, text), the kind being allow, needs_review, refuse or plain.
    """
    text = marked(ad["text"], [fact["text"] for fact in ad["facts"]])
    name = f'<div class="adgen-channel">{html.escape(channel)}</div>' if channel else ""
    below = "".join(
        f'<span class="adgen-badge adgen-{kind}">{html.escape(words)}</span>' for kind, words in badges
    )
    return (
        f'<div class="adgen-chat"><div class="adgen-bubble">{name}<div class="adgen-text">{text}</div>'
        f'<div class="adgen-foot">{html.escape(footer)}</div></div>{below}</div>'
    )


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as an HTML table whose first column is a heading."""
    cells = "".join(
        f"<tr><th>{html.escape(first)}</th>{''.join(f'<td>{html.escape(cell)}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    return f'<table class="adgen-table">{cells}</table>'


def notice(text: str, *, error: bool = False) -> str:
    """A boxed sentence."""
    return f'<div class="adgen-notice{" adgen-error" if error else ""}">{html.escape(text)}</div>'


def utf16_units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2
