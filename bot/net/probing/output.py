"""Reads what probers print: the lines of one job out of a log that holds other lines too."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.net.probing.protocol import Heard, ProbeAnswer, ProberLine

LONGEST = 16_384
"""The most bytes of a line that is read: those of probers are far shorter."""

MOST = 100_000
"""The most lines of one log that are read."""

_decoder = msgspec.json.Decoder(ProberLine)


def lines_of(log: bytes, job: str) -> Iterator[ProberLine]:
    """The whole lines of a job, in their order; cut, foreign and broken ones are skipped."""
    for raw in log.split(b"\n", MOST)[:MOST]:
        if len(raw) <= LONGEST and raw.startswith(b"{"):
            line = parse_line(raw)
            if line is not None and line.job == job:
                yield line


def answers(lines: Iterator[ProberLine]) -> tuple[ProbeAnswer, ...]:
    """The answers among the lines."""
    return tuple(line.answer for line in lines if line.answer is not None)


def heard(lines: Iterator[ProberLine]) -> tuple[Heard, ...]:
    """What a listener heard: the newest count of each source."""
    newest = {line.heard.source: line.heard for line in lines if line.heard is not None}
    return tuple(newest.values())


def parse_line(raw: bytes) -> ProberLine | None:
    """A prober's line; None for any other."""
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
