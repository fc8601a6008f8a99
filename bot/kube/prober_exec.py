"""Probing from Traefik's own pod by its `wget`, beside a prober for every other place.

It is the last resort where no pod can be had, and the only place that NetworkPolicies treat as they
treat Traefik.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import msgspec

from bot.domain.finding import Ref
from bot.errors import Absent, ClusterError, Forbidden
from bot.kube.client import Api
from bot.kube.exec import CannotExecute
from bot.kube.pod_commands import PodCommands
from bot.kube.traefik_reader import ALLOW_EXEC, TraefikReader
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.ports import Prober
from bot.net.probing import wget_probe as by_wget
from bot.net.probing.protocol import (
    Heard,
    ListenerAddress,
    Outcome,
    Probe,
    ProbeAnswer,
    ProbedBackend,
    Progress,
    Vip,
)
from bot.net.probing.wget_output import Said
from bot.net.probing.wget_probe import Unable, untried
from bot.net.request.origin import Start

AT_ONCE = 8
"""Commands that run in the pod at once."""

LONGEST = 22.0
"""Seconds for one place: whoever asks waits for 30, and would lose what was answered until then."""

STARTING = 4.0
"""Seconds for a command beyond those that its wget may take."""

NOT_STARTED = frozenset({126, 127})
"""Exit codes by which some container runtimes say that there is no such program."""

NO_WGET = (
    "No wget can be run in Traefik's pod (an image without a shell has none): "
    "deploy/components/prober probes from a pod beside it."
)

Run = Callable[[Start, Sequence[str], float], Awaitable[Said]]
"""A command in a container, within so many seconds."""


class ProbeInside:
    """A `Prober`: from Traefik's own pod by commands in it, from every other place by `others`."""

    def __init__(self, api: Api, others: Prober) -> None:
        self._others = others
        self._run: Run = PodCommands(api).run
        self._traefik = TraefikReader(api)

    @property
    def name(self) -> str:
        """That of the other places."""
        return self._others.name

    @property
    def blind(self) -> tuple[str, ...]:
        """That of the other places."""
        return self._others.blind

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """A command a try. What `wget` cannot tell is UNTRIED, with the reason.

        Raises:
            ClusterError: Nothing could be tried there; the message says why and how to allow it.
        """
        if source.stance is not ExecutionContext.TRAEFIK:
            return await self._others.probe(source, probes, progress)
        start = await self._start(source.node)
        progress(f"Asking wget in {start}.")
        asking = Asking(self._run, start, time.monotonic() + LONGEST)
        return await asking.all(probes)

    def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AbstractAsyncContextManager[Mapping[str, ListenerAddress]]:
        """The other prober's."""
        return self._others.listening(nodes, progress)

    async def heard(self, listener: ListenerAddress) -> tuple[Heard, ...] | None:
        """What the other prober's listener heard."""
        return await self._others.heard(listener)

    def sole_vips(
        self, backends: Sequence[ProbedBackend], progress: Progress
    ) -> AbstractAsyncContextManager[Mapping[ProbedBackend, Vip]]:
        """The other prober's."""
        return self._others.sole_vips(backends, progress)

    async def _start(self, node: str) -> Start:
        for pod in await self._traefik.pods():
            if pod.node == node:
                return Start(node, Ref("Pod", pod.namespace, pod.name), pod.container)
        raise ClusterError(f"No running Traefik pod was found on {node}.")


@dataclass
class Asking:
    """The commands of one place; once one of them cannot be run at all, no further one is."""

    run: Run
    start: Start
    ends: float
    obstacle: ClusterError | None = None
    ran: bool = False
    begun: float = field(default_factory=time.monotonic)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def all(self, probes: Sequence[Probe]) -> tuple[ProbeAnswer, ...]:
        """Every try of every probe; the first one alone, since it shows whether any can be made.

        Raises:
            ClusterError: None could be made.
        """
        tries = [(number, probe) for probe in probes for number in range(probe.tries)]
        # First each probe once: where time runs out, all were tried.
        order = sorted(range(len(tries)), key=lambda at: tries[at][0])
        found: dict[int, ProbeAnswer] = {}
        for few in (order[:1], order[1:]):
            made = await asyncio.gather(*(self._tried(tries[at][1]) for at in few))
            found.update(zip(few, made, strict=True))
        answers = tuple(found[at] for at in range(len(tries)))
        if self.obstacle and all(answer.outcome is Outcome.UNTRIED for answer in answers):
            raise self.obstacle
        return answers

    async def _tried(self, probe: Probe) -> ProbeAnswer:
        """One try, made again where nothing came back."""
        if self.obstacle:
            return untried(probe, str(self.obstacle))
        argv = by_wget.argv(probe)
        if isinstance(argv, Unable):
            return untried(probe, argv.because)
        async with self.slots:
            answer = await self._once(probe, argv)
            for _ in range(probe.again):
                if answer.outcome is not Outcome.TIMEOUT:
                    break
                answer = msgspec.structs.replace(await self._once(probe, argv), retried=True)
        return answer

    async def _once(self, probe: Probe, argv: Sequence[str]) -> ProbeAnswer:
        if self.obstacle:
            return untried(probe, str(self.obstacle))
        now = time.monotonic()
        left = min(probe.seconds + STARTING, self.ends - now)
        if left <= 0:
            return untried(probe, f"{self.start}: after {LONGEST:.0f} s no more was asked.")
        try:
            said = await self.run(self.start, argv, left)
        except (Forbidden, CannotExecute, Absent) as error:
            self.obstacle = _obstacle(error)
            return untried(probe, str(self.obstacle))
        except ClusterError as error:
            if not self.ran:
                # Where not even the first one came back, the others would not either.
                self.obstacle = error
            return untried(probe, str(error))
        self.ran = True
        if said.exit_code in NOT_STARTED:
            self.obstacle = CannotExecute(f"wget ended with {said.exit_code}. {NO_WGET}")
            return untried(probe, str(self.obstacle))
        at = (now - self.begun) * 1000
        return msgspec.structs.replace(by_wget.answer(probe, said), at=at)


def _obstacle(error: ClusterError) -> ClusterError:
    """The error with what to do about it."""
    if isinstance(error, Forbidden):
        return Forbidden(f"{error} To allow it, {ALLOW_EXEC}.")
    if isinstance(error, Absent):
        return Absent(f"Traefik's pod was gone while it was asked: ask again. {error}")
    return CannotExecute(f"{error} {NO_WGET}")
