"""Opens the cluster for the subcommands that ask one."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import log_setup as logs
from bot.cli import cluster_settings
from bot.cli.cluster_settings import ClusterSettings
from bot.cli.known import read_facts
from bot.cli.progress import ProgressLine
from bot.domain.election import Alone
from bot.domain.record import Store
from bot.health.service import Health
from bot.kube.agent_rounds import AgentRounds
from bot.kube.agents import Agents
from bot.kube.client import Api
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.connect import bot_namespace, connect, own_namespace
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.traefik_reader import TraefikReader
from bot.traefik.word import WordReader

LOG_LEVEL = "MESHMEDIC_LOG_LEVEL"


@dataclass(frozen=True, slots=True)
class ClusterConnection:
    """An open connection to a cluster, with the settings."""

    api: Api
    settings: ClusterSettings
    kubeconfig: Path | None
    context: str | None
    progress: ProgressLine = field(default_factory=ProgressLine)

    @property
    def cluster(self) -> ClusterReader:
        """The objects of this cluster, as the settings allow to read them."""
        return ClusterReader(
            self.api,
            secret_inventory=self.settings.secret_inventory,
            namespaces=self.settings.namespaces,
            traefik=self.settings.traefik_namespaces,
        )

    @property
    def traefik_reader(self) -> TraefikReader:
        """Traefik itself, where the settings say that it runs."""
        return TraefikReader(self.api, self.settings.traefik_namespaces)

    @property
    def store(self) -> Store | None:
        """The bot's state in the cluster; None where nobody said where that is."""
        namespace = self.state_namespace
        return ConfigMapStore(self.api, namespace, Alone()) if namespace else None

    async def health(self) -> Health:
        """The health checks of this cluster, which know what the bot's own know."""
        facts = await read_facts(self.cluster, AgentRounds(Agents(self.api)), self.store)
        return Health(
            self.cluster,
            diagnosed=lambda: facts.diagnosed,
            rounds=lambda: facts.links,
            unknown=lambda: facts.gaps,
            route_checks=lambda: facts.route_checks,
            failing_since=lambda: facts.failing,
            traefik=WordReader(self.cluster, self.traefik_reader, self.traefik_reader).read,
        )

    @property
    def state_namespace(self) -> str:
        """Where the bot keeps its state; empty where it has no such place."""
        return self.settings.state_namespace or own_namespace(self.kubeconfig, self.context)

    @property
    def bot_namespace(self) -> str:
        """Where the bot's own pod is."""
        return bot_namespace(self.kubeconfig, self.context, self.settings.state_namespace)


@asynccontextmanager
async def connected(arguments: argparse.Namespace) -> AsyncIterator[ClusterConnection]:
    """Connect to the cluster of the arguments, else of the settings, and configure the log.

    Raises:
        SettingsError: A setting is wrong.
        ClusterError: No configuration, or one that cannot be used.
    """
    read = cluster_settings.load()
    # What a command could not see is in its answer; the log would only say it a second time.
    level = read.log_level if LOG_LEVEL in os.environ else "error"
    logs.configure(level, read.log_format)
    kubeconfig = arguments.kubeconfig or read.kubeconfig
    context = arguments.context or read.context
    async with connect(kubeconfig=kubeconfig, context=context, once=True) as api:
        progress = ProgressLine()
        progress.begin()
        try:
            yield ClusterConnection(api, read, kubeconfig, context, progress)
        finally:
            progress.end()


def in_event_loop(
    command: Callable[[argparse.Namespace], Coroutine[Any, Any, int]],
) -> Callable[[argparse.Namespace], int]:
    """Run an asynchronous subcommand to its end."""
    return lambda arguments: asyncio.run(command(arguments))
