"""Languages told apart, abbreviations kept whole, and the speed of both and of the levels L0 to L2.

    python -m benchmarks.language [--exports DIR] [--texts LANGUAGE=FILE …] [--abbreviations FILE.xlsx] [--json]

Without options: precision and recall on the held-out half of the sentences in the tests, and speed on the posts of
the sample generator's channels. FILE holds a text a line, or is .tsv (columns `text`, or named after the language) or
.json (objects with `text`); each text counts once whole and its sentences of five words or more once each. Columns are
compared with a loop over single texts in the same run, and checked to give the same.
"""

import json
import logging
import re
import tempfile
import time
import unicodedata
from pathlib import Path
from zipfile import ZipFile

import click
import polars as pl
import regex

from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline.telegram.sample import write_sample
from adgen_pipeline.text import language_words as clues
from adgen_pipeline.text.amharic import (
    HOMOPHONES,
    hygiene,
    hygiene_expr,
    normalise,
    normalise_expr,
    search_key,
    search_key_expr,
    sentences,
    words,
)
from adgen_pipeline.text.language import LANGUAGES, language_expr, script_shares
from adgen_pipeline.text.patterns import EMAIL, HASHTAG, LINK, MENTION

logger = logging.getLogger(__name__)

OWN = Path(__file__).parent.parent / "adgen_pipeline_tests" / "text" / "languages.tsv"
MINIMUM_WORDS = 5
REPEATS = 3
LOOP_STEP = 5  # the loops see every fifth post: they take long


def held_out() -> pl.DataFrame:
    """Columns `wanted` and `text`: every second sentence of our own; the word lists were mended on the others."""
    rows = [line.split("\t") for line in OWN.read_text("utf-8").splitlines()][1::2]
    return pl.DataFrame(rows, schema=["wanted", "text"], orient="row")


def judge(table: pl.DataFrame) -> list[dict[str, object]]:
    """One row a language: sentences, precision, recall."""
    judged = table.with_columns(found=language_expr(pl.col("text")))
    rows: list[dict[str, object]] = []
    for name in LANGUAGES:
        wanted, found = judged["wanted"] == name, judged["found"] == name
        right = int((wanted & found).sum())
        rows.append(
            {
                "language": name,
                "sentences": int(wanted.sum()),
                "precision": round(right / max(int(found.sum()), 1), 3),
                "recall": round(right / max(int(wanted.sum()), 1), 3),
            }
        )
    return rows


def read_texts(path: Path, name: str) -> list[str]:
    """Texts of a file: lines, or the column of a table, or the objects of a JSON list."""
    if path.suffix == ".json":
        texts = [str(item.get("text") or "") for item in json.loads(path.read_text("utf-8"))]
    elif path.suffix == ".tsv":
        table = pl.read_csv(path, separator="\t", quote_char=None, truncate_ragged_lines=True)
        texts = table[
            next(column for column in ("text", name, table.columns[0]) if column in table.columns)
        ].to_list()
    else:
        texts = path.read_text("utf-8").splitlines()
    return [text for text in texts if text and text.strip()]


def recall(path: Path, name: str) -> list[dict[str, object]]:
    """Whole texts and their sentences: how many there are, what they are found to be."""
    whole = read_texts(path, name)
    cut = [part for text in whole for part in sentences(hygiene(text)) if len(words(part)) >= MINIMUM_WORDS]
    rows: list[dict[str, object]] = []
    for unit, texts in (("whole", whole), ("sentence", cut)):
        found = pl.DataFrame({"text": texts}).select(language_expr(pl.col("text")))["text"]
        counts = dict(found.value_counts(sort=True).iter_rows())
        rows.append(
            {
                "file": path.name,
                "language": name,
                "unit": unit,
                "texts": len(texts),
                "recall": round(counts.get(name, 0) / max(len(texts), 1), 4),
                "found": counts,
            }
        )
    return rows


def abbreviations(path: Path) -> dict[str, object]:
    """Of the abbreviations in an Excel table's first column: share that cleaning, words and sentences keep whole."""
    with ZipFile(path) as book:
        shared = [
            re.sub("<[^>]+>", "", item).strip("\ufeff \n")
            for item in re.findall("<si>(.*?)</si>", book.read("xl/sharedStrings.xml").decode("utf-8"), re.S)
        ]
        sheets = [
            book.read(name).decode("utf-8")
            for name in book.namelist()
            if "/sheet" in name and "rels" not in name
        ]
    cells = [
        cell for sheet in sheets for cell in re.findall(r'<c r="A\d+"[^>]*t="s"[^>]*><v>(\d+)</v>', sheet)
    ]
    found = sorted({shared[int(cell)] for cell in cells})
    # A slash between two words of two letters or more is a choice, in this list too.
    listed = [item for item in found if re.fullmatch(r"\w+(?:[./]\w+)+[./]?", item)]
    kept_words = [item for item in listed if words(f"አዲሱ {item} ነው")[1:-1] == [item.rstrip("./")]]
    kept_sentences = [item for item in listed if len(sentences(f"ትናንት {item} ተከፈተ")) == 1]
    kept_clean = [item for item in listed if hygiene(item) == item and len(normalise(item)) == len(item)]
    return {
        "abbreviations": len(listed),
        "whole_in_cleaning": round(len(kept_clean) / len(listed), 4),
        "whole_in_sentences": round(len(kept_sentences) / len(listed), 4),
        "whole_as_words": round(len(kept_words) / len(listed), 4),
    }


def posts(exports: Path | None) -> pl.DataFrame:
    """Posts of a folder of exports, or of the sample generator's channels."""
    with tempfile.TemporaryDirectory() as folder:
        if exports is None:
            write_sample(Path(folder), messages=20_000)
        clean_folder(
            exports or Path(folder) / "raw", Path(folder), recipe=TelegramRecipe(), report=logger.debug
        )
        tables = sorted((Path(folder) / "cleaned").glob("*.parquet"))
        return pl.concat(
            [pl.read_parquet(table, columns=["post", "text", "language", "is_empty"]) for table in tables]
        ).filter(~pl.col("is_empty"))


_ADDRESS = regex.compile(f"{EMAIL}|{LINK}|{MENTION}|{HASHTAG}", regex.V1)
_WORD = regex.compile(r"['’]?[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*")
_DOUBLED = regex.compile(r"([a-z])\1")
_LATIN_AMHARIC = "|".join(sorted(clues.LATIN_AMHARIC))
_TWO = {"ti": regex.compile(clues.TIGRINYA_ALONE), "am-latn": regex.compile(f"^(?:{_LATIN_AMHARIC})$")}
_CLUES = {
    "am": clues.AMHARIC_AFFIX,
    "ti": clues.TIGRINYA_AFFIX,
    "en": clues.ENGLISH_AFFIX,
    "om": clues.OROMO_AFFIX,
    "am-latn": f"^[blky][ae](?:{_LATIN_AMHARIC})$|{clues.LATIN_AMHARIC_AFFIX}",
}
_ONE = {name: regex.compile(pattern) for name, pattern in _CLUES.items()}
_NONE = {"ti": regex.compile(clues.NOT_TIGRINYA), "am-latn": regex.compile(clues.NOT_LATIN_AMHARIC)}
_UNIFY = str.maketrans(HOMOPHONES)
_LISTED = {
    "am": clues.AMHARIC,
    "ti": clues.TIGRINYA,
    "en": clues.ENGLISH,
    "om": clues.OROMO,
    "so": clues.SOMALI,
}


def reference_points(word: str) -> dict[str, int]:
    """Points of one word, rule by rule, each a compiled pattern or a look into a set."""
    word = unicodedata.normalize("NFKC", word).lower().replace("’", "'")
    is_latin = bool(regex.match("'?[a-z]", word)) and word not in clues.NOT_A_CLUE
    unified, single = word.translate(_UNIFY), _DOUBLED.sub(r"\1", word.replace("'", ""))
    points = {}
    for name in ("am", "ti", "en", "om", "so", "am-latn"):
        form = single if name == "am-latn" else word
        listed = (unified if name in ("am", "ti") else word) in _LISTED.get(name, ())
        if name not in ("am", "ti") and not is_latin:
            points[name] = 0
        elif listed or (name in _TWO and _TWO[name].search(form)):
            points[name] = 2
        elif name == "en" and word in clues.ENGLISH_SHOP:
            points[name] = 1
        else:
            one = name in _ONE and _ONE[name].search(form)
            no = name in _NONE and _NONE[name].search(unified if name == "ti" else form)
            points[name] = int(bool(one) and not no)
    return points


def reference_language(text: str) -> str:
    """The language of a text, told the straightforward way: text by text, word by word, rule by rule."""
    prose = _ADDRESS.sub(" ", text)
    found = [reference_points(word) for word in _WORD.findall(prose)]
    total = {
        name: sum(points[name] for points in found) for name in ("am", "ti", "en", "am-latn", "om", "so")
    }
    letters = sum(char.isalpha() for char in prose)
    ethiopic, latin = (round(share * letters) for share in script_shares(prose))
    needed = 0.7 * (letters + ethiopic)
    first, second, last = sorted(("en", "am-latn", "om"), key=lambda name: -total[name])
    most = total[first]
    is_short_english = total["en"] == most + total[second] + total[last] and 2 * most >= len(found)
    if letters + ethiopic < 3:
        return "und"
    if 2 * ethiopic >= needed:
        return "ti" if total["ti"] > total["am"] else "am"
    if latin >= needed:
        if most == 0 or (most < 2 and not is_short_english) or total["so"] > most:
            return "und"
        return "mixed" if total[second] >= 6 and total[second] >= 0.6 * most else first
    return "mixed" if 2 * ethiopic + latin >= needed else "und"


def speed(table: pl.DataFrame) -> list[dict[str, object]]:
    """Posts a second of each column function, of a loop over single texts, and their ratio; both must agree."""
    rows: list[dict[str, object]] = []
    for what, name, column, single in (
        ("hygiene (L0)", "post", hygiene_expr, hygiene),
        ("normalise (L1)", "post", normalise_expr, normalise),
        ("search_key (L2)", "post", search_key_expr, search_key),
        ("language", "text", language_expr, reference_language),
    ):
        few = table[name].gather_every(LOOP_STEP).to_list()
        started = time.process_time()
        expected = [single(text) for text in few]
        loop = len(few) / (time.process_time() - started)
        best = float("inf")
        for _ in range(REPEATS):
            started = time.process_time()
            found = table.select(column(pl.col(name)))[name]
            best = min(best, time.process_time() - started)
        if found.gather_every(LOOP_STEP).to_list() != expected:
            raise click.ClickException(f"{what}: the column differs from the loop")
        rate = table.height / best
        rows.append(
            {
                "what": what,
                "posts_per_second": round(rate),
                "loop_posts_per_second": round(loop),
                "ratio": round(rate / loop, 1),
            }
        )
    return rows


@click.command()
@click.option("--exports", type=click.Path(path_type=Path, exists=True), help="A folder of Telegram exports.")
@click.option(
    "--texts", multiple=True, metavar="LANGUAGE=FILE", help="Texts of one language; may be repeated."
)
@click.option(
    "--abbreviations",
    "table",
    type=click.Path(path_type=Path, exists=True),
    help="An .xlsx with abbreviations in its first column.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def main(exports: Path | None, texts: tuple[str, ...], table: Path | None, as_json: bool) -> None:
    """Print how well languages are told apart, what abbreviations survive, and how fast."""
    result: dict[str, object] = {"own_sentences": judge(held_out())}
    if texts:
        given = [text.partition("=") for text in texts]
        result["given_texts"] = [row for name, _, path in given for row in recall(Path(path), name)]
    if table is not None:
        result["abbreviations"] = [abbreviations(table)]
    cleaned = posts(exports)
    counts = cleaned["language"].value_counts(sort=True)
    result["posts"] = [{"language": name, "posts": count} for name, count in counts.iter_rows()]
    result["speed"] = speed(cleaned)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for title, rows in result.items():
        click.echo(f"\n{title.replace('_', ' ')}\n")
        assert isinstance(rows, list)
        click.echo("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
        for row in rows:
            click.echo("| " + " | ".join(_cell(value) for value in row.values()) + " |")


def _cell(value: object) -> str:
    return (
        ", ".join(f"{name} {count:,}" for name, count in value.items())
        if isinstance(value, dict)
        else str(value)
    )


if __name__ == "__main__":
    main()
