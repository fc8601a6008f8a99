"""Whether every Traefik has loaded a route, by what its marker is answered with (`marker`).

It is compared with what the marker's host was answered with before the marker was made: mostly
Traefik's own 404, but a route for every host may answer as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

import msgspec

from bot.net.probing.protocol import Outcome, ProbeAnswer
from bot.remediation.change.proof import NOT_FOUND
from bot.remediation.change.verification_requests import Entrance

Print = tuple[int, str]
"""A status, and who answered; 0 where the request was taken and nothing came back."""

STALLED: Print = (0, "")


class Look(msgspec.Struct, frozen=True):
    """What one entrance answers: the marker's host `before` it was made and now, and the route.

    `named`: the route names this entrypoint. Elsewhere another object may serve the same host.
    `control` is what a host that nothing serves is answered with, at the beginning and now: where
    that changed, Traefik itself is not well, and no other answer says anything.
    """

    entrance: Entrance
    before: tuple[ProbeAnswer, ...]
    marked: tuple[ProbeAnswer, ...]
    route: tuple[ProbeAnswer, ...]
    control: tuple[tuple[ProbeAnswer, ...], tuple[ProbeAnswer, ...]]
    named: bool = False


class LoadState(StrEnum):
    """How it stands at one entrance."""

    LOADED = "loaded"
    NOT_YET = "not yet"
    UNSERVED = "unserved"
    """The route is not served there either: nothing can be lost."""
    ELSEWHERE = "elsewhere"
    """Something else answers, as where all is redirected to TLS: it says nothing."""
    UNKNOWN = "unknown"


def unseen(looks: Sequence[Look]) -> str:
    """Why it cannot be said that every Traefik has loaded it; empty where it can."""
    stand = {look.entrance: standing(look) for look in looks}
    late = [one for one, how in stand.items() if how is LoadState.NOT_YET or not _known(one, stand)]
    if late:
        named = ", ".join(f"{one.address}:{one.port} on {one.node}" for one in late[:5])
        return f"It was not seen to be served at {named}."
    if LoadState.LOADED not in stand.values():
        return "No Traefik was seen to serve it."
    return ""


def standing(look: Look) -> LoadState:
    """At one entrance. All answers must say the same."""
    before, marked, route = map(_prints, (look.before, look.marked, look.route))
    if not before or not marked or not route or not _steady(*look.control):
        return LoadState.UNKNOWN
    if all(_like(answered, before) for answered in route):
        unserved = {status for status, _ in before} == {NOT_FOUND}
        return LoadState.UNSERVED if unserved else LoadState.ELSEWHERE
    if not any(_like(answered, before) for answered in marked):
        return LoadState.LOADED
    return LoadState.NOT_YET if look.named else LoadState.ELSEWHERE


def _steady(before: Sequence[ProbeAnswer], now: Sequence[ProbeAnswer]) -> bool:
    first, then = _prints(before), _prints(now)
    return bool(first and then) and all(_like(answered, first) for answered in then)


def _known(at: Entrance, stand: dict[Entrance, LoadState]) -> bool:
    """Whether enough is known of one Traefik: it serves it, or does not serve the route at all."""
    own = {how for entrance, how in stand.items() if entrance.address == at.address}
    return LoadState.LOADED in own or own == {LoadState.UNSERVED}


def _like(one: Print, before: Collection[Print]) -> bool:
    """By the status alone where answers of the same host are not the same each time."""
    if len(before) > 1:
        return one[0] in {status for status, _ in before}
    return one in before


def _prints(answers: Sequence[ProbeAnswer]) -> frozenset[Print]:
    """Empty where one of them did not come to Traefik, or nobody knows what became of it."""
    prints = [_print(answer) for answer in answers]
    return frozenset() if None in prints else frozenset(filter(None, prints))


def _print(answer: ProbeAnswer) -> Print | None:
    if answer.outcome is Outcome.STALLED:
        return STALLED
    return (answer.status, answer.backend) if answer.outcome is Outcome.OK else None
