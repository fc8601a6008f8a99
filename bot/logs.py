"""Logging for the whole process: one line an event, and no secret in it, not even in a trace."""

from __future__ import annotations

import logging
import sys

from bot.core.redact import redact


class Redacting(logging.Formatter):
    """Formats a record, trace included, and takes secrets out of the result."""

    def format(self, record: logging.LogRecord) -> str:
        """The finished text."""
        return redact(super().format(record))


def configure(level: str) -> None:
    """Log to standard error from `level` on; libraries from warning on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("bot", "commands"):
        logging.getLogger(ours).setLevel(level.upper())
