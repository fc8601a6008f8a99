"""`/fix`: from a diagnosis to a repair that somebody approves, and back again."""

from __future__ import annotations

from discord import app_commands

from commands.dependencies import Context
from commands.fix import history, status
from commands.fix import list as listing
from commands.fix import rollback as rolling_back
from commands.fix import route as proposing
from commands.health.controls import Controls


def command(context: Context, controls: Controls) -> app_commands.Group:
    """The group. Proposing makes pods, so it is for operators; deciding is for approvers."""
    group = app_commands.Group(name="fix", description="Repair a route, after somebody approves.")
    for module in (listing, proposing, status, history, rolling_back):
        group.add_command(module.command(context, controls.fix))
    return group
