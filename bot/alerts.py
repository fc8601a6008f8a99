"""Alerts: look at the cluster, remember what changed, and say it once.

Each turn reads the state, advances it by a fresh report, and writes it where it differs. What is
due is then said, one message after the other: written down before it is sent, sent under a mark
that the message carries, and written down again. A message that was begun by a process that is
gone is looked for in the channel before it is sent again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from msgspec.structs import replace

from bot.core.alerts import due as saying
from bot.core.alerts.advance import advance
from bot.core.alerts.due import Act, Edit, End, Open, Summary, due
from bot.core.alerts.incident import ALERTS, Alerts, Incident, Post
from bot.core.alerts.rules import Rules
from bot.core.election import Leadership
from bot.core.muting import MUTES, Mutes
from bot.core.report import Report
from bot.errors import MeshmedicError
from bot.keeping import Store

log = logging.getLogger(__name__)


BOARD_EVERY = 60.0
"""Seconds between two edits of the board."""


class Unsent(MeshmedicError):
    """Discord gave no answer, or did not take it: nobody knows whether the message is there."""


class Channel(Protocol):
    """Where alerts are said. Each call has its time limit, and raises Unsent."""

    async def open(self, channel: int, incident: Incident, role: int | None) -> int:
        """Send an incident's message, marked with its id; the message's id."""
        ...

    async def edit(self, channel: int, message: int, incident: Incident) -> None:
        """Bring it up to date; a message that was deleted is left alone."""
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


class Examining(Protocol):
    """Who gives a report of everything."""

    async def look(self) -> Report:
        """Examine the cluster."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Watchman:
    """The use case. `board` is the channel of the live board, if there is one."""

    health: Examining
    store: Store
    channel: Channel
    leadership: Leadership
    rules: Rules
    board: int | None = None
    clock: Callable[[], datetime] = _now
    board_every: float = BOARD_EVERY
    _trouble: str = ""
    _shown_at: datetime | None = None

    async def turn(self) -> None:
        """Look once, and say what is due. Whatever fails is tried again at the next turn."""
        if not self.leadership.may_act():
            return
        try:
            report = await self.health.look()
            mutes = await self.store.read(MUTES) or Mutes()
            muted = mutes.muted(report.findings, report.taken_at)
            state = await self.store.change(
                ALERTS, lambda kept: advance(kept, report, self.rules, muted)
            )
            try:
                await self._say(state)
            finally:
                # A channel that is gone takes the board's with it no more than the reverse.
                await self._show(report)
            self._trouble = ""
        except MeshmedicError as error:
            if str(error) != self._trouble:
                log.warning("alerts wait: %s", error)
            self._trouble = str(error)

    async def _say(self, state: Alerts) -> None:
        """Resolve what was begun, then say what is due; after a failure the rest waits."""
        for mark, held in saying.unresolved(state).items():
            await self._resolve_summary(mark, held)
        for act in due(state, self.clock(), self.rules):
            if not self.leadership.may_act():
                return
            await self._carry_out(act)

    async def _carry_out(self, act: Act) -> None:
        match act:
            case Open():
                await self._open(act)
            case Edit(incident):
                await self._edit(incident)
            case End():
                await self._end(act)
            case Summary():
                await self._sum_up(act)

    async def _open(self, act: Open) -> None:
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
            await self._note(lambda kept: saying.opened(kept, shown, found))

    async def _edit(self, one: Incident) -> None:
        if one.posted and one.posted.message:
            await self.channel.edit(one.posted.channel, one.posted.message, one)
            await self._note(lambda kept: saying.edited(kept, one))

    async def _end(self, act: End) -> None:
        one = act.incident
        if one.posted is None or one.posted.message is None:
            return
        place, mark = one.posted.channel, f"{one.id}-end"
        message = None
        if one.ended_post:
            message = await self.channel.find(place, mark, one.ended_post.begun)
        elif not await self._begin(act):
            return
        if message is None and self.leadership.may_act():
            message = await self.channel.end(place, one.posted.message, one, mark)
        if message is not None:
            found = message
            await self._note(lambda kept: saying.ended(kept, one, found))

    async def _sum_up(self, act: Summary) -> None:
        ids = "".join(each.id for each in act.incidents)
        mark = hashlib.blake2b(ids.encode(), digest_size=8).hexdigest()
        now, ours = self.clock(), [False]

        def begin(kept: Alerts | None) -> Alerts:
            made = saying.summed_up(kept or Alerts(), act, mark, now)
            ours[0] = made is not None
            return made or kept or Alerts()

        await self.store.change(ALERTS, begin)
        if ours[0] and self.leadership.may_act():
            message = await self.channel.sum_up(act.channel, act.incidents, mark)
            await self._note(lambda kept: saying.summary_stands(kept, mark, message))

    async def _resolve_summary(self, mark: str, held: tuple[Incident, ...]) -> None:
        post = held[0].posted
        if post is None or not self.leadership.may_act():
            return
        message = await self.channel.find(post.channel, mark, post.begun)
        found = message or await self.channel.sum_up(post.channel, held, mark)
        await self._note(lambda kept: saying.summary_stands(kept, mark, found))

    async def _begin(self, act: Open | End) -> bool:
        """Write down that this message is about to be sent; False where somebody else did."""
        now, ours = self.clock(), [False]

        def begin(kept: Alerts | None) -> Alerts:
            made = saying.begun(kept or Alerts(), act, now)
            ours[0] = made is not None
            return made or kept or Alerts()

        await self.store.change(ALERTS, begin)
        return ours[0] and self.leadership.may_act()

    async def _note(self, change: Callable[[Alerts], Alerts]) -> None:
        await self.store.change(ALERTS, lambda kept: change(kept or Alerts()))

    async def _show(self, report: Report) -> None:
        """Bring the board up to date: begun in the state as every message is."""
        if self.board is None or not self.leadership.may_act():
            return
        channel, now = self.board, self.clock()
        if self._shown_at and (now - self._shown_at).total_seconds() < self.board_every:
            return
        state = await self.store.change(ALERTS, lambda kept: _with_board(kept, channel, now))
        post = state.board
        if post is None:
            return
        message = post.message
        if message is None and post.begun != now:
            message = await self.channel.find(channel, post.nonce, post.begun)
        shown = await self.channel.board(channel, message, report, state, post.nonce)
        self._shown_at = now
        if shown != post.message:
            kept_post = replace(post, message=shown)
            await self._note(lambda kept: replace(kept, board=kept_post))


def _with_board(kept: Alerts | None, channel: int, now: datetime) -> Alerts:
    state = kept or Alerts()
    if state.board and state.board.channel == channel:
        return state
    return replace(state, board=Post(channel, "meshmedic-board", now))
