"""Who hears that something failed or was refused: a webhook, people by e-mail, or both.

The webhook gets one JSON document: `text` (which Slack, Mattermost and the like show as it is), `subject`, `url`,
`tracking_url` and `source`. It holds no words of posts: error messages name files, channels by id, and what to do. A
mail passes servers of others and stays in mailboxes, so it says even less: what failed, and where to read why.
"""

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import httpx

from adgen_pipeline.errors import ResourceError
from adgen_pipeline.mail_settings import Mail
from adgen_pipeline.settings import Settings

logger = logging.getLogger(__name__)

SECONDS = 10.0
MAXIMUM_CHARS = 2000
MAXIMUM_SUBJECT_CHARS = 200
SOURCE = "adgen_pipeline"


def tell(
    settings: Settings, *, subject: str, reason: str, url: str | None = None, tracking_url: str | None = None
) -> bool:
    """Tell the webhook and the people that the settings name; whether all of them took it.

    Without any, or where they are away, a line in the log has to do: an alert never ends a run.

    Args:
        settings: name the webhook and the mail.
        subject: what failed or was refused, without words of posts.
        reason: why; for the log and the webhook alone.
        url: where Dagster shows it.
        tracking_url: where MLflow shows it.
    """
    logger.warning("%s: %s", subject, reason)
    taken = []
    if settings.alert_webhook is not None:
        text = f"{subject}: {reason}"[:MAXIMUM_CHARS]
        document = {
            "text": text, "subject": subject, "url": url, "tracking_url": tracking_url, "source": SOURCE,
        }  # fmt: skip
        taken.append(_post(settings.alert_webhook, document))
    if settings.mail is not None:
        taken.append(_send(settings.mail, message(settings.mail, subject, url, tracking_url)))
    return bool(taken) and all(taken)


def message(mail: Mail, subject: str, url: str | None, tracking_url: str | None) -> EmailMessage:
    """The mail that says what failed and where to look."""
    written = EmailMessage()
    written["From"] = mail.sender
    written["To"] = ", ".join(mail.recipients)
    written["Subject"] = " ".join(f"{SOURCE}: {subject}".split())[:MAXIMUM_SUBJECT_CHARS]
    written["Date"] = formatdate(localtime=False)
    written["Message-ID"] = make_msgid(domain=mail.sender.partition("@")[2])  # not this machine's name
    written["Auto-Submitted"] = "auto-generated"  # no answers of absence, please
    places = [f"{name}: {place}" for name, place in (("Dagster", url), ("MLflow", tracking_url)) if place]
    where = places or ["Look into the log of the machine that ran it."]
    written.set_content("\n".join([f"{subject}.", "", "Why, and what to do:", *where, ""]))
    return written


@contextmanager
def mail_server(mail: Mail) -> Iterator[smtplib.SMTP]:
    """A connection to the mail server, encrypted and logged in.

    Encrypted from the start (smtps) or by STARTTLS, with a certificate that is verified; a server that does not offer
    it gets neither password nor mail. On this machine itself nobody listens in: there STARTTLS is used where it is
    offered, whatever the certificate.

    Raises:
        ResourceError: the server is away, encrypts not or badly, or refuses the password. The sentence holds neither
            the password nor words of the server, which may repeat it.
    """
    where = f"The mail server {mail.host}:{mail.port} of ADGEN_SMTP_URL"
    context = ssl.create_default_context()
    if mail.is_here:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            smtplib.SMTP_SSL(mail.host, mail.port, timeout=SECONDS, context=context)
            if mail.is_encrypted
            else smtplib.SMTP(mail.host, mail.port, timeout=SECONDS)
        ) as server:
            server.ehlo_or_helo_if_needed()
            if not mail.is_encrypted and (server.has_extn("starttls") or not mail.is_here):
                server.starttls(context=context)
            if mail.user is not None and mail.password is not None:
                server.login(mail.user, mail.password)
            yield server
    except smtplib.SMTPNotSupportedError:
        raise ResourceError(
            f"{where} offers no STARTTLS, or no log-in. Name one that does, or use smtps://; nothing was sent."
        ) from None
    except smtplib.SMTPAuthenticationError as error:
        raise ResourceError(
            f"{where} refuses the log-in of user {mail.user} ({error.smtp_code}). Correct user and password."
        ) from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        code = getattr(error, "smtp_code", None) or type(error).__name__
        raise ResourceError(
            f"{where} did not take it ({code}). Correct the address, or start that server."
        ) from None


def _post(webhook: str, document: dict[str, str | None]) -> bool:
    try:
        httpx.post(webhook, json=document, timeout=SECONDS).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # the address may hold a secret: it is not shown
        logger.warning("The webhook of ADGEN_ALERT_WEBHOOK did not take it (%s)", type(error).__name__)
        return False
    return True


def _send(mail: Mail, written: EmailMessage) -> bool:
    try:
        with mail_server(mail) as server:
            refused = server.send_message(written)
    except ResourceError as error:
        logger.warning("%s", error)
        return False
    if refused:
        logger.warning(
            "The mail server refused %d of %d addresses of ADGEN_ALERT_EMAIL_TO",
            len(refused),
            len(mail.recipients),
        )
    return not refused
