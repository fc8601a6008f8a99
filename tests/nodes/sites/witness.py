"""What the backends heard, and whether any of it is more than a route check may ask."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.net.route_checks.interval import SHORTEST
from bot.probe.checking import USER_AGENT

REFUSED_HEAD = ("HEAD", "GET")
"""The methods of a site that refuses HEAD, in this order."""


@dataclass(frozen=True, order=True)
class Heard:
    """A request as a backend heard it. `at` is Unix time."""

    at: float
    method: str
    host: str
    path: str
    query: str
    agent: str


def read(log: str) -> Iterator[Heard]:
    """The requests of a backend's log."""
    for line in log.splitlines():
        if line.startswith("{"):
            yield Heard(**json.loads(line))


def checks(heard: Iterable[Heard], host: str) -> list[Heard]:
    """The route checks of a host, in the order of their times, each once."""
    return sorted({one for one in heard if one.agent == USER_AGENT and one.host == host})


def breaches(requests: Iterable[Heard]) -> Iterator[str]:
    """What a route check must never do, in all requests of any host."""
    every = sorted({one for one in requests if one.agent == USER_AGENT})
    for one in every:
        asked = f"{one.method} {one.path}{one.query and '?'}{one.query} of {one.host}"
        if one.method not in REFUSED_HEAD or one.path != "/" or one.query:
            yield f"asked {asked}"
    for host in sorted({one.host for one in every}):
        of_host = [one for one in every if one.host == host]
        for first, second in pairwise(of_host):
            if second.at - first.at < SHORTEST:
                yield f"asked {host} twice within {second.at - first.at:.1f} s"
            if (first.method, second.method) == REFUSED_HEAD[::-1]:
                yield f"asked {host} by HEAD again, which it refuses"
