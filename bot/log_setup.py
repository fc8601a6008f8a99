"""Logging for the whole process: one line per event, without secrets, even in a stack trace.

It fails closed: a record that cannot be searched for secrets is withheld, and the line says so.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from bot.domain.redaction.redact import HIDDEN, PASSES, names_a_secret

log = logging.getLogger(__name__)

LONGEST = 64 * 1024
"""Characters. A longer line is not searched, because the event loop waits for the search."""

BUDGET = 0.5
"""Seconds of this thread's own time in which a text must be searched."""

WITHHELD = "withheld: it could not be searched for secrets"

CONTROL = {
    code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"  # noqa: PLR2004  # one byte
    for code in (
        *(*range(9), *range(11, 32), *range(127, 160), 0xAD, 0x61C),
        *(*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF),
    )
}
"""Escapes for what a terminal would obey, or not show: control characters but tab and line feed,
line and paragraph separators, marks of direction, and characters without a width.
"""

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""The attributes of every record; all others were passed as `extra`."""


Search = Callable[[str], str]
"""Returns the text without secrets. If it raises, nothing of the text is shown."""


class Unsearched(Exception):
    """A text could not be searched for secrets, so it must not be shown."""


def searched(text: str, passes: Iterable[Callable[[str], str]] = PASSES) -> str:
    """The text without secrets.

    Raises:
        Unsearched: It is too long, or the search took too long.
    """
    if len(text) > LONGEST:
        raise Unsearched(f"{len(text)} characters")
    began = time.thread_time()
    for pass_ in passes:
        text = pass_(text)
        if time.thread_time() - began > BUDGET:
            raise Unsearched("too slow")
    return text


def shown(text: str) -> str:
    """The text without secrets, or a notice that it was withheld. Never raises."""
    try:
        return searched(text)
    except Exception:  # noqa: BLE001  # whatever went wrong, the text is not shown
        return WITHHELD


class _Searching(logging.Formatter):
    """Formats records after a search for secrets."""

    def __init__(self, search: Search = searched) -> None:
        self._search = search
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")


class Text(_Searching):
    """Lines for people. Further lines of one event are indented."""

    def format(self, record: logging.LogRecord) -> str:
        """The finished text."""
        return self._search(super().format(record)).translate(CONTROL).replace("\n", "\n  ")

    def withheld(self, record: logging.LogRecord, why: str) -> str:
        """The line instead of a record that must not be shown."""
        return f"{self.formatTime(record)} {record.levelname} {why}"


class Json(_Searching):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The finished line."""
        search = self._search
        event: dict[str, object] = {
            "logger": search(record.name),
            "message": search(record.getMessage()),
        }
        trace = record.exc_text or (
            self.formatException(record.exc_info) if record.exc_info else ""
        )
        if exception := "\n".join(filter(None, (trace, record.stack_info))):
            event["exception"] = search(exception)
        extra = {name: value for name, value in vars(record).items() if name not in STANDARD}
        if extra:
            event["extra"] = {search(name): self._shown(name, extra[name]) for name in extra}
        return self._line(record, event)

    def withheld(self, record: logging.LogRecord, why: str) -> str:
        """The line instead of a record that must not be shown."""
        return self._line(record, {"logger": __name__, "message": why})

    def _shown(self, name: str, value: object) -> object:
        if names_a_secret(name):
            return HIDDEN
        return value if value is None or isinstance(value, bool | int) else self._search(str(value))

    def _line(self, record: logging.LogRecord, event: Mapping[str, object]) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = {"time": at.replace("+00:00", "Z"), "level": record.levelname}
        return json.dumps({**head, **event})


class Handler(logging.StreamHandler[TextIO]):
    """Writes each record to a stream, or that it was withheld if it could not be searched."""

    def __init__(self, formatter: Text | Json, stream: TextIO | None = None) -> None:
        super().__init__(stream or sys.stderr)
        self.setFormatter(formatter)
        self._lines = formatter

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        try:
            return self._lines.format(record)
        except Exception as error:  # noqa: BLE001  # whatever went wrong, the record is not shown
            why = f"{WITHHELD} ({type(error).__name__}), from {record.pathname}:{record.lineno}"
            return self._lines.withheld(record, why)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  # logging's name
        """Write nothing of a record that failed: logging itself would print all of it."""
        with suppress(Exception):
            self.stream.write(f"{WITHHELD}\n")


def configure(level: str = "warning", form: str = "text") -> None:
    """Log to standard error from `level` on, and from warning on for libraries.

    Warnings and uncaught exceptions, in any thread, become records too.
    """
    root = logging.getLogger()
    root.handlers[:] = [Handler(Json() if form == "json" else Text())]
    root.setLevel(logging.WARNING)
    for package in ("bot", "commands"):
        logging.getLogger(package).setLevel(level.upper())
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def farewell(text: str) -> None:
    """Say why the process ends, or what failed: a plain line, or a record if the log is JSON."""
    handlers = logging.getLogger().handlers
    if any(isinstance(handler.formatter, Json) for handler in handlers):
        log.critical("%s", text)
    else:
        print(f"meshmedic: {shown(text).translate(CONTROL)}", file=sys.stderr)  # noqa: T201  # the terminal is our page


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("nobody caught this", exc_info=(kind, error, trace))


def _uncaught_in_thread(caught: threading.ExceptHookArgs) -> None:
    if caught.exc_value and not isinstance(caught.exc_value, SystemExit):
        _uncaught(caught.exc_type, caught.exc_value, caught.exc_traceback)


def _unraisable(caught: sys.UnraisableHookArgs) -> None:
    message = caught.err_msg or "nobody could catch this"
    trace = (type(caught.exc_value), caught.exc_value, caught.exc_traceback)
    log.error("%s: %r", message, caught.object, exc_info=trace if caught.exc_value else None)  # type: ignore[arg-type]
