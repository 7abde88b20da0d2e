"""What the documents name exists: commands, options, assets, recipe keys, variables, files, headings, references."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from adgen_pipeline.app.cli import adgen
from adgen_pipeline.recipe import STAGES, Recipe
from adgen_pipeline.settings import PROJECT_ROOT
from adgen_pipeline_tests import data_page

PACKAGE = PROJECT_ROOT / "adgen_pipeline"
PAGES = [
    PROJECT_ROOT / "README.md",
    PROJECT_ROOT / "ARCHITECTURE.md",
    PROJECT_ROOT / "deploy" / "README.md",
    *sorted((PROJECT_ROOT / "docs").glob("*.md")),
]
HISTORY = {"LOG.md", "CHANGELOG.md"}  # what was true when it was written may be gone
TOP = r"(?:adgen_pipeline(?:_tests)?|benchmarks|deploy|docs|recipes|deepspeed_configs)"

pages = pytest.mark.parametrize(
    "path",
    [page for page in PAGES if page.name not in HISTORY],
    ids=lambda page: str(page.relative_to(PROJECT_ROOT)),
)


@cache
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _code(text: str) -> list[str]:
    """Everything set as code: spans between backticks and lines of fenced blocks."""
    fenced = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return spans + [line for block in fenced for line in block.splitlines()]


def _calls(text: str) -> Iterator[list[str]]:
    """Words of each call of `adgen` in a text's code."""
    for piece in _code(text):
        for call in re.findall(r"(?:^|[\s(;&|])adgen ([^#;&|()]*)", f" {piece}"):
            yield call.split()


def unknown_of(words: list[str]) -> str:
    """What of a call does not exist; empty if all does."""
    command: click.Command = adgen
    called = "adgen"
    for word in words:
        if isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", word):
            if word not in command.commands:
                return f"{called} {word}"
            command, called = command.commands[word], f"{called} {word}"
        elif option := re.match(r"--?[a-z][a-z-]*", word):
            known = {
                name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)
            }
            if option[0] not in known | {"--help", "-h", "--version"}:
                return f"{called} {option[0]}"
    return ""


@pages
def test_every_command_and_option_that_a_page_names_exists(path: Path) -> None:
    assert [unknown for words in _calls(_read(path)) if (unknown := unknown_of(words))] == []


@pages
def test_every_asset_and_table_that_a_page_names_exists(path: Path) -> None:
    known = {"/".join(spec.key.path) for spec in data_page.specs()}
    named = {
        name
        for piece in _code(_read(path))
        for name in re.findall(rf"^\+?((?:{'|'.join(STAGES)})/[a-z_]+)\+?$", piece)
    }
    assert sorted(name for name in named - known if not (PACKAGE / name).exists()) == []


@pages
def test_every_recipe_key_that_a_page_names_exists(path: Path) -> None:
    named = {
        name
        for piece in _code(_read(path))
        for name in re.findall(rf"^((?:{'|'.join(STAGES)})(?:\.[a-z_]+)+)$", piece)
    }
    assert sorted(name for name in named if not _is_recipe_key(name) and not _is_module(name)) == []


def _is_recipe_key(name: str) -> bool:
    model: object = Recipe
    for part in name.split("."):
        if not (isinstance(model, type) and issubclass(model, BaseModel)) or part not in model.model_fields:
            return False
        model = model.model_fields[part].annotation
    return True


def _is_module(name: str) -> bool:
    """A module of the package, or something in one, such as generation.writer."""
    path = PACKAGE.joinpath(*name.split("."))
    return any(p.with_suffix(".py").is_file() for p in (path, path.parent))


@pages
def test_every_file_that_a_page_names_exists(path: Path) -> None:
    text = _read(path)
    named = {name.rstrip("./") for name in re.findall(rf"\b{TOP}/[\w./-]*\w", text)}
    assert sorted(name for name in named if not (PROJECT_ROOT / name).exists()) == []


@pages
def test_every_variable_and_target_that_a_page_names_exists(path: Path) -> None:
    text = _read(path)
    sources = "\n".join(_read(source) for source in [*PACKAGE.rglob("*.py"), PROJECT_ROOT / "Makefile"])
    assert sorted(name for name in set(re.findall(r"\bADGEN_[A-Z_]+\b", text)) if name not in sources) == []
    makefile = _read(PROJECT_ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) | {f"slow-{stage}" for stage in STAGES}
    named = {
        target for piece in _code(text) for target in re.findall(r"(?:^|\s)make ([a-z][a-z-]*)", f" {piece}")
    }
    assert sorted(named - targets) == []


@pages
def test_links_within_and_between_pages_lead_somewhere(path: Path) -> None:
    text = _read(path)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if "://" in target:
            continue
        page = (path.parent / file).resolve() if file else path
        if not page.is_file() or (anchor and anchor not in _anchors(_read(page))):
            broken.append(target)
    assert broken == []


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_page_of_tables_is_current() -> None:
    assert _read(data_page.PATH) == data_page.page(), "run `make golden`"


def test_every_reference_of_the_literature_is_listed_once_and_every_listed_one_is_used() -> None:
    body, _, references = _read(PROJECT_ROOT / "docs" / "literature.md").partition("\n## References\n")
    cited = set(re.findall(r"\[([A-Z]\w*\d\w*|HFChat)\]", body))
    listed = re.findall(r"^\* \[(\w+)\] ", references, re.MULTILINE)
    assert sorted(cited) == sorted(listed)
    assert len(set(listed)) == len(listed)


def test_each_topic_of_the_literature_says_where_the_pipeline_does_it() -> None:
    body, _, _ = _read(PROJECT_ROOT / "docs" / "literature.md").partition("\n## What could not be checked\n")
    for topic in body.split("\n## ")[1:]:
        assert "*In the pipeline*: " in topic, topic.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        (["run", "--recipe", "demo"], ""),
        (["walk"], "adgen walk"),
        (["labels", "tasks", "DIR"], ""),
        (["labels", "guess"], "adgen labels guess"),
        (["doctor", "--loud"], "adgen doctor --loud"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_invented_command_or_option_is_found(words: list[str], unknown: str) -> None:
    assert unknown_of(words) == unknown
