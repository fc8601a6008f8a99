"""What is to be said now: derived from the state, so that nothing that was not said is lost.

An outage of Discord therefore ends in edits, or in one message that says how it is by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec.structs import replace

from bot.alerting.domain.incident import Alerts, Incident, LostChannel, MessageRecord, Moment
from bot.alerting.domain.rules import Rules


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """Send an incident's message; `role` is mentioned."""

    incident: Incident
    channel: int
    role: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Bring an incident's message up to date."""

    incident: Incident
    channel: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell in the message's thread how it developed up to a revision; `role` is mentioned."""

    incident: Incident
    channel: int
    upto: int
    role: int | None = None

    @property
    def lines(self) -> tuple[Moment, ...]:
        """What the thread does not tell yet."""
        return self.incident.between(self.incident.thread.told, self.upto)

    @property
    def mark(self) -> str:
        """What the message carries, and no other."""
        return f"{self.incident.id}-{self.upto}"


@dataclass(frozen=True, slots=True)
class End:
    """Answer to an incident's message that it is over."""

    incident: Incident
    channel: int


@dataclass(frozen=True, slots=True)
class Summary:
    """One message for all that the budget of a channel held back."""

    incidents: tuple[Incident, ...]
    channel: int


Act: TypeAlias = OpenIncident | Edit | Tell | End | Summary


def due(state: Alerts, now: datetime, rules: Rules) -> tuple[Act, ...]:
    """What to do now, the oldest first. Pure: asking twice is the same answer."""
    acts: list[Act] = []
    left = {route.channel: _left(state, route.channel, now, rules) for route in rules.routes}
    waiting: dict[int, list[Incident]] = {}
    for one in state.incidents:
        if one.posted is None:
            route = rules.route(one.head.check, one.head.subject.namespace, one.worst)
            if route is None or _waits(one, now, rules):
                continue
            # The last message of the budget is that of the summary.
            if left[route.channel] > 1:
                left[route.channel] -= 1
                acts.append(OpenIncident(one, route.channel, route.role))
            else:
                waiting.setdefault(route.channel, []).append(one)
        else:
            acts += _further(one, one.posted, now, rules)
    for channel, held in waiting.items():
        if left[channel] > 0:
            acts.append(Summary(tuple(held), channel))
    return tuple(acts)


def _further(one: Incident, posted: MessageRecord, now: datetime, rules: Rules) -> list[Act]:
    if one.held:
        return []
    channel = posted.channel
    if posted.message is None:
        # Begun, and nobody knows whether it arrived: the same act resolves it.
        return (
            []
            if patient(posted, now)
            else [OpenIncident(one, channel, one.roles[0] if one.roles else None)]
        )
    acts: list[Act] = []
    if told := _timeline(one, channel, now, rules):
        acts.append(told)
    if one.shown < one.revision:
        acts.append(Edit(one, channel))
    end = one.ended_post
    if one.ended and (end is None or (end.message is None and not patient(end, now))):
        acts.append(End(one, channel))
    return acts


def _timeline(one: Incident, channel: int, now: datetime, rules: Rules) -> Tell | None:
    """What is to be told in the thread. The end alone makes none: it has an answer of its own."""
    thread = one.thread
    if thread.post and thread.post.message is None:
        again = Tell(one, channel, thread.upto, thread.role)
        return None if patient(thread.post, now) else again
    if thread.refused or thread.told >= one.revision or (one.ended and not thread.post):
        return None
    route = rules.route(one.head.check, one.head.subject.namespace, one.worst)
    role = route.role if route and not _waits(one, now, rules) else None
    return Tell(one, channel, one.revision, role if role not in one.roles else None)


def _left(state: Alerts, channel: int, now: datetime, rules: Rules) -> int:
    hour = [
        at for where, at in state.sent if where == channel and (now - at).total_seconds() < HOUR
    ]
    return rules.budget - len(hour)


def _waits(one: Incident, now: datetime, rules: Rules) -> bool:
    """Whether quiet hours keep it back."""
    quiet = rules.quiet
    return bool(quiet and quiet.holds(now) and one.worst.rank < quiet.but.rank)


def begun(state: Alerts, act: OpenIncident | Tell | End, now: datetime) -> Alerts | None:
    """The state before such a message is sent; None where somebody else has begun it."""
    one = next((incident for incident in state.incidents if incident.id == act.incident.id), None)
    if one is None:
        return None
    match act:
        case OpenIncident(role=role):
            if one.posted:
                return None
            post = MessageRecord(act.channel, one.id, now)
            sent = (*state.sent, (act.channel, now))
            changed = replace(one, posted=post, roles=(role,) if role else ())
            return replace(state.with_incident(changed), sent=sent)
        case Tell(role=role):
            if (
                one.posted is None
                or one.posted.message is None
                or one.thread != act.incident.thread
            ):
                return None
            post = MessageRecord(one.posted.message, act.mark, now)
            roles = (*one.roles, role) if role else one.roles
            thread = replace(one.thread, post=post, upto=act.upto, role=role)
            return state.with_incident(replace(one, thread=thread, roles=roles))
        case End():
            if one.ended_post or one.posted is None:
                return None
            post = MessageRecord(act.channel, f"{one.id}-end", now)
            return state.with_incident(replace(one, ended_post=post))


def opened(state: Alerts, shown: Incident, message: int) -> Alerts:
    """The state after an incident's message stands, as `shown` was."""
    one = next((incident for incident in state.incidents if incident.id == shown.id), None)
    if one is None or one.posted is None:
        return state
    post = replace(one.posted, message=message)
    # A message that says from the start that it is over needs no answer.
    ended = post if shown.ended else one.ended_post
    return state.with_incident(
        replace(
            one,
            posted=post,
            shown=max(one.shown, shown.revision),
            ended_post=ended,
            # What was told before is in the message itself.
            thread=replace(one.thread, told=one.revision),
        )
    )


def told(state: Alerts, act: Tell, message: int | None) -> Alerts:
    """The state after the thread tells it; None where Discord lets the bot have no thread there."""
    one = next((incident for incident in state.incidents if incident.id == act.incident.id), None)
    if one is None or one.thread.post is None:
        return state
    if message is None:
        return state.with_incident(
            replace(one, thread=replace(one.thread, post=None, refused=True))
        )
    post = replace(one.thread.post, message=message)
    return state.with_incident(replace(one, thread=replace(one.thread, told=act.upto, post=post)))


def lost(state: Alerts, channel: int, why: str) -> Alerts | None:
    """The state in which that channel is known to take nothing; None where that was known."""
    if any(
        lost_channel.channel == channel and lost_channel.why == why for lost_channel in state.lost
    ):
        return None
    others = regained(state, channel)
    return replace(others, lost=(*others.lost, LostChannel(channel, why)))


def regained(state: Alerts, channel: int) -> Alerts:
    """The state in which that channel takes messages."""
    return replace(
        state,
        lost=tuple(lost_channel for lost_channel in state.lost if lost_channel.channel != channel),
    )


def edited(state: Alerts, shown: Incident) -> Alerts:
    """The state after an edit."""
    one = next((incident for incident in state.incidents if incident.id == shown.id), None)
    return state.with_incident(replace(one, shown=max(one.shown, shown.revision))) if one else state


def ended(state: Alerts, shown: Incident, message: int) -> Alerts:
    """The state after the answer that it is over."""
    one = next((incident for incident in state.incidents if incident.id == shown.id), None)
    if one is None or one.ended_post is None:
        return state
    return state.with_incident(replace(one, ended_post=replace(one.ended_post, message=message)))


def summed_up(state: Alerts, act: Summary, nonce: str, now: datetime) -> Alerts | None:
    """The state before a summary is sent; None where somebody else has said some of it."""
    free = {incident.id for incident in state.incidents if incident.posted is None}
    if not all(incident.id in free for incident in act.incidents):
        return None
    for one in act.incidents:
        post = MessageRecord(act.channel, nonce, now)
        state = state.with_incident(replace(one, posted=post, held=True))
    return replace(state, sent=(*state.sent, (act.channel, now)))


def summary_stands(state: Alerts, nonce: str, message: int) -> Alerts:
    """The state after a summary stands."""
    for one in state.incidents:
        if one.posted and one.posted.nonce == nonce:
            state = state.with_incident(replace(one, posted=replace(one.posted, message=message)))
    return state


def patient(post: MessageRecord, now: datetime) -> bool:
    """Whether a message that was begun is left to whoever began it.

    Either way: a clock that was set back must not make it wait for ever.
    """
    return abs(now - post.begun) < PATIENCE


def unresolved(state: Alerts, now: datetime) -> dict[str, tuple[Incident, ...]]:
    """By nonce, what a summary holds of which nobody knows whether it arrived."""
    found: dict[str, list[Incident]] = {}
    for one in state.incidents:
        post = one.posted
        if one.held and post and post.message is None and not patient(post, now):
            found.setdefault(post.nonce, []).append(one)
    return {nonce: tuple(held) for nonce, held in found.items()}


HOUR = 3600.0

PATIENCE = timedelta(seconds=45)
"""Longer than a request to Discord may take (`bot.alerting.discord_channel`): then it has arrived,
or never will.
"""
