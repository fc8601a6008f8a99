"""The messages of alerts: each posted once and edited in place. A channel's trouble is its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from bot.alerting.domain import actions
from bot.alerting.domain.actions import (
    Act,
    BlindBoard,
    Board,
    Edit,
    End,
    OpenIncident,
    Post,
    Summary,
    Tell,
)
from bot.alerting.domain.incident import ALERTS, Alerts
from bot.alerting.domain.outage import FoundOutage
from bot.alerting.domain.rules import Rules
from bot.chat.channel import ChannelUnavailable, InvalidMessage
from bot.chat.lost_channels import LeftAlone, LostChannels
from bot.chat.outbox import Claim, Outbox
from bot.domain.election import Leadership
from bot.domain.posting import left_alone
from bot.domain.record import Store
from bot.errors import MeshmedicError

log = logging.getLogger(__name__)


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


OUTCOMES = {
    OpenIncident: AlertOutcome.START,
    Tell: AlertOutcome.TIMELINE,
    End: AlertOutcome.END,
    Summary: AlertOutcome.SUMMARY,
}


class AlertChannel(Protocol):
    """Where alerts are posted.

    Each call has its time limit, and raises Unsent or ChannelUnavailable; of a Tell, NoThread where
    the message can have no thread.
    """

    async def post(self, act: Post) -> int:
        """Post a message under its mark, a Tell in the thread of its incident; its id."""
        ...

    async def edit(self, act: Edit | Board | BlindBoard) -> bool:
        """Bring a message up to date; False where it was deleted."""
        ...

    async def find(self, act: Post, since: datetime) -> int | None:
        """The bot's own message with the mark of an act, not older than this."""
        ...

    async def find_outages(
        self, channel: int, stems: tuple[str, ...], since: datetime
    ) -> tuple[FoundOutage, ...]:
        """The bot's own messages about outages whose ids end with one of these, oldest first."""
        ...


@dataclass
class AlertDelivery(Outbox[Post]):
    """Posts what is due. `on_outcome` receives what became of each message."""

    store: Store
    channel: AlertChannel
    leadership: Leadership
    rules: Rules
    lost: LostChannels
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    on_outcome: Callable[[AlertOutcome], None] = field(default=lambda _outcome: None)

    async def carry_out(self, acts: Iterable[Act]) -> Mapping[int, str]:
        """Post and edit what is due; the trouble of each channel, in words.

        After a failure the rest of that channel waits for the next turn. A message that Discord
        rejects keeps nothing else waiting: what it says may be anybody's.
        """
        troubles: dict[int, str] = {}
        for act in acts:
            if act.channel not in troubles and (trouble := await self._try(act)):
                troubles[act.channel] = trouble
        return troubles

    async def claim(self, message: Post) -> Claim | None:
        """An act of the state knows whether it was claimed earlier."""
        now, earlier = self.clock(), message.claimed
        if earlier:
            return None if left_alone(earlier.begun, now) else Claim(earlier.begun)
        ours = await self._change(lambda state: actions.claimed(state, message, now))
        return Claim() if ours else None

    async def find(self, message: Post, since: datetime) -> int | None:
        """As the channel does."""
        return await self.channel.find(message, since)

    async def post(self, message: Post) -> int:
        """As the channel does."""
        return await self.channel.post(message)

    async def record(self, message: Post, posted: int, *, found: bool) -> None:
        """With the outcome."""
        if outcome := OUTCOMES.get(type(message)):
            self.on_outcome(outcome)
        await self._change(lambda state: actions.posted(state, message, posted, found=found))

    async def _try(self, act: Act) -> str:
        """Carry out one act unless its channel is resting; the trouble in words, or nothing."""
        if not self.leadership.may_act():
            return ""
        error = await self.lost.tried(act.channel, lambda: self._carry_out(act))
        if isinstance(error, LeftAlone):
            return ""
        if error:
            lost = isinstance(error, ChannelUnavailable)
            self.on_outcome(AlertOutcome.LOST if lost else AlertOutcome.FAILED)
        if isinstance(error, InvalidMessage):
            log.warning("Discord rejects a message in the channel %s: %s", act.channel, error)
            return ""
        return str(error or "")

    async def _carry_out(self, act: Act) -> bool:
        """Whether Discord took something."""
        match act:
            case Edit():
                await self.channel.edit(act)
                self.on_outcome(AlertOutcome.UPDATE)
                await self._change(lambda state: actions.edited(state, act))
                return True
            case Tell(incident):
                try:
                    return await self.deliver(act)
                except NoThread as error:
                    log.info("the timeline of %s stays in its message: %s", incident.id, error)
                    self.on_outcome(AlertOutcome.TIMELINE)
                    await self._change(lambda state: actions.without_thread(state, act))
                    return False
            case Board() if act.message:
                if not await self.channel.edit(act):
                    await self.record(act, await self.channel.post(act), found=False)
                return True
            case _:
                return await self.deliver(act)

    async def _change(self, change: Callable[[Alerts], Alerts | None]) -> bool:
        """Change the state unless that gives None; whether it was changed, and may be acted on."""

        def changed(state: Alerts | None) -> Alerts:
            return change(state or Alerts()) or state or Alerts()

        old, new = await self.store.change(ALERTS, changed)
        return new != (old or Alerts()) and self.leadership.may_act()
