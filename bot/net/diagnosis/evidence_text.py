"""The evidence row by row, in words for people."""

from __future__ import annotations

from bot.net.diagnosis.diagnosis import Seen
from bot.net.diagnosis.evidence import Case
from bot.net.diagnosis.observation import Aim, ExecutionContext, ProbeTarget, VantagePoint

MOST = 60
"""Rows that are told; those that bear come first."""

PLACES = {
    ExecutionContext.POD: "a pod on {}",
    ExecutionContext.HOST: "{} itself",
    ExecutionContext.TRAEFIK: "Traefik's pod on {}",
}

THINGS = {
    Aim.ENDPOINT: "endpoint {address} on {node}",
    Aim.OTHER_PORT: "another port of {address}",
    Aim.VIP: "the Service's VIP {address}",
    Aim.SOLE_VIP: "a VIP with {address} on {node} only",
    Aim.NAME: "the Service's name",
    Aim.CONTROL_NAME: "the name kubernetes.default",
    Aim.REQUEST: "the route's request to {address}",
    Aim.VIP_REQUEST: "the route's request to the VIP {address}",
    Aim.LARGE_REQUEST: "a large request to {address}",
    Aim.NODE: "the node {node} at its own address",
    Aim.FAR: "our listener on {node}",
    Aim.FAR_VIP: "a VIP with our listener on {node} only",
    Aim.FAR_SMALL: "a small payload to our listener on {node}",
    Aim.FAR_LARGE: "a large payload to our listener on {node}",
    Aim.FAR_UDP: "datagrams to our listener on {node}",
    Aim.BACK: "our listener on {node}",
}


def what(place: VantagePoint, aim: Aim, target: ProbeTarget) -> str:
    """`a pod on a -> endpoint 10.42.1.5 on b`."""
    thing = THINGS[aim].format(address=target.address, node=target.node or "an unknown node")
    return f"{PLACES[place.stance].format(place.node)} -> {thing}"


def rows(case: Case, bears: tuple[Aim, ...]) -> tuple[Seen, ...]:
    """What was tried and how it ended; what the verdict rests on first."""
    seen = [
        Seen(what(*key), str(tally), bears=key[1] in bears)
        for key, tally in sorted(case.tallies.items(), key=lambda item: item[0])
        if tally.seen
    ]
    rows = sorted(seen, key=lambda row: not row.bears)
    left = len(rows) - MOST
    more = (Seen(f"{left} more tests", "left out here"),) if left > 0 else ()
    return (*_believed(case), *rows[:MOST], *more)


def reasons(case: Case) -> tuple[str, ...]:
    """Why something could not be asked, each reason once with the places that it holds for."""
    told: dict[str, list[str]] = {}
    for (place, _, _), tally in sorted(case.tallies.items(), key=lambda item: item[0]):
        for reason in tally.reasons:
            where = PLACES[place.stance].format(place.node)
            if where not in told.setdefault(reason, []):
                told[reason].append(where)
    return tuple(f"From {', '.join(where)}: {reason}" for reason, where in sorted(told.items()))


def _believed(case: Case) -> tuple[Seen, ...]:
    belief = case.belief
    servers = ", ".join(f"{address}:{port}" for address, port in belief.servers or ())
    listed = (Seen(f"Traefik's servers, by its {belief.of}", servers or "none"),)
    failed = tuple(
        Seen(
            f"Traefik -> {failure.address}:{failure.port}, by its log",
            f"{failure.outcome} {failure.count} times",
        )
        for failure in belief.failures
    )
    return (*(listed if belief.servers is not None else ()), *failed)
