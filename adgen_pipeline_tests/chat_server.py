"""A real server on loopback that speaks the chat protocol and answers as a test wants it to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], Any]
USED = {"prompt_tokens": 100, "completion_tokens": 50}


class Server(ThreadingHTTPServer):
    """Answers with what `replies` says next, the last reply over and over."""

    daemon_threads = True
    replies: list[Callable[[dict[str, Any]], Reply]]
    seen: list[tuple[str, str | None, dict[str, Any]]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.seen.append((self.path, self.headers.get("authorization"), body))
        reply = self.server.replies.pop(0) if len(self.server.replies) > 1 else self.server.replies[0]
        status, headers, document = reply(body)
        content = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests are quiet."""


@contextmanager
def serving_chat() -> Iterator[Server]:
    """A server that answers until the end of the block."""
    with Server(("127.0.0.1", 0), Handler) as serving:
        serving.seen, serving.replies = [], [answering]
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield serving
        serving.shutdown()


def answering(body: dict[str, Any]) -> Reply:
    choices = [{"message": {"content": f"መልስ {body['seed']} {n}"}} for n in range(body["n"])]
    return 200, {}, {"choices": choices, "usage": USED}
