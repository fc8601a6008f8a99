"""What is to be said now: derived from the state, so that nothing that was not said is lost.

An outage of Discord therefore ends in edits, or in one message that says how it is by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from msgspec.structs import replace

from bot.core.alerts.incident import Alerts, Incident, Post
from bot.core.alerts.rules import Rules


@dataclass(frozen=True, slots=True)
class Open:
    """Send an incident's message; `role` is mentioned."""

    incident: Incident
    channel: int
    role: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Bring an incident's message up to date."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class End:
    """Answer to an incident's message that it is over."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class Summary:
    """One message for all that the budget of a channel held back."""

    incidents: tuple[Incident, ...]
    channel: int


Act: TypeAlias = Open | Edit | End | Summary


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
                acts.append(Open(one, route.channel, route.role))
            else:
                waiting.setdefault(route.channel, []).append(one)
        else:
            acts += _further(one)
    for channel, held in waiting.items():
        if left[channel] > 0:
            acts.append(Summary(tuple(held), channel))
    return tuple(acts)


def _further(one: Incident) -> list[Act]:
    if one.posted is None or one.posted.message is None:
        # Begun, and nobody knows whether it arrived: the same act resolves it.
        return [Open(one, one.posted.channel)] if one.posted and not one.held else []
    acts: list[Act] = []
    if one.held:
        return acts
    if one.shown < one.revision:
        acts.append(Edit(one))
    if one.ended and (one.ended_post is None or one.ended_post.message is None):
        acts.append(End(one))
    return acts


def _left(state: Alerts, channel: int, now: datetime, rules: Rules) -> int:
    hour = [
        at for where, at in state.sent if where == channel and (now - at).total_seconds() < HOUR
    ]
    return rules.budget - len(hour)


def _waits(one: Incident, now: datetime, rules: Rules) -> bool:
    """Whether quiet hours keep it back."""
    quiet = rules.quiet
    return bool(quiet and quiet.holds(now) and one.worst.rank < quiet.but.rank)


def begun(state: Alerts, act: Open | End, now: datetime) -> Alerts | None:
    """The state before such a message is sent; None where somebody else has begun it."""
    one = next((each for each in state.incidents if each.id == act.incident.id), None)
    if one is None:
        return None
    if isinstance(act, Open):
        if one.posted:
            return None
        post = Post(act.channel, one.id, now)
        sent = (*state.sent, (act.channel, now))
        return replace(state.with_incident(replace(one, posted=post)), sent=sent)
    if one.ended_post or one.posted is None:
        return None
    post = Post(one.posted.channel, f"{one.id}-end", now)
    return state.with_incident(replace(one, ended_post=post))


def opened(state: Alerts, shown: Incident, message: int) -> Alerts:
    """The state after an incident's message stands, as `shown` was."""
    one = next((each for each in state.incidents if each.id == shown.id), None)
    if one is None or one.posted is None:
        return state
    post = replace(one.posted, message=message)
    # A message that says from the start that it is over needs no answer.
    ended = post if shown.ended else one.ended_post
    return state.with_incident(
        replace(one, posted=post, shown=max(one.shown, shown.revision), ended_post=ended)
    )


def edited(state: Alerts, shown: Incident) -> Alerts:
    """The state after an edit."""
    one = next((each for each in state.incidents if each.id == shown.id), None)
    return state.with_incident(replace(one, shown=max(one.shown, shown.revision))) if one else state


def ended(state: Alerts, shown: Incident, message: int) -> Alerts:
    """The state after the answer that it is over."""
    one = next((each for each in state.incidents if each.id == shown.id), None)
    if one is None or one.ended_post is None:
        return state
    return state.with_incident(replace(one, ended_post=replace(one.ended_post, message=message)))


def summed_up(state: Alerts, act: Summary, nonce: str, now: datetime) -> Alerts | None:
    """The state before a summary is sent; None where somebody else has said some of it."""
    free = {each.id for each in state.incidents if each.posted is None}
    if not all(each.id in free for each in act.incidents):
        return None
    for one in act.incidents:
        post = Post(act.channel, nonce, now)
        state = state.with_incident(replace(one, posted=post, held=True))
    return replace(state, sent=(*state.sent, (act.channel, now)))


def summary_stands(state: Alerts, nonce: str, message: int) -> Alerts:
    """The state after a summary stands."""
    for one in state.incidents:
        if one.posted and one.posted.nonce == nonce:
            state = state.with_incident(replace(one, posted=replace(one.posted, message=message)))
    return state


def unresolved(state: Alerts) -> dict[str, tuple[Incident, ...]]:
    """By nonce, what a summary holds of which nobody knows whether it arrived."""
    found: dict[str, list[Incident]] = {}
    for one in state.incidents:
        if one.held and one.posted and one.posted.message is None:
            found.setdefault(one.posted.nonce, []).append(one)
    return {nonce: tuple(held) for nonce, held in found.items()}


HOUR = 3600.0
