"""How log lines of a run look on a terminal: time, level where it matters, message; no engine events."""

import logging
import sys

import dagster as dg


@dg.logger({}, description="Short lines on stderr.")
def console(context: dg.InitLoggerContext) -> logging.Logger:
    """A logger that drops the engine's bookkeeping and keeps what assets and library say."""
    del context
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    handler.addFilter(lambda record: record.levelno >= logging.INFO)
    logger = logging.getLogger("adgen_console")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = getattr(record, "dagster_meta", {}).get("orig_message") or record.getMessage()
        level = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        return f"  {self.formatTime(record, '%H:%M:%S')} {level}{message}"
