import polars as pl
import pytest

from adgen_pipeline.corpus import documents, fingerprints, minhash
from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import CorpusRecipe
from adgen_pipeline.schemas import FINGERPRINTS
from adgen_pipeline_tests.corpus.posts import post, table
from adgen_pipeline_tests.corpus.test_dedup import sentence
from adgen_pipeline_tests.corpus.test_documents import RECIPE, distinct

ROWS = [
    *distinct(10),
    *distinct(10, 2),
    post(sentence(1003) + " ነገ", 50, channel_id=2, hour=100),
    post("", 51),
    post("ሰላም", 52),
]


def test_a_post_that_can_be_no_document_has_a_reason_and_no_fingerprint() -> None:
    made = fingerprints.build(table(ROWS), recipe=RECIPE)
    assert FINGERPRINTS.violations(made) == []
    assert made.filter(pl.col("reason").is_not_null())["message_id"].to_list() == [51, 52]
    assert made.select(
        (pl.col(name).is_null() == pl.col("reason").is_not_null()).all() for name in ("digest", "bands")
    ).row(0) == (True, True)
    assert made.filter(pl.col("reason").is_null())["bands"].to_numpy().shape == (21, minhash.BANDS)


def test_a_text_that_is_too_long_in_one_post_keeps_its_fingerprint_in_another() -> None:
    text = sentence(3)
    rows = [post(text, 1), post(text + "🔥" * 200, 2) | {"search_key": post(text)["search_key"]}]
    made = fingerprints.build(table(rows), recipe=CorpusRecipe(maximum_chars=200))
    assert made["reason"].to_list() == [None, "too_long"]
    assert made["digest"].is_null().to_list() == [False, True]


def test_channels_fingerprinted_one_by_one_give_the_corpus_of_all_at_once() -> None:
    posts = table(ROWS)
    by_channel = pl.concat(
        fingerprints.build(posts.filter(pl.col("channel_id") == channel), recipe=RECIPE) for channel in (2, 1)
    )
    at_once = documents.build(posts, recipe=RECIPE)
    found = documents.build(posts.lazy(), recipe=RECIPE, fingerprints=by_channel)
    assert found.documents.equals(at_once.documents)
    assert found.drops.equals(at_once.drops)
    assert "near_duplicate" in found.drops["reason"]


def test_fingerprints_of_other_posts_are_refused() -> None:
    posts = table(ROWS)
    made = fingerprints.build(posts, recipe=RECIPE)
    with pytest.raises(DataError, match="1 posts that have fingerprints are not in telegram/posts"):
        documents.build(
            posts.filter(pl.col("message_id") != 4),
            recipe=RECIPE,
            fingerprints=made.filter(~((pl.col("channel_id") == 2) & (pl.col("message_id") == 4))),
        )
