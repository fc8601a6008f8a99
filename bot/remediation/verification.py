"""Proof by requests through Traefik: what fails before a change, and whether it helped after.

The requests start beside Traefik, on its own node, so that the path under test is Traefik's to the
pods.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.domain.refusal import NotObserved
from bot.domain.resources import core
from bot.domain.snapshot import SnapshotReader
from bot.errors import MeshmedicError
from bot.net.entrances import Entrance, entrances
from bot.net.ports import Prober
from bot.net.probing.protocol import Probe, ProbeAnswer, Progress, quiet
from bot.remediation.change import proof
from bot.remediation.change.plan import VerificationRequest
from bot.remediation.change.proof import Count, Sample, Sort, VerificationResult
from bot.remediation.change.verification_requests import probes

TRIES = 10
"""Requests of one sample by each entrance."""

BASELINE = 2
"""Samples before a change."""

PAUSE = 3.0
"""Seconds between two samples after a change."""

RELOAD = 45.0
"""Seconds in which Traefik may still answer as before: it gathers changes, and clients watch."""

LONGEST = 180.0
"""Seconds for the whole proof."""

SAMPLE_TIMEOUT = 45.0
"""Seconds for the requests at one place: a pod may have to start."""

NO_PROBER = "No request can be made through Traefik: there is no prober."
NO_ENTRANCE = "No port of a Traefik pod was seen by which requests could be made."

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Verifier:
    """Says whether a change helped, by requests. Without a prober nothing can be proven."""

    cluster: SnapshotReader
    prober: Prober | None
    sleep: Sleep = asyncio.sleep
    reload: float = RELOAD

    async def baseline(
        self, request: VerificationRequest, progress: Progress = quiet
    ) -> Sample | NotObserved:
        """What becomes of requests now, by the entrances that serve the route.

        Raises:
            ClusterError: Traefik's pods cannot be read.
        """
        serving = await self._entrances()
        if self.prober is None:
            return NotObserved(NO_PROBER)
        if not serving:
            return NotObserved(NO_ENTRANCE)
        progress("Sending requests through Traefik.")
        before = Sample()
        for _ in range(BASELINE):
            sample, serving = await self._sample(request, serving)
            before += sample
        return before

    async def helped(self, request: VerificationRequest, before: Sample) -> VerificationResult:
        """Whether requests go well from the moment that Traefik knows of the change.

        What is not observed proves nothing.

        Raises:
            ClusterError: Traefik's pods cannot be read.
        """
        serving = await self._entrances()
        after: list[Sample] = []
        last, waited = Sample(), 0.0
        try:
            async with asyncio.timeout(LONGEST):
                while serving and self.prober:
                    last, serving = await self._sample(request, serving)
                    if last.well or after:
                        after.append(last)
                    if after and (result := proof.evaluate(before, after)):
                        return result
                    if not after and waited >= self.reload:
                        because = f"Before: {before}. After: {last}."
                        return VerificationResult(helped=False, because=because)
                    await self.sleep(PAUSE)
                    waited += PAUSE
        except TimeoutError:
            pass
        return proof.unseen(before, after or [last])

    async def _entrances(self) -> tuple[Entrance, ...]:
        return entrances(await self.cluster.snapshot((core.Pod,)))

    async def _sample(
        self, request: VerificationRequest, by: tuple[Entrance, ...]
    ) -> tuple[Sample, tuple[Entrance, ...]]:
        """One sample, and the entrances that serve the route, or all where none is known to.

        Not known to serve it are those that only send requests elsewhere, or do not answer.
        """
        samples = {entrance: await self._sample_by(request, entrance) for entrance in by}
        answered = (at for at, sample in samples.items() if sample.of(Sort.REACHED, Sort.FAILED))
        serving = tuple(answered) or by
        return sum((samples[entrance] for entrance in serving), Sample()), serving

    async def _sample_by(self, request: VerificationRequest, entrance: Entrance) -> Sample:
        answers = await send(self.prober, entrance, probes(request, entrance, TRIES))
        if answers is None:
            return Sample((Count(Sort.UNSEEN, "not tried", TRIES),))
        not_found = frozenset(
            answer.backend
            for answer in answers
            if answer.id == "nothing" and answer.status == proof.NOT_FOUND
        )
        route_answers = [answer for answer in answers if answer.id == "asked"]
        return proof.sample(route_answers, not_found - {""})


async def send(
    prober: Prober | None, by: Entrance, requests: Sequence[Probe]
) -> tuple[ProbeAnswer, ...] | None:
    """The answers to requests that start beside one entrance; None if none could be made."""
    try:
        async with asyncio.timeout(SAMPLE_TIMEOUT):
            return await prober.probe(by.source, requests, quiet) if prober else None
    except (MeshmedicError, TimeoutError):
        return None
