"""Through which server alerts are mailed, and to whom: the part of the settings that is more than a line."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from adgen_pipeline.errors import SettingsError


@dataclass(frozen=True)
class Mail:
    """Through which server alerts go, to whom and from whom.

    Attributes:
        host, port: of the server.
        is_encrypted: from the first byte (smtps); else the server has to offer STARTTLS, unless it is here.
        user, password: what the server lets in; None: it asks nobody.
        sender: address that the mails come from.
        recipients: addresses that hear of failures, at least one.
    """

    host: str
    port: int
    is_encrypted: bool
    user: str | None
    password: str | None = field(repr=False)
    sender: str
    recipients: tuple[str, ...]

    @property
    def is_here(self) -> bool:
        """Whether the server is this machine, so that nothing leaves it on the way there."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def mail_of(environment: Mapping[str, str]) -> Mail | None:
    """Where alerts are mailed; None where nobody asks for it. Server and receivers are named together or not at all.

    Raises:
        SettingsError: a variable does not mean anything, or stands alone.
    """
    url = environment.get("ADGEN_SMTP_URL") or None
    recipients = tuple(filter(None, re.split(r"[,\s]+", environment.get("ADGEN_ALERT_EMAIL_TO", ""))))
    if url is None and not recipients:
        return None
    if url is None or not recipients:
        named, missing = ("ADGEN_ALERT_EMAIL_TO", "ADGEN_SMTP_URL")[:: 1 if url is None else -1]
        raise SettingsError(f"{named} is set and {missing} is not. For alerts by e-mail set both.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    is_named = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname)
    is_halved = bool(parts.username) != bool(parts.password)
    if not is_named or is_halved or parts.path.strip("/") or parts.query or parts.fragment:
        # the address may hold a password: it is not shown
        raise SettingsError(
            "ADGEN_SMTP_URL is no address of a mail server. Write smtp://USER:PASSWORD@HOST:587 or "
            "smtps://USER:PASSWORD@HOST:465, with signs such as @ and / in the password as %40 and %2F."
        )
    is_encrypted = parts.scheme == "smtps"
    user = unquote(parts.username) if parts.username else None
    sender = environment.get("ADGEN_ALERT_EMAIL_FROM") or (
        user if _is_mail_address(user or "") else recipients[0]
    )
    for name, address in [("FROM", sender), *(("TO", address) for address in recipients)]:
        if not _is_mail_address(address or ""):
            raise SettingsError(
                f"ADGEN_ALERT_EMAIL_{name}: {address!r} is no e-mail address. Write name@example.org, "
                "several with commas."
            )
    return Mail(
        host=parts.hostname or "",
        port=port or (465 if is_encrypted else 587),
        is_encrypted=is_encrypted,
        user=user,
        password=unquote(parts.password) if parts.password else None,
        sender=sender or recipients[0],
        recipients=recipients,
    )


def _is_mail_address(text: str) -> bool:
    return text.isascii() and re.fullmatch(r"[\w.+=-]+@[\w-]+(\.[\w-]+)*", text) is not None
