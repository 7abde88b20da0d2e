"""What Prometheus reads from /metrics: counts and times, never words of a brief or an ad."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """The numbers of one app, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        names = ["method", "route", "status"]
        self.requests = Counter("adgen_requests", "Answered requests", names, registry=self._registry)
        self.seconds = Histogram(
            "adgen_request_seconds", "Time to the last byte of an answer", ["route"], buckets=SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self.ads = Counter(
            "adgen_ads_written", "Ads, by what wrote them and what the policy says", ["written_by", "verdict"],
            registry=self._registry,
        )  # fmt: skip
        self.feedback = Counter(
            "adgen_feedback", "Verdicts of people", ["verdict", "role"], registry=self._registry
        )
        self.votes = Counter(
            "adgen_votes", "Votes on two ads side by side", ["choice", "role"], registry=self._registry
        )
        self.beside = Gauge(
            "adgen_models_beside", "Models in memory beside the serving one", registry=self._registry
        )
        self.waiting = Gauge(
            "adgen_waiting_requests", "Requests at the model or waiting", registry=self._registry
        )
        self.ready = Gauge("adgen_ready", "1 while ads can be written", registry=self._registry)
        self.loads = Counter(
            "adgen_model_loads",
            "Loads of a model and index, by outcome",
            ["outcome"],
            registry=self._registry,
        )

    def text(self) -> bytes:
        """All numbers, as Prometheus reads them."""
        return generate_latest(self._registry)


class Measured:
    """ASGI middleware: counts and times every request, by the route's template, never by its path."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in {"GET", "POST", "HEAD", "OPTIONS"} else "other"
            self._metrics.requests.labels(method, route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - started)
