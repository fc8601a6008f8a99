"""`/net`: where a route breaks, and what gets from node to node, one request, tools."""

from __future__ import annotations

from discord import app_commands

from commands.dependencies import Context
from commands.health.controls import Controls
from commands.net import diagnose, matrix, test, tool


def command(context: Context, controls: Controls) -> app_commands.Group:
    """The group; its commands make pods, so they are for operators."""
    group = app_commands.Group(name="net", description="Test the network between the nodes.")
    for module in (diagnose, matrix, test, tool):
        group.add_command(module.command(context, controls.again))
    return group
