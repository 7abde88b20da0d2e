"""A data folder with a bit of everything, for tests of what is copied out of it."""

from pathlib import Path

from adgen_pipeline.artifacts import Store, write_json


def filled(store: Store) -> Store:
    """A data folder with a bit of everything."""
    for name, text in {
        "raw/ሱቅ 😀.json": '{"name": "ሱቅ"}', "briefs/brief.md": "ጫማ", "cleaned/7.parquet": "rows",
        "final/corpus/ads.parquet": "ads", "forgotten.jsonl": "", "state/api-keys.json": "secret",
    }.items():  # fmt: skip
        (store.root / name).parent.mkdir(parents=True, exist_ok=True)
        (store.root / name).write_text(text, encoding="utf-8")
    make_artifact(store, "training", "model", 1)
    store.make("index", "posts", ["b"], make_index, folder=store.index)
    return store


def make_artifact(store: Store, stage: str, name: str, number: int) -> None:
    """An artifact of one small file."""
    store.make(stage, name, [number], lambda folder: write_json(folder / "weights.json", [number]))


def make_index(folder: Path) -> None:
    """The folder of an index, as large as it needs to be here."""
    (folder / "posts.lance" / "data").mkdir(parents=True)
    (folder / "posts.lance" / "data" / "0.lance").write_bytes(b"rows of vectors")
