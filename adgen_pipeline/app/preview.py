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
.adgen-chat {background: light-dark(#d5e3c5, #18222d); border-radius: 12px; padding: 16px;
 font-family: "FAMILY", EMOJI, sans-serif;}
.adgen-bubble {background: light-dark(#fff, #212d3b); color: light-dark(#111, #f1f4f7); border-radius: 12px;
 border-bottom-left-radius: 3px; padding: 10px 14px; max-width: 34rem; box-shadow: 0 1px 2px rgba(0,0,0,.18);
 overflow-wrap: anywhere;}
.adgen-candidate {opacity: .75; margin-top: 8px; border: 1px dashed rgba(128,128,128,.5);}
.adgen-channel {color: light-dark(#1f6fae, #6ab3f3); font-weight: 600; margin-bottom: 4px;}
.adgen-text {white-space: pre-wrap; line-height: 1.55; font-size: 1rem;}
.adgen-text mark {background: light-dark(#fff0b8, #5c4a10); color: inherit; border-radius: 3px; padding: 0 2px;}
.adgen-text mark sup {font-size: .65em; opacity: .75; margin-left: 1px;}
.adgen-foot {text-align: right; color: light-dark(#5d6a75, #9fb0c0); font-size: .78rem; margin-top: 4px;}
.adgen-badge {display: inline-block; border-radius: 10px; padding: 2px 10px; margin: 8px 6px 0 0; font-size: .82rem;
 background: light-dark(#e8eef4, #2b3a49); color: light-dark(#22323f, #d5e0ea);}
.adgen-allow {background: light-dark(#d8f0dc, #17452a); color: light-dark(#14532d, #b9eccb);}
.adgen-review, .adgen-needs_review {background: light-dark(#fdecc4, #553c0b); color: light-dark(#6b4300, #ffe0a3);}
.adgen-refuse {background: light-dark(#fbd9d9, #5d1f1f); color: light-dark(#7a1212, #ffc9c9);}
.adgen-notice {border-radius: 8px; padding: 10px 14px; margin: 4px 0; background: light-dark(#fdecc4, #453208);
 color: light-dark(#4d3200, #ffe3ad); font-family: "FAMILY", EMOJI, sans-serif; overflow-wrap: anywhere;}
.adgen-notice.adgen-error {background: light-dark(#fbd9d9, #4f1a1a); color: light-dark(#7a1212, #ffcccc);}
.adgen-notice.adgen-good {background: light-dark(#d8f0dc, #17452a); color: light-dark(#14532d, #b9eccb);}
.adgen-table {border-collapse: collapse; width: 100%; font-size: .92rem; font-family: "FAMILY", EMOJI, sans-serif;}
.adgen-table td, .adgen-table th {border-bottom: 1px solid rgba(128,128,128,.3); padding: 5px 10px 5px 0;
 text-align: left; vertical-align: top; overflow-wrap: anywhere; white-space: pre-wrap;}
.adgen-table th {font-weight: 600; width: 9rem;}
.adgen-bars {display: flex; align-items: flex-end; gap: 3px; height: 120px; font-family: "FAMILY", sans-serif;}
.adgen-bars div {flex: 1; display: flex; flex-direction: column; justify-content: flex-end; height: 100%;
 text-align: center; font-size: .7rem; min-width: 0;}
.adgen-bars i {display: block; background: #2481cc; border-radius: 3px 3px 0 0; min-height: 1px;}
"""


@cache
def style() -> str:
    """The page's style sheet, with the font inside: the browser fetches nothing from anywhere."""
    encoded = base64.b64encode(FONT.read_bytes()).decode("ascii")
    source = f"src: url(data:font/ttf;base64,{encoded}) format('truetype');"
    face = f'@font-face {{font-family: "{FONT_FAMILY}"; {source} font-display: block;}}'
    return f"<style>{face}{STYLE.replace('FAMILY', FONT_FAMILY).replace('EMOJI', EMOJI)}</style>"


def marked(text: str, facts: Iterable[str], *, titles: Mapping[str, str] | None = None) -> str:
    """The text as HTML, each occurrence of a fact inside <mark>; everything else escaped.

    Longer facts win where they overlap. With `titles`, by fact, a mark carries its number among them and says its
    title when it is pointed at.
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
    numbers = {fact: number for number, fact in enumerate(titles or {}, start=1)}
    for start, end in sorted(spans):
        fact = text[start:end]
        title = f' title="{html.escape(titles[fact])}"' if titles and fact in titles else ""
        number = f"<sup>{numbers[fact]}</sup>" if fact in numbers else ""
        pieces += [html.escape(text[position:start]), f"<mark{title}>", html.escape(fact), f"{number}</mark>"]
        position = end
    return "".join([*pieces, html.escape(text[position:])])


def bubble(
    ad: Mapping[str, Any],
    *,
    channel: str,
    footer: str,
    badges: Iterable[tuple[str, str]],
    kinds: Mapping[str, str] | None = None,
) -> str:
    """An ad as Telegram shows a post, as HTML.

    Args:
        ad: an ad of the API's answer.
        channel: name above the text; empty for none.
        footer: small print below the text.
        badges: (kind, text), the kind being allow, review, refuse or plain.
        kinds: slot of a fact → what it is, in words; facts then carry numbers and say where the brief says them.
    """  # fmt: skip
    facts = [fact["text"] for fact in ad["facts"]]
    titles = {
        fact["text"]: f"{kinds[fact['slot']]}: {fact['source']}"
        for fact in ad["facts"]
        if kinds is not None and fact["slot"] in kinds
    }
    text = marked(ad["text"], facts, titles=titles)
    below = badge_row(badges)
    name = f'<div class="adgen-channel">{html.escape(channel)}</div>' if channel else ""
    return (
        f'<div class="adgen-chat"><div class="adgen-bubble">{name}<div class="adgen-text">{text}</div>'
        f'<div class="adgen-foot">{html.escape(footer)}</div></div>{below}</div>'
    )


def badge_row(shown: Iterable[tuple[str, str]]) -> str:
    """Short words on coloured ground: (kind, text), the kind being allow, review, refuse or plain."""
    return "".join(
        f'<span class="adgen-badge adgen-{kind}">{html.escape(words)}</span>' for kind, words in shown
    )


def candidate(text: str) -> str:
    """A candidate that passed the checks and is not ranked yet."""
    return (
        f'<div class="adgen-bubble adgen-candidate"><div class="adgen-text">{html.escape(text)}</div></div>'
    )


def bars(names: Sequence[str], counts: Sequence[int], *, label: str) -> str:
    """Counts as bars, each with its name below; read aloud as one sentence."""
    most = max([*counts, 1])
    spoken = ", ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True))
    drawn = "".join(
        f'<div title="{html.escape(name)}: {count}"><i style="height: {100 * count / most:.0f}%"></i>'
        f"{html.escape(name)}</div>"
        for name, count in zip(names, counts, strict=True)
    )
    spoken = html.escape(f"{label}. {spoken}")
    return f'<div class="adgen-bars" role="img" aria-label="{spoken}">{drawn}</div>'


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as an HTML table whose first column is a heading."""
    cells = "".join(
        f"<tr><th>{html.escape(first)}</th>{''.join(f'<td>{html.escape(cell)}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    return f'<table class="adgen-table">{cells}</table>'


def notice(text: str, *, error: bool = False, good: bool = False) -> str:
    """A boxed sentence."""
    kind = " adgen-error" if error else " adgen-good" if good else ""
    return f'<div class="adgen-notice{kind}" role="status">{html.escape(text)}</div>'


def reasons(title: str, sentences: Iterable[str]) -> str:
    """A boxed title with sentences below it."""
    listed = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)
    return (
        f'<div class="adgen-notice" role="note"><strong>{html.escape(title)}</strong><ul>{listed}</ul></div>'
    )


def utf16_units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2
