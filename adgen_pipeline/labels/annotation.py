"""Answers of annotators below annotations/ as a table, files taken into that folder, and what is left to decide.

A person's first answer about a post stays; another one, in a file whose name comes later, is reported. Nothing is
overwritten: whoever changes their mind takes the older file out.
"""

import csv
import logging
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import file_digest, replacing
from adgen_pipeline.errors import DataError
from adgen_pipeline.label_schemas import ANNOTATIONS
from adgen_pipeline.labels.answer_files import ENDINGS, Answer, read_answers

logger = logging.getLogger(__name__)


def read_annotations(folder: Path, posts: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Table labels/annotations, and a sentence for everything that was left out.

    Args:
        folder: of files; one that is not there holds none.
        posts: channel_id and message_id of all posts; answers about others are left out.
    """
    known = set(posts.select("channel_id", "message_id").iter_rows())
    kept: dict[tuple[int, int, str], tuple[Answer, str]] = {}
    problems: list[str] = []
    for path in answer_files(folder):
        source = str(path.relative_to(folder))
        try:
            answers, found = read_answers(path)
        except DataError as error:
            problems.append(str(error))
            continue
        problems += found
        unknown: Counter[int] = Counter()
        for answer in answers:
            if (answer.channel_id, answer.message_id) not in known:
                unknown[answer.channel_id] += 1
                continue
            first, first_source = kept.setdefault(answer.key, (answer, source))
            if (first.labels, first.is_skipped) != (answer.labels, answer.is_skipped):
                problems.append(
                    f"{source}: message {answer.channel_id}/{answer.message_id} is answered otherwise in "
                    f"{first_source} by the same annotator; that answer stays. Remove one of them."
                )
        problems += [
            f"{source}: {count} answers about channel {channel_id} are about no post that is read. "
            "Put that export into raw/, or correct the ids."
            for channel_id, count in sorted(unknown.items())
        ]
    rows = [
        {
            "channel_id": answer.channel_id,
            "message_id": answer.message_id,
            "annotator": answer.annotator,
            "labels": list(answer.labels),
            "is_skipped": answer.is_skipped,
            "source": source,
        }
        for answer, source in kept.values()
    ]
    logger.info("read %d answers, %d problems", len(rows), len(problems))
    return ANNOTATIONS.conform(ANNOTATIONS.frame(rows)), problems


def answer_files(folder: Path) -> list[Path]:
    """Files with answers below a folder, sorted; hidden ones are left out."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix.lower() in ENDINGS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def take_in(files: Sequence[Path], folder: Path) -> tuple[dict[Path, int], list[str]]:
    """Copy files with answers into a folder.

    Returns:
        Each file that was taken (or stood there already) with the number of its answers; problems of items that
        are left out, and of files that are refused: unreadable, without an answer, or named like another one.
    """
    taken: dict[Path, int] = {}
    problems: list[str] = []
    for path in files:
        try:
            target = _place(path, folder)
            answers, found = read_answers(path)
        except DataError as error:
            problems.append(str(error))
            continue
        problems += found
        if not answers:
            problems.append(f"{path.name}: it holds no answer. It was not taken in.")
            continue
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as temporary:
                shutil.copyfile(path, temporary)
        taken[target] = len(answers)
    return taken, problems


def write_adjudication(path: Path, adjudication: pl.DataFrame, posts: pl.DataFrame) -> None:
    """A CSV for whoever decides: fill in `labels` (parted by ;) and `annotator`, and import it.

    Args:
        path: the file.
        adjudication: table labels/adjudication.
        posts: channel_id, message_id, post of telegram/posts.

    Raises:
        DataError: the file is there already; decisions may stand in it.
    """
    if path.exists():
        raise DataError(f"{path}: is there already and is not overwritten. Name another file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = adjudication.join(posts, on=["channel_id", "message_id"]).sort("channel_id", "message_id")
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["channel_id", "message_id", "agreed", "disputed", "answers", "labels", "annotator", "text"]
        )
        for row in rows.iter_rows(named=True):
            answers = " | ".join(";".join(answer["labels"]) for answer in row["answers"])
            known = [row["channel_id"], row["message_id"], ";".join(row["agreed"]), ";".join(row["disputed"])]
            writer.writerow([*known, answers, "", "", _cell(row["post"])])


def _cell(text: str) -> str:
    """A post as a spreadsheet's cell: what begins like a formula would be run by some of them."""
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text


def _place(path: Path, folder: Path) -> Path:
    """Where a file goes.

    Raises:
        DataError: it would not be read there, or another file stands there.
    """
    if path.suffix.lower() not in ENDINGS or path.name.startswith("."):
        raise DataError(f"{path.name}: files with answers end in {', '.join(sorted(ENDINGS))}. Rename it.")
    target = folder / path.name
    if target.exists() and path.is_file() and file_digest(target) != file_digest(path):
        raise DataError(
            f"{path.name}: another file of that name stands in {folder.name}/, and it is not overwritten. "
            "Rename the new one, or remove the old one."
        )
    return target
