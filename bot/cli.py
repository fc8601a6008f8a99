"""The terminal's commands: the same reports and stories as in Discord, and judging files."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console

from bot import judging, logs, manifests, settings
from bot.core.finding import Ref
from bot.core.report import Report
from bot.core.story import Story
from bot.core.verdict import Verdict, worst
from bot.errors import InputError
from bot.health import Health
from bot.kube.connect import connect
from bot.kube.reader import ClusterReader
from bot.render import json, terminal


@dataclass(frozen=True, slots=True)
class Where:
    """Which cluster and namespace are meant; None leaves it to the settings."""

    kubeconfig: Path | None = None
    context: str | None = None
    namespace: str | None = None


def check(scopes: tuple[str, ...], where: Where, *, as_json: bool) -> Verdict:
    """Print a report of the cluster."""
    report = asyncio.run(_check(scopes, where))
    if as_json:
        _write(json.report(report))
    else:
        terminal.show(_console(), terminal.report(report))
    return report.verdict


def why(code: str, where: Where) -> Verdict:
    """Print the story of one finding."""
    story = asyncio.run(_why(code, where))
    terminal.show(_console(), terminal.story(story))
    return story.finding.verdict


def judge(files: Sequence[str], now: str | None, *, as_json: bool) -> Verdict:
    """Print the verdicts on the objects in files."""
    # What is piped in comes from a cluster just now; a saved file is as old as it says itself.
    moment = _moment(now) or (datetime.now(UTC) if "-" in files else None)
    read = manifests.read_all(files)
    judged = judging.judge(read.objects, now=moment)
    if as_json:
        _write(msgspec.json.format(msgspec.json.encode(judged), indent=2) + b"\n")
    else:
        console = _console()
        for each in judged:
            subject = str(Ref(each.kind or "?", each.namespace, each.name or "?"))
            line = terminal.judged(subject, each.verdict, each.reason, each.message)
            terminal.show(console, line)
    for problem in read.problems:
        print(f"meshmedic: {problem}", file=sys.stderr)  # noqa: T201  # the terminal is our page
    unread = [Verdict.UNKNOWN] if read.problems or not judged else []
    return worst([*(each.verdict for each in judged), *unread])


def schema() -> Verdict:
    """Print the JSON Schema of a report."""
    _write(msgspec.json.format(msgspec.json.encode(json.schema()), indent=2) + b"\n")
    return Verdict.HEALTHY


async def _check(scopes: tuple[str, ...], where: Where) -> Report:
    read = _settings()
    async with connect(
        kubeconfig=where.kubeconfig or read.kubeconfig, context=where.context or read.context
    ) as api:
        health = Health(ClusterReader(api, secret_inventory=read.secret_inventory))
        return await health.check(scopes, where.namespace)


async def _why(code: str, where: Where) -> Story:
    read = _settings()
    async with connect(
        kubeconfig=where.kubeconfig or read.kubeconfig, context=where.context or read.context
    ) as api:
        health = Health(ClusterReader(api, secret_inventory=read.secret_inventory))
        return await health.why(code)


def _settings() -> settings.Settings:
    read = settings.load()
    logs.configure(read.log_level)
    return read


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"--now {text!r} is no time: write it as 2026-01-31T12:00:00Z."
        raise InputError(msg) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _console() -> Console:
    return Console(soft_wrap=False, legacy_windows=False)


def _write(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.flush()
