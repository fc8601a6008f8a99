"""Send a digest's slot once, whatever happens.

A slot is claimed in the store by a compare-and-set before its message goes out. Whoever finds one
that is only claimed looks in the channel first: the message carries its slot.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from bot.digest.composer import Composer
from bot.digest.domain import diff as difference
from bot.digest.domain.diff import BASES, Bases
from bot.digest.domain.records import (
    DIGESTS,
    DigestSchedule,
    DigestState,
    RunRecord,
    RunStage,
    carried,
    nonce,
)
from bot.digest.ports import ChannelLost, DigestChannel, DigestMessage, DigestOutcome
from bot.digest.schedule.slots import ScheduledRun
from bot.domain.election import Leadership
from bot.domain.record import Store
from bot.errors import MeshmedicError

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=60)
"""That long a claimed slot is left to whoever claimed it: longer than a Lease outlives him."""


@dataclass
class DigestDelivery:
    """Slots on their way. `me` tells this process from others; `told` hears how slots end.

    `fallback` is the channel of the owner, who is told where a channel is lost; 0 for none.
    """

    composer: Composer
    store: Store
    postbox: DigestChannel
    leadership: Leadership
    me: str
    fallback: int = 0
    told: Callable[[DigestOutcome], None] = field(default=lambda _outcome: None)

    async def quietly(self, each: DigestSchedule, slot: ScheduledRun) -> None:
        """One digest's trouble is not the next one's."""
        try:
            await self._owed(each, slot)
        except MeshmedicError as error:
            self.told(DigestOutcome.FAILED)
            log.warning("the digest %s of %s is not out yet: %s", each.name, slot.day, error)

    async def _owed(self, each: DigestSchedule, slot: ScheduledRun) -> None:
        """Claim the slot, look whether it is out already, else send it."""
        claim = await self._claim(each, slot)
        if claim is None:
            return
        if claim.again:
            found = await self.postbox.find(each.channel, carried(each.name, slot.day))
            if isinstance(found, ChannelLost):
                await self._lost(each, claim.turn, found)
                return
            if found:
                await self._over(
                    each, claim.turn, RunStage.SENT, DigestOutcome.FOUND, message=found
                )
                return
        await self._send(each, slot, claim.turn)

    async def _claim(self, each: DigestSchedule, slot: ScheduledRun) -> _Claim | None:
        """Make the slot ours before anything is sent; None where it is somebody else's, or over."""
        now = self.composer.clock()
        ours = RunRecord(day=slot.day, due=slot.at, stage=RunStage.CLAIMED, at=now, by=self.me)

        def change(kept: DigestState | None) -> DigestState:
            book = kept or DigestState()
            claimed = _left_alone(book.turn(each.name, slot.day), now)
            return book if claimed else book.with_turn(each.name, ours)

        old, _new = await self.store.change(DIGESTS, change)
        before = old.turn(each.name, slot.day) if old else None
        return None if _left_alone(before, now) else _Claim(ours, again=before is not None)

    async def _send(self, each: DigestSchedule, slot: ScheduledRun, turn: RunRecord) -> None:
        letter = await self.composer.letter(
            each, slot.at if slot.late(self.composer.clock()) else None
        )
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
            await self._post(each, told, letter, RunStage.SENT)

    async def _beat(self, each: DigestSchedule, turn: RunRecord, letter: DigestMessage) -> None:
        """Nothing new: the time in the last message is edited, or a first line comes silently."""
        last = (await self._book()).last_message(each.name)
        edited = await self._edited(each, last, letter) if last else False
        if isinstance(edited, ChannelLost):
            await self._lost(each, turn, edited)
        elif last and edited:
            await self._kept(each, letter)
            stage, outcome = RunStage.UNCHANGED, DigestOutcome.UNCHANGED
            await self._over(each, turn, stage, outcome, message=last.message, brief=last.brief)
        else:
            await self._post(each, turn, letter, RunStage.UNCHANGED)

    async def _edited(
        self, each: DigestSchedule, last: RunRecord, letter: DigestMessage
    ) -> bool | ChannelLost:
        """A line is written anew; a whole digest keeps its news, and says when it was renewed."""
        if last.brief:
            return await self.postbox.edit(each.channel, last.message, letter)
        return await self.postbox.renew(each.channel, last.message, letter.digest.report.taken_at)

    async def _post(
        self, each: DigestSchedule, turn: RunRecord, letter: DigestMessage, stage: RunStage
    ) -> None:
        sent = await self.postbox.send(each.channel, letter)
        if isinstance(sent, ChannelLost):
            await self._lost(each, turn, sent)
            return
        await self._kept(each, letter)
        outcome = DigestOutcome.UNCHANGED if stage is RunStage.UNCHANGED else DigestOutcome.SENT
        outcome = DigestOutcome.LATE if turn.late else outcome
        await self._over(each, turn, stage, outcome, message=sent, brief=letter.brief)

    async def _kept(self, each: DigestSchedule, letter: DigestMessage) -> None:
        """What was told now is what the next one is compared with."""
        report = letter.digest.report

        def change(kept: Bases | None) -> Bases:
            bases = (kept or Bases()).by_name
            told = difference.base(report, bases.get(each.name), letter.digest.noted)
            return Bases(bases | {each.name: told})

        try:
            await self.store.change(BASES, change)
        except MeshmedicError as error:
            # The next one says more than it must, which is better than a second message today.
            log.warning("what the digest %s told was not kept: %s", each.name, error)

    async def _book(self) -> DigestState:
        return await self.store.read(DIGESTS) or DigestState()

    async def _over(
        self,
        each: DigestSchedule,
        turn: RunRecord,
        stage: RunStage,
        outcome: DigestOutcome,
        *,
        message: int = 0,
        brief: bool = False,
    ) -> None:
        done = msgspec.structs.replace(turn, stage=stage, message=message, brief=brief)

        def change(kept: DigestState | None) -> DigestState:
            book = (kept or DigestState()).with_turn(each.name, done)
            return book if stage is RunStage.LOST else book.telling(each.name, "")

        self.told(outcome)
        await self.store.change(DIGESTS, change)

    async def _lost(self, each: DigestSchedule, turn: RunRecord, lost: ChannelLost) -> None:
        """The owner is told once, until it works again."""
        await self._over(each, turn, RunStage.LOST, DigestOutcome.LOST)
        log.warning("the digest %s has no channel: %s", each.name, lost.why)
        if not self.fallback or (await self._book()).told.get(each.name) == lost.why:
            return
        # Noted first: a word that is lost is in the log and the metrics too, one a day is noise.
        await self.store.change(
            DIGESTS, lambda kept: (kept or DigestState()).telling(each.name, lost.why)
        )
        await self.postbox.tell(self.fallback, _complaint(each, lost))


@dataclass(frozen=True, slots=True)
class _Claim:
    """A slot that is ours; `again` where it was claimed before, and may be out."""

    turn: RunRecord
    again: bool


def _left_alone(turn: RunRecord | None, now: datetime) -> bool:
    if turn is None:
        return False
    # Either way: a clock that was set back must not make it wait for ever.
    return turn.stage.over or abs(now - turn.at) < PATIENCE


def _complaint(each: DigestSchedule, lost: ChannelLost) -> str:
    return (
        f"The digest {each.name} cannot be posted: {lost.why} Give the bot its permissions there "
        f"again, or choose another channel by /digest set. This is said once."
    )
