"""Whoever loses a role between the click and the write writes nothing, by any command or control.

Every command and control has an example here, so that a new one cannot be forgotten: whether it
writes is observed, and not taken on trust.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import discord
import pytest
from discord import app_commands
from simcord import MemberActor
from simcord.actors import _component_interaction

from bot.alerting.domain.silences import MUTES, Mutes
from bot.alerting.silences import Silences
from bot.chat.client import Client
from bot.chat.controls import Control
from bot.chat.replies import acknowledge
from bot.digest.domain.records import DIGESTS, DigestSchedule
from bot.digest.domain.schedule import Timetable
from bot.domain import principal
from bot.domain.authorization import Members, Roles
from bot.remediation.change.approval import Click
from bot.remediation.change.change import Change
from bot.remediation.change.states import ChangeState
from bot.remediation.journal import ChangeNotifier
from bot.remediation.service import Proposal
from bot.runtime.memory_store import Unkept
from bot.sandbox.network import Broken, Network
from bot.sandbox.scenarios.homelab import healthy
from bot.setup.domain.choices import CHOICES
from tests.builders import a_pod
from tests.commands.conftest import GUILD, NAMESPACES, Room, code_in, message, of_type, said
from tests.commands.test_net_tool import FakeRunner
from tests.fake_prober import FakeProber
from tests.golden.changes import a_change
from tests.led import Led
from tests.people import Fickle
from tests.remediation.changes import ANNA, ASKED, World

ROUTE, NODE, NAME = "nextcloud.lab.example.org", "edge", "weekly"
SERVICE = "nextcloud.productivity:80"
GONE = "so nothing was written"
REFUSALS = tuple(
    f"You no longer have the role {role}, {GONE}." for role in ("operator", "approver")
)
"""The whole answer: no half of a diagnosis stands beside it."""
UNKNOWN = "Your role operator could not be confirmed."
LEFT = "You are no longer a member of this server"


def nothing() -> None:
    """Nothing happens."""


@dataclass
class Between(Led):
    """It is asked whether it leads after a click has come in: by then, something happened."""

    happens: Callable[[], None] = nothing

    def hesitation(self) -> float:
        self.happens()
        return super().hesitation()


SELECTS = (discord.ComponentType.select, discord.ComponentType.channel_select)


@dataclass
class Stage:
    """A room in which everything can be written, and Pia, an operator and approver."""

    room: Room
    world: World
    prober: FakeProber
    runner: FakeRunner
    pia: MemberActor
    between: Between
    roles: tuple[int, ...]
    finding: str = ""
    shown: int = 0
    """A message with a button and a select."""
    changes: dict[str, str] = field(default_factory=dict)

    async def prepare(self) -> None:
        """What can be written over: a mute, a digest, a proposal and a change that is done."""
        silences = Silences(self.room.store, self.room.health, lambda: NAMESPACES)
        await silences.mute("nodes", "4h", "anna")
        await silences.mute(self.finding, "2h", "anna")
        when, now = Timetable(8, 0), datetime(2026, 11, 1, tzinfo=UTC)
        digests = self.room.client.digests  # type: ignore[attr-defined]
        for name, paused in ((NAME, False), ("paused", True)):
            schedule = DigestSchedule(
                name=name, channel=self.room.channel.id, when=when, began=now, paused=paused
            )
            await digests.set_up(schedule)
        remediation, world = self.room.cluster.remediation, self.world
        assert remediation
        world.store.kept.clear()
        self._unrepaired()
        done = await self._proposed()
        click = Click(ANNA, frozenset(self.roles), world.now)
        await remediation.decide(done.name, click, approve=True)
        await remediation.reconciler.wait()
        world.passes(hours=1)
        self._unrepaired()
        self.changes = {"open": (await self._proposed()).name, "done": done.name}

    async def prepare_without_proposal(self) -> None:
        """The same, but nothing is proposed."""
        await self.prepare()
        self.world.store.kept.pop(self.changes["open"])

    def _unrepaired(self) -> None:
        for target, manifest in self.world.writer.world.items():
            if target.kind == "Service":
                manifest["metadata"].pop("annotations", None)

    async def _proposed(self) -> Change:
        remediation = self.room.cluster.remediation
        assert remediation
        made = await remediation.propose(ASKED, None, str(ANNA))
        assert isinstance(made, Proposal), made
        return made.change

    async def written(self) -> tuple[object, ...]:
        """Everything that a person can have changed or caused."""
        await self.room.env.settle()
        if self.room.cluster.remediation:
            await self.room.cluster.remediation.reconciler.wait()
        store, world = self.room.store, self.world
        versions = {name: change.version for name, change in world.store.kept.items()}
        mutes, digests = await store.read(MUTES), await store.read(DIGESTS)
        choices = await store.read(CHOICES)
        asked = len(self.prober.asked), len(self.runner.asked)
        return mutes, digests, choices, versions, len(world.writer.effects), *asked

    def take(self) -> None:
        """Somebody takes all roles from Pia."""
        for role in self.roles:
            self.room.env.backend.remove_member_role(GUILD, self.pia.id, role)

    def give(self) -> None:
        """Somebody gives them to her."""
        for role in self.roles:
            self.room.env.backend.add_member_role(GUILD, self.pia.id, role)

    async def slash(self, name: str, /, **options: Any) -> Any:
        return await self.pia.slash(self.room.channel, name, **options)

    async def click(self, custom_id: str, values: list[str] | None = None) -> Any:
        """A click on a control of any message of the bot's, as if the message had it."""
        stored = self.room.env.backend.get_message(self.room.channel.id, self.shown)
        if custom_id.startswith("meshmedic:setup:"):
            kind, values = discord.ComponentType.channel_select, [str(self.room.channel.id)]
        else:
            kind = discord.ComponentType.select if values else discord.ComponentType.button
        alike = SELECTS if kind in SELECTS else (kind,)
        (control,) = (part for type_ in alike for part in of_type(stored.components, type_))
        control |= {"custom_id": custom_id, "type": kind.value}
        sent = {"custom_id": custom_id, "component_type": kind.value}
        return await _component_interaction(
            self.pia, stored, {**sent, "values": values} if values else sent
        )


@pytest.fixture
async def stage(room: Room) -> Stage:
    lab = healthy(datetime.now(UTC))
    known = {"Pod", "Node", "Service", "EndpointSlice", "IngressRoute", "Ingress", "NetworkPolicy"}
    objects = [item for item in lab.objects if item["kind"] in known]
    room.cluster.set([*objects, a_pod("broken", waiting="CrashLoopBackOff")])
    network = Network(Broken())
    network.learn(lab.of("Node"), lab.of("Pod"), lab.of("Service"), lab.of("EndpointSlice"))
    prober, runner = FakeProber(network), FakeRunner()
    world, between = World(now=datetime.now(UTC)), Between()
    room.cluster.prober, room.cluster.tools = prober, runner
    room.cluster.remediation = world.process()
    room.cluster.remediation.roles = room.roles
    room.led = between
    await room.restart()
    guild = room.operator.guild
    names = ("operators", "approvers")
    roles = [guild.roles[name.title()] for name in names]
    pia = guild.add_member(room.env.create_user("pia"), roles=roles)
    made = Stage(
        room, world, prober, runner, pia, between, tuple(room.roles.roles[name] for name in names)
    )
    report = await room.viewer.slash(room.channel, "health pods")
    made.finding, made.shown = code_in(report), message(report).id
    return made


Options = Mapping[str, Any]

WRITING: Mapping[str, Callable[[Stage], Options]] = {
    "mute add": lambda on: {"what": on.finding, "time": "6h"},
    "unmute": lambda _: {"what": "nodes"},
    "ack": lambda on: {"finding": on.finding},
    "setup timezone": lambda _: {"zone": "Asia/Tokyo"},
    "digest set": lambda _: {"name": NAME, "time": "09:00"},
    "digest remove": lambda _: {"name": NAME},
    "digest pause": lambda _: {"name": NAME},
    "digest resume": lambda _: {"name": "paused"},
    "net diagnose": lambda _: {"route": ROUTE},
    "net matrix": lambda _: {},
    "net test": lambda _: {"from": NODE, "to": SERVICE},
    "net tool": lambda _: {"tool": "dig", "node": NODE, "target": "productivity/nextcloud"},
    "fix route": lambda _: {"route": ASKED, "way": "conversion"},
    "fix rollback": lambda on: {"change": on.changes["done"]},
}
"""The commands that write, each with options by which it does."""

READING: Mapping[str, Options] = {
    "why": {"finding": "broken"},
    "sites": {},
    "digest now": {"dry_run": True},
    "digest list": {},
    "digest history": {},
    "traefik routes": {},
    "traefik logs": {},
    "traefik describe": {"route": ROUTE},
    "fix list": {"route": ASKED},
    "fix status": {},
    "fix history": {},
    "mute list": {},
    "runbook": {"topic": "dns"},
    "doctor": {},
    "help": {},
    "setup channels": {},
    "setup show": {},
}
"""The other ones, besides those of `/health`."""

WRITING_CONTROLS: tuple[Callable[[Stage], str], ...] = (
    lambda on: f"meshmedic:alert:mute:{on.finding}",
    lambda on: f"meshmedic:alert:ack:{on.finding}",
    lambda on: f"meshmedic:alert:unmute:{on.finding}",
    lambda _: f"meshmedic:again:diagnose:{ROUTE}",
    lambda _: "meshmedic:again:matrix:",
    lambda _: f"meshmedic:again:test:{NODE} {SERVICE}",
    lambda _: f"meshmedic:again:tool:dig {NODE} productivity/nextcloud",
    lambda on: f"meshmedic:change:approve:{on.changes['open']}",
    lambda on: f"meshmedic:change:reject:{on.changes['open']}",
    lambda on: f"meshmedic:change:rollback:{on.changes['done']}",
    lambda _: f"meshmedic:fix:conversion:{ASKED}",
    lambda _: "meshmedic:setup:audit",
)
READING_CONTROLS: tuple[Callable[[Stage], str], ...] = (
    lambda on: f"meshmedic:alert:why:{on.finding}",
    lambda _: "meshmedic:digest:now",
    lambda _: "meshmedic:help:welcome",
    lambda _: "meshmedic:export:00000000:pods:",
    lambda on: f"meshmedic:change:details:{on.changes['open']}",
)
REPAIRS: tuple[tuple[str, list[str] | None], ...] = (
    (f"meshmedic:repair:{ASKED}", None),
    ("meshmedic:repair-one", [ASKED]),
)
"""The controls that propose a repair where none is proposed yet, with what is chosen."""

MUTE_SELECT = "meshmedic:alert:mute-for:{}"
SELECT = "meshmedic:drill:00000000:pods:"


def names(room: Room) -> frozenset[str]:
    """Every command that Discord shows."""
    walked = room.client.tree.walk_commands()
    return frozenset(
        command.qualified_name for command in walked if isinstance(command, app_commands.Command)
    )


async def test_every_command_and_control_has_an_example_here(stage: Stage) -> None:
    """So each new one is tried, too."""
    await stage.prepare()
    health = {name for name in names(stage.room) if name.startswith("health ")}
    assert names(stage.room) == WRITING.keys() | READING.keys() | health
    examples = [
        SELECT,
        *(id_of(stage) for id_of in (*WRITING_CONTROLS, *READING_CONTROLS)),
        *(custom_id for custom_id, _ in REPAIRS),
        MUTE_SELECT.format(stage.finding),
    ]
    for pattern in stage.room.client.custom_ids:
        assert any(map(pattern.fullmatch, examples)), pattern
    for known in examples:
        assert any(pattern.fullmatch(known) for pattern in stage.room.client.custom_ids), known


async def check_write(
    stage: Stage,
    name: str,
    work: Callable[[], Awaitable[Any]],
    prepare: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Who loses the role after it was sent writes nothing, and with the role the same writes."""
    await (prepare or stage.prepare)()
    before = await stage.written()
    stage.between.happens = stage.take
    assert said(await work()) in REFUSALS, name
    assert await stage.written() == before, name
    stage.between.happens = nothing
    stage.give()
    answer = said(await work())
    assert GONE not in answer, name
    assert await stage.written() != before, (name, answer)


async def test_a_command_writes_nothing_for_a_person_who_loses_the_role_after_sending_it(
    stage: Stage,
) -> None:
    for name, options in WRITING.items():
        await check_write(stage, name, lambda: stage.slash(name, **options(stage)))  # noqa: B023  # called at once


async def test_a_button_writes_nothing_for_a_person_who_loses_the_role_after_the_click(
    stage: Stage,
) -> None:
    """However long its message stands."""
    for number, control in enumerate(WRITING_CONTROLS):
        await check_write(stage, f"button {number}", lambda: stage.click(control(stage)))  # noqa: B023  # called at once
    muting = MUTE_SELECT.format(stage.finding)
    await check_write(stage, muting, lambda: stage.click(muting, ["1d"]))


async def test_a_repair_under_an_alert_is_proposed_only_for_a_person_who_has_the_role_still(
    stage: Stage,
) -> None:
    """Where one is proposed already, that one is shown, and nothing is written."""
    for custom_id, values in REPAIRS:
        await check_write(
            stage,
            custom_id,
            lambda: stage.click(custom_id, values),  # noqa: B023  # called at once
            prepare=stage.prepare_without_proposal,
        )


async def test_commands_and_controls_that_are_not_listed_as_writing_write_nothing(
    stage: Stage,
) -> None:
    """Neither for an operator nor for an approver."""
    await stage.prepare()
    before = await stage.written()
    for name in sorted(names(stage.room) - WRITING.keys()):
        await stage.slash(name, **READING.get(name, {}))
        assert await stage.written() == before, name
    for control in READING_CONTROLS:
        await stage.click(control(stage))
        assert await stage.written() == before, control(stage)
    await stage.click(SELECT, [stage.finding])
    assert await stage.written() == before


async def test_a_digest_for_everybody_is_posted_only_while_the_person_is_an_operator(
    stage: Stage,
) -> None:
    stage.between.happens = stage.take
    assert said(await stage.slash("digest now")) in REFUSALS
    stage.between.happens = nothing
    stage.give()
    assert "Digest" in said(await stage.slash("digest now"))


async def test_a_person_who_left_the_server_writes_nothing_though_named_by_user_id(
    stage: Stage,
) -> None:
    """The settings name a user, and somebody has just thrown them out."""
    await stage.prepare()
    before = await stage.written()
    stage.take()
    stage.room.client.roles = Roles(operators=Members(frozenset({stage.pia.id})))
    assert "muted by" in said(await stage.slash("mute add", what="pods", time="4h"))
    assert before != (before := await stage.written())
    stage.between.happens = lambda: stage.room.env.backend.remove_member(GUILD, stage.pia.id)
    assert LEFT in said(await stage.slash("mute add", what="pods", time="4h"))
    assert await stage.written() == before


async def test_nothing_is_written_while_discord_gives_no_answer_and_the_person_learns_why(
    stage: Stage,
) -> None:
    await stage.prepare()
    before = await stage.written()
    stage.room.env.inject_error("GET", "/guilds/*/members/*", status=403, code=50001, times=1)
    answer = said(await stage.slash("mute add", what="pods", time="4h"))
    assert "Discord could not be asked" in answer
    assert UNKNOWN in answer
    assert await stage.written() == before
    assert GONE not in said(await stage.slash("mute add", what="pods", time="4h"))
    assert await stage.written() != before


class ManyWrites(Control, template=re.compile("many-writes")):
    """A button that writes in several tasks at once."""


async def _write_in_a_group(interaction: Any, _control: Control) -> None:
    await acknowledge(interaction, private=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(_write())
        group.create_task(_write())


async def test_the_person_sees_the_refusal_whatever_error_wraps_it(stage: Stage) -> None:
    """A group of tasks raises a group of errors, which would be told as a number in the log."""
    stage.room.client.add_controls({ManyWrites: _write_in_a_group})
    stage.between.happens = lambda: stage.room.env.backend.remove_member(GUILD, stage.pia.id)
    assert said(await stage.click("many-writes")).startswith(LEFT)


class Gateway(discord.Client):
    """Sends one event, which is worked on in a task, and ends."""

    handled: list[BaseException | None]

    async def connect(self, *, reconnect: bool = True) -> None:
        del reconnect
        (failure,) = await asyncio.gather(asyncio.create_task(_write()), return_exceptions=True)
        self.handled.append(failure)


class OverGateway(Client, Gateway):
    """The bot's client over it."""


async def _write() -> None:
    await Unkept().change(MUTES, lambda old: old or Mutes())


async def test_a_write_that_comes_from_discord_for_nobody_is_a_failure() -> None:
    """Such as that of a form whose handler asked nobody: it is not taken for the bot's own."""
    client = OverGateway(Roles(), GUILD)
    client.handled = []
    await client.connect()
    assert [str(failure) for failure in client.handled] == ["A write before the person was known."]
    await _write()


async def test_what_happened_is_told_by_the_bot_itself() -> None:
    """An Event of a change is recorded, though who made the change lost the role just then."""
    told: list[str] = []

    async def record(_change: Any) -> None:
        await _write()
        told.append("recorded")

    with principal.acting_as(Fickle(None).person()):
        await ChangeNotifier((record,)).notify(a_change(ChangeState.APPROVED))
    assert told == ["recorded"]
