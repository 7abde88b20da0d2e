"""Sentences that say the same in English and in Amharic: what lets an English brief find Amharic posts."""

from pathlib import Path

from adgen_pipeline.errors import DataError

ENGLISH, AMHARIC = ".en", ".am"


def read_parallel(path: Path) -> list[tuple[str, str]]:
    """Pairs of sentences, those with an empty side left out.

    Args:
        path: a .tsv of two columns with a heading, or NAME.en, a sentence a line, beside NAME.am.

    Raises:
        DataError: a file is missing, is of another kind, or its sides differ in length.
    """
    if path.suffix == ".tsv":
        rows = [line.split("\t") for line in _lines(path)[1:]]
        if any(len(row) != 2 for row in rows):
            raise DataError(f"{path}: a line has not two columns. Separate the two sentences by one tab.")
        pairs = [(row[0], row[1]) for row in rows]
    elif path.suffix == ENGLISH:
        english, amharic = _lines(path), _lines(path.with_suffix(AMHARIC))
        if len(english) != len(amharic):
            raise DataError(
                f"{path}: {len(english)} lines, and {path.with_suffix(AMHARIC).name} has {len(amharic)}. "
                "Line by line both must say the same."
            )
        pairs = list(zip(english, amharic, strict=True))
    else:
        raise DataError(f"{path}: neither .tsv nor {ENGLISH}. embedding.parallel names such files.")
    return [(one.strip(), other.strip()) for one, other in pairs if one.strip() and other.strip()]


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: there is no such file. embedding.parallel names files below corpora/."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
    return text.removesuffix("\n").split("\n")
