"""Post each run of a digest once, whatever happens.

A run is claimed in the store before its digest is composed. The message carries the run, by which
a later process finds it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from bot.chat.channel import ChannelUnavailable
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
    carried,
    nonce,
)
from bot.digest.domain.schedule import ScheduledRun
from bot.digest.ports import DigestChannel, DigestMessage, DigestOutcome
from bot.domain.election import Leadership
from bot.domain.record import Store
from bot.errors import MeshmedicError

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=60)
"""How long a claimed run is left to the process that claimed it: longer than a Lease outlives it"""


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


@dataclass
class DigestDelivery(Outbox[DigestPosting]):
    """Posts the runs of digests.

    `process` distinguishes this process from others. `fallback` is the channel in which the owner
    hears that a channel is lost (0: nowhere). `on_outcome` receives how each run ends.
    """

    composer: Composer
    channel: DigestChannel
    leadership: Leadership
    process: str
    fallback: int = 0
    on_outcome: Callable[[DigestOutcome], None] = field(default=lambda _outcome: None)

    def __post_init__(self) -> None:
        self.store: Store = self.composer.store

    async def send_run(self, schedule: DigestSchedule, run: ScheduledRun) -> None:
        """Post the digest of a run; an error is logged, so that the next digest goes out."""
        now, claimed = self.composer.clock(), RunStage.CLAIMED
        record = RunRecord(day=run.day, due=run.at, stage=claimed, at=now, by=self.process)
        posting = DigestPosting(schedule, record)
        try:
            try:
                await self.deliver(posting)
            except ChannelUnavailable as error:
                await self._lose(posting, str(error))
        except MeshmedicError as error:
            self.on_outcome(DigestOutcome.FAILED)
            log.warning("the digest %s of %s is not out yet: %s", schedule.name, run.day, error)

    async def claim(self, message: DigestPosting) -> Claim:
        """Unless another process claimed it just now, or it is over."""
        name, record = message.name, message.record

        def change(old: DigestState | None) -> DigestState:
            state = old or DigestState()
            taken = _left_alone(state.run(name, record.day), record.at)
            return state if taken else state.with_run(name, record)

        old, _new = await self.store.change(DIGESTS, change)
        before = old.run(name, record.day) if old else None
        if _left_alone(before, record.at):
            return Claim.REFUSED
        return Claim.REPEATED if before else Claim.FRESH

    async def find(self, message: DigestPosting) -> int | None:
        """By the run that it carries."""
        mark = carried(message.name, message.record.day)
        return await self.channel.find(message.schedule.channel, mark)

    async def post(self, message: DigestPosting) -> int | None:
        """Compose it and post it; where nothing is new, note that in the last message."""
        schedule, record = message.schedule, message.record
        late = ScheduledRun(record.day, record.due).late(self.composer.clock())
        composed = await self.composer.compose(schedule, record.due if late else None)
        digest = composed.digest
        quiet = schedule.only_changes and digest.quiet
        message.message = replace(
            composed,
            carried=carried(message.name, record.day),
            nonce=nonce(message.name, record.day),
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
            log.warning("what the digest %s told was not kept: %s", name, error)

    async def _state(self) -> DigestState:
        return await self.store.read(DIGESTS) or DigestState()

    async def _end(self, posting: DigestPosting, stage: RunStage, posted: int = 0) -> None:
        name = posting.name
        record = msgspec.structs.replace(posting.record, stage=stage, message=posted)

        def change(old: DigestState | None) -> DigestState:
            state = (old or DigestState()).with_run(name, record)
            return state if stage is RunStage.LOST else state.with_complaint(name, "")

        self.on_outcome(posting.outcome)
        await self.store.change(DIGESTS, change)

    async def _lose(self, posting: DigestPosting, why: str) -> None:
        """The owner is told once, until it works again."""
        name = posting.name
        posting.outcome = DigestOutcome.LOST
        await self._end(posting, RunStage.LOST)
        log.warning("the digest %s has no channel: %s", name, why)
        if not self.fallback or (await self._state()).told.get(name) == why:
            return
        # Noted first: a lost complaint is in the log and the metrics, and one a day is noise.
        await self.store.change(
            DIGESTS, lambda old: (old or DigestState()).with_complaint(name, why)
        )
        await self.channel.complain(
            self.fallback,
            f"The digest {name} cannot be posted: {why} Give the bot its permissions there "
            f"again, or choose another channel by /digest set. This is said once.",
        )


def _left_alone(record: RunRecord | None, now: datetime) -> bool:
    if record is None:
        return False
    # Either way: a clock that was set back must not make it wait for ever.
    return record.stage.over or abs(now - record.at) < PATIENCE
