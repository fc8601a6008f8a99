"""A channel that takes nothing: asked seldom, and reported once for all that post there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.chat.channel import ChannelUnavailable, InvalidMessage, Unsent
from bot.chat.lost_channels import LOST, MOST, REST, LeftAlone, Lost, LostChannels
from tests.month.channel import FakeStore

CHANNEL, OTHER, OWNER = 1, 2, 9
MINUTE = timedelta(minutes=1)


@dataclass
class Discord:
    """Channels that may be gone. `asked` is each try to post."""

    gone: dict[int, str] = field(default_factory=dict)
    complaints: list[tuple[int, int, str]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    def post(self, channel: int) -> Callable[[], Awaitable[None]]:
        async def call() -> None:
            self.asked.append(channel)
            if channel in self.gone:
                raise ChannelUnavailable(self.gone[channel])

        return call

    async def complain(self, channel: int, lost: int, why: str) -> None:
        await self.post(channel)()
        self.complaints.append((channel, lost, why))


@dataclass
class Scene:
    """Processes that share a store and Discord."""

    store: FakeStore = field(default_factory=FakeStore)
    discord: Discord = field(default_factory=Discord)
    now: datetime = datetime(2026, 11, 23, tzinfo=UTC)

    def process(self, fallback: int = OWNER) -> LostChannels:
        return LostChannels(self.store, self.discord, fallback, lambda: self.now)

    async def post(self, process: LostChannels, channel: int = CHANNEL) -> object:
        self.now += REST
        return await process.tried(channel, self.discord.post(channel))


async def test_a_lost_channel_is_reported_once_until_it_works_again():
    """By either of two processes, however often each tries."""
    scene = Scene()
    one, two = scene.process(), scene.process()
    scene.discord.gone[CHANNEL] = "deleted"
    for process in (one, two, one, two):
        assert isinstance(await scene.post(process), ChannelUnavailable)
    assert scene.discord.complaints == [(OWNER, CHANNEL, "deleted")]
    scene.discord.gone.clear()
    assert await scene.post(two) is None
    scene.discord.gone[CHANNEL] = "deleted"
    await scene.post(one)
    assert len(scene.discord.complaints) == 2


async def test_a_channel_in_which_nothing_was_posted_does_not_work_again():
    """A message that is left to another process for now proves nothing, so no second report."""
    scene = Scene()
    process = scene.process()

    async def nothing() -> bool:
        return False

    for _ in range(2):
        scene.discord.gone[CHANNEL] = "deleted"
        await scene.post(process)
        scene.now += REST
        assert await process.tried(CHANNEL, nothing) is None
    assert len(scene.discord.complaints) == 1


async def test_another_reason_and_another_channel_are_reported_too():
    scene = Scene()
    process = scene.process()
    for channel, why in ((CHANNEL, "deleted"), (OTHER, "deleted"), (CHANNEL, "no permission")):
        scene.discord.gone[channel] = why
        await scene.post(process, channel)
    assert [one[1:] for one in scene.discord.complaints] == [
        (CHANNEL, "deleted"),
        (OTHER, "deleted"),
        (CHANNEL, "no permission"),
    ]


async def test_a_lost_channel_is_asked_once_in_five_minutes_and_others_all_the_time():
    """Discord bans clients with many bad requests."""
    scene = Scene()
    process = scene.process(fallback=0)
    scene.discord.gone[CHANNEL] = "deleted"
    for _ in range(11):
        scene.now += MINUTE
        for channel in (CHANNEL, OTHER):
            await process.tried(channel, scene.discord.post(channel))
    assert scene.discord.asked.count(CHANNEL) == 3
    assert scene.discord.asked.count(OTHER) == 11


async def test_nothing_is_reported_that_could_not_be_stored_first():
    """Or each process would report it, at each try."""
    scene = Scene()
    process = scene.process()
    scene.store.away, scene.discord.gone[CHANNEL] = True, "deleted"
    await scene.post(process)
    assert scene.discord.complaints == []
    scene.store.away = False
    await scene.post(process)
    assert len(scene.discord.complaints) == 1


async def test_where_the_fallback_is_lost_too_or_none_is_set_the_log_alone_has_it():
    """Nobody's turn ends because of it."""
    scene = Scene()
    scene.discord.gone = {CHANNEL: "deleted", OWNER: "deleted"}
    for fallback in (OWNER, 0):
        assert isinstance(await scene.post(scene.process(fallback)), ChannelUnavailable)
    assert scene.discord.complaints == []


async def test_while_the_store_is_away_it_is_not_asked():
    """An outage of the API server is reported without it."""
    scene = Scene()
    process = scene.process()
    scene.discord.gone[CHANNEL] = "deleted"
    error = await process.tried(CHANNEL, scene.discord.post(CHANNEL), noted=False)
    assert isinstance(error, ChannelUnavailable)
    assert await scene.store.read(LOST) is None
    again = await process.tried(CHANNEL, scene.discord.post(CHANNEL), noted=False)
    assert isinstance(again, LeftAlone), "what wasn't posted is never taken for posted"
    assert scene.discord.asked == [CHANNEL]


async def test_a_discord_that_is_away_or_rejects_a_message_loses_no_channel():
    """Trying again helps, or another message does."""
    scene = Scene()
    process = scene.process()
    for error in (Unsent("no answer"), InvalidMessage("a bad link")):

        async def fails(error: Unsent = error) -> None:
            raise error

        assert await process.tried(CHANNEL, fails) is error
    assert await process.tried(CHANNEL, scene.discord.post(CHANNEL)) is None
    assert scene.discord.asked == [CHANNEL]


def test_what_is_stored_has_a_limit():
    """The latest stay."""
    lost = Lost()
    for channel in range(3 * MOST):
        lost = lost.changed(channel, "deleted")
    assert list(lost.why) == list(range(2 * MOST, 3 * MOST))
    assert lost.changed(3 * MOST - 1, "").why.keys() == lost.why.keys() - {3 * MOST - 1}
