import dataclasses
import email
import email.policy
import json
import ssl
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from adgen_pipeline.alerts import MAXIMUM_CHARS, tell
from adgen_pipeline.app.examination import Finding, _services
from adgen_pipeline.settings import Settings
from adgen_pipeline_tests.mail_server import PASSWORD, USER, MailServer, certificate

HEARD: list[dict[str, str]] = []
ANYWHERE = "0.0.0.0"  # leads to this machine, and is no loopback address: what holds for hosts elsewhere holds for it


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


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for ANYWHERE, and a server's context with it."""
    return certificate(tmp_path_factory.mktemp("tls"), ANYWHERE)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Where a test names the mail server."""
    monkeypatch.setenv("ADGEN_ALERT_EMAIL_TO", "one@example.org, two@example.org")
    return monkeypatch


def _hooked(webhook: str | None) -> Settings:
    return dataclasses.replace(Settings.from_environment(), alert_webhook=webhook)


def _mailed(asked: pytest.MonkeyPatch, server: MailServer, host: str, password: str = PASSWORD) -> Settings:
    """Settings that name the server."""
    scheme = "smtps" if server.is_encrypted else "smtp"
    user = f"{quote(USER, safe='')}:{quote(password, safe='')}@" if server.asks_password else ""
    asked.setenv("ADGEN_SMTP_URL", f"{scheme}://{user}{host}:{server.port}")
    return Settings.from_environment()


def _read(text: str) -> EmailMessage:
    message = email.message_from_string(text, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _mail_findings(settings: Settings) -> list[Finding]:
    return [finding for finding in _services(settings) if finding.name.startswith("alerts by e-mail")]


def test_the_webhook_hears_what_failed_why_and_where_to_look(webhook: str) -> None:
    url = "http://here/runs/1"
    assert tell(_hooked(webhook), subject="Run of corpus/ads failed", reason="x" * 5000, url=url)
    (heard,) = HEARD
    assert heard["subject"] == "Run of corpus/ads failed"
    assert heard["url"] == url
    assert heard["text"].startswith("Run of corpus/ads failed: xxx")
    assert len(heard["text"]) == MAXIMUM_CHARS


@pytest.mark.parametrize("address", ["{}/broken?token=secret", "http://127.0.0.1:9/?token=secret", "nowhere"])
def test_a_webhook_that_is_away_is_a_line_in_the_log_without_its_address(
    webhook: str, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert not tell(_hooked(address.format(webhook)), subject="s", reason="r")
    assert "did not take it" in caplog.text
    assert "secret" not in caplog.text


def test_without_a_webhook_there_is_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert not tell(_hooked(None), subject="Run failed", reason="no exports")
    assert "Run failed: no exports" in caplog.text


def test_a_mail_says_what_failed_and_where_to_look_but_not_why(asked: pytest.MonkeyPatch) -> None:
    with MailServer(starttls=0, asks_password=False).running() as server:
        assert tell(
            _mailed(asked, server, "127.0.0.1"),
            subject="Run of corpus/ads failed",
            reason="ስልክ 0911 00 00 00",
            url="http://here/runs/1",
            tracking_url="http://there/#/experiments/1/runs/2",
        )
    (text,) = server.mails
    message = _read(text)
    assert message["Subject"] == "adgen_pipeline: Run of corpus/ads failed"
    assert (message["From"], message["To"]) == ("one@example.org", "one@example.org, two@example.org")
    body = message.get_content()
    assert "Dagster: http://here/runs/1" in body
    assert "MLflow: http://there/#/experiments/1/runs/2" in body
    assert "0911" not in text
    assert "ስልክ" not in text


def test_a_subject_of_many_lines_adds_no_header(asked: pytest.MonkeyPatch) -> None:
    with MailServer(starttls=0, asks_password=False).running() as server:
        settings = _mailed(asked, server, "127.0.0.1")
        assert tell(settings, subject="failed\r\nBcc: x@example.org\r\n\r\n.\r\nQUIT", reason="")
    assert server.commands.count("RCPT") == 2
    message = _read(server.mails[0])
    assert message["Bcc"] is None
    assert message["Subject"].endswith("failed Bcc: x@example.org . QUIT")


@pytest.mark.parametrize("is_encrypted", [False, True], ids=["STARTTLS", "from the start"])
def test_password_and_mail_go_encrypted_to_a_server_whose_certificate_is_known(
    asked: pytest.MonkeyPatch, tls: tuple[Path, ssl.SSLContext], is_encrypted: bool
) -> None:
    path, context = tls
    asked.setenv("SSL_CERT_FILE", str(path))
    with MailServer(220 * (not is_encrypted), context, is_encrypted).running(ANYWHERE) as server:
        assert tell(_mailed(asked, server, ANYWHERE), subject="s", reason="r")
    assert {"AUTH", "MAIL", "RCPT", "DATA"} <= set(server.encrypted)
    assert _read(server.mails[0])["From"] == USER, "who logs in is who sends"


@pytest.mark.parametrize(
    ("starttls", "is_known", "words"),
    [
        pytest.param(0, True, "offers no STARTTLS", id="not offered"),
        pytest.param(454, True, "(454)", id="offered and refused"),
        pytest.param(220, False, "SSLCertVerificationError", id="unknown certificate"),
    ],
)
def test_a_server_elsewhere_that_does_not_encrypt_gets_neither_password_nor_mail(
    asked: pytest.MonkeyPatch,
    tls: tuple[Path, ssl.SSLContext],
    caplog: pytest.LogCaptureFixture,
    starttls: int,
    is_known: bool,
    words: str,
) -> None:
    path, context = tls
    if is_known:
        asked.setenv("SSL_CERT_FILE", str(path))
    with MailServer(starttls, context).running(ANYWHERE) as server:
        assert not tell(_mailed(asked, server, ANYWHERE), subject="s", reason="r")
    assert words in caplog.text
    assert not {"AUTH", "MAIL", "DATA"} & set(server.commands)


def test_on_this_machine_starttls_is_used_whatever_the_certificate(
    asked: pytest.MonkeyPatch, tls: tuple[Path, ssl.SSLContext]
) -> None:
    with MailServer(context=tls[1]).running() as server:
        assert tell(_mailed(asked, server, "localhost"), subject="s", reason="r")
    assert "AUTH" in server.encrypted


@pytest.mark.parametrize("password", ["wrong-3141", "ስውር-3141"], ids=["wrong", "not ASCII"])
def test_a_wrong_password_is_shown_nowhere(
    asked: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, password: str
) -> None:
    with MailServer(starttls=0).running() as server:
        settings = _mailed(asked, server, "127.0.0.1", password)
        assert not tell(settings, subject="s", reason="r")
        (finding,) = _mail_findings(settings)
    assert server.mails == []
    assert finding.state == "note"
    shown = f"{caplog.text} {settings!r} {finding}"
    assert "of ADGEN_SMTP_URL" in shown
    assert "3141" not in shown


@pytest.mark.parametrize("host", ["127.0.0.1:9", "no-such-host.invalid", "a..b"])
def test_a_dead_server_is_a_line_in_the_log(
    asked: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, host: str
) -> None:
    asked.setenv("ADGEN_SMTP_URL", f"smtp://u:secret@{host}")
    assert not tell(Settings.from_environment(), subject="s", reason="r")
    assert "did not take it" in caplog.text
    assert "secret" not in caplog.text


def test_a_server_that_says_nothing_is_left_in_time(
    asked: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked.setattr("adgen_pipeline.alerts.SECONDS", 0.3)
    with HTTPServer(("127.0.0.1", 0), _Listener) as silent:
        asked.setenv("ADGEN_SMTP_URL", f"smtp://127.0.0.1:{silent.server_port}")
        started = time.monotonic()
        assert not tell(Settings.from_environment(), subject="s", reason="r")
        assert time.monotonic() - started < 5
    assert "did not take it" in caplog.text


def test_a_refused_address_is_counted_and_the_others_hear(
    asked: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with MailServer(starttls=0, asks_password=False, refused=("two@",)).running() as server:
        assert not tell(_mailed(asked, server, "127.0.0.1"), subject="s", reason="r")
    assert len(server.mails) == 1
    assert "refused 1 of 2 addresses" in caplog.text


def test_one_that_is_away_does_not_keep_the_other_from_hearing(
    asked: pytest.MonkeyPatch, webhook: str
) -> None:
    with MailServer(starttls=0, asks_password=False).running() as server:
        settings = _mailed(asked, server, "127.0.0.1")
        dead = dataclasses.replace(settings, alert_webhook="http://127.0.0.1:9")
        assert not tell(dead, subject="s", reason="r")
        assert len(server.mails) == 1
    assert not tell(dataclasses.replace(settings, alert_webhook=webhook), subject="s", reason="r")
    assert len(HEARD) == 1


def test_doctor_logs_in_and_sends_nothing(asked: pytest.MonkeyPatch) -> None:
    with MailServer(starttls=0).running() as server:
        (finding,) = _mail_findings(_mailed(asked, server, "127.0.0.1"))
    assert finding.state == "good"
    assert "2 addresses" in finding.found
    assert "AUTH" in server.commands
    assert "MAIL" not in server.commands
