"""Pushing by the hub's own client to a server that speaks its API, and reading back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants, snapshot_download
from transformers import AutoModelForCausalLM

from adgen_pipeline.artifacts import Artifact, Store, folder_digest
from adgen_pipeline.errors import ArtifactError, HubError
from adgen_pipeline.training.publish import Upload, push, safe_files
from adgen_pipeline_tests.hub import READ_TOKEN, TOKEN, Hub, serving_hub
from adgen_pipeline_tests.training.samples import no_report, tiny_checkpoint

# huggingface_hub 2.4 hands a file to httpx2 by a parameter's old name
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>' to upload raw bytes:DeprecationWarning")

CARD = b"---\nlicense: apache-2.0\n---\n\n# A card\n"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub; the client, which read its switches when it was imported, is let out of its offline mode."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with serving_hub() as serving:
        yield serving


@pytest.fixture
def model(store: Store, tmp_path: Path) -> Artifact:
    tiny_checkpoint(tmp_path / "made")
    folder = next(tmp_path.joinpath("made").rglob("config.json")).parent
    target = store.version_path("training", "model", "0123456789ab")
    target.parent.mkdir(parents=True)
    folder.rename(target)
    return store.publish("training", "model", target)


def upload(model: Artifact, store: Store) -> Upload:
    return Upload("model", "me/tiny", {**safe_files(model, root=store.root), "README.md": CARD}, "the model")


def pushed(hub: Hub, what: Upload, **more: Any) -> Any:
    options = {"url": hub.url, "token": TOKEN, "is_public": False, "report": no_report, **more}
    return push(what, **options)


def test_a_pushed_model_comes_back_byte_by_byte_and_gives_the_same_logits(
    hub: Hub, model: Artifact, store: Store, tmp_path: Path
) -> None:
    done = pushed(hub, upload(model, store))
    assert done.is_changed
    assert hub.repositories["model", "me/tiny"].messages == ["the model"]
    fetched = tmp_path / "fetched"
    snapshot_download("me/tiny", local_dir=fetched, endpoint=hub.url, token=READ_TOKEN, revision=done.commit)
    (fetched / "README.md").unlink()
    assert folder_digest(fetched) == model.digest
    ids = torch.arange(5, 25)[None]
    there, here = (
        AutoModelForCausalLM.from_pretrained(folder)(input_ids=ids).logits for folder in (fetched, model.path)
    )
    assert torch.equal(there, here)


def test_a_second_push_sends_nothing_and_makes_no_commit(hub: Hub, model: Artifact, store: Store) -> None:
    first = pushed(hub, upload(model, store))
    sent = hub.sent()
    second = pushed(hub, upload(model, store))
    assert (second.commit, second.is_changed) == (first.commit, False)
    assert hub.sent() == sent
    assert len(hub.repositories["model", "me/tiny"].messages) == 1


def test_a_push_that_broke_off_does_not_send_its_weights_again(
    hub: Hub, model: Artifact, store: Store
) -> None:
    hub.is_failing = True
    with pytest.raises(HubError, match=r"me/tiny: the hub could not be used .*Try again"):
        pushed(hub, upload(model, store))
    assert hub.repositories["model", "me/tiny"].files == {}
    sent = hub.sent()
    assert sent
    hub.is_failing = False
    assert pushed(hub, upload(model, store)).is_changed
    assert hub.sent() == sent


def test_weights_that_the_new_version_lacks_go_and_what_people_added_stays(
    hub: Hub, model: Artifact, store: Store
) -> None:
    more = {"model-00002.safetensors": b"old", "picture.png": b"theirs"}
    before = upload(model, store)
    pushed(hub, Upload("model", "me/tiny", {**before.files, **more}, "before"))
    pushed(hub, before)
    files = hub.repositories["model", "me/tiny"].files
    assert "model-00002.safetensors" not in files
    assert files["picture.png"] == b"theirs"


def test_a_repository_is_private_and_a_public_one_is_not_written_by_accident(
    hub: Hub, model: Artifact, store: Store
) -> None:
    pushed(hub, upload(model, store))
    repository = hub.repositories["model", "me/tiny"]
    assert repository.private
    repository.private = False
    with pytest.raises(HubError, match="there already and public"):
        pushed(hub, upload(model, store))
    assert not pushed(hub, upload(model, store), is_public=True).is_changed


def test_a_token_that_may_not_write_is_said(hub: Hub, model: Artifact, store: Store) -> None:
    with pytest.raises(HubError, match=r"the hub answers 401\..*HF_TOKEN"):
        pushed(hub, upload(model, store), token=READ_TOKEN)
    assert hub.sent() == []


def test_a_hub_that_is_away_is_said(model: Artifact, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with serving_hub() as gone:
        url = gone.url
    with pytest.raises(HubError, match="could not be used"):
        push(upload(model, store), url=url, token=TOKEN, is_public=False, report=no_report)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.bin", b"any", "pickle or archive"),
        ("extra.json", b"\x80\x04\x95\x00", "pickle or archive"),
        ("extra.safetensors", b"not at all", "not a safetensors file"),
        ("extra.json", b"{", "not what its name says"),
        ("notes.txt", b"\xff\xfe\xfd", "not what its name says"),
        ("run.py", b"print()", "neither safetensors, JSON nor text"),
    ],
    ids=["pickle", "renamed pickle", "renamed text", "broken JSON", "not UTF-8", "program"],
)
def test_a_file_of_another_kind_is_not_published(
    store: Store, name: str, content: bytes, message: str
) -> None:
    folder = store.version_path("training", "model", "v1")
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / name).write_bytes(content)
    model = Artifact("training", "model", "v1", folder, folder_digest(folder))
    with pytest.raises(ArtifactError, match=rf"{name}: .*{message}"):
        safe_files(model, root=store.root)


def test_a_changed_file_is_not_published(model: Artifact, store: Store) -> None:
    (model.path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ArtifactError, match="the pointer says"):
        safe_files(model, root=store.root)


def test_a_file_that_names_the_data_folder_is_not_published(store: Store) -> None:
    folder = store.version_path("embedding", "encoder", "v1")
    folder.mkdir(parents=True)
    (folder / "encoder.json").write_text(f'{{"origin": "{store.root}/mine"}}', encoding="utf-8")
    encoder = Artifact("embedding", "encoder", "v1", folder, folder_digest(folder))
    with pytest.raises(ArtifactError, match="names a folder of this machine"):
        safe_files(encoder, root=store.root)
