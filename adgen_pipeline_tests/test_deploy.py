"""Files of deploy/: rendered as their readers would, compared with schemas, and what they name exists."""

import json
import os
import re
import subprocess
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
import jsonschema
import pytest
import yaml
from dagster._config import resolve_to_config_type, validate_config

from adgen_pipeline import defs as stages
from adgen_pipeline.definitions import executor
from adgen_pipeline.defs import executors
from adgen_pipeline.defs.declare import GPU_POOL
from adgen_pipeline.errors import SettingsError
from adgen_pipeline.settings import PROJECT_ROOT, Settings
from adgen_pipeline_tests.manifest_schemas import COMPOSE, EXECUTORS, PYTORCH_JOB, RUN_LAUNCHERS
from adgen_pipeline_tests.test_docs import unknown_of

DEPLOY = PROJECT_ROOT / "deploy"
DOCKERFILES = sorted((DEPLOY / "container").glob("Dockerfile.*"))
SECRETS = {
    "ADGEN_DATA_DIR": "/srv/adgen",
    "ADGEN_POSTGRES_PASSWORD": "invented",
    "ADGEN_API_KEY": "invented",
}


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _is_command(words: list[str]) -> bool:
    return words[0] == "adgen" and not unknown_of(words[1:])


def _settings_read(name: str) -> bool:
    files = [PROJECT_ROOT / "adgen_pipeline" / f"{module}.py" for module in ("settings", "mail_settings")]
    return any(f'"{name}"' in file.read_text(encoding="utf-8") for file in files)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file with its variables filled in as `docker compose` does."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")

    def fill(match: re.Match[str]) -> str:
        name, default = match[1], match[2] or ""
        return SECRETS.get(name, default[2:] if default.startswith(":-") else "")

    filled: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{(\w+)(:[-?][^}]*)?\}", fill, text))
    return filled


def test_the_compose_file_is_one_and_starts_all_five(compose: dict[str, Any]) -> None:
    jsonschema.validate(compose, COMPOSE)
    assert {"postgres", "mlflow", "dagster", "daemon", "api", "page"} == set(compose["services"])


def test_what_the_compose_file_names_exists(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for dependency in service.get("depends_on", {}):
            assert dependency in compose["services"], name
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file(), name
        if "entrypoint" not in service and "command" in service:
            assert _is_command(["adgen", *service["command"]]), name
        for variable in service.get("environment", {}):
            assert not variable.startswith("ADGEN_") or _settings_read(variable), (name, variable)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source.startswith("/") or source in compose["volumes"] or (DEPLOY / source).exists(), (
                volume
            )
    home = compose["services"]["dagster"]["environment"]["DAGSTER_HOME"]
    assert (PROJECT_ROOT / home.removeprefix("/app/") / "dagster.yaml").is_file()


def test_no_secret_has_a_default_in_the_compose_file() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    for name in ("ADGEN_POSTGRES_PASSWORD", "ADGEN_API_KEY"):
        assert set(re.findall(rf"\$\{{{name}(.)", text)) == {":"}
        assert f"${{{name}:-" not in text


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_is_pinned_small_and_not_run_by_root(path: Path) -> None:
    instructions = _instructions(path)
    kinds = [kind for kind, _ in instructions]
    assert kinds[0] == "FROM"
    for kind, rest in instructions:
        if kind == "FROM":
            assert re.search(r":[\w.-]*\d", rest), f"{rest} is not pinned"
            assert "latest" not in rest
        if kind == "RUN" and "apt-get install" in rest:
            assert "--no-install-recommends" in rest
            assert "rm -rf /var/lib/apt/lists/*" in rest
        if kind == "RUN" and "pip install" in rest:
            assert "--no-cache-dir" in rest
        if kind == "COPY":
            assert [s for s in rest.split()[:-1] if not (PROJECT_ROOT / s).exists()] == []
        if kind in {"CMD", "ENTRYPOINT"}:
            assert isinstance(json.loads(rest), list), "the form that passes signals on"
        assert not re.search(r"(PASSWORD|KEY|TOKEN)\s*=", rest), "secrets come by the environment"
    assert "USER" in kinds
    assert kinds.index("USER") < kinds.index("ENTRYPOINT")
    assert dict(instructions)["USER"] != "root"


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_installs_what_the_project_pins(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    pins = (PROJECT_ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    torch = re.findall(r'"(torch==[\d.]+)"', text)
    assert torch
    assert set(torch) <= set(pins)
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = re.findall(r"\.\[([\w,]+)\]", text)[0].split(",")
    assert set(extras) <= set(project["optional-dependencies"])
    calls = dict(_instructions(path))
    assert _is_command([*json.loads(calls["ENTRYPOINT"]), *json.loads(calls["CMD"])])
    assert _is_command(json.loads(calls["HEALTHCHECK"].partition("CMD ")[2]))


def _instructions(path: Path) -> list[tuple[str, str]]:
    """Instructions of a container file with their arguments, continued lines joined, comments left out."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (kind, " ".join(rest.split()))
        for kind, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())
    ]


def test_the_kubernetes_job_is_a_pytorchjob_whose_hosts_agree() -> None:
    job = _yaml(DEPLOY / "kubernetes" / "training.yaml")
    jsonschema.validate(job, PYTORCH_JOB)
    replicas = job["spec"]["pytorchReplicaSpecs"]
    hosts = sum(spec["replicas"] for spec in replicas.values())
    for kind, spec in replicas.items():
        pod = spec["template"]["spec"]
        container = pod["containers"][0]
        environment = {entry["name"]: entry["value"] for entry in container["env"]}
        assert environment["ADGEN_HOSTS"] == str(hosts)
        assert environment["ADGEN_RENDEZVOUS"].startswith(f"{job['metadata']['name']}-master-0:")
        assert environment["ADGEN_GPUS"] == str(container["resources"]["limits"]["nvidia.com/gpu"])
        assert all(_settings_read(name) for name in environment)
        assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}
        assert _is_command(container["command"]), kind
    assert "join" in replicas["Worker"]["template"]["spec"]["containers"][0]["command"]


def test_a_pytorchjob_with_an_unknown_field_is_refused() -> None:
    job = _yaml(DEPLOY / "kubernetes" / "training.yaml")
    job["spec"]["pytorchReplicaSpecs"]["Master"]["replica"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(job, PYTORCH_JOB)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        pytest.param(
            1,
            ["--nodes=1 --nodelist=host1 --ntasks=1 adgen run --select +training/model | hosts= meet="],
            id="one",
        ),
        pytest.param(
            3,
            [
                "--nodes=1 --nodelist=host1 --ntasks=1 adgen run --select +training/model | hosts=3 meet=host1:29500",
                "--nodes=2 --exclude=host1 --ntasks-per-node=1 adgen join | hosts=3 meet=host1:29500",
            ],
            id="three",
        ),
    ],
)
def test_the_slurm_script_runs_on_the_first_host_and_joins_on_the_others(
    tmp_path: Path, nodes: int, expected: list[str]
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    log = tmp_path / "calls.txt"
    # A pause between its lines, as a real scontrol may: a reader that leaves after the first would break it.
    _program(programs / "scontrol", f"for n in $(seq {nodes}); do echo host$n; sleep 0.1; done")
    _program(
        programs / "srun",
        f'echo "$* | hosts=${{ADGEN_HOSTS:-}} meet=${{ADGEN_RENDEZVOUS:-}}" >> {log}',
    )
    slurm = {"SLURM_JOB_NUM_NODES": str(nodes), "SLURM_JOB_NODELIST": "host[1-3]", "SLURM_GPUS_ON_NODE": "8"}
    subprocess.run(
        ["bash", str(DEPLOY / "slurm" / "train.sbatch")],
        env={"PATH": f"{programs}:{os.environ['PATH']}", "ADGEN_DATA": "/shared/adgen", **slurm},
        check=True,
        timeout=30,
    )
    calls = sorted(log.read_text(encoding="utf-8").splitlines())
    assert calls == expected
    for call in calls:
        assert _is_command(re.findall(r"adgen [^|]+", call)[0].split())


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize(
    "path", [*DEPLOY.rglob("*.sh"), *DEPLOY.rglob("*.sbatch")], ids=lambda path: path.name
)
def test_every_script_is_bash_that_stops_at_errors(path: Path) -> None:
    subprocess.run(["bash", "-n", str(path)], check=True)
    assert "set -euo pipefail" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "more"),
    [("postgresql", set()), ("kubernetes", {"run_launcher"}), ("celery", {"run_launcher"})],
    ids=["postgresql", "kubernetes", "celery"],
)
def test_dagsters_other_instances_differ_in_where_history_is_alone(name: str, more: set[str]) -> None:
    here, there = _yaml(PROJECT_ROOT / "dagster.yaml"), _yaml(DEPLOY / name / "dagster.yaml")
    assert there.pop("storage") == {"postgres": {"postgres_url": {"env": "ADGEN_POSTGRES_URL"}}}
    here.pop("storage")
    assert {key: value for key, value in there.items() if key not in more} == here


@pytest.mark.parametrize("name", sorted(EXECUTORS))
def test_an_executor_is_one_that_its_library_takes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = DEPLOY / name / "executor.yaml"
    named, config = executors.read(path)
    assert named == name
    jsonschema.validate(config, EXECUTORS[name])
    for variable in config.get("env_vars", config.get("ray", {}).get("env_vars", ())):
        assert not variable.startswith("ADGEN_") or _settings_read(variable) or variable == "ADGEN_STATE"
    monkeypatch.setenv("ADGEN_EXECUTOR", str(path))
    settings = Settings.from_environment()
    if find_spec(executors.EXECUTORS[name][0]):  # its own schema, where it is installed
        definition = executor(settings)
        assert definition is not None
        assert definition.name == name
    else:
        with pytest.raises(SettingsError, match="is not installed"):
            executor(settings)


@pytest.mark.parametrize("name", sorted(RUN_LAUNCHERS))
def test_a_run_launcher_is_one_that_its_library_takes(name: str) -> None:
    launcher = _yaml(DEPLOY / name / "dagster.yaml")["run_launcher"]
    jsonschema.validate(launcher, RUN_LAUNCHERS[name])
    if find_spec(launcher["module"].partition(".")[0]):
        made = getattr(import_module(launcher["module"]), launcher["class"])
        assert not validate_config(resolve_to_config_type(made.config_type()), launcher["config"]).errors


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning")
def test_exactly_the_heavy_steps_ask_kubernetes_for_a_gpu() -> None:
    loaded = dg.load_definitions_from_package_module(stages)
    heavy = {
        asset.op.name
        for asset in loaded.assets or ()
        if isinstance(asset, dg.AssetsDefinition) and asset.is_executable and asset.op.pool == GPU_POOL
    }
    _, config = executors.read(DEPLOY / "kubernetes" / "executor.yaml")
    assert set(config["per_step_k8s_config"]) == heavy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("os: {}", "celery, kubernetes, ray", id="unknown"),
        pytest.param("ray: {}\ncelery: {}", "does not name one", id="two"),
        pytest.param("- ray", "does not name one", id="a list"),
        pytest.param("ray: {", "cannot be read", id="no YAML"),
    ],
)
def test_a_file_that_names_no_executor_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "executor.yaml"
    with pytest.raises(SettingsError, match="cannot be read"):
        executors.read(path)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=words):
        executors.read(path)


def test_one_executor_is_named_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADGEN_EXECUTOR", "deploy/ray/executor.yaml")
    monkeypatch.setenv("ADGEN_DASK_SCHEDULER", "tcp://h:8786")
    with pytest.raises(SettingsError, match="Set one of them"):
        Settings.from_environment()


def test_every_file_is_in_the_table() -> None:
    table = (DEPLOY / "README.md").read_text(encoding="utf-8")
    files = {path.relative_to(PROJECT_ROOT).as_posix() for path in DEPLOY.rglob("*") if path.is_file()}
    named = set(re.findall(r"`(deploy/[\w./-]+)`", table))
    assert files - named == {"deploy/README.md", "deploy/postgresql/mlflow.sql"}
    assert named <= files
