"""`/digest`: what changed since the last one, and which are sent when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from discord import Interaction, TextChannel, app_commands

from bot.chat.client import OPERATORS, Client
from bot.chat.controls import CogWithControls, Control
from bot.chat.replies import acknowledge, answer
from bot.digest.discord_channel import card
from bot.digest.domain.records import NAME, DigestSchedule
from bot.digest.domain.schedule import Timetable, following, timetable
from bot.digest.service import Digests
from bot.digest.views import discord as discord_digest
from bot.digest.views.text import VERDICTS
from bot.domain import principal
from bot.domain.authorization import Role, required
from bot.domain.check import SCOPES
from bot.domain.refusal import Refusal
from bot.domain.typed import unknown
from bot.domain.verdict import Verdict
from bot.errors import InputError, Refused
from bot.health.service import Health
from bot.health.views import discord as health_cards
from bot.render import cards as render
from bot.render import text as words
from commands.autocomplete import Choices, matching, suggestions
from commands.digest.refresh_button import HealthNowButton, rows

OPERATORS_ONLY = f"{required(Role.OPERATOR)} With `dry_run` only you see the digest."

HINT = 600
"""Characters of what is said of a namespace that is not there."""

SHOWN = 20
"""Runs that the history shows."""


class DigestCog(CogWithControls):
    """`/digest`. Looking is for viewers; what posts or changes a schedule is for operators."""

    digest = app_commands.Group(name="digest", description="Scheduled summaries.")

    def __init__(
        self, digests: Digests, health: Health, namespaces: Callable[[], tuple[str, ...]]
    ) -> None:
        self._digests = digests
        self._health = health
        self._namespaces = namespaces
        self.controls = {HealthNowButton: self._show_health}

    async def _suggest_name(self, _interaction: Interaction, typed: str) -> Choices:
        return matching(await self._digests.every(), typed)

    @digest.command()
    @app_commands.choices(scope=suggestions(SCOPES))
    @app_commands.autocomplete(name=_suggest_name)
    async def now(
        self,
        interaction: Interaction[Client],
        scope: str = "",
        name: str = "",
        dry_run: bool = False,
    ) -> None:
        """Post a digest now: what changed since the last one.

        Args:
            scope: Only these checks.
            name: The digest to post, with its settings.
            dry_run: Show only you what it would say.
        """
        if not dry_run and not interaction.client.permits(interaction, Role.OPERATOR):
            raise Refused(OPERATORS_ONLY)
        await acknowledge(interaction, private=dry_run)
        message = await self._digests.now(name, scope)
        if not dry_run:
            await principal.authorize(Role.OPERATOR)
        await answer(interaction, card(message, rows()))

    @digest.command(name="list")
    async def list_digests(self, interaction: Interaction) -> None:
        """List the digests and their times."""
        await acknowledge(interaction, private=True)
        digests = self._digests
        book, now = await digests.state(), digests.composer.clock()
        lines = [
            (
                schedule,
                next(reversed(book.runs_of(name)), None),
                following(schedule.when, digests.composer.zone, now),
            )
            for name, schedule in sorted(book.every(digests.defaults).items())
        ]
        await answer(interaction, discord_digest.listed(lines, digests.composer.zone.key))

    @digest.command(name="set", extras=OPERATORS)
    @app_commands.choices(
        scope=suggestions(("all", *SCOPES)),
        threshold=suggestions(VERDICTS),
    )
    @app_commands.autocomplete(name=_suggest_name)
    async def set_up(
        self,
        interaction: Interaction,
        name: str,
        time: str = "",
        channel: TextChannel | None = None,
        scope: str = "",
        namespace: str | None = None,
        threshold: str = "",
        only_changes: bool | None = None,
        trends: bool | None = None,
    ) -> None:
        """Set up a digest or change one. Options that you leave out stay unchanged.

        Args:
            name: Lowercase letters, digits and hyphens.
            time: For example 08:00, 08:00 mon-fri, 18:00 sun, or cron: 0 8 1 * *.
            channel: Where to post it. Default: this channel.
            scope: Which checks it runs.
            namespace: Only this namespace.
            threshold: The mildest verdict that it reports.
            only_changes: Edit the last message instead of posting a new one when nothing changed.
            trends: Add hours without a fault, time to recovery, flapping and the worst problems.
        """
        await acknowledge(interaction, private=False)
        digests, now = self._digests, self._digests.composer.clock()
        schedule = (await digests.every()).get(name.strip())
        if schedule is None:
            place = channel.id if channel else interaction.channel_id or 0
            schedule = _new_schedule(name, time, place, now)
        options = {
            "channel": channel.id if channel else None,
            "when": _timetable(time) if time else None,
            "began": now if time else None,
            "scopes": () if scope == "all" else (scope,) if scope else None,
            "namespace": namespace.strip() if namespace is not None else None,
            "threshold": Verdict(threshold) if threshold else None,
            "only_changes": only_changes,
            "trends": trends,
        }
        changes = {key: value for key, value in options.items() if value is not None}
        schedule = await digests.set_up(msgspec.structs.replace(schedule, **changes))
        next_run = following(schedule.when, digests.composer.zone, digests.composer.clock()).at
        text = _confirmation(schedule, next_run, self._namespaces())
        await answer(interaction, render.note(text, raw=True))

    @set_up.autocomplete("namespace")
    async def _suggest_namespace(self, _interaction: Interaction, typed: str) -> Choices:
        return matching(self._namespaces(), typed)

    @digest.command(extras=OPERATORS)
    @app_commands.autocomplete(name=_suggest_name)
    async def remove(self, interaction: Interaction, name: str) -> None:
        """Remove a digest.

        Args:
            name: Which digest.
        """
        await acknowledge(interaction, private=False)
        await self._digests.remove(name.strip())
        text = f"The digest {name.strip()} is removed. /digest set with that name brings it back."
        await answer(interaction, render.note(text))

    @digest.command()
    async def history(self, interaction: Interaction) -> None:
        """Show what was sent, and the trends."""
        await acknowledge(interaction, private=True)
        book = await self._digests.state()
        runs = [(name, run) for name, runs in book.turns.items() for run in runs]
        latest = sorted(runs, key=lambda named: named[1].at, reverse=True)[:SHOWN]
        await answer(
            interaction, discord_digest.history(latest, await self._digests.composer.trends())
        )

    @digest.command(extras=OPERATORS)
    @app_commands.autocomplete(name=_suggest_name)
    async def pause(self, interaction: Interaction, name: str) -> None:
        """Pause a digest.

        Args:
            name: Which digest.
        """
        await acknowledge(interaction, private=False)
        schedule = await self._digests.pause(name.strip(), paused=True)
        text = f"The digest {schedule.name} is paused: it sends nothing until /digest resume."
        await answer(interaction, render.note(text))

    @digest.command(extras=OPERATORS)
    @app_commands.autocomplete(name=_suggest_name)
    async def resume(self, interaction: Interaction, name: str) -> None:
        """Resume a paused digest.

        Args:
            name: Which digest.
        """
        await acknowledge(interaction, private=False)
        schedule = await self._digests.pause(name.strip(), paused=False)
        text = f"The digest {schedule.name} is resumed. What it missed is not sent."
        await answer(interaction, render.note(text))

    async def _show_health(self, interaction: Interaction, _control: Control) -> None:
        await acknowledge(interaction, private=True)
        await answer(interaction, health_cards.report(await self._health.check()))


def _new_schedule(name: str, time: str, channel: int, now: datetime) -> DigestSchedule:
    """The schedule of a new digest.

    Raises:
        InputError: The name is not allowed, or there is no time that can be read.
    """
    if not NAME.fullmatch(name.strip()):
        raise InputError("A digest's name has small letters, digits and dashes, 31 at most.")
    if not time:
        raise InputError(f"The digest {name.strip()} is new: give it a time, such as 08:00.")
    return DigestSchedule(name=name.strip(), channel=channel, when=_timetable(time), began=now)


def _timetable(text: str) -> Timetable:
    when = timetable(text)
    if isinstance(when, Refusal):
        raise InputError(when.detail)
    return when


def _confirmation(schedule: DigestSchedule, at: datetime, namespaces: tuple[str, ...]) -> str:
    when = "It is paused." if schedule.paused else f"Next: {render.stamp(at, 'F')}."
    missing = schedule.namespace and namespaces and schedule.namespace not in namespaces
    now = unknown("namespace", schedule.namespace or "", namespaces) if missing else ""
    hint = f" {render.prose(words.line(now, HINT))}" if now else ""
    place = f"<#{schedule.channel}> at `{schedule.when}`"
    return f"The digest `{schedule.name}` goes to {place}. {when}{hint}"
