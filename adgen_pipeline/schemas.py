"""Every table, declared once: columns, types, keys, meanings.

The writer, the blocking schema check, the UI's column metadata and the docs come from here. A column that holds
other people's words is marked `personal`, so that previews pass it through `text.redact`.
"""

import polars as pl

from adgen_pipeline.evaluation_schemas import ANSWERS, CASES, MEASURES, RETRIEVAL, SCORES
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES, NGRAMS, WORD_FREQUENCIES
from adgen_pipeline.feedback_schemas import COMPARISONS, FEEDBACK, PREFERENCES
from adgen_pipeline.label_schemas import EVIDENCE_COLUMN, LABEL_TABLES
from adgen_pipeline.table_schema import Column, TableSchema
from adgen_pipeline.training_schemas import LANDSCAPE

UTC = pl.Datetime("us", "UTC")
STRINGS = pl.List(pl.String)
MESSAGE_KEYS = pl.List(pl.Struct({"channel_id": pl.Int64, "message_id": pl.Int64}))

SPLITS = ("train", "validation", "test", "test_channel")
TEST_SPLITS = SPLITS[2:]  # by time, by held-out channel: nothing that is scored may have seen them
DROP_REASONS = (
    "empty", "too_short", "too_long", "not_amharic", "exact_duplicate", "near_duplicate", "bridges_splits",
)  # fmt: skip
FURTHER_DROP_REASONS = (*DROP_REASONS, "holds_held_out", "unreadable")

_ID = {
    "channel_id": Column(pl.Int64, "the channel's id, as in the export (no -100 prefix)"),
    "message_id": Column(pl.Int64, "the message's id, unique within its channel"),
}
_CHANNEL_NAME = {"channel_name": Column(pl.String, "the channel's title in its export", personal=True)}

_TEXTS = {
    "post": Column(pl.String, "L0: line breaks, emoji, layout and spelling stay", personal=True),
    "text": Column(pl.String, "L1: one line, no symbols, homophones unified", personal=True),
    "search_key": Column(pl.String, "L2: phonetic key of `text`; never shown", personal=True),
}
_SPLIT = {"split": Column(pl.String, "train, validation, test (newest) or test_channel (held out)")}

MESSAGES = TableSchema(
    "telegram",
    "messages",
    "one record of an export, flattened, service records included",
    {
        **_ID,
        **_CHANNEL_NAME,
        "channel_type": Column(pl.String, "public_channel, public_supergroup …", nullable=True),
        "type": Column(pl.String, "message, service or unsupported"),
        "date": Column(UTC, "when it was sent", nullable=True),
        "edited": Column(UTC, "last edit; a reaction sets it too", nullable=True),
        "text": Column(pl.String, "the whole text, entities flattened, nothing changed", personal=True),
        "text_entities": Column(
            pl.List(pl.Struct({"type": pl.String, "text": pl.String, "href": pl.String})),
            "the text's parts in order",
            personal=True,
        ),
        "from": Column(pl.String, "sender's name", nullable=True, personal=True),
        "from_id": Column(pl.String, "sender's id, such as channel123", nullable=True, personal=True),
        "author": Column(pl.String, "signature below a channel post", nullable=True, personal=True),
        "actor": Column(pl.String, "who did what a service record tells", nullable=True, personal=True),
        "actor_id": Column(pl.String, "that actor's id", nullable=True, personal=True),
        "action": Column(pl.String, "a service record's action", nullable=True),
        "title": Column(pl.String, "a title in a service record or of a song", nullable=True, personal=True),
        "forwarded_from": Column(pl.String, "origin of a forward", nullable=True, personal=True),
        "saved_from": Column(pl.String, "origin of a saved message", nullable=True, personal=True),
        "reply_to_message_id": Column(pl.Int64, "the message it answers", nullable=True),
        "via_bot": Column(pl.String, "bot that sent it", nullable=True, personal=True),
        "photo": Column(pl.String, "path of the photo, or a note that it was not exported", nullable=True),
        "file": Column(pl.String, "path of the file, or a note that it was not exported", nullable=True),
        "media_type": Column(pl.String, "sticker, video_file, voice_message …", nullable=True),
        "mime_type": Column(pl.String, "the file's MIME type", nullable=True),
        "width": Column(pl.Int64, "pixels", nullable=True),
        "height": Column(pl.Int64, "pixels", nullable=True),
        "duration_seconds": Column(pl.Int64, "of audio and video", nullable=True),
        "poll": Column(pl.String, "poll as JSON", nullable=True, personal=True),
        "reactions": Column(pl.List(pl.Struct({"emoji": pl.String, "count": pl.Int64})), "by emoji"),
        "extra": Column(
            pl.String,
            "other fields as JSON, sorted keys; `text` where the parts say something else",
            nullable=True,
            personal=True,
        ),
        "source": Column(pl.String, "the export file below raw/", personal=True),
        "is_deleted": Column(pl.Boolean, "a newer undamaged dump around it lacks it; it is in no post"),
    },
    ("channel_id", "message_id"),
    folder="parsed",
)

POSTS = TableSchema(
    "telegram",
    "posts",
    "one content message, cleaned; the items of an album are one post",
    {
        **_ID,
        **_CHANNEL_NAME,
        "date": Column(UTC, "when it was sent", nullable=True),
        **_TEXTS,
        "hashtags": Column(STRINGS, "in order, with #", personal=True),
        "mentions": Column(STRINGS, "in order, with @", personal=True),
        "links": Column(STRINGS, "in order; targets of text links too", personal=True),
        "emojis": Column(STRINGS, "emoji sequences in order, unbroken"),
        "symbols": Column(STRINGS, "other characters of the categories So and Sk, in order"),
        "forwarded_from": Column(pl.String, "origin of a forward", nullable=True, personal=True),
        "reply_to_message_id": Column(pl.Int64, "the message it answers", nullable=True),
        "media_type": Column(pl.String, "photo, file or the export's media_type", nullable=True),
        "album_message_ids": Column(pl.List(pl.Int64), "all message ids of the album; [message_id] if none"),
        "reactions_count": Column(pl.Int64, "sum of all reactions"),
        "words": Column(pl.Int64, "words of `text`"),
        "ethiopic_share": Column(pl.Float64, "Ethiopic letters of all letters of `text`, 0…1"),
        "latin_share": Column(pl.Float64, "Latin letters of all letters of `text`, 0…1"),
        "language": Column(pl.String, "am, ti, om, en, am-latn, mixed or und"),
        "is_empty": Column(pl.Boolean, "no text at all"),
        "is_near_empty": Column(pl.Boolean, "fewer characters than the recipe's near_empty_chars"),
    },
    ("channel_id", "message_id"),
    folder="cleaned",
)

POST_LABELS = TableSchema(
    "labels",
    "post_labels",
    "the labels of one post with text",
    {
        **_ID,
        "vertical": Column(pl.String, "the likeliest of `verticals`", nullable=True),
        "verticals": Column(STRINGS, "ad verticals, likeliest first"),
        "tags": Column(STRINGS, "gambling, politics, profanity, religious"),
        "is_ad": Column(pl.Boolean, "whether it sells or promotes something"),
        "confidence": Column(pl.Float64, "of the least sure label that is given, or that it is no ad; 0…1"),
        "source": Column(pl.String, "human, model or rule: the best that decided"),
        "evidence": EVIDENCE_COLUMN,
    },
    ("channel_id", "message_id"),
)

LABELLED_POSTS = TableSchema(
    "labels",
    "labelled_posts",
    "one post with its labels, as the customer asked for them",
    {
        **_ID,
        "text": Column(pl.String, "L1 text", personal=True),
        "date": Column(UTC, "when it was sent", nullable=True),
        "labels": Column(STRINGS, "verticals and tags, sorted; `ad` where is_ad"),
    },
    ("channel_id", "message_id"),
)

FINGERPRINTS = TableSchema(
    "corpus",
    "fingerprints",
    "a post looked at by itself: whether it can be a document, and by what its repeats are found",
    {
        **_ID,
        "date": Column(UTC, "when it was sent", nullable=True),
        "reason": Column(pl.String, "why it cannot be a document", nullable=True),
        "digest": Column(pl.String, "of `search_key`: equal ones are exact duplicates", nullable=True),
        "bands": Column(pl.Array(pl.UInt32, 18), "MinHash bands: an equal one is a candidate", nullable=True),
    },
    ("channel_id", "message_id"),
    folder="fingerprints",
)

DOCUMENTS = TableSchema(
    "corpus",
    "documents",
    "a post that survives the filters and is nobody's duplicate",
    {
        **_ID,
        **_CHANNEL_NAME,
        "date": Column(UTC, "when it was sent", nullable=True),
        **_TEXTS,
        "language": Column(pl.String, "language of the text"),
        "ethiopic_share": Column(pl.Float64, "Ethiopic letters of all letters"),
        "words": Column(pl.Int64, "words of `text`"),
        "cluster": Column(
            pl.String, "near-duplicate cluster: <channel_id>/<message_id> of its oldest member"
        ),
        "duplicates_count": Column(pl.Int64, "posts dropped in favour of this one"),
        **_SPLIT,
    },
    ("channel_id", "message_id"),
)

DROPS = TableSchema(
    "corpus",
    "drops",
    "a post that is not in the documents, and why",
    {
        **_ID,
        "reason": Column(pl.String, f"one of: {', '.join(DROP_REASONS)}"),
        "kept_channel_id": Column(pl.Int64, "of the document that stands for a duplicate", nullable=True),
        "kept_message_id": Column(pl.Int64, "of the document that stands for a duplicate", nullable=True),
    },
    ("channel_id", "message_id"),
)

_FURTHER_ID = {
    "source": Column(pl.String, "the corpus, as the recipe calls it"),
    "origin": Column(pl.String, "the file below corpora/, or the dataset with its revision"),
    "row": Column(pl.Int64, "line or row of the origin, from 1"),
}

FURTHER_DOCUMENTS = TableSchema(
    "corpus",
    "further_documents",
    "a text of a further corpus for pre-training",
    {
        **_FURTHER_ID,
        "licence": Column(pl.String, "of the corpus, as the recipe states it"),
        "post": Column(pl.String, "L0: layout and spelling stay", personal=True),
        "text": Column(pl.String, "L1: one line, homophones unified", personal=True),
        "language": Column(pl.String, "language of the text"),
        "ethiopic_share": Column(pl.Float64, "Ethiopic letters of all letters"),
        "words": Column(pl.Int64, "words of `text`"),
    },
    tuple(_FURTHER_ID),
)

FURTHER_DROPS = TableSchema(
    "corpus",
    "further_drops",
    "a row of a further corpus that is not in the documents, and why",
    {
        **_FURTHER_ID,
        "reason": Column(pl.String, f"one of: {', '.join(FURTHER_DROP_REASONS)}"),
        "kept_source": Column(pl.String, "of the further document that stands for it", nullable=True),
        "kept_origin": Column(pl.String, "of the further document that stands for it", nullable=True),
        "kept_row": Column(pl.Int64, "of the further document that stands for it", nullable=True),
        "kept_channel_id": Column(pl.Int64, "of the held-out post that it repeats or holds", nullable=True),
        "kept_message_id": Column(pl.Int64, "of the held-out post that it repeats or holds", nullable=True),
    },
    tuple(_FURTHER_ID),
)

ADS = TableSchema(
    "corpus",
    "ads",
    "an ad post taken apart: the brief that it could have come from, and itself with facts as slots",
    {
        **_ID,
        **_SPLIT,
        "vertical": Column(pl.String, "the post's vertical", nullable=True),
        "post": Column(pl.String, "L0 text", personal=True),
        "target": Column(pl.String, "the post; facts, names and signature lines as slots", personal=True),
        "slots": Column(
            pl.List(pl.Struct({"slot": pl.String, "kind": pl.String, "text": pl.String, "value": pl.String})),
            "what each slot stands for: its text in the post, its normalised value",
            personal=True,
        ),
        "brief": Column(pl.String, "the back-constructed brief, as JSON", personal=True),
    },
    ("channel_id", "message_id"),
)

CONVERSATIONS = TableSchema(
    "corpus",
    "conversations",
    "a chat row for fine-tuning: brief in, slotted ad out",
    {
        **_ID,
        **_SPLIT,
        "messages": Column(
            pl.List(pl.Struct({"role": pl.String, "content": pl.String})),
            "system?, user, assistant; facts are slots",
            personal=True,
        ),
        "exemplars": Column(MESSAGE_KEYS, "posts quoted in the prompt"),
    },
    ("channel_id", "message_id"),
)

FERTILITY = TableSchema(
    "tokenizer",
    "fertility",
    "one tokenizer on one kind of text",
    {
        "tokenizer": Column(pl.String, "base, or trimmed or extended from it"),
        "sample": Column(pl.String, "posts, ethiopic_words or english"),
        "words_count": Column(pl.Int64, "whitespace-separated words measured"),
        "tokens_count": Column(pl.Int64, "tokens they became"),
        "tokens_per_word": Column(pl.Float64, "fertility"),
        "bytes_per_token": Column(pl.Float64, "UTF-8 bytes of the sample per token"),
        "vocabulary_size": Column(pl.Int64, "pieces of the tokenizer"),
    },
    ("tokenizer", "sample"),
)

BRIEFS = TableSchema(
    "generation",
    "briefs",
    "one campaign brief, as it was understood",
    {
        "brief_id": Column(pl.String, "file name without its ending"),
        "source": Column(pl.String, "file below briefs/"),
        "language": Column(pl.String, "am, en or mixed"),
        "advertiser": Column(pl.String, "folder below advertisers/ with its documents", nullable=True),
        "brief": Column(pl.String, "generation.brief.Brief as JSON", personal=True),
        "missing": Column(STRINGS, "what an ad would need and the brief does not say"),
    },
    ("brief_id",),
)

EXEMPLARS = pl.List(
    pl.Struct({"channel_id": pl.Int64, "message_id": pl.Int64, "score": pl.Float64, "excerpt": pl.String})
)
AD_FACTS = pl.List(pl.Struct(dict.fromkeys(("slot", "kind", "text", "value", "source"), pl.String)))
SCORES_BY_PART = pl.List(pl.Struct({"part": pl.String, "score": pl.Float64}))

GENERATED_ADS = TableSchema(
    "generation",
    "ads",
    "one written ad with its evidence",
    {
        "brief_id": Column(pl.String, "the brief it answers"),
        "channel_id": Column(pl.Int64, "the channel it is written for", nullable=True),
        "format": Column(pl.String, "post, caption, sponsored or tagline"),
        "rank": Column(pl.Int64, "1 is best"),
        "text": Column(pl.String, "the ad", personal=True),
        "slotted": Column(pl.String, "as the model wrote it, with slots", personal=True),
        "facts": Column(AD_FACTS, "every fact in it and the span of the brief it came from", personal=True),
        "left_out": Column(STRINGS, "must-have facts that the format has no room for", personal=True),
        "exemplars": Column(EXEMPLARS, "the posts it was modelled on, excerpts redacted", personal=True),
        "policy_verdict": Column(pl.String, "allow, needs_review or refuse"),
        "policy_rules": Column(STRINGS, "rules behind the verdict"),
        "policy_tags": Column(STRINGS, "gambling, politics, profanity, religious, or of clients' rules"),
        "policy_version": Column(pl.String, "of the rules that judged"),
        "scores": Column(SCORES_BY_PART, "what it was ranked by"),
        "written_by": Column(pl.String, "model or template"),
        "prompt_digest": Column(pl.String, "SHA-256 of the prompt, 12 digits"),
        "model": Column(pl.String, "version of training/model"),
        "index": Column(pl.String, "version of index/posts"),
    },
    ("brief_id", "format", "rank"),
)

_ALL = (
    MESSAGES, POSTS, POST_LABELS, LABELLED_POSTS, FINGERPRINTS, DOCUMENTS, DROPS, WORD_FREQUENCIES, NGRAMS,
    CHANNEL_PROFILES, FURTHER_DOCUMENTS, FURTHER_DROPS, ADS, CONVERSATIONS, FERTILITY, BRIEFS, GENERATED_ADS, CASES,
    ANSWERS, RETRIEVAL, MEASURES, SCORES, *LABEL_TABLES, FEEDBACK, COMPARISONS, PREFERENCES, LANDSCAPE,
)  # fmt: skip
TABLES = {table.key: table for table in _ALL}
