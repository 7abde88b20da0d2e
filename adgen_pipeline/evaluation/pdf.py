"""A page as PDF, printed by a headless browser where one is installed; elsewhere there is no PDF, and that is all."""

import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

logger = logging.getLogger(__name__)

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
SECONDS = 120.0


def browser() -> str | None:
    """Path of a browser that prints without a display; None where none is installed."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def print_page(page: Path, out: Path) -> bool:
    """Print an HTML file to a PDF file; returns whether it stands there.

    The page is a file of ours without scripts and addresses; the browser gets a profile that is thrown away.
    """
    program = browser()
    if program is None:
        return False
    with tempfile.TemporaryDirectory(prefix="adgen-pdf-") as profile:
        command = [
            program,
            "--headless",
            "--disable-gpu",
            "--disable-dev-shm-usage",  # a container's is small
            "--no-first-run",
            "--no-pdf-header-footer",
            "--host-resolver-rules=MAP * ~NOTFOUND",  # a report needs no network
            f"--user-data-dir={profile}",
            f"--print-to-pdf={out}",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # the sandbox refuses to start as root
            page.resolve().as_uri(),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            logger.warning(
                "%s did not print %s (%s); the report has no PDF", program, page.name, type(error).__name__
            )
            out.unlink(missing_ok=True)
            return False
    return out.is_file() and out.read_bytes().startswith(b"%PDF")
