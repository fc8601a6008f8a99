"""What stands behind the digests: compose one, and send each slot once whatever happens.

A slot is claimed in the store by a compare-and-set before its message goes out. Whoever finds one
that is only claimed looks in the channel first: the message carries its slot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from bot.core import slots
from bot.core.digest import difference
from bot.core.digest import standing as reading
from bot.core.digest.difference import BASES, Base, Bases
from bot.core.digest.digest import Digest, compose
from bot.core.digest.plan import UTC_ZONE
from bot.core.digest.schedule import BOOK, MOST, Book, Schedule, Stage, Turn, carried, nonce
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
from bot.render import timeline
from bot.render.drawing import Undrawn

log = logging.getLogger(__name__)


PATIENCE = timedelta(seconds=60)
"""That long a claimed slot is left to whoever claimed it: longer than a Lease outlives him."""

SOON = timedelta(seconds=75)
"""A turn and a little: so much before it is due, a digest's picture is prepared."""

BACK = timedelta(days=7)
"""What the picture and the trends look back on."""


NONE = "None is set up: /digest set makes one."


@dataclass(frozen=True, slots=True)
class Lost:
    """The channel does not take it, and asking again would not help."""

    why: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A digest on its way: its picture, and what its message carries."""

    digest: Digest
    picture: bytes | Undrawn | None = None
    alt: str = ""
    carried: str = ""
    nonce: str = ""
    brief: bool = False


class Postbox(Protocol):
    """What the digests need of Discord. Each raises MeshmedicError where nobody knows."""

    async def send(self, channel: int, letter: Letter) -> int | Lost:
        """Post it; the message's id."""
        ...

    async def edit(self, channel: int, message: int, letter: Letter) -> bool | Lost:
        """Put a brief one in the place of another; False where that is gone."""
        ...

    async def renew(self, channel: int, message: int, at: datetime) -> bool | Lost:
        """Let a digest say that nothing is new since; False where it is gone."""
        ...

    async def find(self, channel: int, carried: str) -> int | Lost | None:
        """The id of our own message that carries this."""
        ...

    async def tell(self, channel: int, text: str) -> None:
        """Say a word to the owner."""
        ...


class Outcome(StrEnum):
    """How a slot ended, for the metrics."""

    SENT = "sent"
    LATE = "late"
    UNCHANGED = "unchanged"
    FOUND = "found"
    LOST = "lost"
    FAILED = "failed"


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
            await self._owed(each, slot)
        except MeshmedicError as error:
            self.told(Outcome.FAILED)
            log.warning("the digest %s of %s is not out yet: %s", each.name, slot.day, error)

    async def _owed(self, each: Schedule, slot: Slot) -> None:
        """Claim the slot, look whether it is out already, else send it."""
        claim = await self._claim(each, slot)
        if claim is None:
            return
        if claim.again:
            found = await self.postbox.find(each.channel, carried(each.name, slot.day))
            if isinstance(found, Lost):
                await self._lost(each, claim.turn, found)
                return
            if found:
                await self._over(each, claim.turn, Stage.SENT, Outcome.FOUND, message=found)
                return
        await self._send(each, slot, claim.turn)

    async def _claim(self, each: Schedule, slot: Slot) -> _Claim | None:
        """Make the slot ours before anything is sent; None where it is somebody else's, or over."""
        now = self.clock()
        ours = Turn(day=slot.day, due=slot.at, stage=Stage.CLAIMED, at=now, by=self.me)
        before: list[Turn | None] = []

        def change(kept: Book | None) -> Book:
            book = kept or Book()
            before[:] = [book.turn(each.name, slot.day)]
            return book if _left_alone(before[0], now) else book.with_turn(each.name, ours)

        await self.store.change(BOOK, change)
        return None if _left_alone(before[0], now) else _Claim(ours, again=before[0] is not None)

    async def _send(self, each: Schedule, slot: Slot, turn: Turn) -> None:
        letter = await self._letter(each, slot.at if slot.late(self.clock()) else None)
        letter = replace(
            letter, carried=carried(each.name, slot.day), nonce=nonce(each.name, slot.day)
        )
        told = msgspec.structs.replace(
            turn,
            findings=letter.digest.shown,
            new=len(letter.digest.difference.new),
            late=letter.digest.due is not None,
        )
        if not self.leadership.may_act():
            return
        if each.only_changes and letter.digest.quiet:
            await self._beat(each, told, replace(letter, brief=True, picture=None))
        else:
            await self._post(each, told, letter, Stage.SENT)

    async def _beat(self, each: Schedule, turn: Turn, letter: Letter) -> None:
        """Nothing new: edit the time of the last message; where it is gone, send a silent line."""
        last = (await self.book()).last_message(each.name)
        if last:
            if last.brief:
                edited = await self.postbox.edit(each.channel, last.message, letter)
            else:
                at = letter.digest.report.taken_at
                edited = await self.postbox.renew(each.channel, last.message, at)
            if isinstance(edited, Lost):
                await self._lost(each, turn, edited)
                return
            if edited:
                await self._kept(each, letter)
                await self._over(
                    each,
                    turn,
                    Stage.UNCHANGED,
                    Outcome.UNCHANGED,
                    message=last.message,
                    brief=last.brief,
                )
                return
        await self._post(each, turn, letter, Stage.UNCHANGED)

    async def _post(self, each: Schedule, turn: Turn, letter: Letter, stage: Stage) -> None:
        sent = await self.postbox.send(each.channel, letter)
        if isinstance(sent, Lost):
            await self._lost(each, turn, sent)
            return
        await self._kept(each, letter)
        outcome = Outcome.UNCHANGED if stage is Stage.UNCHANGED else Outcome.SENT
        outcome = Outcome.LATE if turn.late else outcome
        await self._over(
            each, turn, stage, outcome, message=sent, brief=letter.brief or letter.digest.healthy
        )

    async def _kept(self, each: Schedule, letter: Letter) -> None:
        """What was told now is what the next one is compared with."""
        report = letter.digest.report

        def change(kept: Bases | None) -> Bases:
            bases = (kept or Bases()).by_name
            return Bases(bases | {each.name: difference.base(report, bases.get(each.name))})

        try:
            await self.store.change(BASES, change)
        except MeshmedicError as error:
            # The next one says more than it must, which is better than a second message today.
            log.warning("what the digest %s told was not kept: %s", each.name, error)

    async def _over(
        self,
        each: Schedule,
        turn: Turn,
        stage: Stage,
        outcome: Outcome,
        *,
        message: int = 0,
        brief: bool = False,
    ) -> None:
        done = msgspec.structs.replace(turn, stage=stage, message=message, brief=brief)

        def change(kept: Book | None) -> Book:
            book = (kept or Book()).with_turn(each.name, done)
            return book if stage is Stage.LOST else book.telling(each.name, "")

        self.told(outcome)
        await self.store.change(BOOK, change)

    async def _lost(self, each: Schedule, turn: Turn, lost: Lost) -> None:
        """The owner is told once, until it works again."""
        await self._over(each, turn, Stage.LOST, Outcome.LOST)
        log.warning("the digest %s has no channel: %s", each.name, lost.why)
        if not self.fallback or (await self.book()).told.get(each.name) == lost.why:
            return
        # Noted first: a word that is lost is in the log and the metrics too, one a day is noise.
        await self.store.change(BOOK, lambda kept: (kept or Book()).telling(each.name, lost.why))
        await self.postbox.tell(self.fallback, _complaint(each, lost))

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


@dataclass(frozen=True, slots=True)
class _Claim:
    """A slot that is ours; `again` where it was claimed before, and may be out."""

    turn: Turn
    again: bool


def _left_alone(turn: Turn | None, now: datetime) -> bool:
    if turn is None:
        return False
    # Either way: a clock that was set back must not make it wait for ever.
    return turn.stage.over or abs(now - turn.at) < PATIENCE


def _complaint(each: Schedule, lost: Lost) -> str:
    return (
        f"The digest {each.name} cannot be posted: {lost.why} Give the bot its permissions there "
        f"again, or choose another channel by /digest set. This is said once."
    )
