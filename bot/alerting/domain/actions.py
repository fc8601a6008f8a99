"""What to post and edit now, derived from the state, so that nothing is queued or lost.

After an outage of Discord, edits and one message show the state by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from bot.alerting.domain.budget import HourlyBudget, share_of
from bot.alerting.domain.incident import (
    Alerts,
    Incident,
    MessageRecord,
    Moment,
    Sent,
)
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.domain.grouping import grouped
from bot.domain.posting import left_alone
from bot.domain.report import Report
from bot.domain.shares import in_turn
from bot.domain.tenancy import is_of_cluster


@dataclass(frozen=True, slots=True)
class IncidentAct:
    """Something to do about an incident, in the channel of its message."""

    incident: Incident
    channel: int

    @property
    def message(self) -> int:
        """The id of the incident's message; 0 before it is posted."""
        posted = self.incident.posted
        return (posted and posted.message) or 0


@dataclass(frozen=True, slots=True)
class OpenIncident(IncidentAct):
    """Post an incident's message; `role` is mentioned. `about` is the share of the budget."""

    role: int | None = None
    about: str = ""

    @property
    def mark(self) -> str:
        """What no other message has."""
        return self.incident.id

    @property
    def claimed(self) -> MessageRecord | None:
        """The record of an earlier try."""
        return self.incident.posted


@dataclass(frozen=True, slots=True)
class Edit(IncidentAct):
    """Bring an incident's message up to date."""

    @property
    def mark(self) -> str:
        """The mark of the message."""
        return self.incident.id


@dataclass(frozen=True, slots=True)
class Tell(IncidentAct):
    """Post in the message's thread how it developed up to a revision; `role` is mentioned."""

    upto: int
    role: int | None = None

    @property
    def lines(self) -> tuple[Moment, ...]:
        """What the thread does not have yet."""
        return self.incident.between(self.incident.thread.told, self.upto)

    @property
    def mark(self) -> str:
        """What no other message has."""
        return f"{self.incident.id}-{self.upto}"

    @property
    def claimed(self) -> MessageRecord | None:
        """The record of an earlier try."""
        post = self.incident.thread.post
        return post if post and post.message is None else None


@dataclass(frozen=True, slots=True)
class End(IncidentAct):
    """Reply to an incident's message that it is over."""

    @property
    def mark(self) -> str:
        """What no other message has."""
        return f"{self.incident.id}-end"

    @property
    def claimed(self) -> MessageRecord | None:
        """The record of an earlier try."""
        return self.incident.ended_post


@dataclass(frozen=True, slots=True)
class Summary:
    """One message for all that the budget held back of a share; `role` is mentioned."""

    incidents: tuple[Incident, ...]
    channel: int
    role: int | None = None
    about: str = ""

    @property
    def mark(self) -> str:
        """What no other message has."""
        if self.claimed:
            return self.claimed.nonce
        ids = "".join(incident.id for incident in self.incidents)
        return hashlib.blake2b(ids.encode(), digest_size=8).hexdigest()

    @property
    def claimed(self) -> MessageRecord | None:
        """The record of an earlier try."""
        return self.incidents[0].posted


@dataclass(frozen=True, slots=True)
class Board:
    """Show the present state in the one message of a channel that is edited in place."""

    report: Report
    state: Alerts
    channel: int
    mark: str = "meshmedic-board"

    @property
    def claimed(self) -> MessageRecord | None:
        """What is known of the message in this channel."""
        board = self.state.board
        return board if board and board.channel == self.channel else None

    @property
    def message(self) -> int:
        """The id of the message; 0 before it is posted."""
        return (self.claimed and self.claimed.message) or 0


@dataclass(frozen=True, slots=True)
class BlindBoard(IncidentAct):
    """Say on the board that nothing can be seen, while the API server is gone.

    Without it the board would go on showing what was seen before, and that may have been healthy.
    """

    board: int
    mark: str

    @property
    def message(self) -> int:
        """The id of the board's message."""
        return self.board


Post: TypeAlias = OpenIncident | Tell | End | Summary | Board
Act: TypeAlias = Post | Edit
A = TypeVar("A", bound=OpenIncident | Summary | Tell | Edit | End)


def due(state: Alerts, now: datetime, rules: Rules) -> tuple[Act, ...]:
    """What to do now: new messages first, each time one about everybody in turn.

    Of what else is due, a part is done at a time, so that nobody's edits keep others waiting. Pure:
    the same answer however often it is called.
    """
    messages: list[OpenIncident | Summary] = [*_summaries_to_repeat(state, now)]
    others: list[OpenIncident | Tell | Edit | End] = []
    budget = HourlyBudget(state.messages, now, rules)
    waiting: list[tuple[tuple[int, int | None, str], Incident]] = []
    for incident in state.incidents:
        if incident.posted is None:
            route = _route(incident, rules)
            if route is None or _waits(incident, now, rules):
                continue
            if budget.takes(incident, route):
                about = share_of(incident, route)
                messages.append(OpenIncident(incident, route.channel, route.role, about))
            else:
                share = budget.summary_of(incident, route)
                waiting.append(((route.channel, route.role, share), incident))
        elif not incident.held:
            others += _further(incident, incident.posted, now, rules)
    for (channel, role, share), incidents in grouped(waiting).items():
        if budget.takes_summary(channel, share):
            messages.append(Summary(tuple(incidents), channel, role, share))
    # Who is called first: what mentions a role waits for no edit.
    others.sort(key=lambda act: not (isinstance(act, Tell) and act.role))
    return (*_ordered(messages), *_ordered(others, most=AT_ONCE))


AT_ONCE = 5
"""Edits, replies and lines in threads of one namespace that are done before the next look: as many
messages as Discord takes in five seconds.
"""


def _ordered(acts: Sequence[A], most: int | None = None) -> list[A]:
    """At most `most` acts of each party, in turn. What is about the cluster goes first."""
    parties = grouped((_party(act), act) for act in acts)
    some = [act for own in parties.values() for act in own[:most]]
    some.sort(key=lambda act: not is_of_cluster(_party(act)))
    return in_turn(some, _party)


def _party(act: OpenIncident | Summary | Tell | Edit | End) -> str:
    incident = act.incidents[0] if isinstance(act, Summary) else act.incident
    return incident.party


def _summaries_to_repeat(state: Alerts, now: datetime) -> list[Summary]:
    """Summaries that were claimed long ago, and may not be posted."""
    held: dict[MessageRecord, list[Incident]] = {}
    for incident in state.incidents:
        if incident.held and incident.posted and _unresolved(incident.posted, now):
            held.setdefault(incident.posted, []).append(incident)
    return [
        Summary(tuple(incidents), record.channel, next(iter(incidents[0].roles), None))
        for record, incidents in held.items()
    ]


def _further(
    incident: Incident, posted: MessageRecord, now: datetime, rules: Rules
) -> list[OpenIncident | Tell | Edit | End]:
    channel = posted.channel
    if posted.message is None:
        role = incident.roles[0] if incident.roles else None
        return [OpenIncident(incident, channel, role)] if _unresolved(posted, now) else []
    acts: list[OpenIncident | Tell | Edit | End] = []
    if timeline := _timeline(incident, channel, now, rules):
        acts.append(timeline)
    if incident.shown < incident.revision:
        acts.append(Edit(incident, channel))
    if incident.ended and (incident.ended_post is None or _unresolved(incident.ended_post, now)):
        acts.append(End(incident, channel))
    return acts


def _timeline(incident: Incident, channel: int, now: datetime, rules: Rules) -> Tell | None:
    """What the thread lacks. The end alone makes no thread: it has a reply."""
    thread = incident.thread
    again = Tell(incident, channel, thread.upto, thread.role)
    if again.claimed:
        return None if left_alone(again.claimed.begun, now) else again
    over = incident.ended and not thread.post
    if thread.refused or thread.told >= incident.revision or over:
        return None
    route = _route(incident, rules)
    role = route.role if route and not _waits(incident, now, rules) else None
    return Tell(incident, channel, incident.revision, role if role not in incident.roles else None)


def _route(incident: Incident, rules: Rules) -> AlertRoute | None:
    return rules.route(incident.head.check, incident.head.subject.namespace, incident.worst)


def _waits(incident: Incident, now: datetime, rules: Rules) -> bool:
    """Whether quiet hours hold it back."""
    quiet = rules.quiet
    return bool(quiet and quiet.holds(now) and incident.worst.rank < quiet.but.rank)


def claimed(state: Alerts, act: Post, now: datetime) -> Alerts | None:
    """The state before a message is posted; None where another process has claimed it."""
    record = MessageRecord(act.channel, act.mark, now)
    if isinstance(act, Board):
        known = state.board and state.board.channel == act.channel
        return None if known else replace(state, board=record)
    if isinstance(act, Summary):
        free = {incident.id for incident in state.incidents if incident.posted is None}
        if not all(incident.id in free for incident in act.incidents):
            return None
        called: tuple[int, ...] = (act.role,) if act.role else ()
        for incident in act.incidents:
            held = replace(incident, posted=record, held=True, roles=called)
            state = state.with_incident(held)
        return _with_sent(state, act, now)
    current = state.incident(act.incident.id)
    if current is None:
        return None
    match act:
        case OpenIncident(role=role) if not current.posted:
            opened = replace(current, posted=record, roles=(role,) if role else ())
            return _with_sent(state.with_incident(opened), act, now)
        case Tell(role=role) if (
            current.posted and current.posted.message and (current.thread == act.incident.thread)
        ):
            record = replace(record, channel=current.posted.message)
            roles = (*current.roles, role) if role else current.roles
            thread = replace(current.thread, post=record, upto=act.upto, role=role)
            return state.with_incident(replace(current, thread=thread, roles=roles))
        case End() if current.posted and not current.ended_post:
            return state.with_incident(replace(current, ended_post=record))
        case _:
            return None


def _with_sent(state: Alerts, act: OpenIncident | Summary, now: datetime) -> Alerts:
    return replace(state, messages=(*state.messages, Sent(act.channel, now, act.about)))


def posted(state: Alerts, act: Post, message: int, *, found: bool = False) -> Alerts:
    """The state after a message is posted.

    What a message that was `found` shows is not known: an edit is due.
    """
    if isinstance(act, Board):
        return replace(state, board=state.board and replace(state.board, message=message))
    if isinstance(act, Summary):
        for incident in state.incidents:
            if incident.posted and incident.posted.nonce == act.mark:
                record = replace(incident.posted, message=message)
                state = state.with_incident(replace(incident, posted=record))
        return state
    current = state.incident(act.incident.id) or act.incident
    return state.with_incident(_posted(current, act, message, found=found))


def _posted(
    incident: Incident, act: OpenIncident | Tell | End, message: int, *, found: bool
) -> Incident:
    match act:
        case OpenIncident(incident=shown) if incident.posted:
            record = replace(incident.posted, message=message)
            # A message that says from the start that it is over needs no reply.
            ended = record if shown.ended and not found else incident.ended_post
            return replace(
                incident,
                posted=record,
                shown=incident.shown if found else max(incident.shown, shown.revision),
                ended_post=ended,
                # Earlier lines are in the message itself.
                thread=replace(incident.thread, told=incident.revision),
            )
        case Tell(upto=upto) if incident.thread.post:
            record = replace(incident.thread.post, message=message)
            return replace(incident, thread=replace(incident.thread, told=upto, post=record))
        case End() if incident.ended_post:
            return replace(incident, ended_post=replace(incident.ended_post, message=message))
        case _:
            return incident


def without_thread(state: Alerts, act: Tell) -> Alerts:
    """The state after Discord refused a thread under the message."""
    current = state.incident(act.incident.id)
    if current is None or current.thread.post is None:
        return state
    thread = replace(current.thread, post=None, refused=True)
    return state.with_incident(replace(current, thread=thread))


def edited(state: Alerts, act: Edit) -> Alerts:
    """The state after an edit."""
    current = state.incident(act.incident.id) or act.incident
    shown = max(current.shown, act.incident.revision)
    return state.with_incident(replace(current, shown=shown))


def _unresolved(record: MessageRecord, now: datetime) -> bool:
    """Whether a message was claimed long ago, and may not be posted."""
    return record.message is None and not left_alone(record.begun, now)
