"""Reading rounds out of an agent's log, in which jobs and what was heard stand as well."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.domain.timestamps import instant
from bot.net.mesh.matrix import By
from bot.net.mesh.rounds import Round, Try
from bot.net.probing import output as lines
from bot.net.probing.protocol import ProbeAnswer

JOB = "round"
"""The job id of the lines. Source: bot.probe.rounds, which a test holds against this."""

TEST = {"tcp": By.POD, "udp": By.UDP, "echo": By.LARGE}

KEPT = 2
"""Rounds: the last one, and the one before it."""


def rounds(log: bytes) -> tuple[Round, ...]:
    """The latest whole rounds, the newest last.

    Each line stands behind its time, as the kubelet writes it with `timestamps`. What is cut,
    broken or foreign is passed over; of a round whose first lines are gone, the rest counts.
    """
    return tuple(_rounds(log))[-KEPT:]


def _rounds(log: bytes) -> Iterator[Round]:
    tries: dict[str, Try] = {}
    for raw in log.split(b"\n", lines.MOST)[: lines.MOST]:
        moment, _, said = raw[: lines.LONGEST].partition(b" ")
        at = _at(moment) if said.startswith(b"{") else None
        line = lines.one(said) if at else None
        if line is None or at is None or line.job != JOB:
            continue
        if line.done:
            yield Round(at, tuple(tries.values()))
            tries = {}
        elif line.answer and (found := _try(line.answer)):
            # Again: the line that ended the round before was lost, and with it when it ended.
            tries = {} if line.answer.id in tries else tries
            tries[line.answer.id] = found


def _try(answer: ProbeAnswer) -> Try | None:
    kind, _, target = answer.id.partition("/")
    test = TEST.get(kind)
    took = answer.took if answer.connected is None else answer.connected
    return Try(target, test, answer.outcome, took) if test and target else None


def _at(moment: bytes) -> datetime | None:
    return instant(moment.decode("ascii", "replace"))
