"""`adgen run --select`: what a selection names."""

from pathlib import Path

import pytest

from adgen_pipeline.definitions import build_definitions
from adgen_pipeline.defs.materialise import selected
from adgen_pipeline.errors import DataError
from adgen_pipeline.recipe import load_recipe
from adgen_pipeline.settings import Settings

MESSAGES, POSTS, DOCUMENTS = "telegram/messages", "telegram/posts", "corpus/documents"
FINGERPRINTS = "corpus/fingerprints"


@pytest.mark.parametrize(
    ("select", "keys"),
    [
        ("corpus/documents", {DOCUMENTS}),
        ("+corpus/documents", {MESSAGES, POSTS, FINGERPRINTS, DOCUMENTS}),
        ('+key:"corpus/documents"', {MESSAGES, POSTS, FINGERPRINTS, DOCUMENTS}),
        ("group:telegram", {MESSAGES, POSTS}),
    ],
)
def test_a_plus_before_a_key_means_all_that_it_needs(select: str, keys: set[str]) -> None:
    settings = Settings.from_environment(data=Path("unused"), recipe=Path("tiny"))
    definitions = build_definitions(load_recipe(settings.recipe_path), settings)
    assert {key.to_user_string() for key in selected(definitions, select)} - {"telegram/exports"} == keys
    with pytest.raises(DataError, match="names no asset"):
        selected(definitions, "corpus/nothing")
