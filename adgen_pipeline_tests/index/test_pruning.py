from pathlib import Path

import pytest

from adgen_pipeline.forgotten import Entry, Forgotten
from adgen_pipeline.index.building import build
from adgen_pipeline.index.pruning import forgotten_keys, prune
from adgen_pipeline.index.search import PostIndex
from adgen_pipeline.index.store import Manifest, problems
from adgen_pipeline.index_recipe import IndexRecipe
from adgen_pipeline.schemas import POST_LABELS
from adgen_pipeline_tests.embedding.samples import documents, train_encoder
from adgen_pipeline_tests.erasure.search import files_with

TERMS = "የቆዳ ጫማ ለገዙ ነጻ ማድረስ አለ። ዋስትና ስድስት ወር ነው።"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of the sample documents and of one advertiser's terms."""
    encoder = train_encoder(tmp_path)
    (tmp_path / "advertisers" / "abc-shop").mkdir(parents=True)
    (tmp_path / "advertisers" / "abc-shop" / "terms.md").write_text(TERMS, encoding="utf-8")
    out = tmp_path / "index" / "first"
    build(
        documents(),
        POST_LABELS.empty(),
        tmp_path / "advertisers",
        encoder,
        "d" * 64,
        out,
        recipe=IndexRecipe(),
    )
    return out


def test_forgotten_rows_are_in_no_file_of_the_new_index_and_the_others_are_found_as_before(
    index: Path, tmp_path: Path
) -> None:
    from adgen_pipeline.embedding.encoder import Encoder  # noqa: PLC0415

    train = documents().filter(split="train")
    row = train.row(0, named=True)
    forgotten = Forgotten((Entry(row["channel_id"], row["message_id"]), Entry(advertiser="abc-shop")))
    keys = forgotten_keys(index, forgotten)
    assert keys == sorted(["abc-shop/terms.md#1", f"{row['channel_id']}/{row['message_id']}"])
    out = tmp_path / "pruned" / "index" / "second"
    prune(index, keys, out)
    assert problems(out) == []
    assert Manifest.read(out).posts_count == Manifest.read(index).posts_count - 1
    assert Manifest.read(out).documents_count == 0
    assert forgotten_keys(out, forgotten) == []
    assert files_with(tmp_path, "ዋስትና", but=("advertisers", "pruned")) != []
    assert files_with(tmp_path / "pruned", "ዋስትና") == []
    encoder = Encoder(tmp_path / "encoder")
    query = train.row(1, named=True)["post"]
    before, after = (
        [hit.source for hit in PostIndex(path, encoder, encoder_digest="d" * 64).search(query, k=5)]
        for path in (index, out)
    )
    before = [source for source in before if source not in keys]
    assert after[: len(before)] == before


def test_a_forgotten_channel_is_found_in_the_index(index: Path) -> None:
    channel = int(documents()["channel_id"][0])
    found = forgotten_keys(index, Forgotten((Entry(channel),)))
    assert found
    assert all(key.startswith(f"{channel}/") for key in found)
