"""`/health` and `/why`: the documented health checks, and the story of one finding."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from discord import Interaction, app_commands

from bot.chat.controls import CogWithControls, Control
from bot.chat.replies import acknowledge, answer
from bot.domain.check import SCOPES
from bot.domain.report import Report
from bot.health.service import Health
from bot.health.views import discord as health_cards
from bot.health.views import export
from bot.render import cards as render
from commands.autocomplete import Choices, findings, matching
from commands.health import controls

TITLES = {
    "all": "Run the health checks.",
    "pods": "Pods that are not running, not ready, or crashed recently.",
    "nodes": "Nodes that are not ready, under pressure, silent or cordoned.",
    "flux": "Flux sources, Kustomizations and HelmReleases.",
    "certificates": "Certificates, their requests and issuers.",
    "secrets": "ExternalSecrets, their stores, and Secrets by name.",
    "endpoints": "Services without a ready endpoint.",
    "routes": "IngressRoutes, Ingresses and HTTPRoutes whose references are broken.",
    "workloads": "Deployments, StatefulSets, Jobs, volume claims, autoscalers and Namespaces.",
}


class HealthCog(CogWithControls):
    """`/health` with a subcommand for each scope, `/why`, and the controls under a report."""

    health = app_commands.Group(
        name="health",
        description="Check the cluster: what is healthy, what is not, what was not seen.",
    )

    def __init__(self, health: Health, namespaces: Callable[[], tuple[str, ...]]) -> None:
        self._health = health
        self._namespaces = namespaces
        self.controls = {
            controls.FindingSelect: self._tell_story,
            controls.ExportButton: self._export,
        }

    async def _check(
        self, interaction: Interaction, namespace: str | None = None, private: bool = False
    ) -> None:
        """Check the scope that the subcommand is named after.

        Args:
            namespace: Only this namespace.
            private: Only you see the answer.
        """
        scope = interaction.command.name if interaction.command else "all"
        await acknowledge(interaction, private=private)
        report = await self._health.ask(() if scope == "all" else (scope,), namespace)
        await answer(interaction, health_cards.report(report, controls.rows(report, scope)))

    async def _suggest_namespace(self, _interaction: Interaction, typed: str) -> Choices:
        return matching(self._namespaces(), typed)

    for _scope in ("all", *SCOPES):
        _command: app_commands.Command[Any, ..., None] = app_commands.Command(
            name=_scope, description=TITLES[_scope], callback=_check
        )
        _command.autocomplete("namespace")(_suggest_namespace)
        health.add_command(_command)
    del _scope, _command

    @app_commands.command()
    async def why(self, interaction: Interaction, finding: str, private: bool = False) -> None:
        """Explain why something is not healthy.

        Args:
            finding: The finding's code, or part of its name.
            private: Only you see the answer.
        """
        await acknowledge(interaction, private=private)
        await answer(interaction, health_cards.story(await self._health.why(finding)))

    @why.autocomplete("finding")
    async def _suggest_finding(self, _interaction: Interaction, typed: str) -> Choices:
        return findings(self._health.suggestions(typed, render.CHOICES))

    async def _tell_story(self, interaction: Interaction, control: Control) -> None:
        await acknowledge(interaction, private=True)
        report = self._health.remembered(control["number"]) or await self._report(control)
        story = await self._health.story_of(report, control.chosen, "That finding is gone")
        await answer(interaction, health_cards.story(story))

    async def _export(self, interaction: Interaction, control: Control) -> None:
        await acknowledge(interaction, private=True)
        files = await asyncio.to_thread(export.files, await self._report(control))
        await answer(interaction, render.files("The whole report.", files))

    async def _report(self, control: Control) -> Report:
        """The report under which the control stands: remembered, else asked for again."""
        scope = control["scope"]
        return self._health.recall(control["number"]) or await self._health.check(
            () if scope == "all" else (scope,), control["namespace"] or None
        )
