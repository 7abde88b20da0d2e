"""The customer's cleaning of one text: entities, emoji and symbols taken out of it, in order, each into its list.

Entities that the export marks are marked here too (`mark`), so that one pass over the text finds them together with
what only a pattern tells. Nothing is glued: what is taken out leaves a space.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import polars as pl
import regex

from adgen_pipeline.text.amharic import hygiene, normalise, search_key
from adgen_pipeline.text.patterns import EMAIL, EMOJI, HASHTAG, LINK, MENTION, SYMBOL

# Noncharacters, which no text may hold: any that stand there go before these are set.
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
    """Text parts of an export with their entities marked for `take_out`."""
    plain = text.str.replace_all(_NONCHARACTERS, "")
    target = href.fill_null("").str.replace_all(_NONCHARACTERS, "").str.replace_all(r"\s", "%20")
    marked, address = plain, plain.str.replace_all(r"\s", "")
    for name in ("hashtag", "mention", "link", "email"):
        marked = pl.when(kind == name).then(_MARKS[name] + address + _END).otherwise(marked)
    has_target = (kind == "text_link") & (target != "")
    return pl.when(has_target).then(plain + _MARKS["text_link"] + target + _END).otherwise(marked)


def take_out(marked: str) -> Cleaned:
    """A text, marked or not, without its hashtags, mentions, links, emoji and symbols; line breaks are spaces."""
    bare: list[str] = []
    found: dict[str, list[str]] = {name: [] for name in ("hashtag", "mention", "link", "emoji", "symbol")}
    for chunk in marked.split():
        if chunk.isalnum():
            bare.append(chunk)
            continue
        rest, taken = _take_out_of_chunk(chunk)
        bare += rest
        for kind, value in taken:
            if kind != "text_link":
                found[kind].append(value)
            elif not found["link"] or _address(found["link"][-1]) != _address(value):
                found["link"].append(value)  # else its visible text was the address
    return Cleaned(" ".join(bare), *found.values())


@lru_cache(maxsize=200_000)
def _take_out_of_chunk(chunk: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """What stays of a piece between two spaces, and what was taken out of it with its kind.

    Nothing that is taken out contains a space, and posts repeat such pieces, so that most are known already.
    """
    taken: list[tuple[str, str]] = []

    def keep(match: "regex.Match[str]") -> str:
        kind = match.lastgroup.removeprefix("marked_")
        value = str(match[match.lastgroup])
        if kind == "email":
            return value
        taken.append((kind, value))
        return "" if kind == "text_link" else " "

    return tuple(_FOUND.sub(keep, chunk).split()), tuple(taken)


def _address(link: str) -> str:
    """A link without what people leave away."""
    return link.lower().removeprefix("https://").removeprefix("http://").removesuffix("/")


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
