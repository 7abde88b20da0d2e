"""What clients are told of a server's folders: nothing."""

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from adgen_pipeline.app.engine import Writer
from adgen_pipeline.app.problems import without_paths
from adgen_pipeline.app.screens import words as page
from adgen_pipeline.app.screens.words import translated
from adgen_pipeline.artifacts import Artifact, Store
from adgen_pipeline.errors import ArtifactError
from adgen_pipeline_tests.app.serving import BRIEF, ready, small_app, small_writer


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("/srv/my data/models/training/model.json: training/model was not made yet. Run `adgen run` first.",
         "training/model was not made yet. Run `adgen run` first."),
        ("/srv/data/ads/archive.sqlite: the stored ads cannot be read or written (disk I/O error).",
         "The stored ads cannot be read or written (disk I/O error)."),
        (r"C:\\adgen\\data\\index: not an index (manifest.json is missing). Materialise index/posts.",
         "Not an index (manifest.json is missing). Materialise index/posts."),
        ("/srv/m: the model cannot be loaded (no file named a.safetensors in /srv/m/b). Materialise it again.",
         "The model cannot be loaded (no file named a.safetensors in b). Materialise it again."),
        ("/srv/d/x: broken ([Errno 2] No such file: '/srv/my d/x/config.json'). Restore it.",
         "Broken ([Errno 2] No such file: 'config.json'). Restore it."),
        ("Channel 9 is not in the index. GET /v1/channels lists those that are.",) * 2,
        ("There is no model m. GET /v1/models lists those that can be compared: a, b.",) * 2,
        ("free delivery and a fee for it: «24/7» (terms:3-9) and «https://t.me/a/b» (offer)",) * 2,
        ("The request is wrong: body/brief/price: Input should be a valid string.",) * 2,
    ],
)  # fmt: skip
def test_paths_are_left_out_and_nothing_else(sentence: str, shown: str) -> None:
    assert without_paths(sentence) == shown


def missing_model(folder: Path) -> Writer:
    Store(folder).artifact("training", "model")
    raise AssertionError


def gone(folder: Path) -> Writer:
    Artifact("training", "model", "m1", folder / "models" / "training" / "model" / "m1", "0" * 64).verify()
    raise AssertionError


@pytest.mark.parametrize("language", ["en", "am"])
@pytest.mark.parametrize("load", [missing_model, gone])
def test_a_client_is_told_what_is_missing_and_never_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    load: Callable[[Path], Writer], language: str
) -> None:  # fmt: skip
    monkeypatch.setattr(page, "language", lambda: language)
    caplog.set_level(logging.WARNING)
    with TestClient(small_app(tmp_path, lambda: load(tmp_path))) as client:
        ready(client)
        for answer in (client.get("/ready"), client.post("/v1/ads", json={"brief": BRIEF})):
            assert answer.status_code == 503
            assert str(tmp_path) not in answer.text
            sentence = answer.json()["detail"]
            assert "training/model" in sentence
            told = translated(sentence)
            assert "training/model" in told or "adgen run" in told
            assert page.words()["api_says"]["am"] not in told
        state = client.get("/v1/models").json()["state"]
        assert state == sentence
    assert str(tmp_path) in caplog.text  # whoever runs the server is told


@pytest.mark.parametrize("language", ["en", "am"])
def test_advice_before_channels_are_explored_shows_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, language: str
) -> None:
    monkeypatch.setattr(page, "language", lambda: language)
    with TestClient(small_app(tmp_path)) as client:
        ready(client)
        answer = client.post("/v1/channels/advice", json={"brief": BRIEF})
    assert answer.status_code == 503
    sentence = answer.json()["detail"]
    assert (
        sentence
        == "corpus/channel_profiles was not made yet. Run `adgen run --select corpus/channel_profiles`."
    )
    assert "`adgen run --select corpus/channel_profiles`" in translated(sentence)
    assert page.words()["api_says"]["am"] not in translated(sentence)
    assert str(tmp_path) in caplog.text


@pytest.mark.parametrize("headers", [{}, {"accept": "text/event-stream"}])
def test_an_archive_that_breaks_while_ads_are_written_shows_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(page, "language", lambda: "am")
    with TestClient(small_app(tmp_path, small_writer)) as client:
        ready(client)
        assert client.post("/v1/ads", json={"brief": BRIEF}).is_success
        (archive,) = tmp_path.rglob("archive.sqlite")
        with sqlite3.connect(archive) as database:
            database.execute("DROP TABLE ads")
        answer = client.post("/v1/ads", json={"brief": BRIEF}, headers=headers)
    assert str(tmp_path) not in answer.text
    assert "The stored ads cannot be read or written" in answer.text
    if not headers:
        assert page.words()["api_says"]["am"] not in translated(answer.json()["detail"])


def test_an_error_of_ours_keeps_its_path_for_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=str(tmp_path)):
        Store(tmp_path).artifact("training", "model")
