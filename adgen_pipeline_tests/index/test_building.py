import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from adgen_pipeline.artifacts import Store, folder_digest
from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.index import versions
from adgen_pipeline.index.building import build
from adgen_pipeline.index.queries import Key
from adgen_pipeline.index.ranking import Frequencies
from adgen_pipeline.index.rows import of_posts, with_content, with_keys
from adgen_pipeline.index.search import PostIndex
from adgen_pipeline.index.store import Manifest, problems, read_with_vectors, write_rows
from adgen_pipeline.index_recipe import IndexRecipe, PartWeights
from adgen_pipeline.schemas import POST_LABELS
from adgen_pipeline_tests.embedding.samples import documents, train_encoder
from adgen_pipeline_tests.erasure.search import files_with


class Counting(Encoder):
    """The encoder, remembering how many texts it was given."""

    encoded = 0

    def encode(self, texts: list[str]) -> np.ndarray:  # type: ignore[override]
        self.encoded += len(texts)
        return super().encode(texts)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Counting:
    return Counting(train_encoder(tmp_path_factory.mktemp("encoder")).path)


@pytest.fixture(scope="module")
def first(encoder: Counting, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample documents."""
    return _build(documents(), encoder, tmp_path_factory.mktemp("first") / "index")


def _build(
    table: pl.DataFrame,
    encoder: Encoder,
    out: Path,
    *,
    previous: Path | None = None,
    recipe: IndexRecipe | None = None,
    queries: tuple[tuple[str, Key], ...] = (),
    digest: str = "d",
) -> Path:
    build(
        table,
        POST_LABELS.empty(),
        out.parent / "advertisers",
        encoder,
        digest,
        out,
        recipe=recipe or IndexRecipe(),
        queries=queries,
        previous=previous,
    )
    return out


def _changed() -> pl.DataFrame:
    """The documents without the second post, with another wording of the third, and with a new one."""
    table = documents()
    third = pl.col("message_id") == 3
    new = table.head(1).with_columns(
        message_id=pl.lit(9001, pl.Int64), post=pl.lit("አዲስ ብስክሌት ለልጆች"), split=pl.lit("train")
    )
    table = table.filter(pl.col("message_id") != 2)
    reworded = pl.when(third).then(pl.lit("ሰማያዊ ጃንጥላ ለዝናብ")).otherwise("post").alias("post")
    return pl.concat([table.with_columns(reworded), new])


def test_only_what_is_new_or_changed_is_encoded_and_what_is_gone_is_not_found(
    first: Path, encoder: Counting, tmp_path: Path
) -> None:
    before = folder_digest(first)
    encoder.encoded = 0
    second = _build(_changed(), encoder, tmp_path / "second", previous=first)
    assert encoder.encoded == 2
    assert folder_digest(first) == before
    assert problems(second) == []
    index, anew = (
        PostIndex(path, encoder) for path in (second, _build(_changed(), encoder, tmp_path / "anew"))
    )
    for query in ("ብስክሌት ለልጆች", "ሰማያዊ ጃንጥላ", "የቆዳ ጫማ መገናኛ"):
        assert index.search(query, k=20) == anew.search(query, k=20)
    assert index.search("ብስክሌት ለልጆች", k=1)[0].message_id == 9001
    assert 2 not in {hit.message_id for hit in index.search(documents()["post"][1], k=40)}


def test_new_posts_are_added_to_links_of_the_index_before(
    first: Path, encoder: Counting, tmp_path: Path
) -> None:
    before = folder_digest(first)
    new = _changed().tail(1)
    encoder.encoded = 0
    second = _build(pl.concat([documents(), new]), encoder, tmp_path / "second", previous=first)
    assert encoder.encoded == 1
    assert folder_digest(first) == before
    assert problems(second) == []
    shared = {file.stat().st_ino for file in first.rglob("*.lance")}
    assert shared & {file.stat().st_ino for file in second.rglob("*.lance")}
    assert PostIndex(second, encoder).search("ብስክሌት ለልጆች", k=1)[0].message_id == 9001


def test_words_of_a_row_that_is_gone_stand_in_no_file(first: Path, encoder: Counting, tmp_path: Path) -> None:
    word = "ጃንጥላ"
    with_word = _build(_changed(), encoder, tmp_path / "with", previous=first)
    assert files_with(tmp_path, word) != []
    _build(documents(), encoder, tmp_path / "without" / "index", previous=with_word)
    assert files_with(tmp_path / "without", word) == []


def test_the_same_again_encodes_nothing(first: Path, encoder: Counting, tmp_path: Path) -> None:
    encoder.encoded = 0
    second = _build(documents(), encoder, tmp_path / "second", previous=first)
    assert encoder.encoded == 0
    assert problems(second) == []
    assert Manifest.read(second) == Manifest.read(first)


def test_another_encoder_or_a_table_that_changed_much_is_built_anew(
    first: Path, encoder: Counting, tmp_path: Path
) -> None:
    encoder.encoded = 0
    _build(documents(), encoder, tmp_path / "other", previous=first, digest="e")
    assert encoder.encoded == 40
    encoder.encoded = 0
    much = documents().with_columns(pl.col("post") + " ዛሬ")
    _build(much, encoder, tmp_path / "much", previous=first)
    assert encoder.encoded == 40


def test_weights_are_learned_from_queries_unless_the_recipe_names_them(
    encoder: Counting, tmp_path: Path
) -> None:
    rows = documents().filter(split="train").head(10)
    queries = tuple(
        (post.split("\n")[1], (channel, message))
        for channel, message, post in rows.select("channel_id", "message_id", "post").iter_rows()
    )
    learned = Manifest.read(_build(documents(), encoder, tmp_path / "learned", queries=queries))
    assert 10 <= learned.weight_queries <= 20
    named = PartWeights(dense=1, stems=2, words=0, pairs=0, opening=0)
    given = Manifest.read(
        _build(documents(), encoder, tmp_path / "given", queries=queries, recipe=IndexRecipe(weights=named))
    )
    assert given.weights == named.model_dump()
    assert given.weight_queries == 0


def test_days_and_languages_are_conditions_and_recency_and_diversity_change_the_order(
    encoder: Counting, tmp_path: Path
) -> None:
    dated = documents().with_columns(
        date=pl.datetime(2024, 1, 1, time_zone="UTC") + pl.duration(days=pl.col("message_id")),
        language=pl.when(pl.col("message_id") % 2 == 0).then(pl.lit("am")).otherwise(pl.lit("mixed")),
    )
    plain = PostIndex(_build(dated, encoder, tmp_path / "plain"), encoder)
    query = "የቆዳ ጫማ ለወንዶች"
    found = plain.search(query, k=40, since=date(2024, 1, 11), until=date(2024, 1, 20), language="am")
    assert {hit.message_id for hit in found} == {
        row["message_id"]
        for row in dated.filter(split="train", language="am").iter_rows(named=True)
        if datetime(2024, 1, 11, tzinfo=UTC) <= row["date"] < datetime(2024, 1, 21, tzinfo=UTC)
    }
    recent = PostIndex(_build(dated, encoder, tmp_path / "r", recipe=IndexRecipe(recency=1.0)), encoder)
    newest = max(hit.message_id or 0 for hit in recent.search(query, k=40))
    assert recent.search(query, k=1)[0].message_id == newest
    diverse = PostIndex(_build(dated, encoder, tmp_path / "v", recipe=IndexRecipe(diversity=0.7)), encoder)
    titles = [hit.post.split(" ")[1] for hit in diverse.search(query, k=4)]
    assert len(set(titles)) > len({hit.post.split(" ")[1] for hit in plain.search(query, k=4)})


def test_only_the_index_in_use_and_the_newest_before_it_are_kept(first: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    for name in ("a", "b", "c"):
        folder = store.index / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_bytes((first / "manifest.json").read_bytes())
        time.sleep(0.01)
    store.publish("index", "posts", store.index / "a")
    assert versions.retire(store, kept=1, protected=[store.index / "b", store.index / "c"]) == []
    assert [path.name for path in versions.retire(store, kept=2)] == ["b"]
    assert versions.current(store) == (store.index / "a").resolve()
    assert sorted(path.name for path in store.index.iterdir()) == ["a", "c"]


@pytest.mark.slow
def test_a_write_that_is_killed_leaves_the_index_before_it_whole(
    first: Path, encoder: Counting, tmp_path: Path
) -> None:
    before = folder_digest(first)
    _changed().write_parquet(tmp_path / "changed.parquet")
    program = (
        "import sys; from pathlib import Path; import polars as pl\n"
        "from adgen_pipeline.embedding.encoder import Encoder\n"
        "from adgen_pipeline_tests.index.test_building import _build\n"
        "table, encoder, out, previous = map(Path, sys.argv[1:])\n"
        "encoder = Encoder(encoder); print('ready', flush=True)\n"
        "while True: _build(pl.read_parquet(table), encoder, out, previous=previous)\n"
    )
    arguments = [tmp_path / "changed.parquet", encoder.path, tmp_path / "index" / "second", first]
    for delay in (0.01, 0.05, 0.1, 0.2, 0.4, 0.8):
        with subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, env=os.environ
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        assert folder_digest(first) == before
        assert problems(first) == []
    second = _build(_changed(), encoder, tmp_path / "index" / "second", previous=first)
    assert problems(second) == []
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["second"]


def test_an_index_from_which_rows_only_went_is_sound(first: Path, encoder: Counting, tmp_path: Path) -> None:
    encoder.encoded = 0
    fewer = _build(documents().head(30), encoder, tmp_path / "fewer", previous=first)
    assert encoder.encoded == 0
    assert problems(fewer) == []
    assert 0 < Manifest.read(fewer).posts_count < Manifest.read(first).posts_count


def test_weights_are_learned_again_for_other_queries_or_when_the_index_has_grown(
    encoder: Counting, tmp_path: Path
) -> None:
    table = documents()
    posts = table.filter(pl.col("split") == "train").select("post", "channel_id", "message_id").rows()
    queries = tuple((post.splitlines()[0], (channel, message)) for post, channel, message in posts[:10])
    start = _build(table.head(40), encoder, tmp_path / "start" / "index", queries=queries)
    before = Manifest.read(start)
    assert before.weight_queries > 0

    def asked(grown: pl.DataFrame, name: str, asking: tuple[tuple[str, Key], ...]) -> tuple[int, Manifest]:
        encoder.encoded = 0
        path = _build(grown, encoder, tmp_path / name / "index", queries=asking, previous=start)
        return encoder.encoded, Manifest.read(path)

    encoded, little = asked(table.head(43), "little", queries)  # 33 indexed posts become 35
    assert encoded == little.posts_count - before.posts_count
    assert (little.weights, little.weight_rows) == (before.weights, before.posts_count)
    encoded, much = asked(table, "much", queries)
    assert encoded == much.posts_count - before.posts_count + 2 * len(queries)
    assert much.weight_rows == much.posts_count
    encoded, other = asked(table.head(43), "other", queries[:5])
    assert encoded == other.posts_count - before.posts_count + 2 * 5


def test_blocks_make_one_table_with_the_frequencies_of_all(encoder: Counting, tmp_path: Path) -> None:
    rows = with_keys(with_content(of_posts(documents(), POST_LABELS.empty())))
    blocks = [(part, encoder.encode(part["post"].to_list())) for part in (rows[:20], rows[20:21], rows[21:])]
    write_rows(tmp_path, iter(blocks), flat=False)
    stored, vectors = read_with_vectors(tmp_path, ["key", "post"])
    assert stored.sort("key").equals(rows.select("key", "post").sort("key"))
    assert np.allclose(vectors, encoder.encode(stored["post"].to_list()), atol=1e-6)
    known, whole = Frequencies.read(tmp_path), Frequencies.of(rows["search_key"])
    assert np.array_equal(known.counts, whole.counts)
    assert (known.texts, known.words) == (whole.texts, whole.words)
