import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from adgen_pipeline.alerts import MAXIMUM_CHARS, tell

HEARD: list[dict[str, str]] = []


class _Listener(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        HEARD.append(json.loads(body))
        self.send_response(500 if self.path.startswith("/broken") else 204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def webhook() -> Iterator[str]:
    HEARD.clear()
    with HTTPServer(("127.0.0.1", 0), _Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_webhook_hears_what_failed_why_and_where_to_look(webhook: str) -> None:
    assert tell(webhook, subject="Run of corpus/ads failed", reason="x" * 5000, url="http://here/runs/1")
    (heard,) = HEARD
    assert heard["subject"] == "Run of corpus/ads failed"
    assert heard["url"] == "http://here/runs/1"
    assert heard["text"].startswith("Run of corpus/ads failed: xxx")
    assert len(heard["text"]) == MAXIMUM_CHARS


@pytest.mark.parametrize("address", ["{}/broken?token=secret", "http://127.0.0.1:9/?token=secret", "nowhere"])
def test_a_webhook_that_is_away_is_a_line_in_the_log_without_its_address(
    webhook: str, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert not tell(address.format(webhook), subject="s", reason="r")
    assert "did not take it" in caplog.text
    assert "secret" not in caplog.text


def test_without_a_webhook_there_is_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert not tell(None, subject="Run failed", reason="no exports")
    assert "Run failed: no exports" in caplog.text
