"""The visible list of everything that the bot offers in Discord."""

from __future__ import annotations

from bot.client import Client
from commands import health, report_controls, runbook, why
from commands.context import Context

COMMANDS = (health, why, runbook)


def register(client: Client, context: Context) -> None:
    """Add every command, button and select to the client."""
    controls = report_controls.Controls(context.health)
    client.add_buttons(controls.drill, controls.export)
    for module in COMMANDS:
        client.tree.add_command(module.command(context, controls))
