import time
from dataclasses import asdict
from pathlib import Path

import pytest

from adgen_pipeline.app import beside_loading
from adgen_pipeline.app.contenders import contenders
from adgen_pipeline.app.engine import BusyError, Engine
from adgen_pipeline.app.keys import Keyring
from adgen_pipeline.app.routes.process import versions
from adgen_pipeline.app.service import load_published, published, require_key_beyond_loopback
from adgen_pipeline.artifacts import write_json
from adgen_pipeline.errors import ArtifactError, SettingsError
from adgen_pipeline.evaluation import promotion
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.writer import AdWriter
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.settings import Settings
from adgen_pipeline_tests.generation.models import tiny_model
from adgen_pipeline_tests.generation.writers import published_store


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_needs_no_key(host: str, tmp_path: Path) -> None:
    require_key_beyond_loopback(host, Keyring(tmp_path / "keys.json"))


@pytest.mark.parametrize("host", ["0.0.0.0", "10.1.2.3", "::", "shop.example"])
def test_other_machines_need_a_key(host: str, tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys.json")
    with pytest.raises(SettingsError, match="adgen keys add"):
        require_key_beyond_loopback(host, keyring)
    keyring.add("bot", role="bot")
    require_key_beyond_loopback(host, keyring)
    require_key_beyond_loopback(host, Keyring(tmp_path / "none.json", environment_key="sample"))


def test_a_model_that_nobody_judged_does_not_answer(tmp_path: Path) -> None:
    store = published_store(tmp_path)
    parts = [asdict(store.artifact(*key)) for key in promotion.PARTS]
    named = [{**part, "path": str(part["path"].relative_to(store.root.resolve()))} for part in parts]
    write_json(
        store.root / "models" / "champion" / "0001.json",
        {"registered": "1", "replaces": None, "parts": named},
    )
    write_json(store.root / "models" / "champion.json", {"number": 1})
    recipe = load_recipe(Settings.from_environment(recipe=Path("tiny")).recipe_path)
    before = published(store)
    (tmp_path / "second").mkdir()
    newer = tiny_model(tmp_path / "second").rename(store.root / "models" / "made" / "newer")
    store.publish("training", "model", newer)
    assert published(store) == before
    assert load_published(store, recipe).model_version == "model"


def test_what_is_published_is_followed_and_what_is_broken_is_seen(tmp_path: Path) -> None:
    store = published_store(tmp_path)
    recipe = load_recipe(Settings.from_environment(recipe=Path("tiny")).recipe_path)
    engine = Engine(lambda: load_published(store, recipe), published=lambda: published(store))
    engine.look()
    assert engine.state() == "ready"
    first = engine.loaded()

    (tmp_path / "second").mkdir()
    made = tiny_model(tmp_path / "second")
    newer = made.rename(store.root / "models" / "made" / "newer")
    store.publish("training", "model", newer)
    engine.look()
    assert (first.model_version, engine.loaded().model_version) == ("model", "newer")
    assert {v.version for v in versions(store) if v.is_published} <= {"newer", "encoder", "posts"}

    weights = next(newer.glob("*.safetensors"))
    whole = weights.read_bytes()
    time.sleep(0.01)
    weights.write_bytes(whole[: len(whole) // 2])
    engine.look()
    assert "Materialise training/model again" in engine.state()
    assert engine.loaded().model_version == "newer"
    weights.write_bytes(whole)
    engine.look()
    assert engine.state() == "ready"

    store.policy.mkdir()
    rules = store.policy / "client.yaml"
    rules.write_text("rules: {shop-1: {verdict: refuse, en: [leather]}}", encoding="utf-8")
    engine.look()
    writer = engine.loaded()
    assert isinstance(writer, AdWriter)
    assert writer.policy.judge("leather").rules == ("shop-1",)
    rules.write_text("rules: 5", encoding="utf-8")
    engine.look()
    assert "client.yaml" in engine.state()
    assert engine.loaded() is writer
    rules.unlink()
    engine.look()
    assert engine.state() == "ready"

    index = next(path for path in store.artifact("index", "posts").path.rglob("*") if path.is_file())
    index.unlink()
    engine.look()
    assert "index/posts" in engine.state()


def test_an_older_model_and_the_template_write_beside_what_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = published_store(tmp_path)
    recipe = load_recipe(Settings.from_environment(recipe=Path("tiny")).recipe_path)
    (tmp_path / "older").mkdir()
    made = tiny_model(tmp_path / "older")
    place = store.version_path("training", "model", "older")
    place.parent.mkdir(parents=True)
    made.rename(place)
    assert [(c.model, c.title) for c in contenders(store, "model")] == [
        ("model", "champion"), ("older", "challenger"), ("template", "template"),
    ]  # fmt: skip

    steps: list[str] = []
    serving = load_published(store, recipe, give_way=lambda: steps.append("model"))
    brief = understand("ምርት፦ የቆዳ ጫማ\nዋጋ፦ 2,500 ብር", source="brief.md")
    for version in ("older", "template"):
        beside = beside_loading.load_beside(store, recipe, version, give_way=lambda: steps.append("older"))
        writer = beside(serving)
        assert isinstance(writer, AdWriter)
        assert writer.index is serving.index
        assert writer.model is not serving.model
        (ad,) = writer.write(brief, channel_id=None, n=1, seed=7)
        assert ad.model == version
        assert "2,500 ብር" in ad.text
    assert (ad.written_by, ad.exemplars) == ("template", ())
    assert serving.model_version == "model"
    assert set(steps) == {"older"}  # between the pieces of its own answers
    serving.write(brief, channel_id=None, n=1, seed=7)
    assert set(steps) == {"older", "model"}

    monkeypatch.setattr(beside_loading, "_free_gib", lambda artifact: 0.1)
    with pytest.raises(BusyError, match=r"no memory for model older .* about 0\.\d GiB"):
        beside_loading.load_beside(store, recipe, "older")
    next(place.glob("*.safetensors")).unlink()
    monkeypatch.undo()
    with pytest.raises(ArtifactError, match="older"):
        beside_loading.load_beside(store, recipe, "older")
    with pytest.raises(ArtifactError, match="no model nowhere"):
        beside_loading.load_beside(store, recipe, "nowhere")
