"""The client against a real server on loopback that fails in every way that servers do."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from adgen_pipeline.endpoint import Endpoint
from adgen_pipeline.endpoint_recipe import EndpointRecipe
from adgen_pipeline.errors import EndpointError, SettingsError
from adgen_pipeline.settings import key_of
from adgen_pipeline_tests.chat_server import Reply, Server, answering, serving_chat


@pytest.fixture
def server() -> Iterator[Server]:
    with serving_chat() as serving:
        yield serving


def one_at_a_time(body: dict[str, Any]) -> Reply:
    return answering(body) if body["n"] == 1 else (400, {}, {"error": "n is not supported"})


def saying(
    status: int, document: Any, headers: dict[str, str] | None = None
) -> Callable[[dict[str, Any]], Reply]:
    return lambda _: (status, headers or {}, document)


def endpoint(
    server: Server, waits: list[float] | None = None, key: str | None = "secret-key", **recipe: Any
) -> Endpoint:
    values = {"url": f"http://127.0.0.1:{server.server_address[1]}/v1", "model": "m", "tries": 3, **recipe}
    return Endpoint(EndpointRecipe(**values), key=key, sleep=([] if waits is None else waits).append)


def ask(asked: Endpoint, samples: int = 2) -> list[str]:
    messages = [{"role": "user", "content": "ጫማ"}]
    return asked.complete(messages, samples=samples, temperature=0.5, top_p=0.9, maximum_tokens=30, seed=7)


def test_the_request_holds_what_was_asked_and_the_cost_is_counted(server: Server) -> None:
    asked = endpoint(server, prompt_usd_per_million=2.0, answer_usd_per_million=8.0)
    assert ask(asked) == ["መልስ 7 0", "መልስ 7 1"]
    ((path, key, body),) = server.seen
    assert path == "/v1/chat/completions"
    assert key == "Bearer secret-key"
    assert body == {
        "model": "m", "messages": [{"role": "user", "content": "ጫማ"}], "n": 2, "temperature": 0.5, "top_p": 0.9,
        "max_tokens": 30, "seed": 7,
    }  # fmt: skip
    assert (asked.usage.requests, asked.usage.prompt_tokens, asked.usage.answer_tokens) == (1, 100, 50)
    assert asked.usage.usd == pytest.approx((100 * 2 + 50 * 8) / 1e6)


def test_newer_models_are_told_their_limit_by_its_newer_name_and_no_key_is_sent_without_one(
    server: Server,
) -> None:
    ask(endpoint(server, key=None, limit_field="max_completion_tokens"))
    _, key, body = server.seen[0]
    assert key is None
    assert body["max_completion_tokens"] == 30
    assert "max_tokens" not in body


def test_a_server_that_gives_one_answer_a_request_is_asked_as_often_as_it_takes(server: Server) -> None:
    server.replies = [one_at_a_time]
    assert ask(endpoint(server), samples=3) == ["መልስ 7 0", "መልስ 8 0", "መልስ 9 0"]
    assert [body["n"] for _, _, body in server.seen] == [3, 1, 1, 1]
    server.replies, server.seen = [lambda body: answering({**body, "n": 1})], []
    assert len(ask(endpoint(server), samples=3)) == 3  # it takes n and gives one all the same


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_by_itself_is_tried_again_after_a_longer_wait_each_time(
    server: Server, status: int
) -> None:
    waits: list[float] = []
    server.replies = [saying(status, "busy"), saying(status, "busy"), answering]
    asked = endpoint(server, waits)
    assert len(ask(asked)) == 2
    assert waits == [0.5, 1.0]
    assert asked.usage.retries == 2


def test_the_wait_that_a_server_asks_for_is_kept(server: Server) -> None:
    waits: list[float] = []
    server.replies = [saying(429, "slow down", {"retry-after": "7"}), answering]
    ask(endpoint(server, waits))
    assert waits == [7.0]


@pytest.mark.parametrize(
    ("status", "document", "message"),
    [
        pytest.param(401, {"error": "bad key"}, "Set OPENAI_API_KEY in the environment", id="a wrong key"),
        pytest.param(404, "nothing here", "Look at url and model", id="a wrong address"),
        pytest.param(200, "<html>", "no chat completion", id="another page"),
        pytest.param(200, {"choices": []}, "no choice", id="no answer"),
        pytest.param(503, "down", "did not answer in 3 tries", id="down for good"),
    ],
)
def test_a_refusal_is_one_sentence_without_the_key(
    server: Server, status: int, document: Any, message: str
) -> None:
    server.replies = [saying(status, document)]
    with pytest.raises(EndpointError, match=message) as caught:
        ask(endpoint(server, key_variable="OPENAI_API_KEY"))
    assert "secret-key" not in str(caught.value)
    assert len(server.seen) == (3 if status == 503 else 1)


def test_a_server_that_hangs_is_left_after_its_time(server: Server) -> None:
    def hanging(body: dict[str, Any]) -> Reply:
        time.sleep(1)
        return answering(body)

    server.replies = [hanging]
    with pytest.raises(EndpointError, match="did not answer in 1 tries"):
        ask(endpoint(server, timeout_seconds=0.1, tries=1))


def test_nobody_listening_is_told_with_the_address(server: Server) -> None:
    asked = endpoint(server)
    server.shutdown()
    server.server_close()
    with pytest.raises(EndpointError, match="is up"):
        ask(asked)


def test_nothing_is_asked_beyond_what_it_may_cost(server: Server) -> None:
    asked = endpoint(server, answer_usd_per_million=1_000_000.0, maximum_usd=60.0)
    ask(asked, samples=1)
    ask(asked, samples=1)
    with pytest.raises(EndpointError, match=r"100\.00 USD are spent"):
        ask(asked, samples=1)
    assert len(server.seen) == 2


def test_a_key_comes_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", " abc \n")
    assert key_of("SOME_KEY") == "abc"
    assert key_of(None) is None
    monkeypatch.delenv("SOME_KEY")
    with pytest.raises(SettingsError, match="SOME_KEY is not set"):
        key_of("SOME_KEY")
