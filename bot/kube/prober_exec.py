"""Probing from Traefik's own pod by its `wget`.

It is the last resort where no pod of ours can run, and the only place that NetworkPolicies treat
as they treat Traefik.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from bot.domain.finding import Ref
from bot.domain.refusal import Refusal
from bot.domain.sentences import sentences
from bot.errors import Absent, ClusterError, Forbidden
from bot.kube.client import Api
from bot.kube.exec import CannotExecute, PodCommands
from bot.kube.traefik_reader import ALLOW_EXEC, TraefikReader
from bot.net.probing import wget as by_wget
from bot.net.probing.protocol import CheckedProbe, Outcome, ProbeAnswer, Progress
from bot.net.probing.wget import CommandOutput, untried
from bot.net.request.origin import RequestOrigin

AT_ONCE = 8
"""Commands that run in the pod at the same time."""

LONGEST = 22.0
"""Seconds for one pod: callers wait for 30, and would lose the answers until then."""

STARTING = 4.0
"""Seconds for a command besides those that its wget may take."""

NOT_STARTED = frozenset({126, 127})
"""Exit codes of some container runtimes where the program does not exist."""

NO_WGET = (
    "No wget can be run in Traefik's pod (an image without a shell has none): "
    "deploy/components/prober probes from a pod next to it."
)

Run = Callable[[RequestOrigin, Sequence[str], float], Awaitable[CommandOutput]]
"""Runs a command in a container, within a number of seconds."""


class WgetProber:
    """Probes from Traefik's own pods by commands in them."""

    def __init__(self, api: Api, traefik: tuple[str, ...]) -> None:
        self._run: Run = PodCommands(api).run
        self._traefik = TraefikReader(api, traefik)

    async def probe(
        self, node: str, probes: Sequence[CheckedProbe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """Run one command for each try. What `wget` cannot tell is UNTRIED, with the reason.

        Raises:
            ClusterError: Nothing could be tried; the message says why and how to allow it.
        """
        for pod in await self._traefik.pods():
            if pod.node == node:
                start = RequestOrigin(node, Ref("Pod", pod.namespace, pod.name), pod.container)
                progress(f"Asking wget in {start}.")
                return await WgetSession(self._run, start, time.monotonic() + LONGEST).all(probes)
        raise ClusterError(f"No running Traefik pod was found on {node}.")


@dataclass
class WgetSession:
    """The commands in one pod. Once a command cannot be run at all, no other is run."""

    run: Run
    start: RequestOrigin
    ends: float
    obstacle: ClusterError | None = None
    ran: bool = False
    gnu: bool = True
    """Whether this wget may know the option against redirects."""
    begun: float = field(default_factory=time.monotonic)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def all(self, probes: Sequence[CheckedProbe]) -> tuple[ProbeAnswer, ...]:
        """Make every try of every probe: the first one alone, as it shows whether any can be made.

        Raises:
            ClusterError: None could be made.
        """
        tries = [(number, probe) for probe in probes for number in range(probe.tries)]
        # Each probe once before any twice: where time runs out, all were tried.
        order = sorted(range(len(tries)), key=lambda at: tries[at][0])
        by_place: dict[int, ProbeAnswer] = {}
        for places in (order[:1], order[1:]):
            done = await asyncio.gather(*(self._try(tries[at][1]) for at in places))
            by_place.update(zip(places, done, strict=True))
        answers = tuple(by_place[at] for at in range(len(tries)))
        if self.obstacle and all(answer.outcome is Outcome.UNTRIED for answer in answers):
            raise self.obstacle
        return answers

    async def _try(self, probe: CheckedProbe) -> ProbeAnswer:
        """One try, repeated where nothing came back."""
        async with self.slots:
            answer = await self._once(probe)
            for _ in range(probe.again):
                if answer.outcome is not Outcome.TIMEOUT:
                    break
                answer = msgspec.structs.replace(await self._once(probe), retried=True)
        return answer

    async def _once(self, probe: CheckedProbe) -> ProbeAnswer:
        if self.obstacle:
            return untried(probe, str(self.obstacle))
        now = time.monotonic()
        left = min(probe.seconds + STARTING, self.ends - now)
        if left <= 0:
            return untried(probe, f"{self.start}: after {LONGEST:.0f} s the requests were stopped.")
        argv = by_wget.probe_argv(probe, gnu=self.gnu)
        if isinstance(argv, Refusal):
            return untried(probe, argv.detail)
        try:
            output = await self.run(self.start, argv, left)
        except (Forbidden, CannotExecute, Absent) as error:
            self.obstacle = _obstacle(error)
            return untried(probe, str(self.obstacle))
        except ClusterError as error:
            if not self.ran:
                # Where not even the first one came back, the others would not either.
                self.obstacle = error
            return untried(probe, str(error))
        self.ran = True
        if self.gnu and by_wget.is_not_gnu(output):
            self.gnu = False
            return await self._once(probe)
        if output.exit_code in NOT_STARTED:
            self.obstacle = CannotExecute(f"wget ended with {output.exit_code}. {NO_WGET}")
            return untried(probe, str(self.obstacle))
        at = (now - self.begun) * 1000
        return msgspec.structs.replace(by_wget.read_probe(probe, output), at=at)


def _obstacle(error: ClusterError) -> ClusterError:
    """The error, with what to do about it."""
    if isinstance(error, Forbidden):
        return Forbidden(sentences(str(error), f"To allow it, {ALLOW_EXEC}."))
    if isinstance(error, Absent):
        gone = "Traefik's pod was gone while it was asked: ask again."
        return Absent(sentences(gone, str(error)))
    return CannotExecute(sentences(str(error), NO_WGET))
