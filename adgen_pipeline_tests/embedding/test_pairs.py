import polars as pl

from adgen_pipeline.embedding.pairs import brief_words, pairs
from adgen_pipeline.schemas import ADS
from adgen_pipeline.text.brief import Brief
from adgen_pipeline_tests.embedding.samples import documents


def _ads(split: str) -> pl.DataFrame:
    brief = Brief(product="የቆዳ ጫማ ⟨brand_1⟩", features=("ለወንዶች", "ጠንካራ ሶል ⟨quantity_1⟩"))
    return ADS.frame(
        [
            {
                "channel_id": 1,
                "message_id": 900,
                "split": split,
                "vertical": "retail",
                "post": "የቆዳ ጫማ Abc ለወንዶች ጠንካራ ሶል",
                "target": "",
                "slots": [],
                "brief": brief.model_dump_json(),
            }
        ]
    )


def test_brief_words_are_the_product_and_the_features_without_slots() -> None:
    assert brief_words(_ads("train")["brief"][0]) == "የቆዳ ጫማ ለወንዶች ጠንካራ ሶል"


def test_a_title_is_paired_with_its_body() -> None:
    found = pairs(documents(), seed=1)
    post, cluster = documents().filter(pl.col("split") == "train").select("post", "cluster").row(0)
    title, body = post.split("\n", 1)
    assert (title, body, cluster) in set(found.iter_rows())


def test_a_span_is_paired_with_the_rest_of_its_post() -> None:
    posts = {
        cluster: " ".join(post.split()) for cluster, post in documents().select("cluster", "post").iter_rows()
    }
    spans = [row for row in pairs(documents(), seed=1).iter_rows() if "\n" not in row[1]]
    assert spans
    for span, rest, cluster in spans:
        assert span in posts[cluster]
        assert len(span) + len(rest) + 1 == len(posts[cluster])


def test_only_the_train_split_gives_pairs() -> None:
    held_out = documents().filter(pl.col("split") == "test")
    assert pairs(held_out, _ads("test")).is_empty()
    held_out_titles = set(held_out["post"].str.split("\n").list.first())
    assert held_out_titles.isdisjoint(pairs(documents())["anchor"])


def test_other_splits_give_pairs_where_they_are_asked_for() -> None:
    held_out = documents().filter(pl.col("split") == "test")
    found = pairs(documents(), splits=("test",))
    assert set(found["cluster"]) == set(held_out["cluster"])


def test_briefs_of_train_ads_are_paired_with_their_posts() -> None:
    found = set(pairs(documents(), _ads("train")).iter_rows())
    assert ("የቆዳ ጫማ ለወንዶች ጠንካራ ሶል", "የቆዳ ጫማ Abc ለወንዶች ጠንካራ ሶል", "1/900") in found


def test_a_brief_is_of_the_cluster_of_its_posts_document() -> None:
    key = {"channel_id": 1, "message_id": 3}
    table = documents().with_columns(cluster=pl.lit("1/1"))
    taken = _ads("train").with_columns(**{name: pl.lit(value) for name, value in key.items()})
    briefs = pairs(table, taken).filter(pl.col("anchor") == "የቆዳ ጫማ ለወንዶች ጠንካራ ሶል")
    assert briefs["cluster"].to_list() == ["1/1"]


def test_pairs_depend_on_the_seed_and_not_on_the_order_of_rows() -> None:
    table = documents()
    assert pairs(table, seed=3).equals(pairs(table.reverse(), seed=3))
    assert not pairs(table, seed=3).equals(pairs(table, seed=4))


def test_there_are_no_more_pairs_than_asked_for_and_none_twice() -> None:
    assert pairs(documents(), maximum=50).height == 50
    assert pairs(documents()).select("anchor", "positive").is_unique().all()
