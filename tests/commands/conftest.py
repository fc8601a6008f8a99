"""The real client and the real commands in an in-memory Discord, over a fake cluster."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest
from simcord import ChannelHandle, MemberActor, RoleHandle
from simcord.env import Env

from bot.alerting.silences import Silences
from bot.app.bootstrap import build_digests
from bot.app.chosen import setup_of
from bot.app.remediation import build_remediation, clock
from bot.chat.channel import Channels
from bot.chat.client import Client
from bot.chat.lost_channels import LostChannels
from bot.digest.composer import Composer
from bot.digest.domain.records import DigestPlan
from bot.digest.service import Digests
from bot.doctor.domain.facts import Setup
from bot.doctor.service import Doctor
from bot.domain.authorization import Members, Roles
from bot.domain.posting import component_id
from bot.domain.record import Store
from bot.health.service import Health
from bot.kube.change_store import NoChangeStore
from bot.net.diagnosis.service import Diagnose
from bot.net.mesh.service import Mesh
from bot.net.request.service import Reach
from bot.net.tools.service import Netshoot
from bot.remediation.change.approval import Policy
from bot.remediation.journal import ChangeNotifier
from bot.remediation.service import RemediationService
from bot.runbook import service as runbook
from bot.runtime.memory_store import Unkept
from bot.setup.domain.choices import NONE, ServerChoices
from bot.setup.domain.choices import Choices as SetupChoices
from bot.setup.service import ServerSetup, ignore
from bot.traefik.service import Traefik
from commands import registry
from commands.alerts.cog import AlertsCog
from commands.digest.cog import DigestCog
from commands.doctor import DoctorCog
from commands.fix.announcements import Announcer
from commands.fix.cog import FixCog
from commands.health.cog import HealthCog
from commands.help import HelpCog
from commands.net.cog import NetCog
from commands.runbook import RunbookCog
from commands.setup.cog import SetupCog
from commands.sites import SitesCog
from commands.traefik import TraefikCog
from tests.builders import a_pod
from tests.fakes import FakeCluster
from tests.led import Led
from tests.remediation.changes import FakeWriter, Wire
from tests.wire.messages import walk

GUILD = 100_000_000_000_000_001
NAMESPACES = ("apps", "flux-system", "kube-system")
IDLE = 0.002
"""Seconds until simcord looks again whether the bot is idle."""


def marked(messages: Iterable[Any], *marks: str) -> list[Any]:
    """Those with one of these marks."""
    wanted = set(map(component_id, marks))
    return [message for message in messages if wanted & _ids(message)]


def _ids(message: Any) -> set[int]:
    return {part["id"] for part in walk(parts(message))}


@dataclass
class Room:
    """A channel with a viewer, an approver by user id, and a stranger in it."""

    env: Env
    client: Client
    cluster: FakeCluster
    channel: ChannelHandle
    viewer: MemberActor
    operator: MemberActor
    stranger: MemberActor
    viewers: RoleHandle
    approver: MemberActor
    roles: Roles
    led: Led
    health: Health
    store: Unkept

    async def restart(self) -> None:
        """The process ends and begins anew: nothing is remembered but what Discord keeps."""
        self.health = Health(self.cluster, fresh=0)
        self.client = make_client(self.health, self.cluster, self.roles, self.led, store=self.store)
        await self.env.restart_bot(self.client)


def make_client(
    health: Health,
    cluster: FakeCluster,
    roles: Roles,
    led: Led,
    *,
    store: Store | None = None,
    plan: DigestPlan | None = None,
    choices: SetupChoices = NONE,
    follow: Callable[[ServerChoices], None] | None = None,
) -> "RegisteringClient":
    store, plan = store or Unkept(), plan or DigestPlan()
    client = RegisteringClient(roles, GUILD, leadership=led)
    channels = Channels(client, GUILD)
    lost = LostChannels(store, channels, plan.fallback)
    client.digests = build_digests(
        plan,
        Composer(health, store, cluster.draw, plan.zone),
        led,
        channels,
        lost,
        on_outcome=lambda _outcome: None,
    )
    client.setup = ServerSetup(store, choices, follow or ignore)
    announcer = Announcer(channels, lost, clock, lambda: cluster.audit_channel)
    cluster.notifier = ChangeNotifier((announcer.announce,))
    diagnose = Diagnose(cluster, cluster.prober)
    traefik = Traefik(cluster, cluster.traefik)
    registry.register(
        client,
        HealthCog(health, lambda: NAMESPACES),
        SitesCog(health),
        DigestCog(client.digests, health, lambda: NAMESPACES),
        NetCog(
            diagnose,
            Mesh(cluster, cluster.prober),
            Reach(cluster, cluster.prober, cluster.inside),
            Netshoot(cluster, cluster.tools),
            draw=cluster.draw,
            prepare=cluster.prepare,
        ),
        TraefikCog(traefik),
        FixCog(cluster.remediation or nowhere(cluster, diagnose, traefik), diagnose),
        RunbookCog(runbook.load()),
        DoctorCog(
            Doctor(
                cluster,
                Setup(GUILD, roles, registry.definitions(), state_namespace="meshmedic"),
                client.digests.facts,
                choices=client.setup.read,
                chosen=setup_of,
            )
        ),
        AlertsCog(Silences(store, health, lambda: ("apps", "media")), health),
        HelpCog(),
        SetupCog(client.setup),
    )
    return client


def nowhere(cluster: FakeCluster, diagnose: Diagnose, traefik: Traefik) -> RemediationService:
    """Repairs of a process that has no place in the cluster."""
    return build_remediation(
        cluster,
        diagnose,
        traefik,
        None,
        store=NoChangeStore(),
        writer=FakeWriter(Wire()),
        roles=Roles(),
        policy=Policy(),
        may_act=lambda: False,
        notifier=ChangeNotifier(),
    )


class RegisteringClient(Client):
    """Registers its commands when it logs in, whoever leads."""

    digests: Digests
    setup: ServerSetup

    async def setup_hook(self) -> None:
        await super().setup_hook()
        await self.register()


class QuickEnv(Env):
    """Sees sooner that the bot is idle: by itself it waits 50 ms, three times in most tests."""

    async def _settle_internal(self, *, idle: float = IDLE, **options: Any) -> None:
        await super()._settle_internal(idle=min(idle, IDLE), **options)


@dataclass
class _LateCircles:
    """Role ids are known once the role exists, which is after the client was made."""

    roles: dict[str, int] = field(default_factory=dict)

    def __getattr__(self, role: str) -> Members:
        return Members(roles=frozenset({self.roles[role]} if role in self.roles else ()))

    def allow(self, needed: Any, user: int, roles: Any) -> bool:
        made = Roles(self.viewers, self.operators, self.approvers)
        return made.allow(needed, user, roles)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    cluster = FakeCluster([a_pod()])
    late: Any = _LateCircles()
    led, health, store = Led(), Health(cluster, fresh=0), Unkept()
    client = make_client(health, cluster, late, led, store=store)
    env = QuickEnv(client)
    guild = env.create_guild("Homelab", id=GUILD)
    channel = guild.create_text_channel("ops")
    role = guild.create_role("Viewers")
    late.roles["viewers"] = role.id
    late.roles["operators"] = (operators := guild.create_role("Operators")).id
    late.roles["approvers"] = (approvers := guild.create_role("Approvers")).id
    await env.start()
    viewer = guild.add_member(env.create_user("vera"), roles=[role])
    operator = guild.add_member(env.create_user("olga"), roles=[operators])
    approver = guild.add_member(env.create_user("anna"), roles=[approvers])
    stranger = guild.add_member(env.create_user("sam"))
    people = viewer, operator, stranger, role, approver
    yield Room(env, client, cluster, channel, *people, late, led, health, store)
    await env.shutdown()


def texts(components: Any) -> str:
    """Every text of a message and the address of every file, nested ones too, in order."""
    said = (part.get("content") or (part.get("file") or {}).get("url") for part in walk(components))
    return "\n".join(filter(None, said))


def parts(message: Any) -> list[Any]:
    """A message's components as JSON has them."""
    return [part if isinstance(part, dict) else part.to_dict() for part in message.components]


def text_of(message: Any) -> str:
    """The same of a message that Discord keeps."""
    return texts(parts(message))


def of_type(components: Any, kind: discord.ComponentType) -> list[dict[str, Any]]:
    """The components of a type in a stored message, at any depth."""
    return [component for component in walk(components) if component["type"] == kind.value]


def message(result: Any) -> Any:
    """The bot's answer: the response itself, or the last followup to it."""
    return result.followups[-1] if result.followups else result.response


def said(result: Any) -> str:
    """The text of the bot's answer."""
    return texts(message(result).components)


def code_in(result: Any) -> str:
    """The short code of the first finding in an answer."""
    found = re.search(r"\"value\": \"([0-9a-z]{7})\"", json.dumps(message(result).components))
    assert found, said(result)
    return found[1]
