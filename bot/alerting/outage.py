"""Tells that the API server is gone, while it is gone: from memory, by the process that led last.

Nothing can be read or stored meanwhile. So the message is posted under an id that the next leader
knows, and that leader stores it as an incident, whose recovery is told as any other's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from bot.alerting.delivery import AlertChannel, AlertOutcome
from bot.alerting.domain import outage as outages
from bot.alerting.domain.actions import BlindBoard, OpenIncident
from bot.alerting.domain.incident import Alerts, Incident, MessageRecord
from bot.alerting.domain.outage import CHECK, GONE_AFTER, FoundOutage
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.chat.channel import ChannelUnavailable, Unsent
from bot.chat.lost_channels import LeftAlone, LostChannels
from bot.domain.outage import ApiOutage
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from bot.health.views.text import headline

log = logging.getLogger(__name__)

LOOKS = timedelta(minutes=10)
"""How long a new leader looks for a message that another process may be posting still."""

LOOK_EVERY = timedelta(minutes=2)

TERMS = 10
"""Terms of the Lease whose messages a leader looks for: its own, and those that ended before it.

Each restart of the bot is one.
"""

ALIKE = timedelta(minutes=2)
"""How far two processes may be apart about when one outage began."""


class OutageWitness(Protocol):
    """What this process knows of the API server and of the Lease, without asking either."""

    @property
    def lease(self) -> str:
        """The Lease, as `namespace/name`."""
        ...

    @property
    def transitions(self) -> int:
        """How often the Lease changed hands, as far as this process knows."""
        ...

    def outage(self) -> ApiOutage | None:
        """The present outage, if there is one."""
        ...

    def answering_for(self) -> float:
        """Seconds since the end of the last noticeable outage."""
        ...

    def tells_outage_after(self) -> float | None:
        """Seconds that this process leaves to others before it tells one; None: it may not."""
        ...


@dataclass(frozen=True, slots=True)
class _Known:
    """What the leader saw and stored last, and in which term."""

    term: int = -1
    seen: str = ""
    open: bool = False
    board: MessageRecord | None = None


@dataclass(frozen=True, slots=True)
class _Numbered:
    """An outage, by its last answer, and its number in its term."""

    term: int = -1
    answered_at: float = 0.0
    number: int = 0


@dataclass(frozen=True, slots=True)
class _Told:
    """What this process posted, and in which term of the Lease."""

    term: int
    incident: Incident


@dataclass(frozen=True, slots=True)
class _Looking:
    """Until when the leader of a term looks for messages, and when again."""

    term: int
    until: datetime
    next: datetime


@dataclass
class OutageAlerts:
    """Posts the one message of an outage, and finds it when the API server is back.

    Meanwhile the board says that nothing can be seen.

    gone_after: How long no request succeeds before it is told.
    """

    witness: OutageWitness
    channel: AlertChannel
    rules: Rules
    lost: LostChannels
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    on_outcome: Callable[[AlertOutcome], None] = field(default=lambda _outcome: None)
    gone_after: timedelta = GONE_AFTER
    _known: _Known = _Known()
    _numbered: _Numbered = _Numbered()
    _told: _Told | None = None
    _looking: _Looking | None = None
    _blinded: float | None = None
    _trouble: str = ""

    async def turn(self) -> None:
        """Tell an outage that has lasted for long enough, once, if that is up to this process."""
        outage = self.witness.outage()
        if outage is None or not self._may_tell(outage):
            return
        untold = unsaid = None
        if route := self._route():
            tell = partial(self._tell, outage, route)
            untold = await self.lost.tried(route.channel, tell, noted=False)
        # The board must not go on saying that all is well where the message cannot be posted.
        if board := self._board():
            blind = partial(self._blind_board, outage, board)
            unsaid = await self.lost.tried(board.channel, blind, noted=False)
        errors = (error for error in (unsaid, untold) if not isinstance(error, LeftAlone))
        trouble = str(next(filter(None, errors), ""))
        if trouble and trouble != self._trouble:
            self.on_outcome(AlertOutcome.FAILED)
            log.warning("that the API server is gone could not be posted: %s", trouble)
        self._trouble = trouble

    def note(self, report: Report, state: Alerts) -> None:
        """Remember what was seen and stored, for an outage in which neither can be read."""
        unfinished = outages.open_outage(state)
        self._known = _Known(
            self.witness.transitions, headline(report.public), unfinished is not None, state.board
        )
        if self._told and state.incident(self._told.incident.id):
            self._told = None

    def back_at(self) -> datetime | None:
        """When the API server answered again after the last noticeable outage."""
        ago = self.witness.answering_for()
        return self.clock() - timedelta(seconds=ago) if ago < LOOKS.total_seconds() else None

    async def standing(self) -> tuple[Incident, ...]:
        """The outages whose messages stand: of this process, and those that it finds.

        Only the leader asks. It looks when its term begins and when an outage is over, and for some
        minutes after that.
        """
        own = self._own()
        known = {incident.id for incident in own}
        return (*own, *(one for one in await self._found() if one.id not in known))

    def _route(self) -> AlertRoute | None:
        return self.rules.route(CHECK, "", Verdict.FAILED)

    def _board(self) -> MessageRecord | None:
        """The board, if it was stored in this term."""
        known = self._known
        return known.board if known.term == self.witness.transitions else None

    def _own(self) -> tuple[Incident, ...]:
        """What this process told in this term; what it told in another is for its leader."""
        told = self._told
        return (told.incident,) if told and told.term == self.witness.transitions else ()

    def _may_tell(self, outage: ApiOutage) -> bool:
        after = self.witness.tells_outage_after()
        return after is not None and outage.lasted >= self.gone_after.total_seconds() + after

    def _still(self, outage: ApiOutage) -> bool:
        """Whether the outage lasts, and it is still up to this process to tell it."""
        now = self.witness.outage()
        return bool(now and now.answered_at == outage.answered_at and self._may_tell(now))

    def _stands(self) -> bool:
        """Whether an earlier message stands as open in this term: it says the same."""
        known = self._known
        return bool(self._own()) or (known.open and known.term == self.witness.transitions)

    def _incident(self, outage: ApiOutage, id_: str) -> Incident:
        opened = (self.clock() - timedelta(seconds=outage.ago)).replace(microsecond=0)
        return outages.incident_of(
            id_, opened, reason=outage.reason, error=outage.error, seen=self._known.seen
        )

    async def _tell(self, outage: ApiOutage, route: AlertRoute) -> None:
        term = self.witness.transitions
        if self._stands():
            return
        stem = outages.stem(self.witness.lease, term)
        incident = self._incident(outage, outages.outage_id(stem, self._number(outage)))
        message = await self._earlier(stem, incident, route)
        if message is None:
            if not self._still(outage):
                return
            message = await self.channel.post(OpenIncident(incident, route.channel, route.role))
            self.on_outcome(AlertOutcome.START)
        self._told = _Told(term, outages.posted(incident, route.channel, message, route.role))

    async def _blind_board(self, outage: ApiOutage, board: MessageRecord) -> None:
        """Take back what the board says, once: nobody sees whether it is still so."""
        if board.message and self._blinded != outage.answered_at and self._still(outage):
            incident = self._incident(outage, "")
            await self.channel.edit(BlindBoard(incident, board.channel, board.message, board.nonce))
            self._blinded = outage.answered_at

    def _number(self, outage: ApiOutage) -> int:
        """The number of an outage in its term: Discord would take the next one for the same."""
        term, last = self.witness.transitions, self._numbered
        if (term, outage.answered_at) != (last.term, last.answered_at):
            number = last.number + 1 if term == last.term else 1
            self._numbered = _Numbered(term, outage.answered_at, number)
        return self._numbered.number

    async def _earlier(self, stem: str, incident: Incident, route: AlertRoute) -> int | None:
        """The message of this outage that stands already, whoever of this term posted it."""
        since = incident.opened - ALIKE
        found = await self.channel.find_outages(route.channel, (stem,), since)
        same = (one for one in found if one.id == incident.id or _alike(one, incident))
        return next((one.message for one in same), None)

    async def _found(self) -> tuple[Incident, ...]:
        route, now = self._route(), self.clock()
        if route is None or not self._looks(now):
            return ()
        try:
            found = await self.channel.find_outages(
                route.channel, self._stems(), now - self.rules.kept
            )
        except (ChannelUnavailable, Unsent) as error:
            log.warning("whether an outage was posted cannot be looked up: %s", error)
            if isinstance(error, Unsent):
                self._looks_longer()
            return ()
        return tuple(_taken_over(one, route) for one in found if not one.over)

    def _looks(self, now: datetime) -> bool:
        term, back_at, looking = self.witness.transitions, self.back_at(), self._looking
        if looking is None or looking.term != term or (back_at and looking.until < back_at + LOOKS):
            looking = self._looking = _Looking(term, max(now, back_at or now) + LOOKS, now)
        if not looking.next <= now < looking.until:
            return False
        self._looking = _Looking(term, looking.until, now + LOOK_EVERY)
        return True

    def _looks_longer(self) -> None:
        """The time in which Discord does not answer is none in which it was looked."""
        if looking := self._looking:
            self._looking = replace(looking, until=looking.until + LOOK_EVERY)

    def _stems(self) -> tuple[str, ...]:
        term = self.witness.transitions
        return tuple(outages.stem(self.witness.lease, term - ended) for ended in range(TERMS))


def _alike(found: FoundOutage, incident: Incident) -> bool:
    return abs(found.opened - incident.opened) <= ALIKE


def _taken_over(found: FoundOutage, route: AlertRoute) -> Incident:
    """The incident of a message that another process posted, which may be gone."""
    incident = outages.incident_of(found.id, found.opened)
    return outages.posted(incident, route.channel, found.message, route.role)
