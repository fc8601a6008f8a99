"""What Discord is told of the commands, and the ids by which buttons and selects are known."""

from __future__ import annotations

from functools import cache

from discord import app_commands

from bot.chat.client import ROLE, Client
from bot.domain.authorization import Role, Roles
from bot.health.service import Health
from bot.runbook.service import load
from commands.registry import definitions
from tests.commands.conftest import make_client
from tests.fakes import FakeCluster
from tests.golden import Pages
from tests.golden.shapes import pretty
from tests.led import Led


@cache
def client() -> Client:
    """The client with every command and button, connected to nothing."""
    cluster = FakeCluster()
    return make_client(Health(cluster), cluster, Roles(), Led())


def _patterns() -> str:
    """The ids of every button and select, as patterns, in the order of their registration."""
    return pretty(sorted(pattern.pattern for pattern in client().custom_ids))


def _roles() -> str:
    """Who may use each command."""
    found = {
        command.qualified_name: Role(command.extras.get(ROLE, Role.VIEWER)).name
        for command in client().tree.walk_commands()
        if isinstance(command, app_commands.Command)
    }
    return pretty(dict(sorted(found.items())))


PAGES: Pages = {
    **{
        f"{command['name']}.json": lambda command=command: pretty(dict(command))
        for command in definitions()
    },
    "custom-ids.json": _patterns,
    "circles.json": _roles,
    "runbook-pages.json": lambda: pretty({page.name: page.title for page in load().pages}),
}
