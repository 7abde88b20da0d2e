"""What people say about a post, from all their answers: an adjudicator's word, or else the majority's.

Where as many say that it is an ad as that it is none, nobody has decided: the weak labels stay, and the post stands
in labels/adjudication. Answers that say neither (a tag alone) decide nothing.
"""

from collections import Counter
from collections.abc import Collection

import polars as pl

from adgen_pipeline.labels.taxonomy import AD, NOT_AD, TAGS, VERTICALS
from adgen_pipeline.schemas import LABELLED_POSTS, POST_LABELS

KEY = ["channel_id", "message_id"]


def decided(annotations: pl.DataFrame, *, adjudicators: Collection[str] = ()) -> pl.DataFrame:
    """Rows of labels/post_labels, source human, for the posts on which people decided.

    `confidence` is the smallest share of answers behind a label that was given.

    Args:
        annotations: table labels/annotations.
        adjudicators: annotators whose answers count alone where they answered.
    """
    answers = annotations.filter(
        ~pl.col("is_skipped") & pl.col("labels").list.eval(pl.element().is_in([AD, NOT_AD])).list.any()
    ).with_columns(is_final=pl.col("annotator").is_in(list(adjudicators)))
    counted = answers.filter(pl.col("is_final") | ~pl.col("is_final").any().over(KEY))
    rows = [
        {"channel_id": channel_id, "message_id": message_id, **row}
        for (channel_id, message_id), given in counted.sort(*KEY, "annotator").group_by(
            KEY, maintain_order=True
        )
        for row in _row(given["labels"].to_list())
    ]
    return POST_LABELS.conform(POST_LABELS.frame(rows))


def best_source(weak: pl.DataFrame, human: pl.DataFrame) -> pl.DataFrame:
    """Table labels/post_labels: what people decided where they did, the weak labels elsewhere.

    Args:
        weak: table labels/post_labels by rules; posts that it lacks (they have no text) are left out.
        human: rows as `decided` gives them.
    """
    kept = weak.join(human.select(KEY), on=KEY, how="anti")
    return POST_LABELS.conform(pl.concat([kept, human.join(weak.select(KEY), on=KEY, how="semi")]))


def labelled_posts(posts: pl.DataFrame | pl.LazyFrame, post_labels: pl.DataFrame) -> pl.DataFrame:
    """Table labels/labelled_posts: posts with text beside their labels, `ad` among them where `is_ad`."""
    labels = pl.concat_list(
        "verticals", "tags", pl.when("is_ad").then(pl.lit([AD])).otherwise(pl.lit([], pl.List(pl.String)))
    )
    joined = (
        posts.lazy()
        .select("channel_id", "message_id", "text", "date")
        .collect()
        .join(
            post_labels.with_columns(labels.list.sort().alias("labels")).select(
                "channel_id", "message_id", "labels"
            ),
            on=["channel_id", "message_id"],
        )
    )
    return LABELLED_POSTS.conform(joined)


def _row(answers: list[list[str]]) -> list[dict[str, object]]:
    """The columns of a post for which more say one thing than the other; none where as many do."""
    votes = Counter(label for labels in answers for label in labels)
    if votes[AD] == votes[NOT_AD]:
        return []
    is_ad = votes[AD] > votes[NOT_AD]
    verticals = [v for v in VERTICALS if is_ad and votes[v] > len(answers) / 2]
    verticals.sort(key=lambda vertical: -votes[vertical])  # stable: ties in the taxonomy's order
    tags = [tag for tag in TAGS if votes[tag] > len(answers) / 2]
    given = [AD if is_ad else NOT_AD, *verticals, *tags]
    return [
        {
            "vertical": verticals[0] if verticals else None,
            "verticals": verticals,
            "tags": tags,
            "is_ad": is_ad,
            "confidence": min(votes[label] for label in given) / len(answers),
            "source": "human",
            "evidence": [],
        }
    ]
