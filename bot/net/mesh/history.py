"""The record of the network between nodes: what is broken now, and an hour's verdict by node.

A broken pair counts for both of its nodes, and a broken node for itself alone. An hour in which
nobody looked, or in which a node was not seen, is never counted as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from bot.domain.record import Shelf
from bot.domain.verdict import HOUR, INCIDENT, LETTER, MEANS, Verdict
from bot.net.mesh.health import verdict
from bot.net.mesh.matrix import Break
from bot.net.mesh.rounds import Fault, Links

HOURS = 24 * 8
"""Of each node: the week that digests look back on, and a day."""

FAULTS = 600
"""The most that are kept: after a restart any further ones have to be seen anew."""

UNSEEN = LETTER[Verdict.UNKNOWN]
TOGETHER = "between nodes"
SHOWN = 3
"""Nodes that are shown beside all together, the worst first."""


class LinkHistory(msgspec.Struct, frozen=True):
    """A letter an hour for each node, the last one of the hour `hour` (since 1970)."""

    hour: int = 0
    nodes: dict[str, str] = {}
    faults: tuple[Fault, ...] = ()


class Course(msgspec.Struct, frozen=True):
    """How one node, or all together, was: a letter an hour, the last one of the present hour."""

    name: str
    letters: str

    @property
    def share(self) -> float | None:
        """The hours without a break, of those that were seen; None where none was."""
        known = [MEANS[letter] for letter in self.letters if letter != UNSEEN]
        return (
            sum(verdict_.rank < INCIDENT.rank for verdict_ in known) / len(known) if known else None
        )


def noted(before: LinkHistory | None, links: Links) -> LinkHistory:
    """The record after one more look."""
    kept = before or LinkHistory()
    hour = _hour(links.taken_at)
    now = letters(links)
    moved = {name: _moved(text, hour - kept.hour) for name, text in kept.nodes.items()}
    nodes = {}
    for name in sorted({*moved, *now}):
        past = moved.get(name, UNSEEN)
        text = past[:-1] + _worse(past[-1], now.get(name, UNSEEN))
        if text.strip(UNSEEN) or name in now:
            nodes[name] = text
    faults = kept.faults if links.forgetful else links.faults
    return LinkHistory(hour, nodes, faults[:FAULTS])


def letters(links: Links) -> dict[str, str]:
    """What each node is now, as a letter of the history."""
    found = dict.fromkeys(sorted(links.nodes), LETTER[Verdict.HEALTHY])
    for doubt in links.doubts:
        found[doubt.source] = LETTER[Verdict.PROGRESSING]
    for one in links.unseen:
        found[one.node] = UNSEEN
    for broken in links.breaks:
        for name in _touched(broken):
            found[name] = _worse(found.get(name, UNSEEN), LETTER[verdict((broken,))])
    return found


def courses(kept: LinkHistory | None, now: datetime, back: timedelta) -> tuple[Course, ...]:
    """All nodes together, and the worst of them; nothing where nobody ever looked."""
    if kept is None or not kept.nodes:
        return ()
    hours = int(back / HOUR)
    behind = _hour(now) - kept.hour
    each = [
        Course(name, _moved(text, behind)[-hours:].rjust(hours, UNSEEN))
        for name, text in kept.nodes.items()
    ]
    together = "".join(
        max(hour, key=_rank) for hour in zip(*(one.letters for one in each), strict=True)
    )
    bad = [one for one in each if _bad(one)]
    worst = sorted(bad, key=lambda one: (-_bad(one), one.name))[:SHOWN]
    return (Course(TOGETHER, together), *worst)


def _touched(broken: Break) -> Iterator[str]:
    if broken.node:
        yield broken.node
    else:
        yield from {name for pair in broken.pairs for name in pair}


def _moved(text: str, hours: int) -> str:
    """So many hours later; what is of a time that has not come is dropped: a clock was wrong."""
    if hours < 0:
        return text[:hours] or UNSEEN
    return (text + UNSEEN * min(hours, HOURS))[-HOURS:]


def _worse(one: str, other: str) -> str:
    """An hour is as bad as its worst look; what was not seen in it at first may be seen later."""
    if UNSEEN in (one, other):
        return other if one == UNSEEN else one
    return max(one, other, key=_rank)


def _rank(letter: str) -> int:
    return MEANS[letter].rank


def _bad(one: Course) -> int:
    return sum(_rank(letter) >= INCIDENT.rank for letter in one.letters)


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600


def _spare(kept: LinkHistory) -> LinkHistory | None:
    """A tenth less of the hours, the oldest first."""
    most = max(map(len, kept.nodes.values()), default=0)
    fewer = most - max(1, most // 10)
    if fewer < 1:
        return None
    nodes: Mapping[str, str] = {name: text[-fewer:] for name, text in kept.nodes.items()}
    return LinkHistory(kept.hour, dict(nodes), kept.faults)


LINKS: Shelf[LinkHistory] = Shelf("links", LinkHistory, spare=_spare)
