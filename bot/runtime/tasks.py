"""Tasks that nobody awaits: a bug that ends one is logged at once."""

from __future__ import annotations

import asyncio
import logging

log = logging.getLogger(__name__)


def has_failed(task: asyncio.Task[None]) -> bool:
    """Whether a bug ended a task."""
    return task.done() and not task.cancelled() and task.exception() is not None


def log_failure(task: asyncio.Task[None]) -> None:
    """Log a bug that ended a task: a callback for when it is done."""
    if has_failed(task):
        log.error("the %s has ended", task.get_name(), exc_info=task.exception())
