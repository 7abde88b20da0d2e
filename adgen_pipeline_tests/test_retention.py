"""What vacuum lets go: never what serves, may be returned to, or is needed by those."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adgen_pipeline.artifacts import Artifact, Store, write_json
from adgen_pipeline.provenance import sources_path
from adgen_pipeline.retention import Rule, kept_models, old_versions, remove

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def _version(
    store: Store, stage: str, name: str, content: str, days: float, folder: Path | None = None
) -> Artifact:
    """A version that is so many days old; the pointer names the last one made."""
    artifact, _ = store.make(
        stage, name, [content], lambda out: write_json(out / "content.json", content), folder=folder
    )
    _age(artifact.path, days)
    return artifact


def _age(path: Path, days: float) -> None:
    when = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (when, when))


def _index(store: Store, encoder: Artifact, content: str, days: float) -> Artifact:
    def build(out: Path) -> None:
        write_json(out / "manifest.json", {"encoder_digest": encoder.digest, "rows": content})

    artifact, _ = store.make("index", "posts", [content], build, folder=store.index)
    _age(artifact.path, days)
    return artifact


def _gone(store: Store, rule: Rule) -> set[str]:
    return {f"{old.key}/{old.version}" for old in old_versions(store, rule, now=NOW)}


def test_the_newest_and_the_young_stay(store: Store) -> None:
    versions = [_version(store, "training", "adapter", str(days), days) for days in (100, 90, 80, 5, 1)]
    assert _gone(store, Rule(2, 30)) == {f"training/adapter/{version.version}" for version in versions[:3]}
    assert _gone(store, Rule(4, 0)) == {f"training/adapter/{versions[0].version}"}
    assert _gone(store, Rule(1, 1000)) == set()


def test_what_a_pointer_names_stays_however_old(store: Store) -> None:
    served = _version(store, "training", "model", "served", 300)
    newer = [_version(store, "training", "model", str(days), days) for days in (200, 100)]
    store.point(served)
    assert _gone(store, Rule(1, 0)) == {f"training/model/{newer[0].version}"}
    assert kept_models(store, old_versions(store, Rule(1, 0), now=NOW)) == {served.version, newer[1].version}


def test_the_champion_and_the_one_before_it_stay_with_the_encoders_of_their_indexes(store: Store) -> None:
    parts = []
    for number, days in enumerate((400, 300, 200), start=1):
        model = _version(store, "training", "model", f"m{number}", days)
        encoder = _version(store, "embedding", "encoder", f"e{number}", days)
        parts.append((model, encoder, _index(store, encoder, f"i{number}", days)))
        documents = [
            {"stage": p.stage, "name": p.name, "version": p.version, "digest": p.digest,
             "path": str(p.path.relative_to(store.root.resolve()))}
            for p in (parts[-1][0], parts[-1][2])  # the encoder is known from the index alone
        ]  # fmt: skip
        write_json(
            store.root / "models" / "champion" / f"{number:04d}.json",
            {"registered": str(number), "replaces": number - 1 or None, "parts": documents},
        )
        write_json(store.root / "models" / "champion.json", {"number": number})
    for stage, name in (("training", "model"), ("embedding", "encoder")):
        _version(store, stage, name, "challenger", 1)
    _index(store, parts[2][1], "challenger", 1)
    first = parts[0]
    assert _gone(store, Rule(1, 0)) == {f"{p.stage}/{p.name}/{p.version}" for p in first}


def test_a_version_goes_with_its_ids_its_job_and_its_checkpoints(store: Store) -> None:
    old = _version(store, "training", "adapter", "old", 100)
    sources_path(old.path).write_bytes(b"ids")
    write_json(store.job_path("training", "adapter", old.version), {})
    write_json(old.path.parent / f".work-{old.version}-abc" / "state.json", {})
    kept = _version(store, "training", "adapter", "kept", 1)
    (going,) = old_versions(store, Rule(1, 30), now=NOW)
    assert going.bytes_count > 0
    remove(going)
    assert [path.name for path in old.path.parent.iterdir()] == [kept.version]
    assert not store.job_path("training", "adapter", old.version).parent.exists()
