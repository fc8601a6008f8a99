"""`/digest`: what changed since the last one, and which are sent when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import discord
import msgspec
from discord import app_commands
from discord.ext.commands import Cog

from bot.chat.client import CIRCLE, Client
from bot.chat.controls import Control, ControlHandler
from bot.chat.replies import acknowledge, answer
from bot.digest.discord_channel import card
from bot.digest.domain.records import NAME, DigestSchedule
from bot.digest.schedule.runs import following
from bot.digest.schedule.timetable import Timetable, timetable
from bot.digest.service import Digests
from bot.digest.views import discord as discord_digest
from bot.digest.views.text import VERDICTS
from bot.domain.authorization import Circle
from bot.domain.check import SCOPES
from bot.domain.refusal import Refusal
from bot.domain.verdict import Verdict
from bot.errors import InputError, Refused
from bot.health.service import Health
from bot.health.views import discord as health_cards
from bot.render import cards as render
from commands.autocomplete import Choices, matching
from commands.digest.refresh_button import HealthNowButton, rows

OPERATORS_ONLY = (
    "Posting a digest for everybody is for this bot's operators. With dry_run it is shown to you "
    "alone."
)

SHOWN = 20
"""Runs in the history."""


class DigestCog(Cog):
    """`/digest`. Looking is for viewers; what posts or changes a schedule is for operators."""

    digest = app_commands.Group(name="digest", description="What changed, and when it is told.")

    def __init__(
        self, digests: Digests, health: Health, namespaces: Callable[[], tuple[str, ...]]
    ) -> None:
        self._digests = digests
        self._health = health
        self._namespaces = namespaces

    @property
    def controls(self) -> dict[type[Control], ControlHandler]:
        """What answers the button under a digest."""
        return {HealthNowButton: self._show_health}

    async def _suggest_name(self, _interaction: discord.Interaction, typed: str) -> Choices:
        return matching(await self._digests.every(), typed)

    @digest.command(name="now", description="What changed since the last digest.")
    @app_commands.choices(scope=[app_commands.Choice(name=name, value=name) for name in SCOPES])
    @app_commands.describe(
        scope="Only this.",
        name="As this digest would tell it.",
        dry_run="Show it to you alone.",
    )
    @app_commands.autocomplete(name=_suggest_name)
    async def now(
        self,
        interaction: discord.Interaction[Client],
        scope: str = "",
        name: str = "",
        dry_run: bool = False,
    ) -> None:
        """Show a digest: a dry run to the person alone, else to the channel."""
        if not dry_run and not interaction.client.permits(interaction, Circle.OPERATOR):
            raise Refused(OPERATORS_ONLY)
        await acknowledge(interaction, private=dry_run)
        await answer(interaction, card(await self._digests.now(name, scope), rows("")))

    @digest.command(name="list", description="Which digests there are, and when.")
    async def list_digests(self, interaction: discord.Interaction) -> None:
        """List the digests with their latest and next runs."""
        await acknowledge(interaction, private=True)
        digests = self._digests
        book, now = await digests.state(), digests.clock()
        lines = [
            (
                schedule,
                next(reversed(book.turns_of(name)), None),
                following(schedule.when, digests.zone, now),
            )
            for name, schedule in sorted(book.every(digests.defaults).items())
        ]
        await answer(interaction, discord_digest.listed(lines, digests.zone.key))

    @digest.command(
        name="set",
        description="Set up a digest, or change one: what is left out stays as it is.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.choices(
        scope=[app_commands.Choice(name=name, value=name) for name in ("all", *SCOPES)],
        threshold=[app_commands.Choice(name=name, value=name) for name in VERDICTS],
    )
    @app_commands.describe(
        name="Small letters, digits and dashes.",
        time="Such as 08:00, 08:00 mon-fri, 18:00 sun; or as cron: 0 8 1 * *.",
        channel="Where it is posted; this one where nothing is named.",
        scope="What it looks at.",
        namespace="Only this namespace.",
        threshold="The mildest verdict that it tells.",
        only_changes="Where nothing is new, edit the last message in place of a new one.",
        trends="With uptime, time to recovery, flapping and the worst.",
    )
    @app_commands.autocomplete(name=_suggest_name)
    async def set_up(
        self,
        interaction: discord.Interaction,
        name: str,
        time: str = "",
        channel: discord.TextChannel | None = None,
        scope: str = "",
        namespace: str | None = None,
        threshold: str = "",
        only_changes: bool | None = None,
        trends: bool | None = None,
    ) -> None:
        """Set up a digest, or change what is named of one."""
        await acknowledge(interaction, private=False)
        digests, now = self._digests, self._digests.clock()
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
        next_run = following(schedule.when, digests.zone, digests.clock()).at
        text = _confirmation(schedule, next_run, self._namespaces())
        await answer(interaction, render.note(text, raw=True))

    @set_up.autocomplete("namespace")
    async def _suggest_namespace(self, _interaction: discord.Interaction, typed: str) -> Choices:
        return matching(self._namespaces(), typed)

    @digest.command(name="remove", description="Remove a digest.", extras={CIRCLE: Circle.OPERATOR})
    @app_commands.describe(name="Which digest.")
    @app_commands.autocomplete(name=_suggest_name)
    async def remove(self, interaction: discord.Interaction, name: str) -> None:
        """Remove a digest."""
        await acknowledge(interaction, private=False)
        await self._digests.remove(name.strip())
        text = f"The digest {name.strip()} is removed. /digest set with that name brings it back."
        await answer(interaction, render.note(text))

    @digest.command(name="history", description="What was sent, and the trends.")
    async def history(self, interaction: discord.Interaction) -> None:
        """Show the latest runs of all digests, and the trends."""
        await acknowledge(interaction, private=True)
        book = await self._digests.state()
        runs = [(name, run) for name, runs in book.turns.items() for run in runs]
        latest = sorted(runs, key=lambda named: named[1].at, reverse=True)[:SHOWN]
        await answer(
            interaction, discord_digest.history(latest, await self._digests.composer.trends())
        )

    @digest.command(
        name="pause", description="Stop a digest for a while.", extras={CIRCLE: Circle.OPERATOR}
    )
    @app_commands.describe(name="Which digest.")
    @app_commands.autocomplete(name=_suggest_name)
    async def pause(self, interaction: discord.Interaction, name: str) -> None:
        """Pause a digest."""
        await acknowledge(interaction, private=False)
        schedule = await self._digests.pause(name.strip(), paused=True)
        text = f"The digest {schedule.name} is paused: it sends nothing until /digest resume."
        await answer(interaction, render.note(text))

    @digest.command(
        name="resume", description="Let a paused digest go on.", extras={CIRCLE: Circle.OPERATOR}
    )
    @app_commands.describe(name="Which digest.")
    @app_commands.autocomplete(name=_suggest_name)
    async def resume(self, interaction: discord.Interaction, name: str) -> None:
        """Let a paused digest go on."""
        await acknowledge(interaction, private=False)
        schedule = await self._digests.pause(name.strip(), paused=False)
        text = f"The digest {schedule.name} goes on. What it missed meanwhile is not sent."
        await answer(interaction, render.note(text))

    async def _show_health(self, interaction: discord.Interaction, _control: Control) -> None:
        await acknowledge(interaction, private=True)
        await answer(interaction, health_cards.report(await self._health.check()))


def _new_schedule(name: str, time: str, channel: int, now: datetime) -> DigestSchedule:
    """A digest that was not there before.

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
    when = "It is paused." if schedule.paused else f"Next: <t:{int(at.timestamp())}:F>."
    unknown = schedule.namespace and namespaces and schedule.namespace not in namespaces
    hint = f" There is no namespace {render.code(schedule.namespace, 63)} now." if unknown else ""
    place = f"<#{schedule.channel}> at `{schedule.when}`"
    return f"The digest `{schedule.name}` goes to {place}. {when}{hint}"
