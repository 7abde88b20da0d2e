"""A client of OpenAI-compatible chat endpoints: OpenAI's, Hugging Face's router, vLLM, llama.cpp, transformers serve.

What it asks for is in a recipe (`endpoint_recipe`), the key in the environment and nowhere else. Every call has a
time-out, is tried again where that can help, and its tokens and cost are counted.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from adgen_pipeline.endpoint_recipe import EndpointRecipe
from adgen_pipeline.errors import EndpointError

logger = logging.getLogger(__name__)

RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504})  # the others say the same again
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 30.0
SHOWN_CHARS = 200  # of what an endpoint says when it refuses

Messages = Sequence[dict[str, str]]


@dataclass
class Usage:
    """What was asked of an endpoint so far."""

    requests: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0


class Endpoint:
    """One model behind one address.

    Usage::

        endpoint = Endpoint(recipe.generation.endpoint, key=settings.key_of(recipe.generation.endpoint.key_variable))
        answers = endpoint.complete([{"role": "user", "content": "…"}], samples=4, temperature=0.7, top_p=0.95,
                                    maximum_tokens=260, seed=7)
        endpoint.usage.usd
    """

    def __init__(
        self, recipe: EndpointRecipe, *, key: str | None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Prepare a client; nothing is sent.

        Args:
            recipe: address, model, limits, prices.
            key: sent as a bearer token; None: none is sent.
            sleep: waits between tries.
        """
        self.recipe = recipe
        self.usage = Usage()
        self._sleep = sleep
        self._is_one_at_a_time = False
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._client = httpx.Client(
            base_url=f"{recipe.url.rstrip('/')}/",
            headers=headers,
            timeout=recipe.timeout_seconds,
            limits=httpx.Limits(max_keepalive_connections=0),  # nothing stays open that somebody has to close
        )

    @property
    def name(self) -> str:
        """Model and host, for records: never the key."""
        return f"{self.recipe.model}@{urlsplit(self.recipe.url).hostname}"

    def complete(
        self,
        messages: Messages,
        *,
        samples: int,
        temperature: float,
        top_p: float,
        maximum_tokens: int,
        seed: int,
    ) -> list[str]:
        """So many answers to a conversation; servers that give one a request are asked as often as it takes.

        Raises:
            EndpointError: it refuses, is away, answers something else, or the recipe's cost is used up.
        """
        answers: list[str] = []
        while len(answers) < samples:
            wanted = 1 if self._is_one_at_a_time else samples - len(answers)
            body = {
                "model": self.recipe.model,
                "messages": list(messages),
                "n": wanted,
                "temperature": temperature,
                "top_p": top_p,
                self.recipe.limit_field: maximum_tokens,
                "seed": seed + len(answers),
            }
            try:
                found = self._ask(body)
            except _ManyRefusedError:
                self._is_one_at_a_time = True
                continue
            answers += found
        return answers[:samples]

    def _ask(self, body: dict[str, Any]) -> list[str]:
        limit = self.recipe.maximum_usd
        if limit is not None and self.usage.usd >= limit:
            raise EndpointError(
                f"{self.name}: {self.usage.usd:.2f} USD are spent, maximum_usd is {limit:.2f}. Raise it in the recipe."
            )
        started = time.monotonic()
        response = self._send(body)
        self.usage.requests += 1
        self.usage.seconds += time.monotonic() - started
        try:
            document = response.json()
            answers = [str(choice["message"]["content"] or "").strip() for choice in document["choices"]]
        except (ValueError, KeyError, TypeError) as error:
            raise EndpointError(
                f"{self.name}: the answer is no chat completion ({type(error).__name__}: {error}). "
                f"Is {self.recipe.url} the address that ends before /chat/completions?"
            ) from error
        if not answers:
            raise EndpointError(
                f"{self.name}: the answer holds no choice. Ask its provider, or try another model."
            )
        self._count(document.get("usage") or {})
        return answers

    def _count(self, used: dict[str, Any]) -> None:
        prompt, answer = int(used.get("prompt_tokens") or 0), int(used.get("completion_tokens") or 0)
        self.usage.prompt_tokens += prompt
        self.usage.answer_tokens += answer
        recipe = self.recipe
        self.usage.usd += (
            prompt * recipe.prompt_usd_per_million + answer * recipe.answer_usd_per_million
        ) / 1e6

    def _send(self, body: dict[str, Any]) -> httpx.Response:
        """The response to a request, tried again after what passes by itself."""
        problem = ""
        for attempt in range(1, self.recipe.tries + 1):
            wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
            try:
                response = self._client.post("chat/completions", json=body)
            except httpx.TransportError as error:
                problem = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            else:
                if response.is_success:
                    return response
                problem = f"{response.status_code}: {' '.join(response.text.split())[:SHOWN_CHARS]}"
                if response.status_code not in RETRIED:
                    if response.status_code in (400, 422) and body["n"] > 1:
                        raise _ManyRefusedError
                    raise EndpointError(
                        f"{self.name} refuses ({problem}). {_advice(response.status_code, self.recipe)}"
                    )
                wait = max(wait, _asked_to_wait(response))
            if attempt < self.recipe.tries:
                self.usage.retries += 1
                logger.info("%s: %s; again in %.1f s", self.name, problem, wait)
                self._sleep(wait)
        raise EndpointError(
            f"{self.name} did not answer in {self.recipe.tries} tries ({problem}). "
            f"Look whether {self.recipe.url} is up, or raise timeout_seconds."
        )


class _ManyRefusedError(Exception):
    """The server may not know `n`: it is asked for one answer at a time from then on."""


def _asked_to_wait(response: httpx.Response) -> float:
    """Seconds that the server names in Retry-After, at most half a minute; 0 without."""
    named = response.headers.get("retry-after", "")
    return min(LONGEST_WAIT_SECONDS, float(named)) if named.replace(".", "", 1).isdigit() else 0.0


def _advice(status: int, recipe: EndpointRecipe) -> str:
    if status in (401, 403):
        return f"Set {recipe.key_variable or 'a key variable in the recipe, and it'} in the environment."
    if status == 404:
        return "Look at url and model in the recipe."
    return "Look at what it says."
