"""`/digest`: what changed since the last one, and which are sent when."""

from __future__ import annotations

from discord import app_commands

from commands.dependencies import Context
from commands.digest import history, now, pause, remove
from commands.digest import list as listing
from commands.digest import set as set_up
from commands.health.controls import Controls


def command(context: Context, _controls: Controls) -> app_commands.Group:
    """The group. Looking is for viewers; what posts or changes a schedule is for operators."""
    group = app_commands.Group(name="digest", description="What changed, and when it is told.")
    for module in (now, listing, set_up, remove, history):
        group.add_command(module.command(context))
    for paused in (True, False):
        group.add_command(pause.command(context, paused=paused))
    return group
