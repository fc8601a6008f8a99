"""The visible list of everything that the bot offers in Discord."""

from __future__ import annotations

from typing import Any, TypeAlias

from discord import app_commands

from bot.chat.client import Client
from commands import doctor, runbook, traefik
from commands.alerts import ack, mute, unmute
from commands.alerts import controls as alert_controls
from commands.dependencies import Context
from commands.digest import group as digest
from commands.fix import decisions as deciding
from commands.fix import group as fix
from commands.fix.announcements import Announcer
from commands.health import command as health
from commands.health import controls as report_controls
from commands.health import why
from commands.net import group as net

Command: TypeAlias = app_commands.Command[Any, ..., Any] | app_commands.Group

COMMANDS = (
    health,
    why,
    digest,
    net,
    traefik,
    fix,
    runbook,
    doctor,
    mute,
    ack,
    unmute,
)


def register(client: Client, context: Context) -> None:
    """Add every command, button and select to the client."""
    controls = report_controls.Controls(context.health)
    client.add_buttons(controls.drill, controls.export, controls.again.button, context.health_now)
    client.add_buttons(controls.fix.act, controls.fix.way)
    deciding.bind(context, controls.fix)
    announcer = Announcer(client, context.remediation, controls.fix, context.audit_channel)
    context.notifier.listeners.append(announcer.tell)
    client.add_buttons(alert_controls.button(context.silences))
    for command in _made(context, controls):
        client.tree.add_command(command)


def commands(context: Context) -> tuple[Command, ...]:
    """Every command, to know what would be registered."""
    return _made(context, report_controls.Controls(context.health))


def _made(context: Context, controls: report_controls.Controls) -> tuple[Command, ...]:
    return tuple(module.command(context, controls) for module in COMMANDS)
