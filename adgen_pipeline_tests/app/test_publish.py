"""What `adgen publish` shows and refuses, and the card that it writes."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from adgen_pipeline import provenance
from adgen_pipeline.app import cli, publishing
from adgen_pipeline.app.space_folder import part, read_parts, space_upload
from adgen_pipeline.artifacts import Artifact, Store, folder_digest, values_digest, write_json
from adgen_pipeline.errors import ArtifactError, HubError
from adgen_pipeline.evaluation_schemas import SCORES
from adgen_pipeline.forgotten import Entry, Forgotten
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.schemas import ADS
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline.training.job import TrainingJob
from adgen_pipeline.training_recipe import TrainingRecipe
from adgen_pipeline_tests.generation.models import tiny_model
from adgen_pipeline_tests.golden import FOLDER, card

RECIPE = PROJECT_ROOT / "recipes" / "tiny.yaml"
WEIGHTS = b"\x02\x00\x00\x00\x00\x00\x00\x00{}"  # an empty safetensors file


def published(
    store: Store, *, base: str | None = "embedded", origin: str = "static", base_digest: str = "b" * 64
) -> Store:
    """A data folder whose model and encoder have weights of no size; the job that made the model names a base."""
    adapter = store.version_path("training", "adapter", "a1")
    if base is not None:
        job = TrainingJob(
            base=Path("base"), base_digest=base_digest, shards=Path("shards"), shards_digest="s" * 64,
            out=adapter, recipe=TrainingRecipe(base_model=base, learning_rate=0.001),
        )  # fmt: skip
        job.write(adapter / "job.json")
        write_json(adapter / "result.json", {"steps": 42, "tokens": 1000})
    version = values_digest("training", "model", base_digest, folder_digest(adapter), "1")
    model = store.version_path("training", "model", version)
    write_json(model / "config.json", {"model_type": "llama"})
    (model / "model.safetensors").write_bytes(WEIGHTS)
    made = store.publish("training", "model", model)
    learned = pl.DataFrame({"channel_id": [1, 1, 2], "message_id": [1, 2, 1], "split": ["train"] * 3})
    provenance.note(made, learned)
    encoder = store.version_path("embedding", "encoder", "e1")
    write_json(encoder / "encoder.json", {"origin": origin, "dimensions": 32, "preparation": "stems"})
    provenance.note(store.publish("embedding", "encoder", encoder), learned)
    return store


def header(text: str) -> Any:
    return yaml.safe_load(text.split("---\n")[1])


def test_the_card_changes_only_on_purpose() -> None:
    assert card() == (FOLDER / "model_card.txt").read_text(encoding="utf-8"), "run `make golden`"


def test_the_code_in_the_card_runs_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = re.findall(r"```python\n(.*?)```", card(), re.DOTALL)[0]
    named = str(tiny_model(tmp_path))
    exec(code.replace("me/amharic-ads", named).replace("max_new_tokens=120", "max_new_tokens=5"), {})
    assert len(capsys.readouterr().out) > len("\n"), "pieces of a random model may all be spaces"


def test_the_cards_header_says_licence_base_and_languages(store: Store) -> None:
    upload = publishing.model_upload(published(store), "me/ads", licence=None)
    told = header(upload.card)
    assert (told["license"], told["base_model"], told["language"]) == (
        "gemma", "google/gemma-3-270m", ["am", "en"],
    )  # fmt: skip
    assert "Gemma Terms of Use" in upload.card
    assert upload.files["NOTICE"]
    assert "learned from 3 messages of 2 channels" in upload.card
    assert "| learning rate | 0.001 |" in upload.card
    assert "| steps | 42 |" in upload.card


def test_scores_stand_in_the_card_with_their_intervals_beside_the_baselines(store: Store) -> None:
    rows = [
        {"system": system, "metric": "fact_recall", "value": value, "low": value - 0.05, "high": value + 0.05,
         "cases_count": 40, "is_higher_better": True}
        for system, value in (("ours", 0.9), ("base", 0.4))
    ]  # fmt: skip
    store.write_table(SCORES, SCORES.frame(rows))
    written = publishing.model_upload(published(store), "me/ads", licence=None).card
    assert "| 40 | 90% (85% to 95%) | 40% (35% to 45%) |" in written
    assert "was not evaluated" not in written


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (None, "not written down which base model"),
        ("/srv/models/mine", "licence of the base model /srv/models/mine is not known"),
        ("stabilityai/stablelm-2-1_6b", "its card says"),
    ],
    ids=["job gone", "a folder", "other terms"],
)
def test_an_unknown_licence_is_refused_until_it_is_stated(
    store: Store, base: str | None, message: str
) -> None:
    published(store, base=base)
    with pytest.raises(HubError, match=rf"{message}.*--licence"):
        publishing.model_upload(store, "me/ads", licence=None)
    upload = publishing.model_upload(store, "me/ads", licence="other")
    assert header(upload.card)["license"] == "other"
    assert "/srv" not in upload.card


def test_a_licence_that_asks_for_a_name_gets_it(store: Store) -> None:
    published(store, base="meta-llama/Llama-3.2-1B")
    with pytest.raises(HubError, match="begins with “Llama”"):
        publishing.model_upload(store, "me/ads", licence=None)
    upload = publishing.model_upload(store, "me/Llama-amharic-ads", licence=None)
    assert "Built with Llama" in upload.card


def test_an_encoder_of_others_needs_its_licence(store: Store) -> None:
    published(store, origin="someone/encoder")
    with pytest.raises(HubError, match="someone/encoder is not known"):
        publishing.encoder_upload(store, "me/encoder", licence=None)
    written = publishing.encoder_upload(store, "me/encoder", licence="mit").card
    assert (header(written)["license"], header(written)["base_model"]) == ("mit", "someone/encoder")


def test_an_encoder_trained_here_is_ours_to_license(store: Store) -> None:
    assert (
        header(publishing.encoder_upload(published(store), "me/e", licence=None).card)["license"]
        == "apache-2.0"
    )


def test_a_model_that_learned_what_is_forgotten_is_not_published(store: Store) -> None:
    published(store)
    Forgotten((Entry(channel_id=2, message_id=1),)).write(store.root)
    with pytest.raises(HubError, match="learned from what was forgotten"):
        publishing.model_upload(store, "me/ads", licence=None)
    Forgotten((Entry(channel_id=9),)).write(store.root)
    assert publishing.model_upload(store, "me/ads", licence=None)


def test_a_model_whose_base_was_pre_trained_says_so_and_on_what(store: Store) -> None:
    folder = store.version_path("training", "pretrained", "p1")
    write_json(folder / "config.json", {})
    pretrained = store.publish("training", "pretrained", folder)
    seen = pl.DataFrame({"channel_id": [7], "message_id": [1], "split": ["train"]})
    provenance.note(pretrained, seen)
    published(store, base_digest=pretrained.digest)
    written = publishing.model_upload(store, "me/ads", licence=None).card
    assert "contacts included. It learned from 1 messages of 1 channels." in written
    Forgotten((Entry(channel_id=7),)).write(store.root)
    with pytest.raises(HubError, match="training/pretrained/p1 learned from what was forgotten"):
        publishing.model_upload(store, "me/ads", licence=None)


def test_another_model_than_the_champion_is_not_published(store: Store) -> None:
    published(store)
    parts = [
        {"stage": "training", "name": "model", "version": "older", "path": "models/x", "digest": "d"},
        {"stage": "embedding", "name": "encoder", "version": "e1", "path": "models/y", "digest": "d"},
    ]
    write_json(
        store.root / "models" / "champion" / "0001.json",
        {"registered": "1", "replaces": None, "parts": parts},
    )
    write_json(store.root / "models" / "champion.json", {"number": 1})
    with pytest.raises(ArtifactError, match="is not the champion, which is older"):
        publishing.model_upload(store, "me/ads", licence=None)


def test_an_index_is_published_if_the_champions_encoder_made_it(store: Store) -> None:
    published(store)
    encoder = store.artifact("embedding", "encoder")

    def index(name: str, digest: str) -> Artifact:
        write_json(store.index / name / "manifest.json", {"encoder_digest": digest, "posts_count": 3})
        artifact = store.publish("index", "posts", store.index / name)
        provenance.note(artifact, pl.DataFrame({"channel_id": [1], "message_id": [1]}))
        return artifact

    promoted = [store.artifact("training", "model"), encoder, index("promoted", encoder.digest)]
    parts = [asdict(part) | {"path": str(part.path.relative_to(store.root.resolve()))} for part in promoted]
    write_json(
        store.root / "models" / "champion" / "0001.json",
        {"registered": "1", "replaces": None, "parts": parts},
    )
    write_json(store.root / "models" / "champion.json", {"number": 1})
    publishing.require_publishable(store, promoted[2])
    publishing.require_publishable(store, index("weekly", encoder.digest))
    publishing.require_publishable(store, promoted[0])
    with pytest.raises(ArtifactError, match="index/posts other is not the champion, which is weekly"):
        publishing.require_publishable(store, index("other", "another encoder's"))


def test_of_ads_nothing_but_what_a_writer_reads_is_published() -> None:
    slots = [{"slot": "⟨phone_1⟩", "kind": "phone", "text": "0911", "value": "+2519"}]
    row = {"channel_id": 1, "message_id": 2, "split": "train", "vertical": "retail", "post": "ስልክ 0911",
           "target": "ስልክ ⟨phone_1⟩", "slots": slots, "brief": "{}"}  # fmt: skip
    kept = publishing.without_what_is_not_read(ADS.frame([row])).row(0, named=True)
    assert kept["target"] == "ስልክ ⟨phone_1⟩"
    assert [kept[name] for name in ("post", "slots", "brief", "vertical")] == ["", [], "", None]


def test_a_spaces_folder_names_commits_and_digests_and_no_path_of_this_machine(
    store: Store, tmp_path: Path
) -> None:
    made = publishing.uploads(
        published(store), {"model": "me/ads", "encoder": "me/e"}, licence=None, encoder_licence=None
    )
    parts = {kind: part(store, upload, revision="c" * 40) for kind, upload in made.items()}
    space = space_upload(PROJECT_ROOT, "me/ads", load_recipe(RECIPE), parts)
    assert header(space.card)["sdk"] == "docker"
    assert header(space.card)["app_port"] == 7860
    for name in ("space.json", "recipe.yaml"):
        content = space.files[name]
        assert isinstance(content, bytes)
        assert str(store.root).encode() not in content
        (tmp_path / name).write_bytes(content)
    read = read_parts(tmp_path)
    assert read["model"].digest == store.artifact("training", "model").digest
    assert read["model"].files == ("config.json", "info.json", "model.safetensors")[::2]
    recipe = load_recipe(tmp_path / "recipe.yaml")
    assert recipe.generation == load_recipe(RECIPE).generation
    assert recipe.training.base_model == "published"
    copied = re.findall(
        r"^COPY (.+) \S+$", (PROJECT_ROOT / "deploy" / "space" / "Dockerfile").read_text(), re.M
    )
    wanted = {name for line in copied for name in line.split()}
    assert wanted - {name.partition("/")[0] for name in space.files} == set()


def test_a_space_without_its_model_is_refused() -> None:
    with pytest.raises(HubError, match="model:OWNER/NAME and encoder:OWNER/NAME"):
        space_upload(PROJECT_ROOT, "me/ads", load_recipe(RECIPE), {})


def test_a_dry_run_shows_card_files_and_sizes_and_needs_no_token(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    published(store)
    named = ["me/ads", "encoder:me/e", "space:me/ads"]
    asked = ["publish", *named, "--recipe", "tiny", "--data", str(store.root)]
    assert cli.run([*asked, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "model → model me/ads" in shown
    assert "space → space me/ads" in shown
    assert re.search(r"\b10  model\.safetensors", shown)
    assert "license: gemma" in shown
    assert cli.run([*asked, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["kind"] for each in told] == ["model", "encoder", "space"]
    assert told[0]["files"]["model.safetensors"] == 10
    assert cli.run(asked) == 1
    assert "HF_TOKEN is not set" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["index:me/i"], ["me/ads", "--with-index"], ["index:me/i", "--with-index", "--public"]],
    ids=["unconfirmed", "unnamed", "public"],
)
def test_an_index_goes_only_where_it_is_asked_for_and_private(
    arguments: list[str], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["publish", *arguments, "--dry-run", "--data", str(store.root)]) == 1
    assert "posts of channels word for word" in capsys.readouterr().err
