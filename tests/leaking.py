"""A process that puts texts wherever it can: `python -m tests.leaking FORM < cases.json`.

Each case is a pair of a way out and a text. Between two cases both streams are flushed.
"""

import asyncio
import gc
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import quote

import aiohttp
import discord
from yarl import URL

from bot import log_setup as logs
from bot import settings

log = logging.getLogger("bot.leaking")


class Response:
    """What discord.py asks of an answer when it makes an error of it."""

    status = 403
    reason = "Forbidden"

    def __init__(self, text: str) -> None:
        self.url = text


class Unprintable:
    """Its text holds the secret, and it fails while it is put into words."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        raise ValueError(self.text)


class Dying:
    """Its end raises."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __del__(self) -> None:
        raise ValueError(self.text)


def fails(error: Exception) -> NoReturn:
    raise error


def in_exception(text: str) -> None:
    try:
        fails(ValueError(text))
    except ValueError:
        log.exception("it failed")


def in_cause(text: str) -> None:
    error = ValueError("outside")
    error.__cause__ = OSError(text)
    log.error("it failed", exc_info=error)


def in_context(text: str) -> None:
    try:
        fails(KeyError(text))
    except KeyError:
        try:
            fails(ValueError("while handling"))
        except ValueError as error:
            log.warning("it failed", exc_info=error)


def in_group(text: str) -> None:
    noted = ValueError("with a note")
    noted.add_note(text)
    log.error("several", exc_info=ExceptionGroup(text, [noted, OSError(text)]))


def in_library_errors(text: str) -> None:
    url = "https://discord.com/api/webhooks/1/" + quote(text, safe="")
    info: Any = aiohttp.RequestInfo(URL("https://discord.com/x"), "GET", {}, URL(url, encoded=True))  # type: ignore[arg-type]
    log.error("aiohttp", exc_info=aiohttp.ClientResponseError(info, (), message=text))
    log.error("discord", exc_info=discord.Forbidden(Response(url), {"message": text}))  # type: ignore[arg-type]


def in_a_task(text: str) -> None:
    async def fails_later() -> None:
        fails(RuntimeError(text))

    async def forgets() -> None:
        task = asyncio.create_task(fails_later(), name=text)
        await asyncio.sleep(0.001)
        del task
        gc.collect()

    asyncio.run(forgets())


def in_a_thread(text: str) -> None:
    thread = threading.Thread(target=fails, args=[RuntimeError(text)], name=text)
    thread.start()
    thread.join()


def in_a_finalizer(text: str) -> None:
    dying = Dying(text)
    del dying


WAYS: dict[str, Callable[[str], None]] = {
    "message": log.info,
    "argument": lambda text: log.info("said %s and %r", text, {"x": [text]}),
    "too many arguments": lambda text: log.info("%s", *[text, text]),
    "too few arguments": lambda text: log.info(text + "%s %s", text),
    "unprintable": lambda text: log.info("%s", Unprintable(text)),
    "unprintable extra": lambda text: log.info("x", extra={"odd": Unprintable(text)}),
    "extra": lambda text: log.info("x", extra={"note": text, "nested": {"deep": [text]}}),
    "extra's name": lambda text: log.info("x", extra={text: 1}),
    "stack": lambda text: log.info("x %s", text, stack_info=True),
    "logger": lambda text: logging.getLogger(text).error("x"),
    "library": lambda text: logging.getLogger("discord.gateway").warning("x %s", text),
    "access": lambda text: logging.getLogger("aiohttp.access").warning("GET /readyz?x=%s", text),
    "warning": lambda text: warnings.warn(text, stacklevel=1),
    "json body": lambda text: log.info("%s", json.dumps({"outer": json.dumps({"x": text})})),
    "huge": lambda text: log.info("%s%s", "x" * 1_000_000, text),
    "exception": in_exception,
    "cause": in_cause,
    "context": in_context,
    "group": in_group,
    "library error": in_library_errors,
    "task": in_a_task,
    "thread": in_a_thread,
    "finalizer": in_a_finalizer,
    "farewell": logs.farewell,
}


def main() -> None:
    """Learn the settings' secrets as the bot does, leak everything, and die of the last text."""
    warnings.simplefilter("always")
    logs.configure("debug", sys.argv[1])
    settings.load()
    text = ""
    for way, text in json.load(sys.stdin):
        WAYS[way](text)
    raise RuntimeError(text)


if __name__ == "__main__":
    main()
