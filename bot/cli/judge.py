"""`meshmedic judge`: the verdicts on objects in files, without a cluster."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from bot.cli.parser import EXIT, EXIT_CODES, Parser, add_files, add_output
from bot.domain.finding import Ref
from bot.domain.verdict import Verdict, worst
from bot.errors import InputError
from bot.health import offline
from bot.health.views.terminal import object_verdict
from bot.manifests import reader as manifests
from bot.render import terminal
from bot.render.json_text import indented


def add_arguments(parser: Parser) -> None:
    """The files, and the time to judge at."""
    parser.epilog = EXIT_CODES
    add_files(parser)
    add_output(parser)
    parser.add_argument("--now", help="the time to check at, such as 2026-01-31T12:00:00Z")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the verdicts on the objects in files."""
    # What is piped in comes from a cluster just now; a saved file is as old as it says itself.
    # That a controller fell silent is only told where the time was: a pipe may hold a file.
    timely = arguments.now is not None
    now = _time(arguments.now) if timely else None
    if not timely and "-" in arguments.file:
        now = datetime.now(UTC)
    manifest = manifests.read_all(arguments.file)
    judgements = offline.judge(manifest.objects, now=now, timely=timely, counts=manifest.counts)
    if arguments.output == "json":
        terminal.write(indented(judgements))
    else:
        console = terminal.console()
        for judgement in judgements:
            subject = Ref(judgement.kind or "?", judgement.namespace, judgement.name or "?")
            verdict, reason, message = judgement.verdict, judgement.reason, judgement.message
            terminal.show(console, object_verdict(str(subject), verdict, reason, message))
    for problem in manifest.problems:
        print(f"meshmedic: {problem}", file=sys.stderr)  # noqa: T201  # the terminal is our page
    unread = [Verdict.UNKNOWN] if manifest.problems or not judgements else []
    return EXIT[worst([*(judgement.verdict for judgement in judgements), *unread])]


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"--now {text!r} is not a time: write it as 2026-01-31T12:00:00Z."
        raise InputError(msg) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)
