"""What a process does when it begins to lead, and what it does not do twice."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.app import leader_tasks
from bot.app.leader_tasks import COMMANDS, CommandDigest, LeaderTasks
from bot.chat.client import NO_COMMANDS
from bot.domain.election import Standing
from bot.errors import ClusterError, DiscordRefusal, StateError
from bot.health.report_store import ReportStore
from bot.health.service import Health
from bot.net.diagnosis.service import Diagnose
from tests.fakes import FakeCluster
from tests.health.test_report_store import FakeStore
from tests.led import Led


class Term(Led):
    """A leadership whose beginnings and ends a test gives."""

    def __init__(self) -> None:
        super().__init__(leads=False)
        self.news = asyncio.Condition()

    async def until(self, *wanted: Standing) -> None:
        async with self.news:
            await self.news.wait_for(lambda: (Standing.LEADING in wanted) == self.leads)

    async def becomes(self, *, leads: bool) -> None:
        async with self.news:
            self.leads = leads
            self.news.notify_all()


@dataclass
class FakeClient:
    """What is used of a client; `fails` are raised by the next registrations, in order."""

    commands: list[Any] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    registered: int = 0
    shown: list[Any] = field(default_factory=list)
    lost: Exception | None = None
    listings: int = 0
    application_id: int = 1
    guild_id: int = 2
    logged_in: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def tree(self) -> Any:
        client = discord.Client(intents=discord.Intents.none())
        tree = app_commands.CommandTree(client)
        tree.add_command(app_commands.Command(name="why", description="Why.", callback=why))
        return tree

    @property
    def http(self) -> Any:
        return self

    async def get_guild_commands(self, application_id: int, guild_id: int) -> list[Any]:
        assert (application_id, guild_id) == (self.application_id, self.guild_id)
        self.listings += 1
        if self.lost:
            raise self.lost
        return self.shown

    async def register(self) -> None:
        self.registered += 1
        if self.fails:
            raise self.fails.pop(0)
        self.shown = [each.to_dict(self.tree) | {"id": "7"} for each in self.tree.get_commands()]


async def why(interaction: discord.Interaction[Any]) -> None:
    """A command."""


class Answer:
    """Discord's answer, as far as the library's errors look at it."""

    def __init__(self, status: int) -> None:
        self.status, self.reason = status, "made up"


@dataclass
class Scene:
    term: Term
    client: FakeClient
    store: FakeStore
    leader_tasks: LeaderTasks
    task: asyncio.Task[None]

    async def next_term(self) -> None:
        """Another one led in between."""
        await self.term.becomes(leads=False)
        await asyncio.sleep(0.05)
        await self.term.becomes(leads=True)
        await asyncio.sleep(0.1)

    async def registered_once(self) -> None:
        await self.term.becomes(leads=True)
        await self.until(lambda: COMMANDS.name in self.store.kept)
        assert self.client.registered == 1

    async def until(self, holds: Callable[[], bool]) -> None:
        end = asyncio.get_running_loop().time() + 10
        while not holds():
            assert asyncio.get_running_loop().time() < end, "waited in vain"
            await asyncio.sleep(0.01)


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch):
    """A standby that is logged in."""
    monkeypatch.setattr(leader_tasks, "AGAIN", (0.01,))
    term, client, store = Term(), FakeClient(), FakeStore()
    client.logged_in.set()
    memory = ReportStore(store, term)
    restore = partial(memory.restore, Health(FakeCluster()), Diagnose(FakeCluster()))
    whoever: Any = client
    tasks = LeaderTasks(term, whoever, store, restore, pause_refused=0.05)
    task = asyncio.create_task(tasks.run())
    yield Scene(term, client, store, tasks, task)
    task.cancel()
    await asyncio.wait([task])


async def test_a_standby_registers_nothing(scene: Scene):
    """Else two versions would take turns."""
    await asyncio.sleep(0.1)
    assert scene.client.registered == 0


async def test_each_term_looks_and_only_what_changed_is_registered(scene: Scene):
    """Another version may have led in between, with commands of its own."""
    await scene.term.becomes(leads=True)
    await scene.until(lambda: COMMANDS.name in scene.store.kept)
    ours = scene.store.kept[COMMANDS.name]
    await scene.term.becomes(leads=False)
    await asyncio.sleep(0.05)
    await scene.term.becomes(leads=True)
    await asyncio.sleep(0.1)
    assert scene.client.registered == 1
    await scene.term.becomes(leads=False)
    await asyncio.sleep(0.05)
    scene.store.kept[COMMANDS.name] = CommandDigest("of another version")
    await scene.term.becomes(leads=True)
    await scene.until(lambda: scene.store.kept[COMMANDS.name] == ours)
    assert scene.client.registered == 2


async def test_commands_that_discord_has_still_are_left_alone(scene: Scene):
    """One look for each term: a registration empties every client's cache."""
    await scene.registered_once()
    assert scene.client.listings == 0
    await scene.next_term()
    assert (scene.client.listings, scene.client.registered) == (1, 1)


@pytest.mark.parametrize(
    "shown",
    [[], [{"name": "why", "description": "Why.", "type": 2}], [{"name": "why", "type": 1}]],
    ids=["deleted", "of another type", "of another version"],
)
async def test_commands_that_discord_lost_are_registered_again(
    scene: Scene, caplog: pytest.LogCaptureFixture, shown: list[Any]
):
    """Somebody deleted them there, and what was kept knows nothing of it."""
    await scene.registered_once()
    scene.client.shown = shown
    await scene.next_term()
    assert scene.client.registered == 2
    assert "Discord has other commands than were registered: /why is" in caplog.text
    await scene.next_term()
    assert scene.client.registered == 2


async def test_a_new_application_has_no_commands_yet(scene: Scene):
    """Though the ones that were kept are the same: they were another's."""
    await scene.registered_once()
    scene.client.application_id = 9
    await scene.next_term()
    assert (scene.client.listings, scene.client.registered) == (0, 2)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_list_that_cannot_be_read_is_said_and_what_was_kept_decides(
    scene: Scene, caplog: pytest.LogCaptureFixture, status: int
):
    """As often as Discord is ill, nothing is registered for it."""
    await scene.registered_once()
    answer: Any = Answer(status)
    scene.client.lost = discord.HTTPException(answer, "made up")
    await scene.next_term()
    assert (scene.client.listings, scene.client.registered) == (1, 1)
    assert "whether Discord has the commands still is not known" in caplog.text


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_discord_that_is_ill_is_asked_again(scene: Scene, status: int):
    """As long as this process leads."""
    answer: Any = Answer(status)
    scene.client.fails = [discord.HTTPException(answer, "made up") for _ in range(2)]
    await scene.term.becomes(leads=True)
    await scene.until(lambda: COMMANDS.name in scene.store.kept)
    assert scene.client.registered == 3


async def test_who_leads_no_more_stops_asking(scene: Scene):
    """The next one does it."""
    answer: Any = Answer(500)
    scene.client.fails = [discord.HTTPException(answer, "made up") for _ in range(10_000)]
    await scene.term.becomes(leads=True)
    await scene.until(lambda: scene.client.registered > 1)
    await scene.term.becomes(leads=False)
    await asyncio.sleep(0.05)
    asked = scene.client.registered
    await asyncio.sleep(0.1)
    assert scene.client.registered == asked


@pytest.mark.parametrize(
    "error", [ClusterError("It cannot be reached."), StateError("The ConfigMap is full.")]
)
async def test_a_state_that_is_away_costs_a_registration_and_no_commands(
    scene: Scene, error: Exception, caplog
):
    """Once too often is harmless, and never would be a bot without commands."""
    scene.store.fails = error
    await scene.term.becomes(leads=True)
    await scene.until(lambda: "registers the commands again" in caplog.text)
    assert scene.client.registered == 1
    assert not scene.task.done()


async def test_a_server_that_the_bot_is_not_in_is_named_until_it_takes_the_commands(scene: Scene):
    """A restart would not help, and somebody may invite the bot meanwhile."""
    scene.client.fails = [DiscordRefusal(NO_COMMANDS)]
    await scene.term.becomes(leads=True)
    await scene.until(lambda: scene.leader_tasks.refusal)
    assert scene.leader_tasks.refusal.startswith("MESHMEDIC_GUILD_ID: Discord does not let the bot")
    await scene.until(lambda: not scene.leader_tasks.refusal)
    assert COMMANDS.name in scene.store.kept
    assert not scene.task.done()


async def test_who_leads_no_more_names_no_refusal(scene: Scene):
    """A standby is ready: Discord refused another process, or this one at another time."""
    scene.client.fails = [DiscordRefusal(NO_COMMANDS) for _ in range(10_000)]
    await scene.term.becomes(leads=True)
    await scene.until(lambda: scene.leader_tasks.refusal)
    await scene.term.becomes(leads=False)
    assert not scene.leader_tasks.refusal


@pytest.mark.parametrize("kind", [discord.Forbidden, discord.NotFound])
async def test_a_server_that_removed_the_bot_since_the_last_start_is_named(
    scene: Scene, kind: type[discord.Forbidden | discord.NotFound]
):
    """What was kept says that the commands are there, and nobody there sees them."""
    await scene.registered_once()
    answer: Any = Answer(403)
    scene.client.lost = kind(answer, "Missing Access")
    scene.client.fails = [DiscordRefusal(NO_COMMANDS) for _ in range(10_000)]
    await scene.next_term()
    assert scene.leader_tasks.refusal.startswith("MESHMEDIC_GUILD_ID: Discord does not let the bot")


async def test_a_refusal_ends_where_the_next_term_finds_the_commands_in_place(scene: Scene):
    """Another process registered them meanwhile: this one works, and must be ready."""
    await scene.registered_once()
    shown, scene.client.shown = scene.client.shown, []
    scene.client.fails = [DiscordRefusal(NO_COMMANDS) for _ in range(10_000)]
    await scene.next_term()
    assert scene.leader_tasks.refusal
    await scene.term.becomes(leads=False)
    await asyncio.sleep(0.1)
    scene.client.shown = shown
    registered = scene.client.registered
    await scene.term.becomes(leads=True)
    await asyncio.sleep(0.1)
    assert scene.client.registered == registered
    assert not scene.leader_tasks.refusal
