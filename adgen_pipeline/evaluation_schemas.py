"""The tables of the evaluation: cases, what each system answers, what is measured of it, and how it compares.

A module of its own so that `schemas` stays readable; that one has the other tables and the list of all of them.
"""

import polars as pl

from adgen_pipeline.table_schema import Column, TableSchema

CASES = TableSchema(
    "evaluation",
    "cases",
    "one held-out ad post and the brief back-constructed from it",
    {
        "case_id": Column(pl.String, "<channel_id>/<message_id>"),
        "channel_id": Column(pl.Int64, "the channel's id, as in the export (no -100 prefix)"),
        "message_id": Column(pl.Int64, "the message's id, unique within its channel"),
        "brief": Column(pl.String, "generation.brief.Brief as JSON", personal=True),
        "reference": Column(pl.String, "the post itself, L0", personal=True),
        "reference_slotted": Column(pl.String, "the post with facts as slots", personal=True),
    },
    ("case_id",),
)

ANSWERS = TableSchema(
    "evaluation",
    "answers",
    "what one system wrote for one case",
    {
        "system": Column(pl.String, "ours, or a baseline: evaluation.systems gives each its meaning"),
        "case_id": Column(pl.String, "the case"),
        "text": Column(pl.String, "the ad", personal=True),
        "slotted": Column(pl.String, "with slots, before filling", personal=True),
        "written_by": Column(pl.String, "model or template"),
    },
    ("system", "case_id"),
)

RETRIEVAL = TableSchema(
    "evaluation",
    "retrieval",
    "one retrieval system on the held-out queries",
    {
        "system": Column(pl.String, "hybrid, dense or full_text"),
        "queries_count": Column(pl.Int64, "queries asked"),
        "recall_at_10": Column(pl.Float64, "share of queries whose post is in the first ten"),
        "mrr_at_10": Column(pl.Float64, "mean reciprocal rank in the first ten"),
        "ndcg_at_10": Column(pl.Float64, "normalised discounted gain in the first ten"),
    },
    ("system",),
)

MEASURES = TableSchema(
    "evaluation",
    "measures",
    "one metric of one system's answer to one case",
    {
        "system": Column(pl.String, "ours, or a baseline"),
        "case_id": Column(pl.String, "the case"),
        "metric": Column(pl.String, "evaluation.catalogue gives each its meaning"),
        "value": Column(pl.Float64, "the number; no row where it cannot be measured"),
    },
    ("system", "case_id", "metric"),
)

SCORES = TableSchema(
    "evaluation",
    "scores",
    "one metric of one system, with its interval",
    {
        "system": Column(pl.String, "ours, or a baseline: evaluation.systems gives each its meaning"),
        "metric": Column(pl.String, "evaluation.catalogue gives each its meaning"),
        "value": Column(pl.Float64, "mean over the cases", nullable=True),
        "low": Column(pl.Float64, "2.5 % bound by bootstrap over cases", nullable=True),
        "high": Column(pl.Float64, "97.5 % bound by bootstrap over cases", nullable=True),
        "cases_count": Column(pl.Int64, "cases it was measured on"),
        "is_higher_better": Column(pl.Boolean, "direction"),
    },
    ("system", "metric"),
)
