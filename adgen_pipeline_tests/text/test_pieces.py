"""Texts taken apart at a separator, each distinct piece once."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.text.pieces import Pieces

TEXTS = st.lists(st.text(alphabet="ሀለ\n", max_size=6), max_size=6)


@settings(deadline=None, max_examples=50)
@given(TEXTS, st.integers(0, 6))
def test_whatever_stands_for_pieces_is_put_together_text_by_text(texts: list[str], first: int) -> None:
    pieces = Pieces.of(pl.Series(texts, dtype=pl.String), "\n").head(first)
    parts = [text.split("\n") for text in texts[:first]]
    distinct = pieces.distinct
    assert distinct.to_list() == list(dict.fromkeys(piece for text in parts for piece in text))
    assert pieces.joined(distinct, "\n").to_list() == texts[:first]
    assert pieces.joined(distinct, " ", is_empty_left_out=True).to_list() == [
        " ".join(filter(None, t)) for t in parts
    ]
    letters = distinct.str.split("")
    assert pieces.listed(letters).to_list() == [[c for piece in text for c in piece] for text in parts]
    lengths = pl.DataFrame({"letters": distinct.str.len_chars()})
    assert pieces.summed(lengths)["letters"].to_list() == [sum(map(len, text)) for text in parts]
