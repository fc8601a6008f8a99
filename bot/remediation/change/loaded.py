"""Whether every Traefik has loaded a route, by how its marker's host is answered (`marker`).

The answers are compared with those from before the marker was made: mostly Traefik's own 404, but
a route for every host may answer as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

import msgspec

from bot.net.entrances import Entrance
from bot.net.probing.protocol import Outcome, ProbeAnswer
from bot.remediation.change.proof import NOT_FOUND

Print = tuple[int, str]
"""A status, and who answered; 0 where the request was taken and nothing came back."""

STALLED: Print = (0, "")


REQUESTS = ("before", "marked", "route", "nothing before", "nothing")
"""What is asked at an entrance: the marker's host before and after the marker was made, the route,
and a host that nothing serves, at the beginning and now. If the answers for that host changed,
Traefik itself is not well, and no other answer says anything.
"""


class Look(msgspec.Struct, frozen=True):
    """What one entrance answers to each of REQUESTS.

    `named`: the route names this entrypoint. Elsewhere another object may serve the same host.
    """

    entrance: Entrance
    answers: Mapping[str, Sequence[ProbeAnswer]]
    named: bool = False


class LoadState(StrEnum):
    """Whether one entrance serves the route."""

    LOADED = "loaded"
    NOT_YET = "not yet"
    UNSERVED = "unserved"
    """The route is not served there either: nothing can be lost."""
    ELSEWHERE = "elsewhere"
    """Something else answers, such as a redirect of everything to TLS: that says nothing."""
    UNKNOWN = "unknown"


def unseen(looks: Sequence[Look]) -> str:
    """Why it cannot be said that every Traefik has loaded a route; empty if it can."""
    states = {look.entrance: standing(look) for look in looks}
    late = [
        entrance
        for entrance, state in states.items()
        if state is LoadState.NOT_YET or not _known(entrance, states)
    ]
    if late:
        named = ", ".join(f"{at.address}:{at.port} on {at.node}" for at in late[:5])
        return f"{named} didn't serve it in time."
    if LoadState.LOADED not in states.values():
        return "No Traefik served it."
    return ""


def standing(look: Look) -> LoadState:
    """The state at one entrance. All answers must say the same."""
    prints = [_prints(look.answers.get(name, ())) for name in REQUESTS]
    before, marked, route, nothing, now = prints
    if not all(prints) or not all(_like(answered, nothing) for answered in now):
        return LoadState.UNKNOWN
    if all(_like(answered, before) for answered in route):
        unserved = {status for status, _ in before} == {NOT_FOUND}
        return LoadState.UNSERVED if unserved else LoadState.ELSEWHERE
    if not any(_like(answered, before) for answered in marked):
        return LoadState.LOADED
    return LoadState.NOT_YET if look.named else LoadState.ELSEWHERE


def _known(at: Entrance, states: dict[Entrance, LoadState]) -> bool:
    """Whether enough is known of one Traefik: it serves the route, or does so nowhere."""
    own = {state for entrance, state in states.items() if entrance.address == at.address}
    return LoadState.LOADED in own or own == {LoadState.UNSERVED}


def _like(answered: Print, before: Collection[Print]) -> bool:
    """By the status alone if answers of the same host are not the same each time."""
    if len(before) > 1:
        return answered[0] in {status for status, _ in before}
    return answered in before


def _prints(answers: Sequence[ProbeAnswer]) -> frozenset[Print]:
    """Empty if one of the answers did not come to Traefik, or its fate is unknown."""
    prints = [_print(answer) for answer in answers]
    return frozenset() if None in prints else frozenset(filter(None, prints))


def _print(answer: ProbeAnswer) -> Print | None:
    if answer.outcome is Outcome.STALLED:
        return STALLED
    return (answer.status, answer.backend) if answer.outcome is Outcome.OK else None
