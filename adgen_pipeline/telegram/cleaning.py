"""The customer's cleaning of one text: entities, emoji and symbols taken out of it, in order, each into its list.

Entities that the export marks are marked here too (`mark`), so that one pass over the text finds them together with
what only a pattern tells. Nothing is glued: what is taken out leaves a space.
"""

from dataclasses import dataclass, field

import polars as pl
import regex

from adgen_pipeline.text.amharic import hygiene, normalise, search_key
from adgen_pipeline.text.patterns import EMAIL, EMOJI, HASHTAG, LINK, MENTION, SYMBOL

# Noncharacters, which no text may hold: hygiene removes them before these are set.
_END = "\ufdd0"
_MARKS = {
    "hashtag": "\ufdd1",
    "mention": "\ufdd2",
    "link": "\ufdd3",
    "text_link": "\ufdd4",
    "email": "\ufdd5",
}
_NONCHARACTERS = "[\ufdd0-\ufdef]"

_INNER = f"[^{_END}]*+"
_FOUND = regex.compile(
    "|".join(
        [
            *(f"{mark}(?P<marked_{name}>{_INNER}){_END}" for name, mark in _MARKS.items()),
            f"(?P<email>{EMAIL})",
            f"(?P<link>{LINK})",
            f"(?P<mention>{MENTION})",
            f"(?P<hashtag>{HASHTAG})",
            f"(?P<emoji>{EMOJI})",
            f"(?P<symbol>{SYMBOL})",
        ]
    ),
    regex.V1,
)
_SPACES = regex.compile(r"\s+")
_SCHEME = regex.compile(r"^https?://|/$", regex.IGNORECASE)


@dataclass
class Cleaned:
    """One text after cleaning, homophones not unified yet, and what was taken out of it."""

    text: str
    hashtags: list[str] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    emojis: list[str] = field(default_factory=list)
    symbols: list[str] = field(default_factory=list)


def mark(kind: pl.Expr, text: pl.Expr, href: pl.Expr) -> pl.Expr:
    """Text parts of an export, after hygiene, with their entities marked for `take_out`."""
    plain = text.str.replace_all(_NONCHARACTERS, "")
    target = href.fill_null("").str.replace_all(_NONCHARACTERS, "")
    marked = plain
    for name in ("hashtag", "mention", "link", "email"):
        marked = pl.when(kind == name).then(_MARKS[name] + plain + _END).otherwise(marked)
    has_target = (kind == "text_link") & (target != "")
    return pl.when(has_target).then(plain + _MARKS["text_link"] + target + _END).otherwise(marked)


def take_out(marked: str) -> Cleaned:
    """A text, marked or not, without its hashtags, mentions, links, emoji and symbols; line breaks are spaces."""
    cleaned = Cleaned("")

    def keep(match: "regex.Match[str]") -> str:
        kind = match.lastgroup
        value = str(match[kind])
        if kind == "emoji":
            cleaned.emojis.append(value)
        elif kind == "symbol":
            cleaned.symbols.append(value)
        elif kind in {"email", "marked_email"}:
            return value
        elif kind == "marked_text_link":
            last = cleaned.links[-1] if cleaned.links else ""
            if _SCHEME.sub("", last) != _SCHEME.sub("", value):  # its visible text was the address
                cleaned.links.append(value)
            return ""
        else:
            lists = {"hashtag": cleaned.hashtags, "mention": cleaned.mentions, "link": cleaned.links}
            lists[kind.removeprefix("marked_")].append(value.strip())
        return " "

    cleaned.text = _SPACES.sub(" ", _FOUND.sub(keep, marked)).strip()
    return cleaned


def clean_text(text: str) -> dict[str, object]:
    """One text cleaned without an export's entities: post, text, search_key and the five lists."""
    post = hygiene(text)
    cleaned = take_out(regex.sub(_NONCHARACTERS, "", post))
    unified = normalise(cleaned.text)
    return {
        "post": post,
        "text": unified,
        "search_key": search_key(unified),
        "hashtags": cleaned.hashtags,
        "mentions": cleaned.mentions,
        "links": cleaned.links,
        "emojis": cleaned.emojis,
        "symbols": cleaned.symbols,
    }
