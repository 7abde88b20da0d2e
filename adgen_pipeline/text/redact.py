"""Texts of other people without what identifies or reaches them: for previews in the UI and for logs."""

import regex

from adgen_pipeline.text.patterns import EMAIL, LINK

_MASKED = regex.compile(
    rf"(?P<email>{EMAIL})"
    rf"|(?P<link>{LINK})"
    r"|(?P<handle>@[\p{L}\p{N}_]+)"
    r"|(?P<phone>(?:(?:\+|00)?251|0)(?:[\s./()\-‐-―]{0,3}\d){8,9}|\+(?:[\s./()\-‐-―]{0,3}\d){7,14}"
    r"|\d(?:[.\-]?\d){6,})",
    regex.V1,
)


def redact(text: str) -> str:
    """The text with phones, handles, e-mails and links replaced by [phone], [handle], [email] and [link]."""
    return str(_MASKED.sub(lambda match: f"[{match.lastgroup}]", text))
