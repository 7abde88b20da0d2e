"""A real writer small enough for tests: a tiny random model, a small encoder and an index of posts of our own."""

from pathlib import Path

import polars as pl

from adgen_pipeline.artifacts import Store
from adgen_pipeline.exploration_schemas import CHANNEL_PROFILES
from adgen_pipeline.generation.models import TextModel
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.index.building import build
from adgen_pipeline.index.search import PostIndex
from adgen_pipeline.index_recipe import IndexRecipe
from adgen_pipeline.recipe import GenerationRecipe
from adgen_pipeline.schemas import ADS, POST_LABELS
from adgen_pipeline_tests.embedding.samples import documents, train_encoder
from adgen_pipeline_tests.generation.models import tiny_model

DIGEST = "e" * 64
CHANNELS = {1: "የናሙና ሱቅ", 2: "ሌላ የናሙና ገበያ"}
RECIPE = GenerationRecipe(candidates=3, maximum_new_tokens=16, temperature=1.0)


def labels() -> pl.DataFrame:
    """Every post is an ad."""
    keys = documents().select("channel_id", "message_id").iter_rows()
    empty = {"vertical": "retail", "verticals": ["retail"], "tags": [], "source": "rule", "evidence": []}
    rows = [{"channel_id": c, "message_id": m, "is_ad": True, "confidence": 1.0, **empty} for c, m in keys]
    return POST_LABELS.frame(rows)


def write_index(folder: Path, encoder_digest: str = DIGEST) -> tuple[Path, Path]:
    """Folders of an index with one advertiser's document, and of its encoder."""
    encoder = train_encoder(folder)
    (folder / "advertisers" / "abc-shop").mkdir(parents=True)
    (folder / "advertisers" / "abc-shop" / "about.md").write_text("የቆዳ ጫማ በእጅ እንሠራለን።", encoding="utf-8")
    build(
        documents(),
        labels(),
        folder / "advertisers",
        encoder,
        encoder_digest,
        folder / "posts",
        recipe=IndexRecipe(),
    )
    return folder / "posts", folder / "encoder"


def tiny_writer(folder: Path) -> AdWriter:
    """A writer of nonsense, checked like any other."""
    index, encoder = write_index(folder)
    from_folder = PostIndex(index, train_encoder(folder, "again"), encoder_digest=DIGEST)
    assert encoder.is_dir()
    return AdWriter(
        from_folder,
        TextModel(tiny_model(folder / "model"), precision="fp32", device="cpu"),
        recipe=RECIPE,
        channels=CHANNELS,
        model_version="m1",
        index_version="i1",
    )


def published_store(folder: Path) -> Store:
    """A data folder with the artifacts and tables that `load_writer` reads."""
    store = Store(folder / "data")
    (store.root / "models" / "made").mkdir(parents=True)
    made = store.root / "models" / "made"
    tiny_model(made / "tiny")
    model = store.publish("training", "model", made / "tiny" / "model")
    assert model.name == "model"
    encoder_home = made / "index"
    encoder_home.mkdir()
    train_encoder(encoder_home)
    encoder = store.publish("embedding", "encoder", encoder_home / "encoder")
    fresh = made / "with-digest"
    fresh.mkdir()
    posts, _ = write_index(fresh, encoder.digest)
    store.publish("index", "posts", posts)
    store.write_table(ADS, ADS.empty())
    profile: dict[str, object] = {
        name: ([] if isinstance(column.dtype, pl.List) else "" if column.dtype == pl.String else 0)
        for name, column in CHANNEL_PROFILES.columns.items()
        if not column.nullable
    }
    rows = [{**profile, "channel_id": key, "channel_name": name} for key, name in CHANNELS.items()]
    store.write_table(CHANNEL_PROFILES, CHANNEL_PROFILES.frame(rows))
    return store
