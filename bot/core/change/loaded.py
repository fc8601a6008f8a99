"""Whether every Traefik has loaded a route, by what its marker is answered with (`marker`).

It is compared with what the marker's host was answered with before the marker was made: mostly
Traefik's own 404, but a route for every host may answer as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

import msgspec

from bot.core.change.proof import NOT_FOUND
from bot.core.change.through import Entrance
from bot.core.network.probing import Answer, Outcome

Print = tuple[int, str]
"""A status, and who answered; 0 where the request was taken and nothing came back."""

STALLED: Print = (0, "")


class Look(msgspec.Struct, frozen=True):
    """What one entrance answers: the marker's host `before` it was made and now, and the route."""

    entrance: Entrance
    before: tuple[Answer, ...]
    marked: tuple[Answer, ...]
    route: tuple[Answer, ...]


class Standing(StrEnum):
    """How it stands at one entrance."""

    LOADED = "loaded"
    NOT_YET = "not yet"
    UNSERVED = "unserved"
    """The route is not served there either: nothing can be lost."""
    ELSEWHERE = "elsewhere"
    """The route and an unknown host are answered alike, as by a redirect of all to TLS."""
    UNKNOWN = "unknown"


def unseen(looks: Sequence[Look]) -> str:
    """Why it cannot be said that every Traefik has loaded it; empty where it can."""
    stand = {each.entrance: standing(each) for each in looks}
    late = [each for each, how in stand.items() if how is Standing.NOT_YET]
    if late:
        return f"Traefik does not serve it at {_named(late)}."
    blind = [each for each in stand if not _known(each.address, stand)]
    if blind:
        return f"It was not seen what Traefik serves at {_named(blind)}."
    if Standing.LOADED not in stand.values():
        return "No Traefik was seen to serve it."
    return ""


def standing(look: Look) -> Standing:
    """At one entrance. All answers must say the same."""
    before, marked, route = map(_prints, (look.before, look.marked, look.route))
    if not before or not marked or not route:
        return Standing.UNKNOWN
    if all(_like(each, before) for each in route):
        unserved = {status for status, _ in before} == {NOT_FOUND}
        return Standing.UNSERVED if unserved else Standing.ELSEWHERE
    return Standing.NOT_YET if any(_like(each, before) for each in marked) else Standing.LOADED


def _known(address: str, stand: dict[Entrance, Standing]) -> bool:
    """Whether enough is known of one Traefik: it serves it, or does not serve the route at all."""
    own = {how for each, how in stand.items() if each.address == address}
    return Standing.LOADED in own or own == {Standing.UNSERVED}


def _like(one: Print, before: Collection[Print]) -> bool:
    """By the status alone where answers of the same host are not the same each time."""
    if len(before) > 1:
        return one[0] in {status for status, _ in before}
    return one in before


def _prints(answers: Sequence[Answer]) -> frozenset[Print]:
    """Empty where one of them did not come to Traefik, or nobody knows what became of it."""
    prints = [_print(each) for each in answers]
    return frozenset() if None in prints else frozenset(filter(None, prints))


def _print(answer: Answer) -> Print | None:
    if answer.outcome is Outcome.STALLED:
        return STALLED
    return (answer.status, answer.backend) if answer.outcome is Outcome.OK else None


def _named(entrances: Sequence[Entrance]) -> str:
    return ", ".join(f"{each.address}:{each.port} on {each.node}" for each in entrances[:5])
