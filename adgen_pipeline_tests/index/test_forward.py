from datetime import UTC, datetime, timedelta
from pathlib import Path

import lancedb
import numpy as np
import polars as pl
import pytest

from adgen_pipeline.errors import ArtifactError
from adgen_pipeline.index.forward import FOLDER, ForwardIndex, Writer, merge_small
from adgen_pipeline.index.ranking import Tokens, codes
from adgen_pipeline.index.rows import of_posts, with_content, with_keys
from adgen_pipeline.index.store import TABLE, add_rows, write_rows
from adgen_pipeline.schemas import POST_LABELS

DIMENSIONS = 8
START = datetime(2026, 1, 1, tzinfo=UTC)


def _rows(count: int, first: int = 0) -> pl.DataFrame:
    """Rows of made posts, one of which says nothing and has no date."""
    numbers = range(first, first + count)
    posts = [
        f"የቆዳ ጫማ ቁጥር {number} {'ጥራት ያለው ' * (number % 5)}".strip() if number else "" for number in numbers
    ]
    dates = [START + timedelta(hours=number) if number else None for number in numbers]
    documents = pl.DataFrame(
        {"channel_id": [1] * count, "message_id": list(numbers), "post": posts, "date": dates},
        schema_overrides={"date": pl.Datetime("us", "UTC")},
    )
    return with_keys(with_content(of_posts(documents, POST_LABELS.empty())))


def _vectors(rows: pl.DataFrame) -> np.ndarray:
    draw = np.random.default_rng(abs(int(rows["content"].sum())) % 2**32)
    return draw.normal(size=(rows.height, DIMENSIONS)).astype(np.float32)


def _write(folder: Path, *parts: pl.DataFrame) -> None:
    for part in parts:
        with Writer(folder) as forward:
            forward.add(part, _vectors(part))
        merge_small(folder)


def _segments(folder: Path) -> int:
    return len(list((folder / FOLDER).iterdir()))


@pytest.mark.parametrize("sizes", [(40,), (30, 4, 3, 3), (2, 38), (1, 1, 1, 37), (20, 12, 8)])
def test_rows_come_back_in_any_order_whatever_they_were_written_with(
    tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    firsts = [sum(sizes[:number]) for number in range(len(sizes))]
    parts = [_rows(size, first) for size, first in zip(sizes, firsts, strict=True)]
    _write(tmp_path, *parts)
    rows, vectors = pl.concat(parts), np.concatenate([_vectors(part) for part in parts])
    asked = np.random.default_rng(3).permutation(40)[:25].astype(np.uint64)
    found = ForwardIndex(tmp_path).take(asked)
    places = asked.astype(int).tolist()
    expected = Tokens.of([(rows["search_key"][place], rows["words"][place]) for place in places])
    assert all(np.array_equal(mine, other) for mine, other in zip(found.tokens, expected, strict=True))
    assert np.array_equal(found.vectors, vectors[places])
    seconds = [date.timestamp() if (date := rows["date"][place]) else np.nan for place in places]
    assert np.array_equal(found.seconds, seconds, equal_nan=True)
    text = places.index(39)
    assert np.array_equal(found.tokens.stems_of(text), codes(rows["search_key"][39].split(" ")))


def test_the_order_of_rows_is_that_of_an_index_written_at_once(tmp_path: Path) -> None:
    old, new = _rows(20), _rows(10, 20)
    _write(tmp_path / "grown", new, old)
    _write(tmp_path / "once", pl.concat([old, new]))
    contents = {}
    for name in ("grown", "once"):
        forward = ForwardIndex(tmp_path / name)
        ordered = forward.in_order(np.arange(30, dtype=np.uint64))
        contents[name] = forward.contents[ordered.astype(int)].tolist()
    assert contents["grown"] == contents["once"] == sorted(contents["once"])


def test_many_additions_leave_few_segments(tmp_path: Path) -> None:
    parts = [_rows(200), *(_rows(2, 200 + 2 * number) for number in range(52))]
    most = 0
    for part in parts:
        _write(tmp_path, part)
        most = max(most, _segments(tmp_path))
    assert most <= 7
    assert np.array_equal(ForwardIndex(tmp_path).contents, pl.concat(parts)["content"].to_numpy())


def test_a_block_without_rows_adds_nothing(tmp_path: Path) -> None:
    none = _rows(1).head(0)
    blocks = [_rows(5), none, _rows(3, 5), none]
    write_rows(tmp_path, [(rows, _vectors(rows)) for rows in blocks], flat=True)
    assert np.array_equal(ForwardIndex(tmp_path).contents, pl.concat(blocks)["content"].to_numpy())


def test_an_index_that_lost_its_files_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="Materialise index/posts"):
        ForwardIndex(tmp_path)
    _write(tmp_path, _rows(5))
    (tmp_path / FOLDER / "0000" / "vectors").unlink()
    with pytest.raises(ArtifactError, match="Materialise index/posts"):
        ForwardIndex(tmp_path)


def test_a_table_whose_rows_are_elsewhere_in_the_forward_index_is_refused(tmp_path: Path) -> None:
    rows = _rows(12)
    write_rows(tmp_path, [(rows, _vectors(rows))], flat=True)
    lancedb.connect(tmp_path).open_table(TABLE).delete("message_id = 3")
    more = _rows(1, 12)
    with pytest.raises(ArtifactError, match="forward index"):
        add_rows(tmp_path, more, _vectors(more))
