"""A writer whose model stands behind an address: a real server on loopback with a real, tiny model in it."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from adgen_pipeline.endpoint_recipe import EndpointRecipe
from adgen_pipeline.generation.brief import understand
from adgen_pipeline.generation.endpoint import EndpointModel, bare
from adgen_pipeline.generation.guard import Guard
from adgen_pipeline.generation.loading import endpoint_model, load_writer
from adgen_pipeline.generation.models import TextModel
from adgen_pipeline.recipe import Recipe
from adgen_pipeline_tests.generation.models import tiny_model
from adgen_pipeline_tests.generation.writers import published_store

BRIEF = understand("ምርት፦ የቆዳ ጫማ\nዋጋ፦ 1,800 ብር\nስልክ፦ 0900 000 014", source="brief.txt")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param("```\nአዲስ ጫማ\n```", "አዲስ ጫማ", id="a code fence"),
        pytest.param('"አዲስ ጫማ"', "አዲስ ጫማ", id="quotes"),
        pytest.param('"ጥሩ" እና "ምቹ"', '"ጥሩ" እና "ምቹ"', id="words in quotes"),
        pytest.param("  አዲስ ጫማ\n", "አዲስ ጫማ", id="bare"),
    ],
)
def test_wrapping_is_taken_off_an_answer(answer: str, expected: str) -> None:
    assert bare(answer) == expected


def test_an_estimate_of_tokens_grows_with_the_prompt_and_every_slot_can_be_asked_for() -> None:
    model = endpoint_model(EndpointRecipe(url="http://127.0.0.1:9/v1", model="m"))
    short = [{"role": "user", "content": "ጫማ"}]
    assert (
        0 < model.count_tokens(short) < model.count_tokens([*short, {"role": "user", "content": "ጫማ" * 50}])
    )
    assert {"⟨price_1⟩", "⟨phone_12⟩", "⟨term_1⟩"} <= model.slots


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that speaks the protocol, its answers drawn from a real model."""
    model = TextModel(tiny_model(tmp_path_factory.mktemp("served")), precision="fp32", device="cpu")
    app = FastAPI()

    @app.post("/v1/chat/completions")
    def complete(body: dict[str, Any]) -> dict[str, Any]:
        (answers,) = model.generate(
            [body["messages"]],
            samples=body["n"],
            temperature=body["temperature"],
            top_p=body["top_p"],
            repetition_penalty=1.0,
            maximum_new_tokens=body["max_tokens"],
            seed=body["seed"],
        )
        usage = {"prompt_tokens": model.count_tokens(body["messages"]), "completion_tokens": 16 * body["n"]}
        return {
            "choices": [{"message": {"role": "assistant", "content": a}} for a in answers],
            "usage": usage,
        }

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and time.monotonic() < until:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/v1"
    server.should_exit = True
    thread.join(10)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_model_behind_an_address_writes_checked_ads_from_the_same_prompt(
    address: str, tmp_path: Path
) -> None:
    recipe = Recipe.model_validate(
        {
            "name": "tiny",
            "description": "t",
            "training": {"base_model": "tiny-random"},
            "generation": {
                "candidates": 3,
                "maximum_new_tokens": 16,
                "endpoint": {"url": address, "model": "tiny", "answer_usd_per_million": 1.0},
            },
        }
    )
    writer = load_writer(published_store(tmp_path), recipe)
    assert isinstance(writer.model, EndpointModel)
    ads = writer.write(BRIEF, channel_id=1, n=2, seed=3)
    assert ads == writer.write(BRIEF, channel_id=1, n=2, seed=3)
    assert {ad.model for ad in ads} == {"tiny@127.0.0.1"}
    guard = Guard(BRIEF)
    for ad in ads:
        assert "0900 000 014" in ad.text  # what the model forgot was repaired, or the template wrote
        assert guard.check(ad.slotted).refusal is None or ad.written_by == "template"
    usage = writer.model.endpoint.usage
    assert usage.requests >= 2
    assert usage.usd > 0
