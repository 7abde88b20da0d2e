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

EVIDENCE = pl.List(pl.Struct({"label": pl.String, "word": pl.String, "start": pl.Int32, "end": pl.Int32}))
EVIDENCE_COLUMN = Column(
    EVIDENCE,
    "what triggered the labels: an entry of the lexicon, a fact's kind or a word, and its place in `post`",
    personal=True,
)
# In the order of labels.functions.LABELS, which a test compares.
LABELS = (
    "ad", "retail", "automotive", "financial_services", "telecom", "cpg", "travel", "computing_electronics", "media",
    "entertainment", "healthcare_pharma", "gambling", "politics", "profanity", "religious",
)  # fmt: skip

WEAK_LABELS = TableSchema(
    "labels",
    "weak_labels",
    "what labelling functions make of one post with text",
    {
        **_KEY,
        "vertical": Column(pl.String, "the likeliest of `verticals`", nullable=True),
        "verticals": Column(_STRINGS, "ad verticals, likeliest first"),
        "tags": Column(_STRINGS, "gambling, politics, profanity, religious"),
        "is_ad": Column(pl.Boolean, "whether it sells or promotes something"),
        "evidence": EVIDENCE_COLUMN,
        "probabilities": Column(
            pl.Struct(dict.fromkeys(LABELS, pl.Float32)), "of each label by the label model, 0…1"
        ),
    },
    ("channel_id", "message_id"),
)

FUNCTIONS = TableSchema(
    "labels",
    "functions",
    "how one labelling function does on one label",
    {
        "function": Column(pl.String, "its name in labels/functions.py"),
        "label": Column(pl.String, "what it votes about"),
        "meaning": Column(pl.String, "when it votes"),
        "coverage_share": Column(pl.Float64, "of the posts on which it votes"),
        "for_count": Column(pl.Int64, "posts on which it votes for the label"),
        "against_count": Column(pl.Int64, "posts on which it votes against it"),
        "conflict_share": Column(pl.Float64, "of its votes that another function contradicts"),
        "estimated_accuracy": Column(pl.Float64, "share of its votes that are right, by the label model"),
        "judged_count": Column(pl.Int64, "its votes on posts on which people decided"),
        "human_accuracy": Column(pl.Float64, "share of these that people confirm", nullable=True),
        "chances": Column(
            pl.Struct({f"{v}_if_{t}": pl.Float64 for t in ("not", "so") for v in ("against", "none", "for")}),
            "of each vote where the label holds (so) and where it does not (not), by the label model",
        ),
    },
    ("function", "label"),
)

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

LABEL_TABLES = (WEAK_LABELS, FUNCTIONS, LABEL_TASKS, ANNOTATIONS, AGREEMENT, ADJUDICATION)
