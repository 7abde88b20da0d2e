"""Tripwires: each rule of ARCHITECTURE.md and what catches its breach."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import dagster as dg
import pytest
import yaml

from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.embedding_recipe import RerankerRecipe
from adgen_pipeline.recipe import STAGES, AnnotatorGroup, FurtherCorpus, MessageRange, Recipe, load_recipe
from adgen_pipeline.schemas import TABLES
from adgen_pipeline.settings import PROJECT_ROOT, Settings
from adgen_pipeline.training.job import FILLED_KEYS, auto_keys
from adgen_pipeline.training_recipe import LandscapeRecipe, PreferencesRecipe, PretrainingRecipe
from adgen_pipeline_tests import golden

PACKAGE = PROJECT_ROOT / "adgen_pipeline"
SHARED_DEFS = {
    "automation",
    "checks",
    "dask",
    "declare",
    "executors",
    "history",
    "io",
    "jobs",
    "landscape",
    "logs",
    "materialise",
    "metadata",
    "object_store",
    "partitions",
    "retraining",
}
READS_THE_ENVIRONMENT = {"settings.py", "process.py", "tracking.py"}
SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """One that asks for every table."""
    loaded = load_recipe(Settings.from_environment(data=Path("unused"), recipe=Path("demo")).recipe_path)
    further = FurtherCorpus(name="news", licence="CC-BY-4.0", path="news.txt")
    group = AnnotatorGroup(name="one", annotators=("a", "b"), ranges=(MessageRange(channel=1),))
    asked = {
        "corpus": loaded.corpus.model_copy(update={"further": (further,)}),
        "labels": loaded.labels.model_copy(update={"groups": (group,)}),
        "generation": loaded.generation.model_copy(update={"minimum_preferences": 1}),
        "training": loaded.training.model_copy(
            update={"landscape": LandscapeRecipe(candidates=("embedded",))}
        ),
    }
    return loaded.model_copy(update=asked)


@pytest.fixture(scope="module")
def definitions(recipe: Recipe) -> dg.Definitions:
    return build_definitions(recipe, Settings.from_environment(data=Path("unused")))


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> list[dg.AssetSpec]:
    return sorted(definitions.resolve_all_asset_specs(), key=lambda spec: spec.key)


def test_one_stage_is_one_word_everywhere(specs: list[dg.AssetSpec]) -> None:
    stages = set(STAGES)
    files = {p.stem for p in (PACKAGE / "defs").glob("*.py")} - SHARED_DEFS - {"__init__"}
    # A stage of many assets has further files, named by the stage first: training_preferences.
    assert {name for name in files if name.partition("_")[0] not in stages} == set()
    assert stages <= files
    assert {spec.key.path[0] for spec in specs} == stages
    assert {spec.group_name for spec in specs} == stages
    assert stages <= set(Recipe.model_fields)
    assert set(Recipe.model_fields) - stages == {"name", "description"}
    packages = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()}
    assert packages - {"app", "defs", "erasure", "text"} == stages
    tests = {p.name for p in Path(__file__).parent.iterdir() if (p / "__init__.py").is_file()}
    assert tests - {"app", "defs", "erasure", "text"} == stages


def test_every_asset_is_described_owned_and_versioned(specs: list[dg.AssetSpec]) -> None:
    for spec in specs:
        name = "/".join(spec.key.path)
        assert spec.description, name
        assert spec.owners, name
        assert spec.kinds, name
        is_source = spec.code_version is None
        assert is_source == (spec.kinds == {"file"}), name


def test_every_table_has_a_blocking_schema_check_and_described_columns(definitions: dg.Definitions) -> None:
    checked = {
        key.asset_key.to_user_string()
        for key in definitions.resolve_asset_graph().asset_check_keys
        if key.name == "schema"
    }
    assert checked == set(TABLES)
    for spec in definitions.resolve_all_asset_specs():
        if "/".join(spec.key.path) in TABLES:
            columns = spec.metadata["dagster/column_schema"].columns
            assert all(column.description for column in columns), spec.key


def test_a_changed_recipe_section_changes_the_code_version_of_what_reads_it_only(
    definitions: dg.Definitions, recipe: Recipe
) -> None:
    settings = Settings.from_environment(data=Path("unused"))
    changed = recipe.model_copy(
        update={
            "generation": recipe.generation.model_copy(
                update={"candidates": recipe.generation.candidates + 1}
            )
        }
    )
    before = {s.key: s.code_version for s in definitions.resolve_all_asset_specs()}
    after = {s.key: s.code_version for s in build_definitions(changed, settings).resolve_all_asset_specs()}
    changed_keys = {"/".join(key.path) for key in before if before[key] != after[key]}
    # the answers of an evaluation are written in the way that generation's section says
    assert changed_keys == {
        "generation/briefs", "generation/ads", "generation/feedback", "generation/comparisons",
        "generation/preferences", "evaluation/answers",
    }  # fmt: skip


def test_other_candidates_make_the_landscape_stale_and_nothing_else(
    definitions: dg.Definitions, recipe: Recipe
) -> None:
    settings = Settings.from_environment(data=Path("unused"))
    asked = LandscapeRecipe(candidates=("embedded", "tiny-random"))
    changed = recipe.model_copy(update={"training": recipe.training.model_copy(update={"landscape": asked})})
    before = {s.key: s.code_version for s in definitions.resolve_all_asset_specs()}
    after = {s.key: s.code_version for s in build_definitions(changed, settings).resolve_all_asset_specs()}
    assert [key for key in before if before[key] != after[key]] == [dg.AssetKey(["training", "landscape"])]


@pytest.mark.parametrize("pieces", [0, 500], ids=["not asked for", "asked for"])
def test_an_extended_tokenizer_is_made_and_read_where_the_recipe_asks(pieces: int) -> None:
    settings = Settings.from_environment(data=Path("unused"), recipe=Path("demo"))
    recipe = load_recipe(settings.recipe_path)
    section = recipe.tokenizer.model_copy(update={"extend_pieces": pieces})
    graph = build_definitions(
        recipe.model_copy(update={"tokenizer": section}), settings
    ).resolve_asset_graph()
    base, extended = dg.AssetKey(["tokenizer", "base"]), dg.AssetKey(["tokenizer", "extended"])
    read = extended if pieces else base
    assert graph.has(extended) == bool(pieces)
    for reader in ("training/base", "training/shards", "tokenizer/fertility"):
        parents = graph.get(dg.AssetKey(reader.split("/"))).parent_keys
        assert parents & {base, extended} == {read}
    if pieces:
        assert base in graph.get(extended).parent_keys


@pytest.mark.parametrize("has_further", [False, True], ids=["posts alone", "with further corpora"])
def test_pre_training_is_part_of_the_graph_and_read_where_the_recipe_asks(
    recipe: Recipe, has_further: bool
) -> None:
    settings = Settings.from_environment(data=Path("unused"), recipe=Path("demo"))
    training = recipe.training.model_copy(update={"pretraining": PretrainingRecipe()})
    corpus = recipe.corpus if has_further else recipe.corpus.model_copy(update={"further": ()})
    asked = recipe.model_copy(update={"training": training, "corpus": corpus})
    graph = build_definitions(asked, settings).resolve_asset_graph()

    def parents(name: str) -> set[str]:
        return {"/".join(key.path) for key in graph.get(dg.AssetKey(["training", name])).parent_keys}

    rows = "training/mixed_shards" if has_further else "training/pretraining_shards"
    assert graph.has(dg.AssetKey(["training", "mixed_shards"])) == has_further
    assert parents("pretraining_adapter") == {"training/base", rows}
    assert parents("pretrained") == {"training/base", "training/pretraining_adapter", "corpus/documents"}
    assert parents("adapter") == {"training/pretrained", "training/shards"}
    assert "training/pretrained" in parents("model")


@pytest.mark.parametrize("is_asked", [False, True], ids=["not asked for", "asked for"])
def test_what_people_preferred_is_tuned_on_where_the_recipe_asks(recipe: Recipe, is_asked: bool) -> None:
    settings = Settings.from_environment(data=Path("unused"), recipe=Path("demo"))
    section = PreferencesRecipe() if is_asked else None
    changes = {
        "training": recipe.training.model_copy(update={"preferences": section}),
        "generation": recipe.generation.model_copy(update={"minimum_preferences": 0}),
    }
    graph = build_definitions(recipe.model_copy(update=changes), settings).resolve_asset_graph()
    tuned = {"generation/preferences", "training/preference_shards", "training/preferred_adapter"}
    assert {name for name in tuned if graph.has(dg.AssetKey(name.split("/")))} == (
        tuned if is_asked else set()
    )
    read = "training/preferred_adapter" if is_asked else "training/adapter"
    for reader in ("training/model", "evaluation/report"):
        parents = {"/".join(key.path) for key in graph.get(dg.AssetKey(reader.split("/"))).parent_keys}
        assert parents & {"training/adapter", "training/preferred_adapter"} == {read}
    if is_asked:
        parents = {
            "/".join(key.path)
            for key in graph.get(dg.AssetKey(["training", "preferred_adapter"])).parent_keys
        }
        assert parents == {"training/base", "training/adapter", "training/preference_shards"}


@pytest.mark.parametrize("is_asked", [False, True], ids=["not asked for", "asked for"])
def test_a_reranker_is_trained_and_read_by_the_index_where_the_recipe_asks(
    recipe: Recipe, is_asked: bool
) -> None:
    settings = Settings.from_environment(data=Path("unused"), recipe=Path("demo"))
    section = RerankerRecipe(base="some/transformer") if is_asked else None
    changed = {"embedding": recipe.embedding.model_copy(update={"reranker": section})}
    definitions = build_definitions(recipe.model_copy(update=changed), settings)
    graph = definitions.resolve_asset_graph()
    reranker, index = dg.AssetKey(["embedding", "reranker"]), dg.AssetKey(["index", "posts"])
    assert graph.has(reranker) == is_asked
    assert (reranker in graph.get(index).parent_keys) == is_asked
    if is_asked:
        parents = {"/".join(key.path) for key in graph.get(reranker).parent_keys}
        assert parents == {"corpus/documents", "corpus/ads", "embedding/encoder"}
    before = build_definitions(recipe, settings)
    versions = [
        {spec.key: spec.code_version for spec in found.resolve_all_asset_specs()}
        for found in (before, definitions)
    ]
    assert {key for key in versions[0] if versions[0][key] != versions[1][key]} == set()


def _decorated_assets() -> list[tuple[str, ast.FunctionDef]]:
    found = []
    for path in sorted((PACKAGE / "defs").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                decorators = [ast.unparse(d) for d in node.decorator_list]
                if any(re.match(r"(table_asset|artifact_asset|dg\.(multi_)?asset)\b", d) for d in decorators):
                    found.append((f"{path.stem}.{node.name}", node))
    return found


@pytest.mark.parametrize(
    ("name", "asset"), _decorated_assets(), ids=lambda v: v if isinstance(v, str) else ""
)
def test_assets_are_thin(name: str, asset: ast.FunctionDef) -> None:
    statements = [n for n in ast.walk(asset) if isinstance(n, ast.stmt)]
    assert len(statements) - 1 <= 14, f"{name}: {len(statements) - 1} statements"
    banned = (ast.For, ast.While, ast.Try)
    assert not [n for n in ast.walk(asset) if isinstance(n, banned)], name
    assert not [n for n in ast.walk(asset) if isinstance(n, ast.Name) and n.id == "open"], name


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_settings_process_and_tracking_read_the_environment(path: Path) -> None:
    if path.parent == PACKAGE and path.name in READS_THE_ENVIRONMENT:
        return
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"os\.environ|getenv", source), "read the environment in settings.py"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize(
    "library",
    [
        "bitsandbytes", "dagster", "datasets", "deepspeed", "lancedb", "mlflow", "peft", "polars", "pyarrow",
        "sentence_transformers", "torch", "transformers",
    ],
)  # fmt: skip
def test_the_package_uses_each_of_its_named_libraries(library: str) -> None:
    pattern = re.compile(rf"^\s*(import|from) {library}\b", re.MULTILINE)
    assert any(pattern.search(path.read_text(encoding="utf-8")) for path in SOURCES)


def test_definitions_load_without_the_heavy_libraries_and_without_a_socket() -> None:
    program = (
        "import json, socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('a socket was opened')\n"
        "socket.socket.connect = refuse\n"
        "import adgen_pipeline.definitions as d\n"
        "d.defs()\n"
        "heavy = ('torch', 'transformers', 'lancedb', 'mlflow', 'matplotlib')\n"
        "print(json.dumps([m for m in heavy if m in sys.modules]))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT_ROOT
    )
    assert json.loads(loaded.stdout.splitlines()[-1]) == []


@pytest.mark.parametrize("path", sorted((PROJECT_ROOT / "recipes").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_recipe_is_valid_and_named_after_its_file(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    assert (PROJECT_ROOT / "deepspeed_configs" / f"{recipe.training.spread}.json").is_file()
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["description"]


def test_the_graph_changes_only_on_purpose() -> None:
    assert golden.graph() == (golden.FOLDER / "graph.txt").read_text(encoding="utf-8"), "run `make golden`"


@pytest.mark.parametrize(
    "path", sorted((PROJECT_ROOT / "deepspeed_configs").glob("*.json")), ids=lambda p: p.stem
)
def test_every_auto_of_a_spread_is_a_key_that_the_trainer_fills(path: Path) -> None:
    keys = auto_keys(json.loads(path.read_text(encoding="utf-8")))
    assert set(keys) <= set(FILLED_KEYS)


def test_every_command_is_in_the_readme() -> None:
    readme = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    assert [
        name
        for name, command in golden.commands()
        if not isinstance(command, click.Group) and name not in readme
    ] == []


def test_every_imported_library_is_a_declared_dependency() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [
        line for name, lines in project["optional-dependencies"].items() if name != "dev" for line in lines
    ]
    lines = [*project["dependencies"], *extras]
    declared = {re.split(r"[<>=\[ ]", line)[0].lower().replace("_", "-") for line in lines}
    # always there with torch, transformers, dagster and fastapi, whose own types these are
    declared |= {"numpy", "huggingface-hub", "dagster-shared", "starlette"}
    distributions = packages_distributions()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for top in {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"adgen_pipeline"}:
                owners = {name.lower().replace("_", "-") for name in distributions[top]}
                assert owners & declared, f"{path.name} imports {top}, which pyproject.toml does not declare"
