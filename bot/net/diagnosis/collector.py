"""Runs the tests of one diagnosis in at most two passes, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from bot.domain.grouping import grouped
from bot.domain.sentences import sentences
from bot.errors import MeshmedicError
from bot.net.diagnosis.evidence import collect
from bot.net.diagnosis.observation import ListenerReport, Observation, PlannedProbe, VantagePoint
from bot.net.diagnosis.shared import SharedAnswers
from bot.net.diagnosis.subject import Subject
from bot.net.diagnosis.test_plan import first_pass, needs_second_pass, second_pass
from bot.net.diagnosis.vantage_points import Means, VantagePoints, backends
from bot.net.ports import Prober
from bot.net.probing.protocol import ListenerAddress, ProbeAnswer, Progress

AT_ONCE = 8
"""Vantage points that run probes at once."""

STANDING = 40.0
"""Seconds for listeners, each of which the prober gives up by itself; where an image has to be
pulled, its patience comes on top."""

SETUP = 15.0
"""Seconds for temporary Services."""

PASS = 30.0
"""Seconds for one pass: where nothing answers, every try and its retry take 3 s."""

WHOLE = 60.0
"""Seconds for the whole once listeners stand; what is not done by then is reported as not tested.
"""

READING = 6.0
"""Seconds for what Traefik itself says, and for what a listener heard."""

K = TypeVar("K")
V = TypeVar("V")


class NetworkObservations(msgspec.Struct, frozen=True):
    """What was observed and heard; `unmade` says what could not be set up, and why."""

    observations: tuple[Observation, ...] = ()
    listener_reports: tuple[ListenerReport, ...] = ()
    unmade: tuple[str, ...] = ()


@dataclass
class Collector:
    """One diagnosis under way. `shared` is what others of the same run have asked already."""

    prober: Prober
    subject: Subject
    points: VantagePoints
    progress: Progress
    shared: SharedAnswers = field(default_factory=SharedAnswers)
    unmade: list[str] = field(default_factory=list)
    ends: float = 0.0

    async def both(self) -> NetworkObservations:
        """One pass, and a second one where not all was well; what was set up is removed."""
        stack = AsyncExitStack()
        try:
            observations, reports = await self._passes(stack)
        finally:
            await self._remove(stack)
        return NetworkObservations(observations, reports, tuple(self.unmade))

    async def _passes(
        self, stack: AsyncExitStack
    ) -> tuple[tuple[Observation, ...], tuple[ListenerReport, ...]]:
        means = await self._set_up(stack)
        first = first_pass(self.subject, self.points, means)
        self.progress(f"Testing from {', '.join(self.points.nodes)}.")
        observations = await self._ask(first, 1)
        evidence = collect(self.subject, observations)
        if needs_second_pass(evidence):
            self.progress("Something failed: testing again, to see whether it fails again.")
            observations += await self._ask(second_pass(evidence, first), 2)
        self.progress("Reading what the listeners heard.")
        reports = await asyncio.gather(*map(self._report, means.listeners.values()))
        return observations, tuple(reports)

    async def _remove(self, stack: AsyncExitStack) -> None:
        """Remove what was set up; what cannot be removed is reported, and the verdict stands."""
        try:
            await stack.aclose()
        except MeshmedicError as error:
            self.unmade.append(sentences(f"Something may be left behind: {error}"))

    async def _set_up(self, stack: AsyncExitStack) -> Means:
        """Listeners first, since temporary Services lead to them too."""
        listeners = await self._entered(
            stack,
            "Listeners",
            self.prober.listening(self.points.nodes, self.progress),
            STANDING + self.prober.patience,
        )
        self.ends = asyncio.get_running_loop().time() + WHOLE
        vips = await self._entered(
            stack,
            "Temporary Services",
            self.prober.sole_vips(backends(self.points, listeners), self.progress),
            SETUP,
        )
        return Means(listeners, vips)

    async def _entered(
        self,
        stack: AsyncExitStack,
        name: str,
        block: AbstractAsyncContextManager[Mapping[K, V]],
        seconds: float,
    ) -> Mapping[K, V]:
        """What a block of the prober's gives; nothing where it fails or takes too long."""
        try:
            async with asyncio.timeout(seconds):
                return await stack.enter_async_context(block)
        except MeshmedicError as error:
            self.unmade.append(sentences(f"{name}: {error}"))
        except TimeoutError:
            self.unmade.append(f"{name} weren't ready within {seconds:g} s.")
        return {}

    async def _ask(self, planned: Sequence[PlannedProbe], number: int) -> tuple[Observation, ...]:
        """One pass: every place at once, as far as its limit allows."""
        places = grouped((question.source, question) for question in planned)
        slots = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._from(place, own, number, slots))
                for place, own in places.items()
            ]
        return tuple(observation for task in tasks for observation in task.result())

    async def _from(
        self,
        place: VantagePoint,
        own: Sequence[PlannedProbe],
        number: int,
        slots: asyncio.Semaphore,
    ) -> tuple[Observation, ...]:
        """All probes of one vantage point; the reason where it could not run them."""
        known = {question.probe.id: self.shared.of(question, number) for question in own}
        probes = [question.probe for question in own if not known[question.probe.id]]
        answers: tuple[ProbeAnswer, ...] = ()
        reason = "The prober did not answer this one."
        try:
            async with self._limit(PASS), slots:
                if probes:
                    answers = await self.prober.probe(place, probes, self.progress)
        except MeshmedicError as error:
            reason = str(error)
        except TimeoutError:
            reason = f"No answer within {PASS:g} s."
        by_probe = {**known, **grouped((answer.id, answer) for answer in answers)}
        observations = tuple(
            _observation(question, by_probe[question.probe.id], reason, number) for question in own
        )
        self.shared.keep(observations)
        return observations

    def _limit(self, seconds: float) -> asyncio.Timeout:
        """So many seconds, and no longer than the whole may take."""
        now = asyncio.get_running_loop().time()
        return asyncio.timeout_at(min(now + seconds, self.ends))

    async def _report(self, listener: ListenerAddress) -> ListenerReport:
        try:
            async with asyncio.timeout(READING):
                heard = await self.prober.heard(listener)
        except (MeshmedicError, TimeoutError):
            heard = None
        return self.shared.joined(ListenerReport(listener.node, heard))


def _observation(
    question: PlannedProbe, answers: Sequence[ProbeAnswer], reason: str, number: int
) -> Observation:
    return Observation(question, tuple(answers), "" if answers else reason, number)
