"""`/fix`: from a diagnosis to a repair that somebody approves, and back again."""

from __future__ import annotations

from contextlib import suppress

from discord import Interaction, InteractionMessage, Message, app_commands

from bot.chat.client import APPROVERS, OPERATORS
from bot.chat.controls import CogWithControls, Control
from bot.chat.replies import acknowledge, answer, follow
from bot.errors import MeshmedicError
from bot.net.diagnosis.service import Diagnose
from bot.remediation.change.approval import Click
from bot.remediation.change.change import Change, ChangeCard
from bot.remediation.change.plan import Method
from bot.remediation.change.states import MOVES, ChangeState
from bot.remediation.planning.refusals import PlanRefusal
from bot.remediation.service import ChangeRefusal, Proposal, RemediationService
from bot.remediation.views import discord as discord_change
from bot.remediation.views.text import METHODS
from bot.render import cards as render
from commands.autocomplete import Choices, matching, short, suggestions
from commands.fix import controls
from commands.fix.repair_controls import RepairButton, RepairSelect
from commands.progress import Progress


class FixCog(CogWithControls):
    """`/fix`. Proposing makes pods, so it is for operators; deciding is for approvers."""

    fix = app_commands.Group(name="fix", description="Fix a route once an approver agrees.")

    def __init__(self, remediation: RemediationService, diagnose: Diagnose) -> None:
        self._remediation = remediation
        self._diagnose = diagnose
        self.controls = {
            controls.ChangeButton: self._press,
            controls.MethodButton: self._choose,
            RepairButton: self._repair,
            RepairSelect: self._repair_chosen,
        }

    async def _suggest_route(self, _interaction: Interaction, typed: str) -> Choices:
        """Suggest live routes, from memory; a Service cannot be repaired."""
        names = await self._diagnose.suggestions(typed, render.CHOICES)
        return suggestions(short(name) for name in names if not name.startswith("service/"))

    @fix.command(name="list", extras=OPERATORS)
    @app_commands.autocomplete(route=_suggest_route)
    async def list_methods(
        self, interaction: Interaction, route: str, private: bool = False
    ) -> None:
        """Diagnose a route and list the fixes that the evidence supports.

        Args:
            route: A route, or its host.
            private: Only you see the answer.
        """
        await acknowledge(interaction, private=private)
        async with Progress(interaction, route) as progress:
            offers = await self._remediation.offers(route, progress.note, private=private)
        methods = [plan.way for plan in offers.plans]
        rows = [] if private else controls.method_rows(route, methods)
        await answer(interaction, discord_change.offers(route, offers, rows))

    @fix.command(extras=OPERATORS)
    @app_commands.choices(
        way=[app_commands.Choice(name=label, value=str(way)) for way, label in METHODS.items()]
    )
    @app_commands.autocomplete(route=_suggest_route)
    async def route(self, interaction: Interaction, route: str, way: str | None = None) -> None:
        """Diagnose a route and propose the smallest fix that the evidence supports.

        Args:
            route: A route, or its host.
            way: How. Default: the smallest change that helps.
        """
        await self._propose(interaction, route, Method(way) if way else None)

    @fix.command()
    async def status(self, interaction: Interaction, change: str | None = None) -> None:
        """Show open and temporary changes.

        Args:
            change: One change, by its name.
        """
        await acknowledge(interaction, private=False)
        now = self._remediation.clock()
        if change:
            shown = await self._remediation.show(change)
            await answer(interaction, discord_change.change(shown, controls.rows(shown), now))
            return
        unfinished = [
            change
            for change in await self._remediation.every()
            if (MOVES[change.state] and change.state is not ChangeState.DONE) or change.returns_at
        ]
        await answer(interaction, discord_change.listed("Open fixes", unfinished))

    @status.autocomplete("change")
    async def _suggest_change(self, _interaction: Interaction, typed: str) -> Choices:
        return matching([change.name for change in await self._remediation.every()], typed)

    @fix.command()
    async def history(self, interaction: Interaction, private: bool = False) -> None:
        """Show past changes: who asked, who approved, how they ended.

        Args:
            private: Only you see the answer.
        """
        await acknowledge(interaction, private=private)
        changes = await self._remediation.every()
        await answer(interaction, discord_change.listed("Fixes so far", changes))

    @fix.command(extras=APPROVERS)
    async def rollback(self, interaction: Interaction, change: str) -> None:
        """Roll a change back, unless someone changed its objects since.

        Args:
            change: Which one, by its name.
        """
        await self._roll_back(interaction, change)

    @rollback.autocomplete("change")
    async def _suggest_finished(self, _interaction: Interaction, typed: str) -> Choices:
        now = self._remediation.clock()
        changes = await self._remediation.every()
        return matching([change.name for change in changes if not change.undoable(now)], typed)

    async def _choose(self, interaction: Interaction, control: Control) -> None:
        await self._propose(interaction, control["asked"], Method(control["way"]))

    async def _repair(self, interaction: Interaction, control: Control) -> None:
        await self._propose(interaction, control["asked"], None)

    async def _repair_chosen(self, interaction: Interaction, control: Control) -> None:
        await self._propose(interaction, control.chosen, None)

    async def _propose(self, interaction: Interaction, route: str, method: Method | None) -> None:
        await acknowledge(interaction, private=False)
        click = self._click(interaction)
        async with Progress(interaction, route) as progress:
            proposal = await self._remediation.propose(
                route, method, str(click.user), progress.note, roles=click.roles
            )
        if isinstance(proposal, PlanRefusal):
            await answer(interaction, discord_change.refusal(route, proposal))
            return
        await answer(interaction, self._card(proposal))
        await self._remember(proposal, await interaction.original_response())

    async def _press(self, interaction: Interaction, control: Control) -> None:
        """Do what a button of a change says, by its present state and the person's roles."""
        verb, name = control["verb"], control["name"]
        if verb == "rollback":
            await self._roll_back(interaction, name)
        elif verb == "details":
            await acknowledge(interaction, private=True)
            await answer(interaction, discord_change.details(await self._remediation.show(name)))
        else:
            await self._decide(interaction, name, approve=verb == "approve")

    async def _decide(self, interaction: Interaction, name: str, *, approve: bool) -> None:
        await acknowledge(interaction, private=True)
        async with Progress(interaction, name) as progress:
            outcome = await self._remediation.decide(
                name, self._click(interaction), approve=approve, progress=progress.note
            )
        approved = "Approved, progress above."
        text = approved if approve else "Rejected. Nothing was changed."
        await self._confirm(interaction, outcome, text)

    async def _roll_back(self, interaction: Interaction, name: str) -> None:
        await acknowledge(interaction, private=True)
        outcome = await self._remediation.roll_back(name, self._click(interaction))
        text = "Rolling back, progress above."
        await self._confirm(interaction, outcome, text)

    async def _confirm(
        self, interaction: Interaction, outcome: Change | ChangeRefusal, text: str
    ) -> None:
        """Answer with a text, or say why not and show the plan that replaces the refused one."""
        if isinstance(outcome, Change):
            await answer(interaction, render.note(text))
            return
        await answer(interaction, render.note(outcome.detail))
        if outcome.instead:
            # For everybody: an answer to one person alone could not be kept up to date.
            message = await follow(interaction, self._card(outcome.instead), private=False)
            await self._remember(outcome.instead, message)

    def _click(self, interaction: Interaction) -> Click:
        """The person, with their present roles."""
        roles = frozenset(role.id for role in getattr(interaction.user, "roles", ()))
        return Click(interaction.user.id, roles, self._remediation.clock())

    def _card(self, proposal: Proposal) -> render.Card:
        rows = controls.rows(proposal.change, proposal.offers)
        return discord_change.change(proposal.change, rows, self._remediation.clock())

    async def _remember(self, proposal: Proposal, message: Message | InteractionMessage) -> None:
        """Store where the card is, so that it is kept up to date."""
        with suppress(MeshmedicError):
            place = ChangeCard(message.channel.id, message.id)
            await self._remediation.shown_in(proposal.change.name, place)
