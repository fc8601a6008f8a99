"""`/health`: the documented health checks."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat.replies import acknowledge, answer
from bot.domain.check import SCOPES
from bot.render import cards as render
from commands.dependencies import Context
from commands.health.controls import Controls

TITLES = {
    "all": "Every documented health check.",
    "pods": "Pods that do not run, are not ready, or crashed lately.",
    "nodes": "Nodes that are not ready, under pressure, silent or cordoned.",
    "flux": "Flux sources, Kustomizations and HelmReleases.",
    "certificates": "Certificates, their requests and issuers.",
    "secrets": "ExternalSecrets, their stores, and Secrets by name.",
    "endpoints": "Services without a ready endpoint.",
    "routes": "IngressRoutes and Ingresses whose references are broken.",
}


def command(context: Context, controls: Controls) -> app_commands.Group:
    """The group, with one subcommand for each scope."""
    group = app_commands.Group(
        name="health", description="What is healthy, what is not, and what was not seen."
    )
    for scope in ("all", *SCOPES):
        group.add_command(_scoped(scope, context, controls))
    return group


def _scoped(
    scope: str, context: Context, controls: Controls
) -> app_commands.Command[Any, ..., None]:
    @app_commands.command(name=scope, description=TITLES[scope])
    @app_commands.describe(namespace="Only this namespace.", private="Show it to you alone.")
    async def ask(
        interaction: discord.Interaction, namespace: str | None = None, private: bool = False
    ) -> None:
        await acknowledge(interaction, private=private)
        report = await context.health.check(() if scope == "all" else (scope,), namespace)
        await answer(interaction, render.report(report, controls.rows(report, scope)))

    @ask.autocomplete("namespace")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = [name for name in context.namespaces() if typed.lower() in name]
        return [app_commands.Choice(name=name, value=name) for name in names[: render.CHOICES]]

    return ask
