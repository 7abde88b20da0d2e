"""The customer's cleaning of one text: entities, emoji and symbols taken out of it, in order, each into its list.

Entities that the export marks are marked here too (`mark`), so that one pass over the text finds them together with
what only a pattern tells. Nothing is glued: what is taken out leaves a space.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import polars as pl
import regex

from adgen_pipeline.text.amharic import hygiene, normalise, search_key
from adgen_pipeline.text.patterns import EMAIL, EMOJI, HASHTAG, LINK, MENTION, SYMBOL
from adgen_pipeline.text.pieces import in_lists

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

LISTS = ("hashtags", "mentions", "links", "emojis", "symbols")

_MARKED = f"[{_MARKS['hashtag']}-{_MARKS['link']}][^{_END}]*{_END}"
_QUICK = "|".join([_MARKED, MENTION, HASHTAG, EMOJI, SYMBOL])
_MAY_BE_LINK = rf"(?i:[a-z0-9]\.[a-z]|://|www\.)|[{_MARKS['text_link']}{_MARKS['email']}]"  # or an e-mail
_CLOSING = ".,;:!?፡።፣፤፥፦"  # behind a word they are of no link, and neither emoji nor symbols
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


def marked(posts: pl.DataFrame) -> pl.Series:
    """Each post's text (columns text and text_entities) with the entities that the export knows marked.

    Null where there is none: the text itself is what is looked through then.
    """
    texts = posts["text"]
    unmarked = texts.str.contains(_NONCHARACTERS)
    counts = posts["text_entities"].list.len().to_numpy().astype(np.int64)
    parts = posts["text_entities"].explode(empty_as_null=False).struct.unnest()
    words = _bare(parts["text"]) if unmarked.any() else parts["text"]
    places = parts["type"].is_in(list(_MARKS)).arg_true()
    target = pl.col("href").str.replace_all(r"\s", "%20")
    entities = pl.DataFrame(
        {
            "type": parts["type"].gather(places),
            "text": words.gather(places),
            "href": _bare(parts["href"].gather(places).fill_null("")),
        }
    ).select(
        pl.when(pl.col("type") != "text_link")
        .then(pl.col("type").replace(_MARKS) + pl.col("text").str.replace_all(r"\s", "") + _END)
        .when(target != "")
        .then(pl.col("text") + _MARKS["text_link"] + target + _END)
        .otherwise("text")
    )
    joined = in_lists(words.clone().scatter(places, entities.to_series()), counts).list.join("")
    rows = np.unique(np.repeat(np.arange(len(counts)), counts)[places.to_numpy()])
    whole = (
        _bare(texts).set(~unmarked, None)
        if unmarked.any()
        else pl.repeat(None, len(texts), dtype=pl.String, eager=True)
    )
    return whole.scatter(rows, joined.gather(rows))


def taken_out(lines: pl.Series) -> pl.DataFrame:
    """`take_out` of a column, text links not judged yet: text and the five lists (`links_once` of `links`).

    Where no link can stand, which takes long to find, one quick pattern finds all; the exact one is asked where one
    can, and for text links and e-mails, which stay.
    """
    hard = lines.str.replace_all(_MARKED, "").str.contains(_MAY_BE_LINK)
    slow, quick = hard.arg_true(), (~hard).arg_true()
    bare, exact = [], []
    for row, line in zip(slow, lines.gather(slow), strict=True):
        rest, taken = _taken(line)
        bare.append(rest)
        exact += [(row, kind, value) for kind, value in taken]
    plain = lines.gather(quick)
    found = (
        pl.DataFrame({"row": quick, "value": plain.str.extract_all(_QUICK)})
        .explode("value", empty_as_null=False)
        .select("row", _kind(), pl.col("value").str.strip_chars("".join(_MARKS.values()) + _END))
    )
    found = pl.concat([found, pl.DataFrame(exact, schema=found.schema, orient="row")]).sort(
        "row", maintain_order=True
    )
    plain = plain.str.replace_all(_QUICK, " ").str.replace_all(r"\s+", " ").str.strip_chars()
    text = lines.clone().scatter(quick, plain).scatter(slow, pl.Series(bare, dtype=pl.String))
    lists = {}
    for name in LISTS:
        of_kind = found.filter(kind=name)
        lengths = np.bincount(of_kind["row"].to_numpy(), minlength=len(lines))
        lists[name] = in_lists(of_kind["value"], lengths)
    return pl.DataFrame({"text": text, **lists})


def links_once(links: pl.Series) -> pl.Series:
    """Lists of links without the targets of text links whose visible text is the address."""
    rows = links.list.eval(pl.element().str.starts_with(_MARKS["text_link"])).list.any().arg_true()
    mended = pl.Series([_links_once(found) for found in links.gather(rows)], dtype=links.dtype)
    places = np.arange(len(links))
    places[rows.to_numpy()] = len(links) + np.arange(len(rows))
    return pl.concat([links, mended]).gather(places)


def _links_once(links: Iterable[str]) -> list[str]:
    """The links, marked ones left out where the one before is the same address."""
    found: list[str] = []
    for link in links:
        bare = link.removeprefix(_MARKS["text_link"])
        if bare == link or not found or _address(found[-1]) != _address(bare):
            found.append(bare)
    return found


def _kind() -> pl.Expr:
    """Which list something quickly found belongs to."""
    value = pl.col("value")
    first = value.str.head(1)
    return (
        pl.when(first.is_in([_MARKS["mention"], "@"]))
        .then(pl.lit("mentions"))
        .when(first == _MARKS["link"])
        .then(pl.lit("links"))
        .when((first == _MARKS["hashtag"]) | ((first == "#") & ~value.str.ends_with("\u20e3")))
        .then(pl.lit("hashtags"))
        .when(value.str.contains(f"^{EMOJI}$"))
        .then(pl.lit("emojis"))
        .otherwise(pl.lit("symbols"))
        .alias("kind")
    )


def take_out(marked: str) -> Cleaned:
    """A text, marked or not, without its hashtags, mentions, links, emoji and symbols; line breaks are spaces."""
    text, taken = _taken(marked)
    lists = {name: [value for kind, value in taken if kind == name] for name in LISTS}
    return Cleaned(text, **{**lists, "links": _links_once(lists["links"])})


def _taken(marked: str) -> tuple[str, list[tuple[str, str]]]:
    """What stays of a text, and what was taken out of it with its list; targets of text links keep their mark."""
    bare: list[str] = []
    found: list[tuple[str, str]] = []
    for chunk in marked.split():
        if chunk.rstrip(_CLOSING).isalnum():
            bare.append(chunk)
            continue
        rest, taken = _take_out_of_chunk(chunk)
        bare += rest
        found += taken
    return " ".join(bare), found


@lru_cache(maxsize=50_000)
def _take_out_of_chunk(chunk: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """`_taken` of a piece between two spaces.

    Nothing that is taken out contains a space, and posts repeat such pieces, so that most are known already.
    """
    taken: list[tuple[str, str]] = []

    def keep(match: "regex.Match[str]") -> str:
        kind = match.lastgroup.removeprefix("marked_")
        value = str(match[match.lastgroup])
        if kind == "email":
            return value
        if kind == "text_link":
            taken.append(("links", _MARKS[kind] + value))
            return ""
        taken.append((f"{kind}s", value))
        return " "

    return tuple(_FOUND.sub(keep, chunk).split()), tuple(taken)


def _address(link: str) -> str:
    """A link without what people leave away."""
    return link.lower().removeprefix("https://").removeprefix("http://").removesuffix("/")


def _bare(texts: pl.Series) -> pl.Series:
    """Texts without the characters that mark entities: hardly one has any."""
    rows = texts.str.contains(_NONCHARACTERS).arg_true()
    if rows.is_empty():
        return texts
    return texts.clone().scatter(rows, texts.gather(rows).str.replace_all(_NONCHARACTERS, ""))


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
