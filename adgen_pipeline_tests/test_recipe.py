from pathlib import Path

import pytest

from adgen_pipeline.errors import RecipeError
from adgen_pipeline.recipe import load_recipe

MINIMAL = "name: x\ndescription: d\ntraining: {base_model: tiny-random}\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_minimal_recipe_takes_its_defaults(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, MINIMAL))
    assert recipe.telegram.zone == "Africa/Addis_Ababa"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            MINIMAL + "corpus: {min_words: 3}\n", "corpus.min_words is not a known key", id="unknown key"
        ),
        pytest.param(MINIMAL + "corpus: {min_words: 3}\n", "minimum_words", id="names the known keys"),
        pytest.param(MINIMAL + "index: {recency: 2}\n", "index.recency", id="out of range"),
        pytest.param(MINIMAL + "corpus: {test_from: 2024-09-01}\n", "come together", id="one date of two"),
        pytest.param(
            MINIMAL + "corpus: {validation_from: 2024-09-01, test_from: 2024-09-01}\n",
            "must be before",
            id="nothing to validate with",
        ),
        pytest.param(
            MINIMAL
            + "corpus: {validation_from: 2024-08-01, test_from: 2024-09-01, test_until: 2024-09-01}\n",
            "must be behind",
            id="nothing to test with",
        ),
        pytest.param("name: x\ndescription: d\n", "training", id="missing section"),
        pytest.param("- a\n", "a section a stage", id="a list"),
        pytest.param("a: [\n", "not YAML", id="broken"),
    ],
)
def test_a_wrong_recipe_is_refused_with_the_place_and_the_reason(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(RecipeError, match=words.replace(".", r"\.")):
        load_recipe(written(tmp_path, text))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = MINIMAL + "corpus: {a: 1}\nindex: {b: 1}\n"
    with pytest.raises(RecipeError) as caught:
        load_recipe(written(tmp_path, text))
    assert "2 problem(s)" in str(caught.value)
    assert "corpus.a" in str(caught.value)
    assert "index.b" in str(caught.value)


def test_a_missing_recipe_names_those_that_are_there(tmp_path: Path) -> None:
    written(tmp_path, MINIMAL)
    with pytest.raises(RecipeError, match="Recipes in that folder: x"):
        load_recipe(tmp_path / "y.yaml")


def test_a_section_digest_depends_on_its_own_section_only(tmp_path: Path) -> None:
    one = load_recipe(written(tmp_path, MINIMAL))
    other = load_recipe(written(tmp_path, MINIMAL + "corpus: {minimum_words: 9}\n"))
    assert one.section("corpus").digest() != other.section("corpus").digest()
    assert one.section("labels").digest() == other.section("labels").digest()


@pytest.mark.parametrize(
    ("corpus", "words"),
    [
        pytest.param("{name: a, path: a.txt}", "corpus.further.0.licence: Field required", id="no licence"),
        pytest.param("{name: a, licence: unknown, path: a.txt}", "names none", id="unknown licence"),
        pytest.param("{name: a, licence: MIT}", "either a path", id="nowhere"),
        pytest.param("{name: a, licence: MIT, path: a.txt, dataset: o/n}", "either a path", id="two places"),
        pytest.param("{name: a, licence: MIT, path: ../a.txt}", "does not lead below", id="parent"),
        pytest.param(
            "{name: a, licence: MIT, path: b/../../a.txt}", "does not lead below", id="parent within"
        ),
        pytest.param("{name: a, licence: MIT, path: /etc/passwd}", "does not lead below", id="absolute"),
        pytest.param("{name: a, licence: MIT, path: ~/a.txt}", "does not lead below", id="home"),
        pytest.param(r'{name: a, licence: MIT, path: "b\\a.txt"}', "does not lead below", id="backslash"),
        pytest.param(
            "{name: a, licence: MIT, dataset: ../../etc}", "further.0.dataset", id="no dataset name"
        ),
        pytest.param("{name: a, licence: MIT, dataset: wiki}", "further.0.dataset", id="a loader's name"),
        pytest.param("{name: a, licence: MIT, dataset: o/n, format: text}", "brings its own", id="format"),
        pytest.param("{name: A b, licence: MIT, path: a.txt}", "further.0.name", id="name"),
        pytest.param("{name: a, licence: MIT, path: a.txt, column: x}", "text_column", id="names known keys"),
        pytest.param(
            "{name: a, licence: MIT, path: a.txt}, {name: a, licence: MIT, path: b.txt}",
            "one name",
            id="twice",
        ),
    ],
)
def test_a_further_corpus_needs_a_licence_a_name_and_one_safe_place(
    tmp_path: Path, corpus: str, words: str
) -> None:
    with pytest.raises(RecipeError, match=words.replace(".", r"\.")):
        load_recipe(written(tmp_path, MINIMAL + f"corpus: {{further: [{corpus}]}}\n"))


def test_further_corpora_are_read_as_they_are_written(tmp_path: Path) -> None:
    entries = "{name: news, licence: CC-BY-4.0, path: news/2024.jsonl}, {name: wiki, licence: CC-BY-SA, dataset: o/n}"
    recipe = load_recipe(written(tmp_path, MINIMAL + f"corpus: {{further: [{entries}]}}\n"))
    assert [(c.path, c.dataset, c.text_column) for c in recipe.corpus.further] == [
        ("news/2024.jsonl", None, "text"),
        (None, "o/n", "text"),
    ]
    assert recipe.asks_for("corpus.further")
