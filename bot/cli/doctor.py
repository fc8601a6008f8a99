"""The terminal's commands about the set-up: `meshmedic doctor` and `meshmedic invite`."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import discord

from bot import log_setup as logs
from bot import settings
from bot.app.gitops import configured
from bot.digest.domain.config import DigestPlan
from bot.digest.domain.facts import DigestFacts
from bot.digest.domain.records import DIGESTS, DigestState
from bot.doctor.discord_facts import FromTerminal
from bot.doctor.domain.examination import Area, CheckUp, Examination, Outcome
from bot.doctor.domain.facts import ClusterFacts, Right, Setup
from bot.doctor.domain.permissions import Permission, needed
from bot.doctor.service import Doctor, DoctorCluster
from bot.doctor.views import terminal as terminal_check_up
from bot.domain.election import Alone
from bot.domain.refusal import NotObserved
from bot.errors import ClusterError, InputError, SettingsError
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.connect import connect, own_namespace
from bot.kube.doctor_facts import AccessReader
from bot.render import terminal
from commands import registry

SCOPES = ("bot", "applications.commands")


def doctor(kubeconfig: Path | None, context: str | None) -> Outcome:
    """Print what is set up wrongly, and how to fix it."""
    check_up = asyncio.run(_examine(kubeconfig, context))
    terminal.show(terminal.console(), terminal_check_up.check_up(check_up))
    return check_up.outcome


def invite(application_id: str | None) -> None:
    """Print the link that brings the bot into the server, and why each permission is in it.

    Raises:
        SettingsError: Neither a token nor an id tells which application it is.
        InputError: The id is none.
    """
    read = settings.load()
    token = read.discord_token.get_secret_value().strip() if read.discord_token else None
    wanted = needed(read.uses)
    lines = [link(_application(application_id, token), read.guild_id, wanted), ""]
    width = 2 + max(len(permission.title) for permission in wanted)
    lines += [f"{permission.title:<{width}}{permission.feature}" for permission in wanted]
    if read.guild_id is None:
        lines += ["", "MESHMEDIC_GUILD_ID is not set, so the page asks which server is meant."]
    terminal.write("\n".join([*lines, ""]).encode())


def link(application_id: int, guild_id: int | None, needs: Sequence[Permission]) -> str:
    """The address of Discord's page that asks to let the bot in, with what it needs and no more."""
    wanted = discord.Permissions(**{permission.flag: True for permission in needs})
    if guild_id is None:
        return discord.utils.oauth_url(application_id, permissions=wanted, scopes=SCOPES)
    return discord.utils.oauth_url(
        application_id,
        permissions=wanted,
        scopes=SCOPES,
        guild=discord.Object(guild_id),
        disable_guild_select=True,
    )


def _application(given: str | None, token: str | None) -> int:
    """The id, by the token's first part, which is the id in base64. No network is needed."""
    if given is not None:
        if not settings.SNOWFLAKE.fullmatch(given):
            msg = f"{given!r} is no application id: it is a number of 17 to 20 digits."
            raise InputError(msg)
        return int(given)
    if token is None:
        msg = "MESHMEDIC_DISCORD_TOKEN is not set. Set it, or name the bot with --application-id."
        raise SettingsError(msg)
    first = token.partition(".")[0]
    try:
        decoded = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except ValueError:
        decoded = ""
    if not settings.SNOWFLAKE.fullmatch(decoded):
        msg = (
            "MESHMEDIC_DISCORD_TOKEN does not look like a bot's token. Copy it again from the "
            "developer portal, or name the bot with --application-id."
        )
        raise SettingsError(msg)
    return int(decoded)


async def _examine(kubeconfig: Path | None, context: str | None) -> CheckUp:
    try:
        read = settings.load()
    except SettingsError as error:
        fix = "Set it right; nothing else was examined."
        wrong = Examination(Area.SETTINGS, "settings", Outcome.FAILED, str(error), fix)
        return CheckUp((wrong,))
    logs.configure("error")
    # What the library says while it tries again stands in the answer, where it matters.
    logging.getLogger("discord").setLevel(logging.ERROR)
    token = read.discord_token.get_secret_value().strip() if read.discord_token else None
    kubeconfig, context = kubeconfig or read.kubeconfig, context or read.context
    async with AsyncExitStack() as stack:
        where = connect(kubeconfig=kubeconfig, context=context)
        place = read.state_namespace
        state: ConfigMapStore | ClusterError | None = None
        try:
            place = place or own_namespace(kubeconfig, context)
            api = await stack.enter_async_context(where)
            cluster: DoctorCluster = AccessReader(api)
            state = ConfigMapStore(api, place, Alone()) if place else None
        except ClusterError as error:
            cluster, state = _NoCluster(error), error
        setup = Setup(
            guild_id=read.guild_id,
            circles=read.circles,
            commands=registry.definitions(),
            namespaces=read.namespaces,
            secret_inventory=read.secret_inventory,
            state_namespace=place,
            uses=read.uses,
        )
        kept = partial(_kept, state, read.digests)
        git = configured(read, _NoCluster(ClusterError("No cluster is asked.")))
        checked = Doctor(FromTerminal(token), cluster, setup, kept, repository=git)
        return await checked.examine()


async def _kept(state: ConfigMapStore | ClusterError | None, plan: DigestPlan) -> DigestFacts:
    """What the bot keeps of its digests; a process that is alone keeps nothing."""
    book: DigestState | NotObserved = (
        NotObserved(str(state)) if isinstance(state, ClusterError) else DigestState()
    )
    if isinstance(state, ConfigMapStore):
        try:
            book = await state.read(DIGESTS) or DigestState()
        except ClusterError as error:
            book = NotObserved(str(error))
    return DigestFacts(book, plan.schedules(), plan.zone, datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class _NoCluster:
    """A cluster to which no configuration leads."""

    error: ClusterError

    async def look(self, rights: tuple[Right, ...], *, lease_in: str = "") -> ClusterFacts:
        """Nothing is observed, for this reason."""
        del rights, lease_in
        return ClusterFacts.unseen("", str(self.error))

    async def kustomization(self, namespace: str, name: str) -> None:
        """Never answers.

        Raises:
            ClusterError: Always.
        """
        del namespace, name
        raise self.error

    git_repository = kustomization
