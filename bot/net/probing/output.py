"""Reading what probers print: the lines of one job among whatever else a log holds."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.net.probing.protocol import Heard, ProbeAnswer, ProberLine

LONGEST = 16_384
"""Bytes of a line that is looked at: ours are far shorter."""

MOST = 100_000
"""Lines of one log that are looked at."""

_decoder = msgspec.json.Decoder(ProberLine)


def lines_of(log: bytes, job: str) -> Iterator[ProberLine]:
    """The whole lines of a job, in their order; cut, foreign and broken ones are passed over."""
    for raw in log.split(b"\n", MOST)[:MOST]:
        if len(raw) <= LONGEST and raw.startswith(b"{"):
            line = parse_line(raw)
            if line is not None and line.job == job:
                yield line


def answers(lines: Iterator[ProberLine]) -> tuple[ProbeAnswer, ...]:
    """What was answered."""
    return tuple(line.answer for line in lines if line.answer is not None)


def heard(lines: Iterator[ProberLine]) -> tuple[Heard, ...]:
    """What a listener heard: the newest count of each source."""
    newest = {line.heard.source: line.heard for line in lines if line.heard is not None}
    return tuple(newest.values())


def parse_line(raw: bytes) -> ProberLine | None:
    """What a line says; None where it is none of ours."""
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
