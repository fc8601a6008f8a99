"""The terminal's commands that need no cluster: judging files, and the schema of a report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.finding import Ref
from bot.domain.verdict import Verdict, worst
from bot.errors import InputError
from bot.health import offline as judging
from bot.health.views import json
from bot.health.views.terminal import judged as judged_line
from bot.manifests import reader as manifests
from bot.render import terminal
from bot.render.json_text import indented


def judge(files: Sequence[str], now: str | None, *, as_json: bool) -> Verdict:
    """Print the verdicts on the objects in files."""
    # What is piped in comes from a cluster just now; a saved file is as old as it says itself.
    # That a controller fell silent is only told where the time was: a pipe may hold a file.
    moment = _moment(now) or (datetime.now(UTC) if "-" in files else None)
    read = manifests.read_all(files)
    judged = judging.judge(read.objects, now=moment, timely=now is not None, counts=read.counts)
    if as_json:
        terminal.write(indented(judged))
    else:
        console = terminal.console()
        for judgement_ in judged:
            subject = str(Ref(judgement_.kind or "?", judgement_.namespace, judgement_.name or "?"))
            line = judged_line(subject, judgement_.verdict, judgement_.reason, judgement_.message)
            terminal.show(console, line)
    for problem in read.problems:
        print(f"meshmedic: {problem}", file=sys.stderr)  # noqa: T201  # the terminal is our page
    unread = [Verdict.UNKNOWN] if read.problems or not judged else []
    return worst([*(judgement.verdict for judgement in judged), *unread])


def schema() -> Verdict:
    """Print the JSON Schema of a report."""
    terminal.write(indented(json.schema()))
    return Verdict.HEALTHY


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"--now {text!r} is no time: write it as 2026-01-31T12:00:00Z."
        raise InputError(msg) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
