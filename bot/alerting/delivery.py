"""The messages of alerts: each sent once and edited in place, whatever is cut off in between.

A message is written down before it is sent, sent under a mark that it carries, and written down
again. One that was begun by a process that is gone is looked for in the channel before it is sent
again. One channel's trouble is not the next one's.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from bot.alerting.domain import actions as saying
from bot.alerting.domain.actions import Act, Edit, End, OpenIncident, Summary, Tell, due
from bot.alerting.domain.incident import ALERTS, Alerts, Incident, MessageRecord
from bot.alerting.domain.rules import Rules
from bot.chat.channel import Unsent
from bot.domain.election import Leadership
from bot.domain.record import Store
from bot.domain.report import Report
from bot.errors import MeshmedicError

log = logging.getLogger(__name__)

REST = timedelta(minutes=5)
"""How long a channel that takes nothing is left alone: Discord bans who asks in vain too often."""


class ChannelUnavailable(MeshmedicError):
    """The channel is gone, or takes nothing of the bot's: asking again soon would not help."""


class NoThread(MeshmedicError):
    """There can be no thread under that message."""


class AlertOutcome(StrEnum):
    """What became of a message, for the metrics."""

    START = "start"
    UPDATE = "update"
    TIMELINE = "timeline"
    END = "end"
    SUMMARY = "summary"
    LOST = "lost"
    FAILED = "failed"


class AlertChannel(Protocol):
    """Where alerts are said. Each call has its time limit, and raises Unsent or Lost."""

    async def open(self, channel: int, incident: Incident, role: int | None) -> int:
        """Send an incident's message, marked with its id; the message's id."""
        ...

    async def edit(self, channel: int, message: int, incident: Incident) -> None:
        """Bring it up to date; a message that was deleted is left alone."""
        ...

    async def tell(self, message: int, act: Tell, since: datetime | None) -> int:
        """Say an act's lines in the thread under a message, which is made where there is none.

        With `since` they may have been said since then: they are looked for first.

        Raises:
            NoThread: Discord lets the bot have none there.
        """
        ...

    async def end(self, channel: int, message: int, incident: Incident, mark: str) -> int:
        """Answer to it that it is over."""
        ...

    async def sum_up(self, channel: int, incidents: tuple[Incident, ...], mark: str) -> int:
        """One message for those that were held back."""
        ...

    async def find(self, channel: int, mark: str, since: datetime) -> int | None:
        """Our own message that carries this mark, not older than this."""
        ...

    async def board(
        self, channel: int, message: int | None, report: Report, state: Alerts, mark: str
    ) -> int:
        """Send or edit the board; one that was deleted is sent anew."""
        ...

    async def complain(self, channel: int, lost: int, why: str) -> None:
        """Tell the owner which channel is lost, and why."""
        ...


@dataclass
class AlertDelivery:
    """What is due, said. `fallback` is where the owner hears that a channel is lost (0: nowhere).

    `told` hears what became of each message.
    """

    store: Store
    channel: AlertChannel
    leadership: Leadership
    rules: Rules
    clock: Callable[[], datetime]
    fallback: int = 0
    told: Callable[[AlertOutcome], None] = field(default=lambda _outcome: None)
    _lost: set[int] = field(default_factory=set)
    _resting: dict[int, datetime] = field(default_factory=dict)

    async def say(self, state: Alerts) -> tuple[str, ...]:
        """Resolve what was begun, then say what is due; each channel's trouble, in words.

        After a failure the rest of that channel waits for the next turn.
        """
        troubles: dict[int, str] = {}
        self._lost = {lost_channel.channel for lost_channel in state.lost}
        for mark, held in saying.unresolved(state, self.clock()).items():
            if post := held[0].posted:
                resolve = partial(self._resolve_summary, mark, held, post)
                await self._one_by_one(post.channel, resolve, troubles)
        for act in due(state, self.clock(), self.rules):
            await self._one_by_one(act.channel, partial(self._carry_out, act), troubles)
        return tuple(troubles.values())

    async def show(self, report: Report, channel: int) -> tuple[str, ...]:
        """Bring the board up to date; its channel's trouble, in words."""
        troubles: dict[int, str] = {}
        await self._one_by_one(channel, partial(self._show, report, channel), troubles)
        return tuple(troubles.values())

    async def _one_by_one(
        self, channel: int, do: Callable[[], Awaitable[None]], troubles: dict[int, str]
    ) -> None:
        """Do something in a channel that had no trouble in this turn, and is not resting."""
        resting = self._resting.get(channel, self.clock()) > self.clock()
        if channel in troubles or resting or not self.leadership.may_act():
            return
        try:
            await do()
        except ChannelUnavailable as error:
            troubles[channel] = str(error)
            await self._complain(channel, str(error))
        except Unsent as error:
            troubles[channel] = str(error)
            self.told(AlertOutcome.FAILED)
        else:
            await self._regained(channel)

    async def _carry_out(self, act: Act) -> None:
        match act:
            case OpenIncident():
                await self._open(act)
            case Edit(incident):
                await self._edit(incident)
            case Tell():
                await self._tell(act)
            case End():
                await self._end(act)
            case Summary():
                await self._sum_up(act)

    async def _open(self, act: OpenIncident) -> None:
        one, since = act.incident, act.incident.posted
        message = None
        if since:
            message = await self.channel.find(act.channel, one.id, since.begun)
        elif not await self._begin(act):
            return
        if message is None and self.leadership.may_act():
            message = await self.channel.open(act.channel, one, act.role)
            shown = one
        else:
            # What it said when it was sent is not known: the next turn edits it.
            shown = replace(one, revision=0, ended=None)
        if message is not None:
            found = message
            await self._note(lambda kept: saying.opened(kept, shown, found), AlertOutcome.START)

    async def _edit(self, one: Incident) -> None:
        if one.posted and one.posted.message:
            await self.channel.edit(one.posted.channel, one.posted.message, one)
            await self._note(lambda kept: saying.edited(kept, one), AlertOutcome.UPDATE)

    async def _tell(self, act: Tell) -> None:
        posted, thread = act.incident.posted, act.incident.thread
        if posted is None or posted.message is None:
            return
        begun = thread.post if thread.post and thread.post.message is None else None
        if not begun and not await self._begin(act):
            return
        message: int | None = None
        try:
            message = await self.channel.tell(posted.message, act, begun.begun if begun else None)
        except NoThread as error:
            log.info("the timeline of %s stays in its message: %s", act.incident.id, error)
        await self._note(lambda kept: saying.told(kept, act, message), AlertOutcome.TIMELINE)

    async def _end(self, act: End) -> None:
        one = act.incident
        if one.posted is None or one.posted.message is None:
            return
        mark = f"{one.id}-end"
        message = None
        if one.ended_post:
            message = await self.channel.find(act.channel, mark, one.ended_post.begun)
        elif not await self._begin(act):
            return
        if message is None and self.leadership.may_act():
            message = await self.channel.end(act.channel, one.posted.message, one, mark)
        if message is not None:
            found = message
            await self._note(lambda kept: saying.ended(kept, one, found), AlertOutcome.END)

    async def _sum_up(self, act: Summary) -> None:
        ids = "".join(incident.id for incident in act.incidents)
        mark = hashlib.blake2b(ids.encode(), digest_size=8).hexdigest()
        now = self.clock()
        if await self._ours(lambda kept: saying.summed_up(kept, act, mark, now)):
            message = await self.channel.sum_up(act.channel, act.incidents, mark)
            await self._note(
                lambda kept: saying.summary_stands(kept, mark, message), AlertOutcome.SUMMARY
            )

    async def _resolve_summary(
        self, mark: str, held: Sequence[Incident], post: MessageRecord
    ) -> None:
        message = await self.channel.find(post.channel, mark, post.begun)
        found = message or await self.channel.sum_up(post.channel, tuple(held), mark)
        await self._note(
            lambda kept: saying.summary_stands(kept, mark, found), AlertOutcome.SUMMARY
        )

    async def _begin(self, act: OpenIncident | Tell | End) -> bool:
        """Write down that this message is about to be sent; False where somebody else did."""
        now = self.clock()
        return await self._ours(lambda kept: saying.begun(kept, act, now))

    async def _ours(self, change: Callable[[Alerts], Alerts | None]) -> bool:
        """Change the state, unless that gives None; whether it was changed, and may be acted on."""
        _, ours = await self._changed(change)
        return ours

    async def _changed(self, change: Callable[[Alerts], Alerts | None]) -> tuple[Alerts, bool]:
        """The same, with the state as it is then."""

        def changed(state: Alerts | None) -> Alerts:
            return change(state or Alerts()) or state or Alerts()

        old, new = await self.store.change(ALERTS, changed)
        return new, new != (old or Alerts()) and self.leadership.may_act()

    async def _note(self, change: Callable[[Alerts], Alerts], outcome: AlertOutcome) -> None:
        self.told(outcome)
        await self.store.change(ALERTS, lambda kept: change(kept or Alerts()))

    async def _show(self, report: Report, channel: int) -> None:
        """Begun in the state as every message is."""
        now = self.clock()
        state, fresh = await self._changed(lambda kept: _with_board(kept, channel, now))
        post = state.board
        if post is None or post.channel != channel:
            return
        message = post.message
        if message is None and not fresh and saying.patient(post, now):
            return
        if message is None and not fresh:
            message = await self.channel.find(channel, post.nonce, post.begun)
        shown = await self.channel.board(channel, message, report, state, post.nonce)
        if shown != post.message:
            kept_post = replace(post, message=shown)
            await self.store.change(ALERTS, lambda kept: replace(kept or Alerts(), board=kept_post))

    async def _complain(self, channel: int, why: str) -> None:
        """The owner is told once, until the channel takes something again."""
        self.told(AlertOutcome.LOST)
        self._resting[channel] = self.clock() + REST
        self._lost.add(channel)
        # Noted first: a word that gets lost is in the log and the metrics, one a turn is noise.
        if not await self._ours(lambda kept: saying.lost(kept, channel, why)):
            return
        log.warning("the channel %s takes no alerts: %s", channel, why)
        if self.fallback:
            try:
                await self.channel.complain(self.fallback, channel, why)
            except (ChannelUnavailable, Unsent) as error:
                log.warning("the fallback channel does not take it either: %s", error)

    async def _regained(self, channel: int) -> None:
        if channel in self._lost:
            self._lost.discard(channel)
            await self.store.change(ALERTS, lambda kept: saying.regained(kept or Alerts(), channel))


def _with_board(state: Alerts, channel: int, now: datetime) -> Alerts | None:
    """The state in which the board is begun; None where it was."""
    if state.board and state.board.channel == channel:
        return None
    return replace(state, board=MessageRecord(channel, "meshmedic-board", now))
