"""The tables of what people did with written ads: verdicts, votes, and the preferences that follow from them.

A module of its own so that `schemas` stays readable; that one has the other tables and the list of all of them.
"""

import polars as pl

from adgen_pipeline.table_schema import Column, TableSchema

_PROMPT = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
_KEYS = pl.List(pl.Struct({"channel_id": pl.Int64, "message_id": pl.Int64}))

FEEDBACK = TableSchema(
    "generation",
    "feedback",
    "one verdict of a person on a written ad",
    {
        "feedback_id": Column(pl.Int64, "in the order given"),
        "ad_id": Column(pl.String, "the ad, as the API keeps it"),
        "given_utc": Column(pl.Datetime("ms", "UTC"), "when"),
        "role": Column(pl.String, "who, by role: manager, bot, reviewer or engineer"),
        "verdict": Column(pl.String, "accept, edit or reject"),
        "reason": Column(pl.String, "why, as given", nullable=True, personal=True),
        "brief": Column(pl.String, "generation.brief.Brief as JSON", personal=True),
        "advertiser": Column(pl.String, "whose brief it is, if it says", nullable=True),
        "channel_id": Column(pl.Int64, "the channel it was written for", nullable=True),
        "format": Column(pl.String, "of the ad"),
        "text": Column(pl.String, "the ad as written", personal=True),
        "slotted": Column(pl.String, "the same with slots", personal=True),
        "prompt": Column(_PROMPT, "what the model was asked: system and user turn", personal=True),
        "exemplars": Column(_KEYS, "posts that it was modelled on"),
        "edited": Column(pl.String, "the ad as the person made it", nullable=True, personal=True),
        "invented": Column(
            pl.List(pl.String), "facts of the edit that the brief does not hold", personal=True
        ),
        "written_by": Column(pl.String, "model or template"),
        "model": Column(pl.String, "version of training/model"),
        "index": Column(pl.String, "version of index/posts"),
    },
    ("feedback_id",),
)

COMPARISONS = TableSchema(
    "generation",
    "comparisons",
    "one vote of a person on two ads for one brief, who wrote which unknown to the person",
    {
        "vote_id": Column(pl.Int64, "in the order given"),
        "comparison_id": Column(pl.String, "what the votes on the same two ads have in common"),
        "given_utc": Column(pl.Datetime("ms", "UTC"), "when"),
        "role": Column(pl.String, "who, by role: manager, bot, reviewer or engineer"),
        "choice": Column(pl.String, "the better ad: first or second; both or neither"),
        "first_ad_id": Column(pl.String, "the ad that was shown first, as the API keeps it"),
        "second_ad_id": Column(pl.String, "the other one"),
        "first_model": Column(pl.String, "version of training/model that wrote the first; or template"),
        "second_model": Column(pl.String, "the same of the second"),
        "index": Column(pl.String, "version of index/posts"),
        "seed": Column(pl.Int64, "by which the order was drawn"),
        "brief": Column(pl.String, "generation.brief.Brief as JSON", personal=True),
        "advertiser": Column(pl.String, "whose brief it is, if it says", nullable=True),
        "channel_id": Column(pl.Int64, "the channel both were written for", nullable=True),
        "format": Column(pl.String, "of both"),
        "prompt": Column(_PROMPT, "what a model is asked for the brief, without quoted posts", personal=True),
        "exemplars": Column(_KEYS, "posts that they were modelled on"),
        "first": Column(pl.String, "the first ad, with slots", personal=True),
        "second": Column(pl.String, "the second ad, with slots", personal=True),
    },
    ("vote_id",),
)

PREFERENCES = TableSchema(
    "generation",
    "preferences",
    "two ads for one brief, of which people preferred one",
    {
        "chosen_feedback_id": Column(
            pl.Int64, "the verdict on the preferred ad; with kind comparison the vote that preferred it"
        ),
        "chosen_ad_id": Column(pl.String, "the preferred ad; with kind edit the same as the other"),
        "rejected_ad_id": Column(pl.String, "the other ad"),
        "kind": Column(
            pl.String,
            "edit: as edited before as written; verdict: accepted before rejected; "
            "comparison: more votes, the models unknown to the voters",
        ),
        "role": Column(pl.String, "who preferred it, by role"),
        "brief": Column(pl.String, "generation.brief.Brief as JSON", personal=True),
        "advertiser": Column(pl.String, "whose brief it is, if it says", nullable=True),
        "channel_id": Column(pl.Int64, "the channel both were written for", nullable=True),
        "format": Column(pl.String, "of both"),
        "prompt": Column(_PROMPT, "what the model was asked for the preferred one", personal=True),
        "exemplars": Column(_KEYS, "posts that the two were modelled on"),
        "chosen": Column(pl.String, "the preferred ad, with slots", personal=True),
        "rejected": Column(pl.String, "the other one, with slots", personal=True),
        "model": Column(pl.String, "version of training/model that wrote the rejected one"),
    },
    ("kind", "chosen_feedback_id", "rejected_ad_id"),
)
