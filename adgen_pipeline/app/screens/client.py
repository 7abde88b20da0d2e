"""The page's client of the API: questions, uploads, events while ads are written."""

import json
from collections.abc import Iterator
from typing import Any

import httpx

from adgen_pipeline.app.screens.words import say, translated
from adgen_pipeline.settings import Settings

WRITE_SECONDS = 600.0  # eight ads on a busy laptop


class ApiProblemError(Exception):
    """The API refused, and its sentence says why; `loading` if it only needs a moment."""

    def __init__(self, sentence: str, *, loading: bool = False) -> None:
        super().__init__(sentence)
        self.loading = loading


def ask(method: str, path: str, body: dict[str, Any] | None = None, **more: Any) -> Any:
    """The API's answer.

    Args:
        method, path: of the operation.
        body: as JSON.
        more: for httpx, such as params or files.

    Raises:
        ApiProblemError: it is away, or it refused.
    """
    try:
        with _client() as client:
            answer = client.request(method, path, json=body, **more)
    except httpx.HTTPError as error:
        raise _away() from error
    if answer.is_success:
        return answer.json()
    raise _refused(answer, path)


def events(path: str, body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the API tells while it works: names of events and their values, `done` last.

    Raises:
        ApiProblemError: it is away, it refused, or it failed on the way.
    """
    headers = {"Accept": "text/event-stream"}
    try:
        with _client() as client, client.stream("POST", path, json=body, headers=headers) as answer:
            if not answer.is_success:
                answer.read()
                raise _refused(answer, path)
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    value = json.loads(line.removeprefix("data: "))
                    if name == "problem":
                        raise ApiProblemError(translated(str(value["detail"])))
                    yield name, value
                    if name == "done":
                        return
    except httpx.HTTPError as error:
        raise _away() from error
    raise _away()


def _client() -> httpx.Client:
    settings = Settings.from_environment()
    headers = {"X-API-Key": settings.api_key} if settings.api_key else {}
    return httpx.Client(base_url=settings.api_url, headers=headers, timeout=WRITE_SECONDS, trust_env=False)


def _away() -> ApiProblemError:
    return ApiProblemError(say("away", url=Settings.from_environment().api_url))


def _refused(answer: httpx.Response, path: str) -> ApiProblemError:
    try:
        sentence = str(answer.json()["detail"])
    except (ValueError, KeyError):
        return ApiProblemError(f"HTTP {answer.status_code}")
    return ApiProblemError(translated(sentence), loading=path == "/ready" and sentence == "loading")
