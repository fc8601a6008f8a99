"""What stands behind `/net test`: one request from a pod or node, told apart step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from bot.domain.refusal import Refusal
from bot.domain.resources import core
from bot.domain.resources.base import Object
from bot.domain.snapshot import SnapshotReader
from bot.errors import ClusterError, InputError
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.ports import Prober
from bot.net.probing import wget
from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer, ProbeKind, Progress
from bot.net.probing.wget import CommandOutput
from bot.net.request import destination as goals
from bot.net.request import origin as starts
from bot.net.request import result as reached
from bot.net.request.destination import Destination
from bot.net.request.origin import Origin
from bot.net.request.result import Attempt, Reached

READS: tuple[type[Object], ...] = (core.Node, core.Pod, core.Service)
MOST = 4
"""Addresses of one name that are tried."""

LONGEST = 90.0
"""Seconds for all of it: two pods may have to start."""

NO_PROBER = "Nothing can be tried: there is no prober. Add deploy/components/prober."
POLICIES = (
    "NetworkPolicies that select {pod}: it was tested from a pod of ours on its node. {why} "
    "deploy/components/exec shows how to allow commands in a pod."
)
NODE = "It was tested from a pod on the node instead. {why}"


class Inside(Protocol):
    """Runs a command in somebody else's pod, without a shell."""

    async def run(self, start: Origin, argv: Sequence[str]) -> CommandOutput:
        """What it wrote.

        Raises:
            ClusterError: It may not, or the container has no such program.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reach:
    """Tests whether one place reaches another. Prober and `inside` may be absent."""

    cluster: SnapshotReader
    prober: Prober | None = None
    inside: Inside | None = None

    async def test(self, begin: str, end: str, progress: Progress) -> Reached:
        """One request from there to there.

        Raises:
            InputError: One of them is nothing that can be tested; the message says why.
            ClusterError: Nothing can be tried, or it takes too long.
        """
        progress("Reading nodes, pods and Services.")
        snapshot = await self.cluster.snapshot(READS)
        start, goal = starts.resolve(snapshot, begin), goals.resolve(snapshot, end)
        if isinstance(start, Refusal):
            raise InputError(start.detail)
        if isinstance(goal, Refusal):
            raise InputError(goal.detail)
        try:
            async with asyncio.timeout(LONGEST):
                return await self._tested(start, goal, progress)
        except TimeoutError as error:
            raise ClusterError(f"It took longer than {LONGEST:.0f} s.") from error

    async def starts(self, typed: str, most: int = 25) -> tuple[str, ...]:
        """Where a test can begin that holds what was typed."""
        return starts.suggestions(await self.cluster.snapshot(READS), typed, most)

    async def goals(self, typed: str, most: int = 25) -> tuple[str, ...]:
        """What a test can reach that holds what was typed."""
        return goals.suggestions(await self.cluster.snapshot(READS), typed, most)

    async def _tested(self, start: Origin, goal: Destination, progress: Progress) -> Reached:
        if start.pod is None:
            return await self._from_node(start, goal, progress)
        try:
            return await self._from_pod(start, goal, progress)
        except ClusterError as error:
            found = await self._probed(start, goal, ExecutionContext.POD, progress)
            return _with(found, POLICIES.format(pod=start, why=error))

    async def _from_pod(self, start: Origin, goal: Destination, progress: Progress) -> Reached:
        """By the pod's own wget, which is the documented request."""
        if self.inside is None:
            raise ClusterError("No command can be run in it.")
        if not goal.http:
            raise ClusterError("Its wget speaks HTTP alone.")
        progress(f"Asking wget in {start}.")
        said = await self.inside.run(start, wget.request_argv(goal))
        dns, attempt = wget.read_request(goal, said)
        return Reached(
            start=str(start),
            goal=goal.text,
            way="wget in the pod itself",
            dns=dns,
            attempts=(attempt,) if attempt else (),
            untested=(*goal.notes, "The times of the steps: wget tells none."),
        )

    async def _from_node(self, start: Origin, goal: Destination, progress: Progress) -> Reached:
        try:
            return await self._probed(start, goal, ExecutionContext.HOST, progress)
        except ClusterError as error:
            found = await self._probed(start, goal, ExecutionContext.POD, progress)
            return _with(found, NODE.format(why=error))

    async def _probed(
        self, start: Origin, goal: Destination, stance: ExecutionContext, progress: Progress
    ) -> Reached:
        """Name and known address at once; the addresses of a foreign name one by one, after it.

        Raises:
            ClusterError: It cannot probe from there.
        """
        if self.prober is None:
            raise ClusterError(NO_PROBER)
        place = VantagePoint(start.node, stance)
        lookup = [Probe(id="dns", kind=ProbeKind.DNS, name=goal.name)] if goal.name else []
        known = [_request("0", goal, goal.address)] if goal.address else []
        answers = await self.prober.probe(place, [*lookup, *known], progress)
        dns, addresses = reached.looked_up([answer for answer in answers if answer.id == "dns"])
        tried = [goal.address] if goal.address else []
        untested = list(goal.notes)
        if not goal.address and addresses:
            tried = [address for address in addresses if not goals.forbidden(address)][:MOST]
            untested += filter(None, map(goals.forbidden, addresses))
            probes = [_request(str(number), goal, attempt) for number, attempt in enumerate(tried)]
            answers = await self.prober.probe(place, probes, progress) if probes else ()
        return Reached(
            start=str(start),
            goal=goal.text,
            way=f"{self.prober.name}, {_standing(stance)} on {start.node}",
            dns=dns,
            addresses=addresses,
            attempts=tuple(_attempts(goal, tried, answers)),
            untested=(*untested, *_differs(goal, addresses), *_not_tried(answers)),
        )


def _request(name: str, goal: Destination, address: str) -> Probe:
    return Probe(
        id=name,
        kind=ProbeKind.HTTP if goal.http else ProbeKind.TCP,
        address=address,
        port=goal.port,
        name=goal.name if goal.http else "",
        path=goal.path,
        tls=goal.tls,
    )


def _attempts(
    goal: Destination, tried: Sequence[str], answers: Sequence[ProbeAnswer]
) -> list[Attempt]:
    by_id = {answer.id: answer for answer in answers if answer.outcome is not Outcome.UNTRIED}
    return [
        reached.attempt(goal, address, by_id[str(number)])
        for number, address in enumerate(tried)
        if str(number) in by_id
    ]


def _not_tried(answers: Sequence[ProbeAnswer]) -> list[str]:
    return [
        f"The prober could not begin: {answer.detail}"
        for answer in answers
        if answer.outcome is Outcome.UNTRIED
    ]


def _differs(goal: Destination, addresses: Sequence[str]) -> list[str]:
    if not goal.address or not addresses or goal.address in addresses:
        return []
    return [f"DNS says {', '.join(addresses)}, but the Service's VIP is {goal.address}."]


def _standing(stance: ExecutionContext) -> str:
    return "in the node's own network" if stance is ExecutionContext.HOST else "in a pod"


def _with(found: Reached, untested: str) -> Reached:
    return msgspec.structs.replace(found, untested=(*found.untested, untested))
