"""The record of the network between nodes: what is broken now, and an hour's verdict by node.

A broken pair counts for both of its nodes, and a broken node for itself alone. An hour in which
nobody looked, or in which a node was not seen, is never counted as well.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from bot.domain.record import RecordType
from bot.domain.verdict import HOUR, INCIDENT, LETTER, MEANS, Verdict
from bot.net.mesh.health import verdict
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
    def bad(self) -> int:
        """The hours with a break."""
        return sum(_rank(letter) >= INCIDENT.rank for letter in self.letters)

    @property
    def share(self) -> float | None:
        """The part of the hours without a break, of those that were seen; None where none was."""
        hours = len(self.letters) - self.letters.count(UNSEEN)
        return (hours - self.bad) / hours if hours else None


def noted(before: LinkHistory | None, links: Links) -> LinkHistory:
    """The record after one more look."""
    record = before or LinkHistory()
    hour = _hour(links.taken_at)
    now = letters(links)
    moved = {name: _moved(text, hour - record.hour) for name, text in record.nodes.items()}
    nodes = {}
    for name in sorted({*moved, *now}):
        past = moved.get(name, UNSEEN)
        text = past[:-1] + _worse(past[-1], now.get(name, UNSEEN))
        if text.strip(UNSEEN) or name in now:
            nodes[name] = text
    faults = record.faults if links.forgetful else links.faults
    return LinkHistory(hour, nodes, faults[:FAULTS])


def letters(links: Links) -> dict[str, str]:
    """What each node is now, as a letter of the history."""
    by_node = dict.fromkeys(sorted(links.nodes), LETTER[Verdict.HEALTHY])
    by_node |= {doubt.source: LETTER[Verdict.PROGRESSING] for doubt in links.told_doubts}
    by_node |= {gap.node: UNSEEN for gap in links.unseen}
    for break_ in links.breaks:
        ends = {node for pair in break_.pairs for node in pair}
        for name in (break_.node,) if break_.node else ends:
            by_node[name] = _worse(by_node.get(name, UNSEEN), LETTER[verdict((break_,))])
    return by_node


def courses(record: LinkHistory | None, now: datetime, back: timedelta) -> tuple[Course, ...]:
    """All nodes together, then the worst of them; empty where nothing was ever recorded."""
    if record is None or not record.nodes:
        return ()
    hours = int(back / HOUR)
    behind = _hour(now) - record.hour
    nodes = [
        Course(name, _moved(text, behind)[-hours:].rjust(hours, UNSEEN))
        for name, text in record.nodes.items()
    ]
    by_hour = zip(*(course.letters for course in nodes), strict=True)
    together = "".join(max(letters, key=_rank) for letters in by_hour)
    broken = [course for course in nodes if course.bad]
    worst = sorted(broken, key=lambda course: (-course.bad, course.name))[:SHOWN]
    return (Course(TOGETHER, together), *worst)


def _moved(text: str, hours: int) -> str:
    """So many hours later; what is of a time that has not come is dropped: a clock was wrong."""
    if hours < 0:
        return text[:hours] or UNSEEN
    return (text + UNSEEN * min(hours, HOURS))[-HOURS:]


def _worse(letter: str, other: str) -> str:
    """An hour is as bad as its worst look; what was not seen in it at first may be seen later."""
    if UNSEEN in (letter, other):
        return other if letter == UNSEEN else letter
    return max(letter, other, key=_rank)


def _rank(letter: str) -> int:
    return MEANS[letter].rank


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600


def _spare(record: LinkHistory) -> LinkHistory | None:
    """A tenth less of the hours, the oldest first."""
    most = max(map(len, record.nodes.values()), default=0)
    fewer = most - max(1, most // 10)
    if fewer < 1:
        return None
    nodes = {name: text[-fewer:] for name, text in record.nodes.items()}
    return LinkHistory(record.hour, nodes, record.faults)


LINKS: RecordType[LinkHistory] = RecordType("links", LinkHistory, spare=_spare)
