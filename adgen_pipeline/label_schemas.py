"""The tables of the annotation round trip: who is asked about which post, what people answered, how they agree.

A module of its own so that `schemas` stays readable; that one has the other tables and the list of all of them.
"""

import polars as pl

from adgen_pipeline.table_schema import Column, TableSchema

_STRINGS = pl.List(pl.String)
_KEY = {
    "channel_id": Column(pl.Int64, "the channel's id, as in the export (no -100 prefix)"),
    "message_id": Column(pl.Int64, "the message's id, unique within its channel"),
}

LABEL_TASKS = TableSchema(
    "labels",
    "tasks",
    "one post that an annotator is asked about",
    {
        "annotator": Column(pl.String, "who is asked, as the recipe names them", personal=True),
        **_KEY,
        "group": Column(pl.String, "the annotator's group, as the recipe names it"),
        "is_overlap": Column(
            pl.Boolean, "whether somebody else is asked first: agreement is measured on these"
        ),
        "stratum": Column(pl.String, "what the weak labels take it for: a vertical, ad, a tag or not_ad"),
        "chosen_for": Column(pl.String, "range (all of it is asked), uncertainty or stratum (drawn)"),
    },
    ("annotator", "channel_id", "message_id"),
)

ANNOTATIONS = TableSchema(
    "labels",
    "annotations",
    "one person's answer about one post",
    {
        **_KEY,
        "annotator": Column(
            pl.String, "who answered: as the recipe, the file or the account says", personal=True
        ),
        "labels": Column(_STRINGS, "ad or not_ad, verticals and tags by their ids, sorted; empty if skipped"),
        "is_skipped": Column(pl.Boolean, "whether the annotator passed over it"),
        "source": Column(pl.String, "file below annotations/", personal=True),
    },
    ("channel_id", "message_id", "annotator"),
)

AGREEMENT = TableSchema(
    "labels",
    "agreement",
    "how far annotators agree on one label",
    {
        "label": Column(pl.String, "ad, a vertical, a tag; all: whole answers, compared as sets (MASI)"),
        "posts_count": Column(pl.Int64, "posts that two or more answered"),
        "answers_count": Column(pl.Int64, "their answers"),
        "positive_share": Column(pl.Float64, "of these answers that give the label", nullable=True),
        "observed_agreement": Column(pl.Float64, "share of pairs of answers that are equal", nullable=True),
        "cohen_kappa": Column(
            pl.Float64, "mean over pairs of annotators, by posts they share", nullable=True
        ),
        "fleiss_kappa": Column(pl.Float64, "over all annotators", nullable=True),
        "alpha": Column(
            pl.Float64, "Krippendorff's; null where no answer differs from another", nullable=True
        ),
        "alpha_low": Column(pl.Float64, "2.5 % bound by bootstrap over posts", nullable=True),
        "alpha_high": Column(pl.Float64, "97.5 % bound by bootstrap over posts", nullable=True),
    },
    ("label",),
)

ADJUDICATION = TableSchema(
    "labels",
    "adjudication",
    "one post on which annotators differ and nobody has decided yet",
    {
        **_KEY,
        "agreed": Column(_STRINGS, "labels that all gave"),
        "disputed": Column(_STRINGS, "labels that some gave and others did not"),
        "answers": Column(
            pl.List(pl.Struct({"annotator": pl.String, "labels": _STRINGS})), "who gave what", personal=True
        ),
    },
    ("channel_id", "message_id"),
)
