"""Makes every try of every probe, many at the same time, each with a limit and an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.probe.checking import check
from bot.probe.connecting import connected
from bot.probe.echo import datagram, echo
from bot.probe.job import ROUTE_CHECKS, ProbeTask
from bot.probe.outcomes import OK, PATIENT, STALLED, TIMEOUT, UNTRIED, Ended, TryProgress
from bot.probe.output import Write
from bot.probe.resolving import look_up
from bot.probe.web import request

AT_ONCE = 64
TLS_AT_ONCE = 8
"""Of these, those by TLS, for the memory that each takes."""

EACH_AT_ONCE = 8
"""Tries of one probe at the same time."""

GIVE_UP = 4
"""The number of failed tries, with no success, after which a probe is given up."""

PAUSES = (0.0, 1.3, 0.9, 0.7)
"""Seconds before each connection to a target that settles. They are few: the kernel limits how many
errors it sends to one address, and those of other tries would be lost. kube-proxy needs up to 1.3.
"""

MOST_ADDRESSES = 16
"""Addresses of one name in an answer: a line must be short enough to be written in one piece."""


async def _connect(probe: ProbeTask, progress: TryProgress) -> None:
    async with connected(probe.address, probe.port, progress):
        pass


TRIES: dict[str, Callable[[ProbeTask, TryProgress], Awaitable[None]]] = {
    "tcp": _connect,
    "http": request,
    "dns": look_up,
    "echo": echo,
    "udp": datagram,
    "route-head": check,
    "route-get": check,
}


@dataclass(slots=True)
class _Course:
    """The counts of one probe's tries."""

    left: int
    well: int = 0
    in_vain: int = 0

    @property
    def over(self) -> bool:
        return not self.left or (not self.well and self.in_vain >= GIVE_UP)


async def try_all(probes: Sequence[ProbeTask], on_answer: Write) -> None:
    """Make all tries, and pass each answer to `on_answer`."""
    began = time.perf_counter()
    room, narrow = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(TLS_AT_ONCE)
    single = asyncio.Semaphore(1)  # route checks must not be felt by anybody
    waiting = iter(probes)

    # Lanes, and not a task for each: ten thousand tasks would be all of the memory.
    async def lane() -> None:
        for probe in waiting:
            rooms = narrow if probe.tls else room
            await _all_of(probe, single if probe.kind in ROUTE_CHECKS else rooms, began, on_answer)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(AT_ONCE, len(probes))):
            group.create_task(lane())


async def _all_of(
    probe: ProbeTask, room: asyncio.Semaphore, began: float, on_answer: Write
) -> None:
    course = _Course(left=probe.tries)
    unsettled = not await _settled(probe, room)
    if unsettled:
        # It had more patience than another try would give it.
        probe = replace(probe, again=0)

    async def lane() -> None:
        while not course.over:
            course.left -= 1
            async with room:
                at = (time.perf_counter() - began) * 1000
                answer = await _patiently(probe)
            course.well += answer["outcome"] == OK
            course.in_vain += answer["outcome"] in PATIENT
            if unsettled:
                answer["unsettled"] = True
            on_answer({"id": probe.id, "at": round(at, 1), **answer})

    async with asyncio.TaskGroup() as group:
        for _ in range(min(EACH_AT_ONCE, probe.tries)):
            group.create_task(lane())


async def _settled(probe: ProbeTask, room: asyncio.Semaphore) -> bool:
    """Whether the target took a connection in the seconds that it has to settle, if it has any."""
    end = time.perf_counter() + probe.settle
    for pause in PAUSES if probe.settle else ():
        if (left := end - time.perf_counter() - pause) <= 0:
            return False
        await asyncio.sleep(pause)
        async with room:
            answer = await _once(replace(probe, seconds=min(left, probe.seconds)))
        if answer["outcome"] == OK:
            return True
    return not probe.settle


async def _patiently(probe: ProbeTask) -> dict[str, Any]:
    """The answer to one try, repeated where it ran out of time."""
    for number in range(probe.again + 1):
        answer = await _once(probe)
        if number:
            answer["retried"] = True
        if answer["outcome"] not in PATIENT:
            break
    return answer


async def _once(probe: ProbeTask) -> dict[str, Any]:
    progress, outcome, detail, number = TryProgress(), OK, "", 0
    began = time.perf_counter()
    try:
        async with asyncio.timeout(probe.seconds):
            await TRIES[probe.kind](probe, progress)
    except Ended as end:
        outcome, detail, number = end.outcome, end.detail, end.number
    except TimeoutError:
        outcome = TIMEOUT if progress.connected is None else STALLED
        detail = progress.doing
    except OSError as error:
        outcome, detail = UNTRIED, str(error)
    took = (time.perf_counter() - began) * 1000
    facts = {
        "connected": None if progress.connected is None else round(progress.connected, 3),
        "errno": number,
        "status": progress.status,
        "size": progress.size,
        "backend": progress.backend,
        "source": progress.source,
        "addresses": list(progress.addresses[:MOST_ADDRESSES]),
        "detail": detail[:200],
        "web": progress.web,
    }
    filled = {name: value for name, value in facts.items() if value not in (None, 0, "", [])}
    return {"outcome": outcome, "took": round(took, 3), **filled}
