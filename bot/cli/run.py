"""`meshmedic run`: answer on Discord, about the real cluster."""

from __future__ import annotations

import argparse
import asyncio
import gc
from functools import partial

from bot import log_setup, settings
from bot.app.bootstrap import Bot, BotOptions, build_cluster
from bot.app.serve import serve
from bot.cli.parser import Parser
from bot.errors import SettingsError
from bot.kube.connect import connect


def add_arguments(parser: Parser) -> None:
    """No arguments. Errors are raised: a service logs its traces."""
    parser.set_defaults(command=run, raises=True)


def run(_arguments: argparse.Namespace) -> int:
    """Answer until SIGTERM or SIGINT."""
    read = settings.load()
    log_setup.configure(read.log_level, read.log_format)
    token, guild_id = read.for_discord()
    # What was imported is never garbage: looking through it would hold the event loop up.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    asyncio.run(_serve(read, token, guild_id))
    return 0


async def _serve(read: settings.Settings, token: str, guild_id: int) -> None:
    options = BotOptions(
        read.roles,
        guild_id,
        policy=read.policy,
        digests=read.digests,
        rules=read.alert_rules,
        board=read.board_channel,
        uses=read.uses,
        channels=read.channels,
        probe_image=read.probe_image,
        prober_settings=read.of_prober,
        route_checks=read.checks_of_routes,
        cluster_name=read.cluster_name,
        heartbeat_url=read.heartbeat_url,
        choices=read.choices,
        alert_role=read.alert_role,
        alert_logs=read.alert_logs,
    )
    async with connect(kubeconfig=read.kubeconfig, context=read.context) as api:
        bot = Bot(build_cluster(api, read), options)
        await serve(
            bot,
            partial(_current, token),
            read.http_port,
            read.node_addresses,
            read.metrics_namespaces,
        )


def _current(token: str) -> str:
    """The token as a mounted Secret has it now; the given one where the settings are wrong."""
    try:
        return settings.load().for_discord()[0]
    except SettingsError:
        return token
