"""What stands behind `/digest`: which digests there are, and what is due of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from bot.digest.delivery import DigestDelivery
from bot.digest.domain.facts import DigestFacts
from bot.digest.domain.records import DIGESTS, MOST, DigestSchedule, DigestState
from bot.digest.ports import DigestMessage
from bot.digest.schedule import slots
from bot.digest.schedule.timetable import Timetable
from bot.domain.refusal import NotObserved
from bot.errors import InputError, MeshmedicError

SOON = timedelta(seconds=75)
"""A turn and a little: so much before it is due, a digest's picture is prepared."""

NONE = "None is set up: /digest set makes one."


async def unprepared() -> None:
    """Nobody draws."""


@dataclass
class Digests:
    """The digests of one process. `turn` is called every minute.

    `prepare` is called a little before one is due, for whoever draws.
    """

    delivery: DigestDelivery
    defaults: tuple[DigestSchedule, ...] = ()
    prepare: Callable[[], Awaitable[None]] = unprepared

    def __post_init__(self) -> None:
        self.composer, self.store = self.delivery.composer, self.delivery.store
        # What falls due between the start and the first turn is owed.
        self.since = self.clock()

    def clock(self) -> datetime:
        """The moment, by the clock that the composer was given."""
        return self.composer.clock()

    @property
    def zone(self) -> ZoneInfo:
        """The owner's."""
        return self.composer.zone

    async def turn(self) -> None:
        """Send what is due, one after the other; what fails is tried again in the next turn."""
        if not self.delivery.leadership.may_act():
            return
        now = self.clock()
        book = await self._known()
        for schedule in book.every(self.defaults).values():
            done = book.over(schedule.name)
            slot = slots.due(schedule.when, self.zone, now, began=schedule.began, done=done)
            if slot and not schedule.paused:
                await self.delivery.send_run(schedule, slot)
            elif (
                not schedule.paused
                and slots.following(schedule.when, self.zone, now).at - now < SOON
            ):
                await self.prepare()

    async def book(self) -> DigestState:
        """What is set up, and how far it came."""
        return await self.store.read(DIGESTS) or DigestState()

    async def facts(self) -> DigestFacts:
        """What the doctor wants to know."""
        try:
            book: DigestState | NotObserved = await self.book()
        except MeshmedicError as error:
            book = NotObserved(str(error))
        return DigestFacts(book, self.defaults, self.zone, self.clock())

    async def every(self) -> dict[str, DigestSchedule]:
        """All digests by name."""
        return (await self.book()).every(self.defaults)

    async def now(self, name: str = "", scope: str = "") -> DigestMessage:
        """What a digest says at this moment, by the same code; nothing is kept of it.

        Raises:
            InputError: There is no digest of that name.
        """
        asked = await self._one(name) if name else self._anonymous()
        chosen = msgspec.structs.replace(asked, scopes=(scope,)) if scope else asked
        return await self.composer.compose(chosen)

    async def set_up(self, each: DigestSchedule) -> DigestSchedule:
        """Set one up, or change it.

        Raises:
            InputError: There are too many.
        """

        def change(kept: DigestState | None) -> DigestState:
            book = kept or DigestState()
            if each.name not in book.schedules and len(book.schedules) >= MOST:
                raise InputError(f"There are {MOST} digests already: remove one first.")
            return book.with_schedule(each)

        await self.store.change(DIGESTS, change)
        return each

    async def pause(self, name: str, *, paused: bool) -> DigestSchedule:
        """Stop one for a while, or let it go on: what it missed meanwhile is not owed.

        Raises:
            InputError: There is no digest of that name.
        """
        each = await self._one(name)
        began = each.began if paused or not each.paused else self.clock()
        return await self.set_up(msgspec.structs.replace(each, paused=paused, began=began))

    async def remove(self, name: str) -> None:
        """Remove one.

        Raises:
            InputError: There is no digest of that name.
        """
        await self._one(name)
        await self.store.change(DIGESTS, lambda kept: (kept or DigestState()).without(name))

    def _anonymous(self) -> DigestSchedule:
        """What nobody set up: everything, compared with the first digest that there is."""
        first = next(iter(self.defaults), None)
        when = Timetable(0, 0)
        name = first.name if first else "digest"
        return DigestSchedule(name=name, channel=0, when=when, began=self.clock(), trends=True)

    async def _one(self, name: str) -> DigestSchedule:
        every = await self.every()
        if name not in every:
            known = f"There are: {', '.join(sorted(every))}." if every else NONE
            msg = f"There is no digest {name!r}. {known}"
            raise InputError(msg)
        return every[name]

    async def _known(self) -> DigestState:
        """The book, in which those of the settings have their beginning."""
        book = await self.book()
        if all(default.name in book.began for default in self.defaults):
            return book
        fresh = tuple(
            msgspec.structs.replace(default, began=self.since) for default in self.defaults
        )
        _, state = await self.store.change(
            DIGESTS, lambda kept: (kept or DigestState()).knowing(fresh)
        )
        return state
