"""The digests of `/digest`: which exist, and what is due of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from msgspec.structs import replace

from bot.digest.delivery import DigestDelivery
from bot.digest.domain.records import DIGESTS, MOST, DigestFacts, DigestSchedule, DigestState
from bot.digest.domain.schedule import Timetable, due, following
from bot.digest.ports import DigestMessage
from bot.domain.refusal import NotObserved
from bot.errors import InputError, MeshmedicError

SOON = timedelta(seconds=75)
"""How long before a run its picture is prepared: a little more than one turn."""

NONE = "None is set up: `/digest set` creates one."


async def unprepared() -> None:
    """Nothing to prepare."""


@dataclass
class Digests:
    """The digests of one process. `turn` is called every minute.

    `prepare` is called a little before a run is due, so that drawing starts quickly.
    """

    delivery: DigestDelivery
    defaults: tuple[DigestSchedule, ...] = ()
    prepare: Callable[[], Awaitable[None]] = unprepared

    def __post_init__(self) -> None:
        self.composer, self.store = self.delivery.composer, self.delivery.store
        # What falls due between the start and the first turn is owed.
        self.since = self.composer.clock()

    async def turn(self) -> None:
        """Send what is due, one after the other; what fails is tried again in the next turn."""
        if not self.delivery.leadership.may_act():
            return
        now, zone = self.composer.clock(), self.composer.zone
        state = await self._known()
        for schedule in state.every(self.defaults).values():
            if schedule.paused:
                continue
            done = state.over(schedule.name)
            run = due(schedule.when, zone, now, began=schedule.began, done=done)
            if run:
                await self.delivery.send_run(schedule, run)
            elif following(schedule.when, zone, now).at - now < SOON:
                await self.prepare()

    async def state(self) -> DigestState:
        """What is set up, and what came of its runs."""
        return await self.store.read(DIGESTS) or DigestState()

    async def facts(self) -> DigestFacts:
        """What the doctor examines."""
        try:
            state: DigestState | NotObserved = await self.state()
        except MeshmedicError as error:
            state = NotObserved(str(error))
        return DigestFacts(state, self.defaults, self.composer.zone, self.composer.clock())

    async def every(self) -> dict[str, DigestSchedule]:
        """All digests by name."""
        return (await self.state()).every(self.defaults)

    async def now(self, name: str = "", scope: str = "") -> DigestMessage:
        """What a digest says at this moment; nothing is stored.

        Raises:
            InputError: There is no digest of that name.
        """
        schedule = await self._schedule(name) if name else self._anonymous()
        if scope:
            schedule = replace(schedule, scopes=(scope,))
        return await self.composer.compose(schedule)

    async def set_up(self, schedule: DigestSchedule) -> DigestSchedule:
        """Set up a digest, or change it.

        Raises:
            InputError: There are too many.
        """

        def change(old: DigestState | None) -> DigestState:
            state = old or DigestState()
            if schedule.name not in state.schedules and len(state.schedules) >= MOST:
                raise InputError(f"There are {MOST} digests already: remove one first.")
            return state.with_schedule(schedule)

        await self.store.change(DIGESTS, change)
        return schedule

    async def pause(self, name: str, *, paused: bool) -> DigestSchedule:
        """Pause a digest, or resume it: the runs that it missed meanwhile are not owed.

        Raises:
            InputError: There is no digest of that name.
        """
        schedule = await self._schedule(name)
        began = schedule.began if paused or not schedule.paused else self.composer.clock()
        return await self.set_up(replace(schedule, paused=paused, began=began))

    async def remove(self, name: str) -> None:
        """Remove a digest.

        Raises:
            InputError: There is no digest of that name.
        """
        await self._schedule(name)
        await self.store.change(DIGESTS, lambda old: (old or DigestState()).without(name))

    def _anonymous(self) -> DigestSchedule:
        """Everything, compared with the first digest of the settings."""
        name = self.defaults[0].name if self.defaults else "digest"
        when, now = Timetable(0, 0), self.composer.clock()
        return DigestSchedule(name=name, channel=0, when=when, began=now, trends=True)

    async def _schedule(self, name: str) -> DigestSchedule:
        every = await self.every()
        if name not in every:
            known = f"There are: {', '.join(sorted(every))}." if every else NONE
            msg = f"There is no digest {name!r}. {known}"
            raise InputError(msg)
        return every[name]

    async def _known(self) -> DigestState:
        """The state, in which the digests of the settings have their beginning."""
        state = await self.state()
        if all(default.name in state.began for default in self.defaults):
            return state
        fresh = tuple(replace(default, began=self.since) for default in self.defaults)
        _, state = await self.store.change(
            DIGESTS, lambda old: (old or DigestState()).with_beginnings(fresh)
        )
        return state
