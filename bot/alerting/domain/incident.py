"""What alerts remember from one report to the next: small, frozen, and kept in the cluster."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from bot.domain.finding import Finding
from bot.domain.record import RecordType
from bot.domain.verdict import Verdict

TOLD = 20
"""Lines of a timeline that are kept: the first, and the latest ones."""


class Moment(msgspec.Struct, frozen=True):
    """One line of an incident's timeline."""

    at: datetime
    what: str


class MessageRecord(msgspec.Struct, frozen=True):
    """What is known of a message of ours. Without an id it was begun, and may have arrived."""

    channel: int
    nonce: str
    begun: datetime
    message: int | None = None


class Thread(msgspec.Struct, frozen=True):
    """What is known of the thread under an incident's message, which tells its timeline.

    told: the revision up to which the message, when it was sent, and the thread tell it. post: the
    latest message in the thread, which tells it up to `upto` and mentions `role`. refused: Discord
    lets the bot have no thread there, so that the timeline stays in the message.
    """

    told: int = 0
    post: MessageRecord | None = None
    upto: int = 0
    refused: bool = False
    role: int | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that went wrong, from its begin to its end.

    `head` is the finding that it is shown by, `keys` every finding that belongs to it. `clear`
    is since when all of them were seen to be well. `revision` counts what is worth an edit;
    `shown` is the revision that Discord has. `posted` and `ended_post` are its two messages;
    `held` says that the budget kept its message back, for one summary line. `roles` were mentioned.
    """

    id: str
    head: Finding
    keys: tuple[str, ...]
    opened: datetime
    worst: Verdict
    ended: datetime | None = None
    clear: datetime | None = None
    flapping: bool = False
    timeline: tuple[Moment, ...] = ()
    revision: int = 1
    shown: int = 0
    posted: MessageRecord | None = None
    ended_post: MessageRecord | None = None
    held: bool = False
    thread: Thread = Thread()
    roles: tuple[int, ...] = ()

    def told(self, at: datetime, what: str) -> Incident:
        """The incident with one line more, which is worth an edit."""
        lines = (*self.timeline, Moment(at, what))
        kept = lines if len(lines) <= TOLD else (lines[0], *lines[1 - TOLD :])
        return msgspec.structs.replace(self, timeline=kept, revision=self.revision + 1)

    def between(self, told: int, upto: int) -> tuple[Moment, ...]:
        """The lines that came after one revision, up to another: each line made one."""
        last = max(0, len(self.timeline) - (self.revision - upto))
        # Where lines between were dropped, the first one is long told.
        least = min(last, 1 if told > 1 else 0)
        return self.timeline[max(least, last - (upto - told)) : last]


class Pending(msgspec.Struct, frozen=True):
    """A finding that is not yet an incident: bad first at `since`, and never seen well after it."""

    key: str
    since: datetime


class KnownFinding(msgspec.Struct, frozen=True):
    """What was wrong when alerts began, or is nothing new: an alarm only once it is worse."""

    key: str
    verdict: Verdict


class LostChannel(msgspec.Struct, frozen=True):
    """A channel that takes nothing, and why: said once, until it takes something again."""

    channel: int
    why: str


class Alerts(msgspec.Struct, frozen=True):
    """The whole state. `ends` are the last ends by key, by which flapping is told."""

    incidents: tuple[Incident, ...] = ()
    pending: tuple[Pending, ...] = ()
    known: tuple[KnownFinding, ...] = ()
    ends: tuple[Pending, ...] = ()
    sent: tuple[tuple[int, datetime], ...] = ()
    board: MessageRecord | None = None
    lost: tuple[LostChannel, ...] = ()

    def holding(self, key: str) -> Incident | None:
        """The open incident to which that finding belongs."""
        return next((one for one in self.incidents if not one.ended and key in one.keys), None)

    def incident(self, id_: str) -> Incident | None:
        """An incident by its id."""
        return next((incident for incident in self.incidents if incident.id == id_), None)

    def with_incident(self, changed: Incident) -> Alerts:
        """The same with this incident in the place of the one with its id."""
        return msgspec.structs.replace(
            self,
            incidents=tuple(changed if one.id == changed.id else one for one in self.incidents),
        )


def identify(key: str, opened: datetime) -> str:
    """Sixteen characters that name an incident: the finding, and when it began."""
    text = f"{key}@{opened.isoformat()}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


SPARE_LINES, SPARE_KEYS = 4, 20
"""Of each incident, where there is no room for more."""


def _sparer(kept: Alerts) -> Alerts | None:
    """With less in it: what is over goes first, and what is open and was told last.

    An open incident that goes is known from then on: it gives no second alarm, and its end is told
    by the next digest.
    """
    over = next((one for one in kept.incidents if one.ended), None)
    if over:
        rest = tuple(one for one in kept.incidents if one.id != over.id)
        return msgspec.structs.replace(kept, incidents=rest)
    if kept.pending or kept.ends:
        return msgspec.structs.replace(kept, pending=(), ends=())
    if any(len(one.timeline) > SPARE_LINES or len(one.keys) > SPARE_KEYS for one in kept.incidents):
        return msgspec.structs.replace(kept, incidents=tuple(map(_shorter, kept.incidents)))
    if kept.incidents:
        few = max(1, len(kept.incidents) // 10)
        gone = (KnownFinding(key, one.worst) for one in kept.incidents[:few] for key in one.keys)
        return msgspec.structs.replace(
            kept, incidents=kept.incidents[few:], known=(*kept.known, *gone)
        )
    if kept.known:
        return msgspec.structs.replace(kept, known=kept.known[max(1, len(kept.known) // 10) :])
    return None


def _shorter(one: Incident) -> Incident:
    lines = one.timeline
    if len(lines) > SPARE_LINES:
        lines = (lines[0], *lines[1 - SPARE_LINES :])
    return msgspec.structs.replace(one, timeline=lines, keys=one.keys[:SPARE_KEYS])


ALERTS = RecordType("alerts", Alerts, spare=_sparer)
"""The place of the state."""
