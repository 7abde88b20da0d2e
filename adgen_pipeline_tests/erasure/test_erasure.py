"""Erasure on a small data folder: tables as the library makes them, artifacts of a few lines."""

import json
from pathlib import Path

import polars as pl
import pytest

from adgen_pipeline.artifacts import Artifact, Store, folder_digest, write_json
from adgen_pipeline.erasure.plan import Plan, erase, plan
from adgen_pipeline.errors import DataError
from adgen_pipeline.evaluation_schemas import ANSWERS
from adgen_pipeline.exploration_schemas import WORD_FREQUENCIES
from adgen_pipeline.forgotten import Entry, Forgotten
from adgen_pipeline.provenance import hand_on, note
from adgen_pipeline.recipe import TelegramRecipe
from adgen_pipeline.schemas import (
    BRIEFS,
    CONVERSATIONS,
    DOCUMENTS,
    DROPS,
    GENERATED_ADS,
    MESSAGES,
    POSTS,
    TABLES,
)
from adgen_pipeline.telegram.folder import clean_folder
from adgen_pipeline_tests.erasure.search import files_with
from adgen_pipeline_tests.telegram.exports import NOT_INCLUDED, chat, message, write

MARK = "ዝንቅላሽት"  # a word that no other message has
OTHERS = [
    "አዲስ የወንዶች ጫማ ከቱርክ ገብቷል ዋጋ 2500 ብር ይደውሉ",
    "ላፕቶፕ ኮር አይ ሰባት ራም አስራ ስድስት ዋጋ 45000 ብር በቦሌ",
    "ባለሦስት መኝታ ቤት ለሽያጭ ቀረበ በሲኤምሲ አካባቢ ይመልከቱ",
]
MARKED = f"ልዩ የ{MARK} ሶፋ በቅናሽ ዋጋ 9000 ብር ብቻ ዛሬ ይምጡ"
KEY = ["channel_id", "message_id"]


def album(first: int, caption: str) -> list[dict[str, object]]:
    """Two photos of one second, the first with the caption."""
    second = {"date_unixtime": "1700009999", "photo": NOT_INCLUDED}
    return [message(first, caption, **second), message(first + 1, "", **second)]


def contents(root: Path) -> dict[Path, bytes]:
    """All files below the data folder but the cache of the exports' scan."""
    files = (path for path in root.rglob("*") if path.is_file() and path.name != "scan.json")
    return {path: path.read_bytes() for path in files}


@pytest.fixture
def store(store: Store) -> Store:
    """Two channels cleaned; the marked message is 7/3 and, word for word, 8/2; the album is 7/20 and 7/21."""
    seven = [*(message(i, text) for i, text in enumerate(OTHERS, start=10)), message(3, MARKED)]
    write(store.raw / "seven.json", chat([*seven, *album(20, "ቢጫ ወንበር በጥሩ ዋጋ አለን ይደውሉልን")]))
    write(store.raw / "eight.json", chat([message(2, MARKED), message(4, "ነጭ ሸሚዝ ከጥጥ የተሠራ በአዲስ ዲዛይን")], 8))
    clean_folder(store.raw, store.root, recipe=TelegramRecipe(), report=lambda _: None)
    repeats = (pl.col("channel_id") == 8) & (pl.col("message_id") == 2)
    posts = store.scan_partitions(POSTS).collect()
    cluster = pl.format("{}/{}", "channel_id", "message_id")
    kept = posts.filter(~repeats).with_columns(cluster=cluster, duplicates_count=0, split=pl.lit("train"))
    store.write_table(DOCUMENTS, kept.select(*DOCUMENTS.columns))
    dropped = {"channel_id": 8, "message_id": 2, "reason": "exact_duplicate"}
    store.write_table(DROPS, DROPS.frame([{**dropped, "kept_channel_id": 7, "kept_message_id": 3}]))
    words = pl.DataFrame(
        {"word": [MARK], "count": 1, "documents_count": 1, "channels_count": 1, "share": 1.0}
    )
    store.write_table(WORD_FREQUENCIES, words.with_columns(is_stop_word=pl.lit(value=False)))
    (store.advertisers / "abc-shop").mkdir(parents=True)
    return store


def made(
    store: Store, stage: str, name: str, table: pl.DataFrame | None, *, folder: Path | None = None
) -> Artifact:
    artifact, _ = store.make(
        stage, name, [name], lambda out: write_json(out / "text.json", MARKED), folder=folder
    )
    if table is not None:
        note(artifact, table)
    return artifact


def forget(store: Store, *entries: Entry, with_copies: bool = False) -> Plan:
    planned = plan(store, entries, with_copies=with_copies, report=lambda _: None)
    erase(store, planned.forgotten, report=lambda _: None)
    return planned


def keys(store: Store) -> set[tuple[int, int]]:
    return set(store.scan_partitions(MESSAGES).select(KEY).collect().iter_rows())


def test_a_forgotten_message_is_in_no_file_and_the_others_are_as_they_were(store: Store) -> None:
    before = store.scan_partitions(POSTS).filter(pl.col("message_id") != 3).collect()
    forget(store, Entry(7, 3), with_copies=True)
    assert files_with(store.root, MARK) == []
    after = store.scan_partitions(POSTS).collect()
    assert after.equals(before.filter(~((pl.col("channel_id") == 8) & (pl.col("message_id") == 2))))


def test_copies_are_listed_and_stay_unless_they_are_asked_for(store: Store) -> None:
    planned = forget(store, Entry(7, 3))
    assert planned.copies.rows() == [(8, 2)]
    assert (8, 2) in keys(store)
    assert (7, 3) not in keys(store)


def test_a_later_dump_does_not_bring_it_back(store: Store) -> None:
    forget(store, Entry(7, 3), with_copies=True)
    later = [message(3, MARKED), message(99, "አዲስ መልእክት ስለ ሌላ እቃ መጥቷል")]
    write(store.raw / "later.json", chat(later))
    document = clean_folder(store.raw, store.root, recipe=TelegramRecipe(), report=lambda _: None)
    assert files_with(store.root, MARK) == []
    assert (7, 99) in keys(store)
    channels = document["channels"]
    assert isinstance(channels, list)
    assert {channel["channel_id"]: channel["forgotten"] for channel in channels} == {7: 1, 8: 1}


def test_a_forgotten_channel_leaves_every_table_and_is_not_read_again(store: Store) -> None:
    forget(store, Entry(8))
    clean_folder(store.raw, store.root, recipe=TelegramRecipe(), report=lambda _: None)
    assert {channel for channel, _ in keys(store)} == {7}
    assert not store.read_table(DOCUMENTS)["channel_id"].is_in([8]).any()
    assert not (store.root / "parsed" / "8.parquet").exists()


def test_removing_its_line_from_the_list_brings_it_back(store: Store) -> None:
    before = keys(store)
    forget(store, Entry(7, 3), Entry(8))
    Forgotten().write(store.root)
    clean_folder(store.raw, store.root, recipe=TelegramRecipe(), report=lambda _: None)
    assert keys(store) == before


def test_an_item_of_an_album_leaves_it_and_its_caption_goes_with_the_item_that_bore_it(store: Store) -> None:
    forget(store, Entry(7, 21))
    post = store.scan_partitions(POSTS).filter(pl.col("message_id") == 20).collect()
    assert post["album_message_ids"].to_list() == [[20]]
    assert post["post"].item().startswith("ቢጫ ወንበር")
    forget(store, Entry(7, 20))
    assert files_with(store.root, "ወንበር") == []


def test_what_cannot_be_read_is_forgotten_in_quarantine_as_well(store: Store) -> None:
    good = json.dumps(message(31, OTHERS[0]), ensure_ascii=False)
    damaged = (
        good.replace('"id": 31', '"id": 32')
        .replace('"type"', f'"from": "{MARK}", "type"')
        .replace('"00"', "x")
    )
    damaged = damaged.replace('"message"', '["message"')
    text = json.dumps(chat([]), ensure_ascii=False).replace("[]", f"[{good},{damaged}]")
    write(store.raw / "damaged.json", text.encode())
    clean_folder(store.raw, store.root, recipe=TelegramRecipe(), report=lambda _: None)
    assert "quarantine/7.jsonl" in files_with(store.root, MARK)
    planned = forget(store, Entry(7, 32), Entry(7, 3), with_copies=True)
    assert planned.quarantined == 1
    assert files_with(store.root, MARK) == []
    clean_folder(store.raw, store.root, recipe=TelegramRecipe(), report=lambda _: None)
    assert files_with(store.root, MARK) == []


@pytest.mark.parametrize("name", ["shards", "pretraining_shards", "mixed_shards", "preference_shards"])
def test_artifacts_made_of_it_go_and_models_that_learned_from_it_are_named(store: Store, name: str) -> None:
    posts = store.scan_partitions(POSTS).collect().with_columns(split=pl.lit("train"))
    of_it, of_others = posts.filter(message_id=3), posts.filter(channel_id=8)
    shards = made(store, "training", name, of_it)
    report = made(store, "evaluation", "report", of_others, folder=store.root / "reports")
    adapter, encoder = (
        made(store, "training", "adapter", None),
        made(store, "embedding", "encoder", of_others),
    )
    unknown = made(store, "tokenizer", "base", None)
    hand_on(shards, adapter, splits=("train",))
    planned = forget(store, Entry(7, 3))
    assert planned.folders == (store.root / shards.path.relative_to(store.root.resolve()),)
    assert not shards.path.exists()
    assert not store.pointer_path("training", name).exists()
    assert report.verify().path.is_dir()
    assert {(model.name, model.is_certain, model.is_current) for model in planned.models} == {
        ("adapter", True, True),
        ("base", False, True),
    }
    assert [artifact.verify() for artifact in (adapter, encoder, unknown)]


def test_rows_that_quote_it_go_and_ads_lose_the_exemplar_only(store: Store) -> None:
    quote = {"channel_id": 7, "message_id": 3}
    other = {"channel_id": 7, "message_id": 10}
    chats = [
        {"channel_id": 7, "message_id": i, "split": "train", "messages": [], "exemplars": quoted}
        for i, quoted in ((10, [other]), (11, [quote]))
    ]
    store.write_table(CONVERSATIONS, CONVERSATIONS.frame(chats))
    exemplars = [
        {**key, "score": 1.0, "excerpt": text} for key, text in ((quote, MARKED), (other, OTHERS[0]))
    ]
    ad = {"brief_id": "b", "format": "post", "rank": 1, "text": "ማስታወቂያ", "exemplars": exemplars}
    store.write_table(GENERATED_ADS, GENERATED_ADS.frame([ad]))
    answers = [
        {"system": "ours", "case_id": case, "text": text} for case, text in (("7/3", MARKED), ("7/10", "ሌላ"))
    ]
    store.write_table(ANSWERS, ANSWERS.frame(answers))
    forget(store, Entry(7, 3), with_copies=True)
    assert store.read_table(CONVERSATIONS)["message_id"].to_list() == [10]
    assert store.read_table(ANSWERS)["case_id"].to_list() == ["7/10"]
    assert store.read_table(GENERATED_ADS)["exemplars"].list.eval(
        pl.element().struct["message_id"]
    ).to_list() == [[10]]
    assert files_with(store.root, MARK) == []


def test_preferences_know_no_advertisers_so_all_go_and_what_was_tuned_on_them_is_named(store: Store) -> None:
    (store.advertisers / "abc-shop").mkdir(parents=True, exist_ok=True)
    of_others = store.scan_partitions(POSTS).collect().filter(channel_id=8)
    model = made(store, "training", "model", of_others)
    assert forget(store, Entry(advertiser="abc-shop")).models == (), "nothing was tuned on preferences"
    Forgotten().write(store.root)
    shards = made(store, "training", "preference_shards", of_others)
    made(store, "training", "preferred_adapter", of_others)
    planned = forget(store, Entry(advertiser="abc-shop"))
    assert not shards.path.exists()
    assert {(found.name, found.is_certain) for found in planned.models} == {
        ("preferred_adapter", False),
        ("model", False),
    }
    assert model.verify()


def test_a_forgotten_advertiser_loses_briefs_and_ads(store: Store) -> None:
    briefs: list[dict[str, object]] = [
        {
            "brief_id": name,
            "source": f"{name}.md",
            "language": "am",
            "advertiser": advertiser,
            "brief": "{}",
            "missing": [],
        }
        for name, advertiser in (("a", "abc-shop"), ("b", None))
    ]
    store.write_table(BRIEFS, BRIEFS.frame(briefs))
    ads = [{"brief_id": name, "format": "post", "rank": 1, "text": "ማስታወቂያ"} for name in ("a", "b")]
    store.write_table(GENERATED_ADS, GENERATED_ADS.frame(ads))
    planned = forget(store, Entry(advertiser="abc-shop"))
    assert store.read_table(BRIEFS)["brief_id"].to_list() == ["b"]
    assert store.read_table(GENERATED_ADS)["brief_id"].to_list() == ["b"]
    assert planned.raw == (store.advertisers / "abc-shop", store.briefs / "a.md")
    assert planned.models == ()


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        pytest.param(Entry(9), "Channel 9 is in no table and no export .* Known: 7, 8", id="channel"),
        pytest.param(Entry(7, 999), "Message 7/999 is not among the messages read", id="message"),
        pytest.param(Entry(advertiser="nobody"), "Advertiser 'nobody' has no folder", id="advertiser"),
    ],
)
def test_what_nobody_knows_is_refused_and_nothing_is_changed(
    store: Store, entry: Entry, sentence: str
) -> None:
    before = contents(store.root)
    with pytest.raises(DataError, match=sentence):
        plan(store, [entry], with_copies=False, report=lambda _: None)
    assert contents(store.root) == before
    assert not Forgotten.read(store.root).entries


def test_forgetting_twice_changes_nothing_more(store: Store) -> None:
    forget(store, Entry(7, 3))
    before = folder_digest(store.root)
    planned = forget(store, Entry(7, 3, date="2030-01-01"))
    assert planned.already == 1
    assert planned.tables == ()
    assert folder_digest(store.root) == before


def test_an_erasure_that_was_killed_at_any_step_is_completed_by_the_same_command(store: Store) -> None:
    class Killed(BaseException):
        """As `kill -9`: nothing on the way handles it."""

    made(store, "training", "shards", store.scan_partitions(POSTS).collect())
    steps = 0
    while True:
        left = steps

        def killing(_: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        planned = plan(store, [Entry(7, 3)], with_copies=True, report=lambda _: None)
        try:
            erase(store, planned.forgotten, report=killing)
        except Killed:
            steps += 1
            continue
        break
    assert steps >= 2
    assert files_with(store.root, MARK) == []


def test_every_table_of_messages_has_a_rule(store: Store) -> None:
    numbers_only = {
        "labels/agreement",
        "labels/functions",
        "tokenizer/fertility",
        "evaluation/retrieval",
        "evaluation/scores",
        "training/landscape",  # answers to prompts of our own
    }
    counted = {"corpus/word_frequencies", "corpus/ngrams", "corpus/channel_profiles"}
    ruled = {
        key
        for key, schema in TABLES.items()
        if {"message_id", "case_id", "brief_id", "ad_id", "chosen_ad_id", "first_ad_id"} & set(schema.columns)
    }
    of_other_corpora = {"corpus/further_documents", "corpus/further_drops"}
    assert set(TABLES) == ruled | counted | numbers_only | of_other_corpora
