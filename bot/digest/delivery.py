"""Post each run of a digest once, whatever happens.

A run is claimed in the store before its digest is composed. The mark of its message names the run,
so that a later process finds it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import msgspec

from bot.chat.channel import ChannelUnavailable
from bot.chat.lost_channels import LeftAlone, LostChannels
from bot.chat.outbox import Claim, Outbox
from bot.digest.composer import Composer
from bot.digest.domain import diff
from bot.digest.domain.diff import BASES, Bases
from bot.digest.domain.records import (
    DIGESTS,
    DigestSchedule,
    DigestState,
    RunRecord,
    RunStage,
    mark,
)
from bot.digest.domain.schedule import ScheduledRun
from bot.digest.ports import DigestChannel, DigestMessage, DigestOutcome
from bot.domain import posting
from bot.domain.election import Leadership
from bot.domain.record import Store
from bot.errors import MeshmedicError

log = logging.getLogger(__name__)


@dataclass
class DigestPosting:
    """One run on its way: what is recorded of it, its message once composed, how it ends."""

    schedule: DigestSchedule
    record: RunRecord
    message: DigestMessage | None = None
    outcome: DigestOutcome = DigestOutcome.FOUND

    @property
    def name(self) -> str:
        """The digest's."""
        return self.schedule.name

    @property
    def mark(self) -> str:
        """What no other message has."""
        return mark(self.name, self.record.day)


@dataclass
class DigestDelivery(Outbox[DigestPosting]):
    """Posts the runs of digests.

    `process` distinguishes this process from others. `on_outcome` receives how each run ends.
    """

    composer: Composer
    channel: DigestChannel
    leadership: Leadership
    process: str
    lost: LostChannels
    on_outcome: Callable[[DigestOutcome], None] = field(default=lambda _outcome: None)

    def __post_init__(self) -> None:
        self.store: Store = self.composer.store

    async def send_run(self, schedule: DigestSchedule, run: ScheduledRun) -> None:
        """Post the digest of a run; an error is logged, so that the next digest goes out."""
        now, claimed = self.composer.clock(), RunStage.CLAIMED
        record = RunRecord(day=run.day, due=run.at, stage=claimed, at=now, by=self.process)
        message = DigestPosting(schedule, record)
        try:
            error = await self.lost.tried(schedule.channel, partial(self.deliver, message))
            if isinstance(error, ChannelUnavailable):
                message.outcome = DigestOutcome.LOST
                await self._end(message, RunStage.LOST)
            elif error and not isinstance(error, LeftAlone):
                raise error
        except MeshmedicError as error:
            self.on_outcome(DigestOutcome.FAILED)
            log.warning("the digest %s of %s is not out yet: %s", schedule.name, run.day, error)

    async def claim(self, message: DigestPosting) -> Claim | None:
        """Unless another process claimed it just now, or it is over."""
        name, record = message.name, message.record

        def change(old: DigestState | None) -> DigestState:
            state = old or DigestState()
            taken = _left_alone(state.run(name, record.day), record.at)
            return state if taken else state.with_run(name, record)

        old, _new = await self.store.change(DIGESTS, change)
        before = old.run(name, record.day) if old else None
        if _left_alone(before, record.at):
            return None
        # No try of it was before it was due.
        return Claim(record.due if before else None)

    async def find(self, message: DigestPosting, since: datetime) -> int | None:
        """As the channel does."""
        return await self.channel.find(message.schedule.channel, message.mark, since)

    async def post(self, message: DigestPosting) -> int | None:
        """Compose it and post it; where nothing is new, note that in the last message."""
        schedule, record = message.schedule, message.record
        late = ScheduledRun(record.day, record.due).late(self.composer.clock())
        composed = await self.composer.compose(schedule, record.due if late else None)
        digest = composed.digest
        quiet = schedule.only_changes and digest.quiet
        message.message = replace(
            composed,
            mark=message.mark,
            brief=composed.brief or quiet,
            picture=None if quiet else composed.picture,
        )
        message.record = msgspec.structs.replace(
            record,
            findings=digest.shown,
            new=len(digest.difference.new),
            fixed=len(digest.difference.fixed),
            late=late,
        )
        if not self.leadership.may_act():
            return None
        message.outcome = DigestOutcome.UNCHANGED if quiet else DigestOutcome.SENT
        stage = RunStage.UNCHANGED if quiet else RunStage.SENT
        renewed = await self._renewed(schedule, message.message) if quiet else None
        if renewed is None:
            message.outcome = DigestOutcome.LATE if late else message.outcome
            posted = await self.channel.send(schedule.channel, message.message)
        else:
            posted = renewed.message
        brief = renewed.brief if renewed else message.message.brief
        message.record = msgspec.structs.replace(message.record, stage=stage, brief=brief)
        return posted

    async def _renewed(self, schedule: DigestSchedule, message: DigestMessage) -> RunRecord | None:
        """The last message, in which it was noted that nothing is new; None where it is gone.

        A brief one is replaced; a whole digest keeps its news, and says when it was renewed.
        """
        last = (await self._state()).last_message(schedule.name)
        if last is None:
            return None
        at = message.digest.report.taken_at
        renewed = (
            await self.channel.edit(schedule.channel, last.message, message)
            if last.brief
            else await self.channel.renew(schedule.channel, last.message, at)
        )
        return last if renewed else None

    async def record(self, message: DigestPosting, posted: int, *, found: bool) -> None:
        """With what the next digest is compared with."""
        stage = RunStage.SENT if found else message.record.stage
        if message.message:
            await self._keep_base(message.name, message.message)
        await self._end(message, stage, posted)

    async def _keep_base(self, name: str, message: DigestMessage) -> None:
        digest = message.digest

        def change(old: Bases | None) -> Bases:
            bases = (old or Bases()).by_name
            base = diff.base(digest.report, bases.get(name), digest.noted)
            return Bases(bases | {name: base})

        try:
            await self.store.change(BASES, change)
        except MeshmedicError as error:
            # The next one says more than it must, which is better than a second message today.
            log.warning("what the digest %s said was not saved: %s", name, error)

    async def _state(self) -> DigestState:
        return await self.store.read(DIGESTS) or DigestState()

    async def _end(self, message: DigestPosting, stage: RunStage, posted: int = 0) -> None:
        name = message.name
        record = msgspec.structs.replace(message.record, stage=stage, message=posted)
        self.on_outcome(message.outcome)
        await self.store.change(DIGESTS, lambda old: (old or DigestState()).with_run(name, record))


def _left_alone(record: RunRecord | None, now: datetime) -> bool:
    if record is None:
        return False
    return record.stage.over or posting.left_alone(record.at, now)
