"""A mail server on this machine, as small as RFC 5321 allows, that keeps what it was told."""

import asyncio
import base64
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

USER, PASSWORD = "adgen@example.org", "p@ss/word-2718"


@dataclass
class MailServer:
    """One server; `starttls` is what it answers to STARTTLS (0: it does not offer it)."""

    starttls: int = 220
    context: ssl.SSLContext | None = None
    is_encrypted: bool = False
    asks_password: bool = True
    refused: tuple[str, ...] = ()
    port: int = 0
    commands: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    encrypted: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        self._say(writer, "220 here")
        while line := (await reader.readline()).decode().strip():
            word, _, rest = line.partition(" ")
            word = word.upper()
            self.commands.append(word)
            if writer.get_extra_info("ssl_object"):
                self.encrypted.append(word)
            if word == "EHLO":
                offers = ["STARTTLS"] * bool(self.starttls) + ["AUTH PLAIN"] * self.asks_password
                names = ["here", *offers]
                for name in names[:-1]:
                    self._say(writer, f"250-{name}")
                self._say(writer, f"250 {names[-1]}")
            elif word == "STARTTLS":
                self._say(writer, f"{self.starttls} {'go' if self.starttls == 220 else 'not now'}")
                if self.starttls == 220:
                    await writer.drain()
                    assert self.context
                    await writer.start_tls(self.context)
            elif word == "AUTH":
                # a server that repeats what it heard, as some do
                heard = base64.b64decode(rest.partition(" ")[2]).decode()
                is_right = heard.split("\0")[1:] == [USER, PASSWORD]
                self._say(writer, "235 in" if is_right else f"535 {heard!r} is wrong")
            elif word == "RCPT":
                self._say(writer, "550 nobody" if any(name in rest for name in self.refused) else "250 yes")
            elif word == "DATA":
                self._say(writer, "354 on")
                text = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(text.decode())
                self._say(writer, "250 kept")
            elif word == "QUIT":
                self._say(writer, "221 bye")
                break
            else:
                self._say(writer, "250 yes")
            await writer.drain()
        writer.close()

    @staticmethod
    def _say(writer: asyncio.StreamWriter, line: str) -> None:
        writer.write(f"{line}\r\n".encode())

    @contextmanager
    def running(self, host: str = "127.0.0.1") -> Iterator["MailServer"]:
        """The server on a port of its own in a thread, until the block ends."""
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # a client that does not like the certificate hangs up
        context = self.context if self.is_encrypted else None
        server = loop.run_until_complete(asyncio.start_server(self.serve, host, 0, ssl=context))
        self.port = server.sockets[0].getsockname()[1]
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            server.close()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0.05))
            loop.close()


def certificate(folder: Path, address: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for an IP address, signed by itself, and a server's context with it."""
    path = folder / "certificate.pem"
    key = folder / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=here", "-addext", f"subjectAltName=IP:{address}",
            "-keyout", str(key), "-out", str(path),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return path, context
