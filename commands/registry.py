"""The visible list of everything that the bot offers in Discord."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext.commands import Cog

from bot.chat.client import Client
from bot.chat.controls import CogWithControls
from bot.doctor.discord_facts import payload
from bot.doctor.domain.facts import Commands
from commands.alerts.cog import AlertsCog
from commands.digest.cog import DigestCog
from commands.doctor import DoctorCog
from commands.fix.cog import FixCog
from commands.health.cog import HealthCog
from commands.help import HelpCog
from commands.net.cog import NetCog
from commands.runbook import RunbookCog
from commands.setup.cog import SetupCog
from commands.sites import SitesCog
from commands.traefik import TraefikCog

COGS = (
    HealthCog,
    SitesCog,
    DigestCog,
    NetCog,
    TraefikCog,
    FixCog,
    RunbookCog,
    DoctorCog,
    AlertsCog,
    HelpCog,
    SetupCog,
)


def definitions() -> Commands:
    """The commands that this version registers, by their classes alone: no services are needed."""
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    for cog in COGS:
        for command in cog.__cog_app_commands__:
            tree.add_command(command)
    return payload(tree)


def register(client: Client, *cogs: Cog) -> None:
    """Add the commands and controls of one cog of each class to the client."""
    by_class = {type(cog): cog for cog in cogs}
    for cog in (by_class[kind] for kind in COGS):
        for command in cog.get_app_commands():
            client.tree.add_command(command)
        if isinstance(cog, CogWithControls):
            client.add_controls(cog.controls)
