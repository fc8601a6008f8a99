"""The first message after the installation: once, in the first channel that is known."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.channel import NotAllowed, Unsent
from bot.chat.lost_channels import LOST, Lost, LostChannels
from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from bot.runtime.memory_store import Unkept
from bot.setup.domain.choices import ChannelPurpose, Choices, ServerChoices
from bot.setup.domain.first_look import WELCOME, FirstLook
from bot.setup.views import discord as setup_cards
from bot.setup.welcome import PATIENCE, Welcome
from tests.led import Led

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Died(Exception):
    """The process ends here."""


@dataclass
class Installation:
    """A cluster, a Discord that keeps messages, and one process after another."""

    now: datetime = START
    new: bool = True
    choices: ServerChoices = field(
        default_factory=lambda: ServerChoices(Choices({ChannelPurpose.ALERTS: 7}))
    )
    gaps: tuple[Gap, ...] = ()
    closed: frozenset[int] = frozenset()
    leads: bool = True
    fails: Exception | None = None
    dies: bool = False
    posted: list[tuple[int, FirstLook]] = field(default_factory=list)
    store: Unkept = field(default_factory=Unkept)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """The process ends, and another one begins."""
        self.lost = LostChannels(self.store, self, clock=lambda: self.now)
        self.process = Welcome(
            self.store,
            self,
            self.lost,
            Led(leads=self.leads),
            self,
            lambda: self.choices,
            self.is_new,
            lambda: self.now,
        )

    async def is_new(self) -> bool:
        return self.new

    async def check(self) -> Report:
        finding = Finding(
            check="pods",
            subject=Ref("Pod", "apps", "web"),
            verdict=Verdict.FAILED,
            reason="CrashLoopBackOff",
            message="",
        )
        return Report(self.now, (finding,), self.gaps, {"Node": 3, "Pod": 9})

    async def post(self, channel: int, look: FirstLook) -> int:
        if self.fails:
            raise self.fails
        self._open(channel)
        self.posted.append((channel, look))
        if self.dies:
            raise Died
        return len(self.posted)

    async def find(self, channel: int, since: datetime) -> int | None:
        assert since <= self.now
        self._open(channel)
        ids = [number + 1 for number, (there, _) in enumerate(self.posted) if there == channel]
        return ids[-1] if ids else None

    def _open(self, channel: int) -> None:
        if channel in self.closed:
            raise NotAllowed("The bot lacks a permission.")

    async def complain(self, _channel: int, _lost: int, _why: str) -> None:
        raise AssertionError("There is no fallback channel.")

    async def turns(self, number: int = 1) -> None:
        for _ in range(number):
            await self.process.turn()
            self.now += timedelta(minutes=2)


async def test_a_new_installation_posts_one_message_over_any_number_of_restarts() -> None:
    """It says what is seen."""
    world = Installation()
    for _ in range(3):
        await world.turns(3)
        world.restart()
    ((channel, look),) = world.posted
    assert channel == 7
    assert (look.kinds, look.problems) == ({"Node": 3, "Pod": 9}, 1)


async def test_an_installation_that_is_older_than_the_message_posts_none() -> None:
    """An upgrade isn't an installation, not even once records are lost."""
    world = Installation(new=False)
    await world.turns(2)
    world.new = True
    world.restart()
    await world.turns(2)
    assert not world.posted


async def test_without_a_channel_it_waits_until_one_is_chosen() -> None:
    """Also where the process restarts in between, when the installation isn't new any more."""
    world = Installation(choices=ServerChoices())
    await world.turns(2)
    world.new = False
    world.restart()
    await world.turns(1)
    assert not world.posted
    world.choices = ServerChoices(chosen=Choices({ChannelPurpose.DIGEST: 8}))
    await world.turns(2)
    assert [channel for channel, _ in world.posted] == [8]


async def test_a_process_that_dies_right_after_it_posted_is_not_followed_by_a_second_message() -> (
    None
):
    world = Installation(dies=True)
    with pytest.raises(Died):
        await world.turns()
    world.dies = False
    world.restart()
    world.now += timedelta(minutes=5)
    await world.turns(3)
    assert len(world.posted) == 1
    record = await world.store.read(WELCOME)
    assert record
    assert record.over


async def test_what_discord_does_not_take_is_tried_again() -> None:
    world = Installation(fails=Unsent("503"))
    await world.turns(2)
    assert not world.posted
    world.fails = None
    await world.turns(2)
    assert len(world.posted) == 1


async def test_it_waits_for_kinds_that_are_still_being_read_but_not_for_ever() -> None:
    """What it may not read for good is part of the message."""
    world = Installation(gaps=(Gap("Pod", Why.NOT_YET), Gap("Secret", Why.FORBIDDEN)))
    await world.turns(2)
    assert not world.posted
    world.now += PATIENCE
    await world.turns()
    assert world.posted[0][1].forbidden == ("Secret",)


async def test_a_standby_posts_nothing() -> None:
    world = Installation(leads=False)
    await world.turns(2)
    assert not world.posted
    assert await world.store.read(WELCOME) is None


async def test_a_channel_that_takes_nothing_stops_no_other_one() -> None:
    """The owner chooses another one after a wrong one; what alerts post there goes on."""
    world = Installation(closed=frozenset({7}))
    await world.turns(3)
    world.choices = ServerChoices(Choices({ChannelPurpose.ALERTS: 8}))
    for _ in range(5):
        await world.turns()
        assert not world.lost.leaves_alone({8})
    assert [channel for channel, _ in world.posted] == [8]
    assert 8 not in ((await world.store.read(LOST)) or Lost()).why


async def test_each_try_leaves_the_next_process_alone_and_is_looked_for() -> None:
    """The first try may have been posted, however many have failed since."""
    world = Installation(dies=True)
    with pytest.raises(Died):
        await world.turns()
    world.dies, world.closed = False, frozenset({7})
    world.restart()
    world.now += timedelta(minutes=2)
    await world.turns()
    taken_over = await world.store.read(WELCOME)
    assert taken_over
    assert taken_over.renewed == START + timedelta(minutes=2)
    world.closed = frozenset()
    world.restart()
    world.now = taken_over.renewed + timedelta(seconds=30)
    await world.turns()
    assert await world.store.read(WELCOME) == taken_over
    await world.turns(3)
    assert len(world.posted) == 1
    record = await world.store.read(WELCOME)
    assert record
    assert (record.message, record.at) == (1, START)


@pytest.mark.parametrize("why", [Why.UNREACHABLE, Why.STALE, Why.NOT_YET, Why.IN_PART])
async def test_what_is_away_for_longer_is_named_and_nothing_wrong_is_said_of_the_rest(
    why: Why,
) -> None:
    world = Installation(gaps=(Gap("Pod", why),))
    await world.turns()
    world.now += PATIENCE
    await world.turns()
    ((_, look),) = world.posted
    assert look.away == ("Pod",)
    for problems in (0, 1):
        said = str(setup_cards.welcome(replace(look, problems=problems), ()).view.to_components())
        assert "❔" in said
        assert "`Pod`" in said
        assert "found in what was seen" in said


async def test_what_is_off_by_choice_makes_the_first_look_no_less_whole() -> None:
    world = Installation(gaps=(Gap("Secret", Why.OFF), Gap("Gateway", Why.NOT_INSTALLED)))
    await world.turns()
    assert world.posted[0][1].whole
