"""The terminal's commands about a cluster: the same reports and stories as in Discord."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from bot import log_setup as logs
from bot import settings
from bot.domain.report import Report
from bot.domain.story import Story
from bot.domain.verdict import Verdict
from bot.health.service import Health
from bot.health.views import json
from bot.health.views import terminal as views
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.render import terminal


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
        terminal.write(json.report(report))
    else:
        terminal.show(terminal.console(), views.report(report))
    return report.verdict


def why(code: str, where: Where) -> Verdict:
    """Print the story of one finding."""
    story = asyncio.run(_why(code, where))
    terminal.show(terminal.console(), views.story(story))
    return story.finding.verdict


async def _check(scopes: tuple[str, ...], where: Where) -> Report:
    read = read_settings()
    async with connect(
        kubeconfig=where.kubeconfig or read.kubeconfig, context=where.context or read.context
    ) as api:
        health = Health(ClusterReader(api, secret_inventory=read.secret_inventory))
        return await health.check(scopes, where.namespace)


async def _why(code: str, where: Where) -> Story:
    read = read_settings()
    async with connect(
        kubeconfig=where.kubeconfig or read.kubeconfig, context=where.context or read.context
    ) as api:
        health = Health(ClusterReader(api, secret_inventory=read.secret_inventory))
        return await health.why(code)


def read_settings() -> settings.Settings:
    """The settings, with the log as they want it."""
    read = settings.load()
    logs.configure(read.log_level, read.log_format)
    return read
