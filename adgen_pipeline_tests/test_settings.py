from pathlib import Path

import pytest

from adgen_pipeline.errors import SettingsError
from adgen_pipeline.settings import PROJECT_ROOT, Settings


def test_defaults_point_below_the_data_folder(tmp_path: Path) -> None:
    settings = Settings.from_environment()
    assert settings.data == tmp_path / "data"
    assert settings.tracking_uri == f"sqlite:///{tmp_path / 'data' / 'state' / 'mlflow.db'}"
    assert settings.recipe_path == PROJECT_ROOT / "recipes" / "demo.yaml"
    assert settings.api_key is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param("ADGEN_GPUS", "two", "number of GPUs", id="gpus"),
        pytest.param("ADGEN_DATA", "s3://bucket/x", "folder on this machine", id="object store"),
    ],
)
def test_a_variable_that_means_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=words):
        Settings.from_environment()


def test_children_see_the_same_settings(tmp_path: Path) -> None:
    settings = Settings.from_environment(data=tmp_path / "d", recipe=Path("tiny"))
    child = settings.child_environment()
    assert child["ADGEN_DATA"] == str(tmp_path / "d")
    assert child["ADGEN_RECIPE"].endswith("recipes/tiny.yaml")
    assert child["HF_HUB_DISABLE_TELEMETRY"] == "1"
