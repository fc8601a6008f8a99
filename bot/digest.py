"""What stands behind the digests: which there are, what one says, and which is due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from bot.core import slots
from bot.core.digest import standing as reading
from bot.core.digest.difference import BASES, Base
from bot.core.digest.digest import Digest, compose
from bot.core.digest.plan import UTC_ZONE
from bot.core.digest.schedule import BOOK, MOST, Book, Schedule
from bot.core.doctor.digests import DigestFacts
from bot.core.doctor.facts import Unseen
from bot.core.election import Leadership
from bot.core.history.history import HISTORY, History
from bot.core.history.links import LINKS, LinkHistory
from bot.core.history.trends import Trends, trends
from bot.core.report import Report
from bot.core.slots import Slot
from bot.drawing import Draw
from bot.errors import InputError, MeshmedicError
from bot.health import Health
from bot.keeping import Store
from bot.postbox import Letter, Outcome, Postbox
from bot.render import timeline
from bot.sending import Sending

log = logging.getLogger(__name__)


SOON = timedelta(seconds=75)
"""A turn and a little: so much before it is due, a digest's picture is prepared."""

BACK = timedelta(days=7)
"""What the picture and the trends look back on."""


NONE = "None is set up: /digest set makes one."


async def unprepared() -> None:
    """Nobody draws."""


async def nobody(_report: Report) -> Mapping[str, str]:
    """Nothing is muted."""
    return {}


@dataclass
class Digests:
    """The digests of one process. `turn` is called every minute; the clock is given.

    `muted` gives a line (who, until when) by the key of each silenced finding, `approvals` those
    of Changes that wait; `me` tells this process from others; `told` hears how slots end. `prepare`
    is called a little before a digest is due, for whoever draws.
    """

    health: Health
    store: Store
    postbox: Postbox
    leadership: Leadership
    draw: Draw
    me: str
    zone: ZoneInfo = UTC_ZONE
    defaults: tuple[Schedule, ...] = ()
    fallback: int = 0
    muted: Callable[[Report], Awaitable[Mapping[str, str]]] = nobody
    approvals: Callable[[], tuple[str, ...]] = tuple
    told: Callable[[Outcome], None] = field(default=lambda _outcome: None)
    prepare: Callable[[], Awaitable[None]] = unprepared
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        # What falls due between the start and the first turn is owed.
        self.since = self.clock()

    async def turn(self) -> None:
        """Send what is due, one after the other; what fails is tried again in the next turn."""
        if not self.leadership.may_act():
            return
        now = self.clock()
        book = await self._known()
        for each in book.every(self.defaults).values():
            done = book.over(each.name)
            slot = slots.due(each.when, self.zone, now, began=each.began, done=done)
            if slot and not each.paused:
                await self._quietly(each, slot)
            elif not each.paused and slots.following(each.when, self.zone, now).at - now < SOON:
                await self.prepare()

    async def book(self) -> Book:
        """What is set up, and how far it came."""
        return await self.store.read(BOOK) or Book()

    async def facts(self) -> DigestFacts:
        """What the doctor wants to know."""
        try:
            book: Book | Unseen = await self.book()
        except MeshmedicError as error:
            book = Unseen(str(error))
        return DigestFacts(book, self.defaults, self.zone, self.clock())

    async def every(self) -> dict[str, Schedule]:
        """All digests by name."""
        return (await self.book()).every(self.defaults)

    async def now(self, name: str = "", scope: str = "") -> Letter:
        """What a digest says at this moment, by the same code; nothing is kept of it.

        Raises:
            InputError: There is no digest of that name.
        """
        asked = await self._one(name) if name else self._anonymous()
        chosen = msgspec.structs.replace(asked, scopes=(scope,)) if scope else asked
        return await self._letter(chosen)

    async def trends(self) -> Trends:
        """What the history tells of the last days."""
        history = await self.store.read(HISTORY) or History()
        links = await self.store.read(LINKS)
        return trends(history, self.clock(), BACK, links)

    async def set_up(self, each: Schedule) -> Schedule:
        """Set one up, or change it.

        Raises:
            InputError: There are too many.
        """

        def change(kept: Book | None) -> Book:
            book = kept or Book()
            if each.name not in book.schedules and len(book.schedules) >= MOST:
                raise InputError(f"There are {MOST} digests already: remove one first.")
            return book.with_schedule(each)

        await self.store.change(BOOK, change)
        return each

    async def pause(self, name: str, *, paused: bool) -> Schedule:
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
        await self.store.change(BOOK, lambda kept: (kept or Book()).without(name))

    def _anonymous(self) -> Schedule:
        """What nobody set up: everything, compared with the first digest that there is."""
        first = next(iter(self.defaults), None)
        when = slots.Timetable(0, 0)
        name = first.name if first else "digest"
        return Schedule(name=name, channel=0, when=when, began=self.clock(), trends=True)

    async def _one(self, name: str) -> Schedule:
        every = await self.every()
        if name not in every:
            known = f"There are: {', '.join(sorted(every))}." if every else NONE
            msg = f"There is no digest {name!r}. {known}"
            raise InputError(msg)
        return every[name]

    async def _known(self) -> Book:
        """The book, in which those of the settings have their beginning."""
        book = await self.book()
        if all(each.name in book.began for each in self.defaults):
            return book
        fresh = tuple(msgspec.structs.replace(each, began=self.since) for each in self.defaults)
        return await self.store.change(BOOK, lambda kept: (kept or Book()).knowing(fresh))

    async def _quietly(self, each: Schedule, slot: Slot) -> None:
        """One digest's trouble is not the next one's."""
        try:
            await self._sending().owed(each, slot)
        except MeshmedicError as error:
            self.told(Outcome.FAILED)
            log.warning("the digest %s of %s is not out yet: %s", each.name, slot.day, error)

    def _sending(self) -> Sending:
        return Sending(
            store=self.store,
            postbox=self.postbox,
            leadership=self.leadership,
            compose=self._letter,
            me=self.me,
            fallback=self.fallback,
            told=self.told,
            clock=self.clock,
        )

    async def _letter(self, each: Schedule, due: datetime | None = None) -> Letter:
        """Look, compare, and draw meanwhile."""
        history = await self.store.read(HISTORY) or History()
        links = await self.store.read(LINKS)
        now = self.clock()
        picture = timeline.timeline(history, now, BACK, self.zone, links)
        drawing = asyncio.ensure_future(self.draw(picture)) if history.points else None
        try:
            digest = await self._digest(each, due, history, links)
            if drawing is None or digest.healthy:
                return Letter(digest, brief=digest.healthy)
            return Letter(digest, await drawing, timeline.alt(picture))
        finally:
            if drawing:
                drawing.cancel()

    async def _digest(
        self, each: Schedule, due: datetime | None, history: History, links: LinkHistory | None
    ) -> Digest:
        namespace = each.namespace or None
        report = await self.health.check(each.scopes, namespace)
        seen = await self.health.cluster.snapshot(reading.READS, namespace)
        return compose(
            each.name,
            report,
            reading.standing(seen, each.namespace),
            await self._base(each.name),
            threshold=each.threshold,
            due=due,
            muted=await self.muted(report),
            approvals=self.approvals(),
            trends=trends(history, report.taken_at, BACK, links) if each.trends else None,
        )

    async def _base(self, name: str) -> Base | None:
        bases = await self.store.read(BASES)
        return bases.by_name.get(name) if bases else None
