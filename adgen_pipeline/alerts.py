"""Who hears that something failed: a webhook, told in one JSON document.

The document has `text` (which Slack, Mattermost and the like show as it is), `subject`, `url` and `source`. It holds
no words of posts: error messages name files, channels by id, and what to do.
"""

import logging

import httpx

logger = logging.getLogger(__name__)

SECONDS = 10.0
MAXIMUM_CHARS = 2000
SOURCE = "adgen_pipeline"


def tell(webhook: str | None, *, subject: str, reason: str, url: str | None = None) -> bool:
    """Tell the webhook; whether it took it. Without one, or where it is away, a line in the log has to do."""
    logger.warning("%s: %s", subject, reason)
    if webhook is None:
        return False
    text = f"{subject}: {reason}"[:MAXIMUM_CHARS]
    document = {"text": text, "subject": subject, "url": url, "source": SOURCE}
    try:
        httpx.post(webhook, json=document, timeout=SECONDS).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # the address may hold a secret: it is not shown
        logger.warning("The webhook of ADGEN_ALERT_WEBHOOK did not take it (%s)", type(error).__name__)
        return False
    return True
