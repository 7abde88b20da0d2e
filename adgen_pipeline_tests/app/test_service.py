import time
from pathlib import Path

import pytest

from adgen_pipeline.app.engine import Engine
from adgen_pipeline.app.keys import Keyring
from adgen_pipeline.app.routes.process import versions
from adgen_pipeline.app.service import load_published, published, require_key_beyond_loopback
from adgen_pipeline.errors import SettingsError
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

    index = next(path for path in store.artifact("index", "posts").path.rglob("*") if path.is_file())
    index.unlink()
    engine.look()
    assert "index/posts" in engine.state()
