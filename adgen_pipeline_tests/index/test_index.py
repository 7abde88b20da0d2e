import shutil
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adgen_pipeline.embedding.encoder import Encoder
from adgen_pipeline.errors import ArtifactError, DataError
from adgen_pipeline.index.building import build, with_posts
from adgen_pipeline.index.checks import encoder_problems, recall
from adgen_pipeline.index.search import Hit, PostIndex, System
from adgen_pipeline.index.store import Manifest, problems
from adgen_pipeline.index_recipe import IndexRecipe
from adgen_pipeline.schemas import POST_LABELS
from adgen_pipeline_tests.embedding.samples import documents, train_encoder

DIGEST = "d" * 64


def _labels() -> pl.DataFrame:
    """Shoes and sofas are retail ads; everything else has no label."""
    sold = documents().filter(pl.col("post").str.contains("ጫማ|ሶፋ"))
    return POST_LABELS.frame(
        [
            {
                "channel_id": channel_id,
                "message_id": message_id,
                "vertical": "retail",
                "verticals": ["retail"],
                "tags": [],
                "is_ad": True,
                "confidence": 1.0,
                "source": "rule",
                "evidence": [],
            }
            for channel_id, message_id in sold.select("channel_id", "message_id").iter_rows()
        ]
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder, two advertisers' documents and an index."""
    folder = tmp_path_factory.mktemp("index")
    encoder = train_encoder(folder)
    for advertiser, text in {
        "abc-shop": "የቆዳ ጫማ ለገዙ ነጻ ማድረስ አለ። ዋስትና ስድስት ወር ነው።",
        "o'shop": "የቆዳ ጫማ በክፍያ እንሸጣለን።",
    }.items():
        (folder / "advertisers" / advertiser).mkdir(parents=True)
        (folder / "advertisers" / advertiser / "terms.md").write_text(text, encoding="utf-8")
    _build(folder, encoder, folder / "index")
    return folder


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder(folder / "encoder")


@pytest.fixture(scope="module")
def index(folder: Path, encoder: Encoder) -> PostIndex:
    return PostIndex(folder / "index", encoder, encoder_digest=DIGEST)


def _build(
    folder: Path, encoder: Encoder, out: Path, *, table: pl.DataFrame | None = None, flat_below: int = 20_000
) -> dict[str, object]:
    return build(
        documents() if table is None else table,
        _labels(),
        folder / "advertisers",
        encoder,
        DIGEST,
        out,
        recipe=IndexRecipe(flat_below_rows=flat_below),
        held_out={"test"},
    )


def _keys(hits: list[Hit]) -> list[str]:
    return [hit.source for hit in hits]


def test_a_sound_index_has_no_problems_and_counts_its_rows(folder: Path) -> None:
    manifest = Manifest.read(folder / "index")
    assert problems(folder / "index") == []
    assert manifest.posts_count == documents().filter(pl.col("split") != "test").height
    assert manifest.documents_count == 2
    assert manifest.flat


def test_the_held_out_split_is_not_in_the_index(index: PostIndex) -> None:
    held_out = set(
        documents()
        .filter(pl.col("split") == "test")
        .select(pl.format("{}/{}", "channel_id", "message_id"))
        .to_series()
    )
    found = {hit.source for hit in index.search("ቦሌ መገናኛ ፒያሳ ሜክሲኮ ካዛንቺስ ሳሪስ", k=100)}
    assert len(found) == 40
    assert held_out.isdisjoint(found)


@pytest.mark.parametrize("system", ["hybrid", "dense", "full_text"])
def test_every_system_finds_the_goods_that_are_asked_for(index: PostIndex, system: System) -> None:
    hits = index.search("ዘመናዊ ሶፋዎችን ለሳሎን", k=3, system=system)
    assert len(hits) == 3
    assert all("ሶፋ" in hit.post for hit in hits)


def test_hits_come_best_first_and_bear_the_scores_of_both_sides(index: PostIndex) -> None:
    hits = index.search("የቆዳ ጫማ መገናኛ", k=10)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(
        set(hit.scores) == {"dense", "full_text", "words", "pairs", "opening", "fused"} for hit in hits
    )
    assert set(hits[0].matched) == {"የቆዳ", "ጫማ", "መገናኛ"}
    assert "ጫማ መገናኛ" in hits[0].post
    assert hits[0].kind == "post"
    assert hits[0].source == f"{hits[0].channel_id}/{hits[0].message_id}"


def test_conditions_hold_for_every_hit(index: PostIndex) -> None:
    query = "ለሳሎን ሶፋ እና ላፕቶፕ"
    assert {hit.channel_id for hit in index.search(query, channel_id=2)} == {2}
    ads = index.search(query, k=100, is_ad=True, vertical="retail")
    assert ads
    assert all("ጫማ" in hit.post or "ሶፋ" in hit.post for hit in ads)
    assert all(
        "ጫማ" not in hit.post and "ሶፋ" not in hit.post for hit in index.search(query, k=100, is_ad=False)
    )
    assert index.search(query, vertical="travel") == []
    assert index.search(query, vertical="' OR 1=1 --") == []
    assert index.search(query, channel_id=404) == []


def test_documents_are_found_for_their_advertiser_only(index: PostIndex) -> None:
    query = "የቆዳ ጫማ ዋስትና እና ክፍያ"
    assert all(hit.kind == "post" for hit in index.search(query, k=100))
    for advertiser in ("abc-shop", "o'shop"):
        found = [hit for hit in index.search(query, k=100, advertiser=advertiser) if hit.kind == "document"]
        assert [hit.advertiser for hit in found] == [advertiser]
    assert index.search(query, kind="document") == []
    assert _keys(index.search(query, advertiser="abc-shop", kind="document")) == ["terms.md#1"]
    assert index.search(query, advertiser="' OR kind = 'document", kind="document") == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "🎉",
        '"',
        "ጫማ AND (",
        "ጫማ OR -ሶፋ",
        "key:*",
        "a" * 10_000,
        "ጫማ\x00ሶፋ",
        "⟨price_1⟩",
        "'; DROP TABLE posts --",
    ],
)
def test_any_text_can_be_asked_for(index: PostIndex, query: str) -> None:
    assert len(index.search(query, k=3)) <= 3


@settings(max_examples=30, deadline=None)
@given(query=st.text(max_size=60))
def test_no_text_breaks_the_search(index: PostIndex, query: str) -> None:
    index.search(query, k=2)


def test_spellings_that_sound_alike_find_the_same_posts(index: PostIndex) -> None:
    assert _keys(index.search("ዘመናዊ ሶፋ ለሣሎን")) == _keys(index.search("ዘመናዊ ሶፋ ለሳሎን"))


def test_the_same_input_has_the_same_digest_and_gives_the_same_hits(
    folder: Path, encoder: Encoder, index: PostIndex
) -> None:
    manifest = _build(folder, encoder, folder / "again", table=documents().reverse())
    assert manifest["digest"] == index.manifest.digest
    again = PostIndex(folder / "again", encoder)
    assert again.search("የቤት መኪና", k=20) == index.search("የቤት መኪና", k=20)


def test_an_approximate_index_finds_what_exact_search_finds(
    folder: Path, encoder: Encoder, index: PostIndex
) -> None:
    _build(folder, encoder, folder / "approximate", flat_below=10)
    approximate = PostIndex(folder / "approximate", encoder)
    assert not approximate.manifest.flat
    assert problems(folder / "approximate") == []
    assert recall(folder / "approximate") == recall(folder / "index") == 1.0
    assert _keys(approximate.search("የቤት መኪና", system="dense")) == _keys(
        index.search("የቤት መኪና", system="dense")
    )


def test_an_index_of_another_encoder_is_a_problem(folder: Path) -> None:
    assert encoder_problems(folder / "index", DIGEST) == []
    assert len(encoder_problems(folder / "index", "e" * 64)) == 1


def test_another_encoder_is_refused(folder: Path, encoder: Encoder) -> None:
    with pytest.raises(ArtifactError, match="built with the encoder dddddddddddd"):
        PostIndex(folder / "index", encoder, encoder_digest="e" * 64)


def test_a_folder_that_is_no_index_is_refused(tmp_path: Path, encoder: Encoder) -> None:
    with pytest.raises(ArtifactError, match="not an index"):
        PostIndex(tmp_path, encoder)


def test_a_key_that_stands_twice_is_refused_and_leaves_nothing(
    folder: Path, encoder: Encoder, tmp_path: Path
) -> None:
    twice = pl.concat([documents(), documents().tail(1)])
    with pytest.raises(DataError, match="1 keys stand twice"):
        _build(folder, encoder, tmp_path / "index", table=twice)
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_index_is_one_sentence(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="index would be empty"):
        _build(tmp_path, encoder, tmp_path / "index", table=documents().head(0))


def test_a_held_out_post_in_the_index_is_a_problem(folder: Path, encoder: Encoder, tmp_path: Path) -> None:
    shutil.copytree(folder / "index", tmp_path / "index")
    manifest = (tmp_path / "index" / "manifest.json").read_text().replace('"test"', '"train"')
    (tmp_path / "index" / "manifest.json").write_text(manifest)
    assert problems(tmp_path / "index") == ["index: 40 posts are of a held-out split"]


def test_a_copy_with_held_out_posts_finds_them_and_the_index_stays(
    folder: Path, encoder: Encoder, index: PostIndex, tmp_path: Path
) -> None:
    held_out = (
        documents().filter(pl.col("split") == "test").with_columns(pl.lit(None, pl.String).alias("vertical"))
    )
    with_posts(index.path, encoder, held_out, tmp_path / "larger")
    larger = PostIndex(tmp_path / "larger", encoder)
    wanted = held_out.row(0, named=True)
    for system in ("hybrid", "dense", "full_text"):
        assert (wanted["channel_id"], wanted["message_id"]) in {
            (hit.channel_id, hit.message_id) for hit in larger.search(wanted["post"], k=3, system=system)
        }
    assert problems(index.path) == []
