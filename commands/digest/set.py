"""`/digest set`: a digest of one's own, or another time for one."""

from __future__ import annotations

from typing import Any

import discord
import msgspec
from discord import app_commands

from bot.chat.client import CIRCLE
from bot.chat.replies import acknowledge, answer
from bot.digest.domain.records import NAME, DigestSchedule
from bot.digest.schedule.slots import following, timetable
from bot.digest.schedule.timetable import NoTime, Timetable
from bot.digest.views.text import VERDICTS
from bot.domain.authorization import Circle
from bot.domain.check import SCOPES
from bot.domain.verdict import Verdict
from bot.errors import InputError
from bot.render import cards as render
from commands.dependencies import Context
from commands.digest.names import suggesting


def command(context: Context) -> app_commands.Command[Any, ..., None]:
    """The command: what is left out stays as it is."""

    @app_commands.command(
        name="set",
        description="Set up a digest, or change one: what is left out stays as it is.",
        extras={CIRCLE: Circle.OPERATOR},
    )
    @app_commands.choices(
        scope=[app_commands.Choice(name=scope_, value=scope_) for scope_ in ("all", *SCOPES)],
        threshold=[app_commands.Choice(name=verdict, value=verdict) for verdict in VERDICTS],
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
    async def ask(
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
        await acknowledge(interaction, private=False)
        digests = context.digests
        known = (await digests.every()).get(name.strip())
        place = channel.id if channel else interaction.channel_id or 0
        each = known or DigestSchedule(
            name=_named(name), channel=place, when=_first(name, time), began=digests.clock()
        )
        given = {
            "channel": channel.id if channel else None,
            "when": _time(time) if time else None,
            "began": digests.clock() if time else None,
            "scopes": () if scope == "all" else (scope,) if scope else None,
            "namespace": namespace.strip() if namespace is not None else None,
            "threshold": Verdict(threshold) if threshold else None,
            "only_changes": only_changes,
            "trends": trends,
        }
        chosen = {key: value for key, value in given.items() if value is not None}
        made = await digests.set_up(msgspec.structs.replace(each, **chosen))
        await answer(interaction, render.note(_said(made, context), raw=True))

    ask.autocomplete("name")(suggesting(context))

    @ask.autocomplete("namespace")
    async def suggest(
        _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = [name for name in context.namespaces() if typed.lower() in name]
        return [app_commands.Choice(name=name, value=name) for name in names[: render.CHOICES]]

    return ask


def _named(name: str) -> str:
    if not NAME.fullmatch(name.strip()):
        raise InputError("A digest's name has small letters, digits and dashes, 31 at most.")
    return name.strip()


def _first(name: str, time: str) -> Timetable:
    if not time:
        raise InputError(f"The digest {name.strip()} is new: give it a time, such as 08:00.")
    return _time(time)


def _time(text: str) -> Timetable:
    found = timetable(text)
    if isinstance(found, NoTime):
        raise InputError(found.why)
    return found


def _said(made: DigestSchedule, context: Context) -> str:
    at = following(made.when, context.digests.zone, context.digests.clock()).at
    when = "It is paused." if made.paused else f"Next: <t:{int(at.timestamp())}:F>."
    names = context.namespaces()
    strange = made.namespace and names and made.namespace not in names
    word = f" There is no namespace {render.code(made.namespace, 63)} now." if strange else ""
    return f"The digest `{made.name}` goes to <#{made.channel}> at `{made.when}`. {when}{word}"
