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
    cleared = texts.str.contains(_NONCHARACTERS)
    whole = _bare(texts).set(~cleared, None)
    parts = (
        posts.select(pl.int_range(pl.len()).alias("row"), "text_entities")
        .explode("text_entities", empty_as_null=False)
        .unnest("text_entities")
    )
    is_entity = pl.col("type").is_in(list(_MARKS))
    parts = parts.filter(is_entity.any().over("row"))
    parts = parts.with_columns(_bare(parts["text"]), _bare(parts["href"].fill_null("")))
    target = pl.col("href").str.replace_all(r"\s", "%20")
    places = parts.select(is_entity.arg_true()).to_series()
    entities = parts[places].select(
        pl.when(pl.col("type") != "text_link")
        .then(pl.col("type").replace(_MARKS) + pl.col("text").str.replace_all(r"\s", "") + _END)
        .when(target != "")
        .then(pl.col("text") + _MARKS["text_link"] + target + _END)
        .otherwise("text")
    )
    joined = (
        parts.with_columns(parts["text"].scatter(places, entities.to_series()))
        .group_by("row", maintain_order=True)
        .agg(pl.col("text").str.join(""))
    )
    return whole.scatter(joined["row"], joined["text"])


def taken_out(texts: pl.Series) -> pl.DataFrame:
    """`take_out` of a column: text and the five lists.

    Where no link can stand, which takes long to find, one quick pattern finds all; `take_out` itself is asked where
    one can, and for text links, whose order counts, and e-mails, which stay.
    """
    hard = texts.str.replace_all(_MARKED, "").str.contains(_MAY_BE_LINK)
    rows = pl.int_range(len(texts), eager=True)
    slow = [take_out(text) for text in texts.filter(hard)]
    quick = pl.DataFrame({"row": rows, "text": texts}).filter(~hard)
    found = (
        quick.select("row", value=pl.col("text").str.extract_all(_QUICK))
        .explode("value", empty_as_null=False)
        .select("row", _kind(), pl.col("value").str.strip_chars("".join(_MARKS.values()) + _END))
    )
    rest = quick.select(
        pl.col("text").str.replace_all(_QUICK, " ").str.replace_all(r"\s+", " ").str.strip_chars()
    )
    text = texts.scatter(quick["row"], rest["text"]).scatter(
        rows.filter(hard), pl.Series([item.text for item in slow], dtype=pl.String)
    )
    strings = pl.List(pl.String)
    lists = found.group_by("row", maintain_order=True).agg(
        pl.col("value").filter(pl.col("kind") == name).alias(name) for name in LISTS
    )
    exact = pl.DataFrame(
        {
            "row": rows.filter(hard),
            **{name: pl.Series([getattr(item, name) for item in slow], dtype=strings) for name in LISTS},
        }
    )
    whole = pl.DataFrame({"row": rows, "text": text}).join(
        pl.concat([lists, exact]), on="row", how="left", maintain_order="left"
    )
    return whole.select("text", pl.col(LISTS).fill_null(pl.lit([], strings)))


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
    bare: list[str] = []
    found: dict[str, list[str]] = {name: [] for name in ("hashtag", "mention", "link", "emoji", "symbol")}
    for chunk in marked.split():
        if chunk.rstrip(_CLOSING).isalnum():
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


@lru_cache(maxsize=50_000)
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
