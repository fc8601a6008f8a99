"""Proof by requests through Traefik: what fails before a change, and whether it helped after.

They begin beside Traefik, on its own node, so that the path under test is Traefik's to the pods.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.domain.refusal import NotObserved
from bot.domain.resources import core
from bot.domain.snapshot import SnapshotReader
from bot.errors import MeshmedicError
from bot.net.diagnosis.service import quiet
from bot.net.ports import Prober
from bot.net.probing.protocol import Progress
from bot.remediation.change import proof
from bot.remediation.change import verification_requests as through
from bot.remediation.change.proof import Count, Sample, Sort, VerificationResult
from bot.remediation.change.verification_requests import Entrance, VerificationRequest

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

ONE = 45.0
"""Seconds for one sample: a pod may have to start."""

NO_PROBER = "No request can be made through Traefik: there is no prober."
NO_ENTRANCE = "No port of a Traefik pod was seen by which requests could be made."

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Verifier:
    """Makes requests by the prober. It may be absent: then nothing can be proven."""

    cluster: SnapshotReader
    prober: Prober | None
    sleep: Sleep = asyncio.sleep
    reload: float = RELOAD
    longest: float = LONGEST

    async def baseline(
        self, request: VerificationRequest, progress: Progress = quiet
    ) -> Sample | NotObserved:
        """What requests meet now. Entrances that do not serve the route are left out.

        Raises:
            ClusterError: Traefik's pods cannot be read.
        """
        found = await self._entrances()
        if self.prober is None:
            return NotObserved(NO_PROBER)
        if not found:
            return NotObserved(NO_ENTRANCE)
        progress("Sending requests through Traefik.")
        whole = Sample()
        serving = found
        for _ in range(BASELINE):
            samples = {entrance: await self._sample(request, entrance) for entrance in serving}
            serving = _serving(samples) or serving
            whole = sum((samples[entrance] for entrance in serving), whole)
        return whole

    async def helped(self, request: VerificationRequest, before: Sample) -> VerificationResult:
        """Whether requests go well from the moment that Traefik knows of the change.

        What is not seen is no proof.

        Raises:
            ClusterError: Traefik's pods cannot be read.
        """
        found = await self._entrances()
        after: list[Sample] = []
        last = Sample()
        try:
            async with asyncio.timeout(self.longest):
                waited = 0.0
                serving = found
                while found and self.prober:
                    samples = {
                        entrance: await self._sample(request, entrance) for entrance in serving
                    }
                    serving = _serving(samples) or serving
                    last = sum((samples[entrance] for entrance in serving), Sample())
                    if last.well or after:
                        after.append(last)
                    if after and (judged := proof.judged(before, after)):
                        return judged
                    if not after and waited >= self.reload:
                        return VerificationResult(
                            helped=False, because=f"Before: {before}. After: {last}."
                        )
                    await self.sleep(PAUSE)
                    waited += PAUSE
        except TimeoutError:
            pass
        return proof.unseen(before, after or [last])

    async def _entrances(self) -> tuple[Entrance, ...]:
        return through.entrances(await self.cluster.snapshot((core.Pod,)))

    async def _sample(self, request: VerificationRequest, entrance: Entrance) -> Sample:
        if self.prober is None:
            return Sample()
        try:
            async with asyncio.timeout(ONE):
                asked = through.probes(request, entrance, TRIES)
                answers = await self.prober.probe(entrance.source, asked, quiet)
        except (MeshmedicError, TimeoutError):
            return Sample((Count(Sort.UNSEEN, "not tried", TRIES),))
        own = frozenset(e.backend for e in answers if e.id == "nothing" and e.status == 404)  # noqa: PLR2004
        return proof.sample([answer for answer in answers if answer.id == "asked"], own - {""})


def _serving(samples: dict[Entrance, Sample]) -> tuple[Entrance, ...]:
    """The entrances by which the route is served: not only sent elsewhere, or unknown."""
    return tuple(
        entrance for entrance, sample in samples.items() if sample.of(Sort.REACHED, Sort.FAILED)
    )
