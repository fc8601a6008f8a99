"""Rounds of made-up agents: a mesh in which chosen pairs fail."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from bot.net.mesh.matrix import By, Pair
from bot.net.mesh.rounds import EVERY, KINDS, Fault, Links, Round, Try, Witness
from bot.net.mesh.state import settled
from bot.net.probing.protocol import Outcome

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=3)
INTERVAL = timedelta(seconds=EVERY)
NAMES = ("a", "b", "c", "d")


def every_pair(names: Iterable[str] = NAMES) -> set[Pair]:
    nodes = tuple(names)
    return {(one, other) for one in nodes for other in nodes if one != other}


def a_round(
    node: str,
    bad: Collection[Pair] = (),
    *,
    names: Iterable[str] = NAMES,
    tests: Collection[By] = KINDS,
    at: datetime = NOW,
    outcome: Outcome = Outcome.TIMEOUT,
) -> Round:
    """One in which those tests fail for those pairs."""
    tries = [
        Try(other, test, outcome if (node, other) in bad and test in tests else Outcome.OK, 3.0)
        for other in names
        if other != node
        for test in KINDS
    ]
    return Round(at, tuple(tries))


def a_witness(node: str, *rounds: Round, unread: str = "", ready: bool = True) -> Witness:
    return Witness(node=node, ready=ready, since=LONG_AGO, rounds=rounds, unread=unread)


def witnesses(
    bad: Collection[Pair] = (),
    *,
    names: Iterable[str] = NAMES,
    tests: Collection[By] = KINDS,
    at: datetime = NOW,
    blind: Collection[str] = (),
) -> tuple[Witness, ...]:
    """All of them, after two rounds that went the same; the `blind` ones cannot be read."""
    nodes = tuple(names)
    return tuple(
        a_witness(node, unread="its log cannot be read")
        if node in blind
        else a_witness(
            node,
            a_round(node, bad, names=nodes, tests=tests, at=at - INTERVAL),
            a_round(node, bad, names=nodes, tests=tests, at=at),
        )
        for node in nodes
    )


def links(
    *told: Witness,
    before: Iterable[Fault] = (),
    down: Collection[str] = (),
    names: Iterable[str] = NAMES,
    now: datetime = NOW,
) -> Links:
    """What is known by these witnesses."""
    return settled(before, told, {name: name not in down for name in names}, now)
