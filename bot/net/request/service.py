"""The use case of `/net test`: one request from a pod or node, examined step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from bot.domain.refusal import Refusal
from bot.domain.sentences import sentences
from bot.domain.snapshot import SnapshotReader
from bot.errors import ClusterError, InputError
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.ports import NO_PROBER, Prober
from bot.net.probing import wget
from bot.net.probing.admission import READS, ProbeAdmission
from bot.net.probing.protocol import Outcome, Probe, ProbeKind, Progress
from bot.net.probing.wget import CommandOutput
from bot.net.request import destination, origin
from bot.net.request.destination import Destination
from bot.net.request.origin import RequestOrigin
from bot.net.request.result import RequestResult, attempt, lookup
from bot.net.tools.targets import Allowed
from bot.routing.addresses import parse

MOST = 4
"""Addresses of one name that are tried."""

LONGEST = 90.0
"""Seconds for all of it: two pods may have to start. Where an image has to be pulled, the prober's
patience comes on top."""

POLICIES = (
    "NetworkPolicies for {pod}: the test ran in another pod on its node. {why} To allow commands "
    "in a pod, see `deploy/components/exec`."
)
NODE = "The node itself: the test ran in a pod on it. {why}"


class Inside(Protocol):
    """Runs a command in somebody else's pod, without a shell."""

    async def run(self, start: RequestOrigin, argv: Sequence[str]) -> CommandOutput:
        """Run it, and return its output.

        Raises:
            ClusterError: It may not, or the container has no such program.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reach:
    """Tests whether one place reaches another. Both `prober` and `inside` are optional.

    also: Targets outside of the cluster, by the settings.
    """

    cluster: SnapshotReader
    prober: Prober | None = None
    inside: Inside | None = None
    also: Allowed = field(default_factory=Allowed)

    async def test(self, begin: str, to: str, progress: Progress) -> RequestResult:
        """One request from there to there.

        Raises:
            InputError: One of them is nothing that can be tested; the message says why.
            ClusterError: Nothing can be tried, or it takes too long.
        """
        progress("Reading nodes, pods and Services.")
        snapshot = await self.cluster.snapshot(READS)
        start, end = origin.resolve(snapshot, begin), destination.resolve(snapshot, to)
        if isinstance(start, Refusal):
            raise InputError(start.detail)
        if isinstance(end, Refusal):
            raise InputError(end.detail)
        rule = ProbeAdmission(snapshot, self.also, by_person=True)
        if (ip := parse(end.address)) and (why := rule.why_not(ip, end.port)):
            raise InputError(why)
        try:
            async with asyncio.timeout(LONGEST + (self.prober.patience if self.prober else 0.0)):
                return await self._tested(start, end, progress)
        except TimeoutError as error:
            raise ClusterError(f"It took longer than {LONGEST:.0f} s.") from error

    async def origins(self, typed: str, most: int = 25) -> tuple[str, ...]:
        """Where a test can begin that holds what was typed."""
        return origin.suggestions(await self.cluster.snapshot(READS), typed, most)

    async def destinations(self, typed: str, most: int = 25) -> tuple[str, ...]:
        """What a test can reach that holds what was typed."""
        return destination.suggestions(await self.cluster.snapshot(READS), typed, most)

    async def _tested(
        self, start: RequestOrigin, end: Destination, progress: Progress
    ) -> RequestResult:
        """From the pod or node itself; where that cannot be, from a pod of ours on the node."""
        try:
            if start.pod:
                return await self._from_pod(start, end, progress)
            return await self._probed(start, end, ExecutionContext.HOST, progress)
        except ClusterError as error:
            result = await self._probed(start, end, ExecutionContext.POD, progress)
            note = (POLICIES if start.pod else NODE).format(pod=start, why=sentences(str(error)))
            return msgspec.structs.replace(result, untested=(*result.untested, note))

    async def _from_pod(
        self, start: RequestOrigin, end: Destination, progress: Progress
    ) -> RequestResult:
        """By the pod's own wget, which is the documented request."""
        if self.inside is None:
            raise ClusterError("The bot can't run commands in it.")
        if not end.http:
            raise ClusterError("Its wget only speaks HTTP.")
        progress(f"Running wget in {start}.")
        if not end.address:
            # Looked up in the pod, it could lead anywhere.
            raise ClusterError("The bot doesn't use its wget for a name without a VIP.")
        output = await self.inside.run(start, wget.request_argv(end))
        if wget.is_not_gnu(output):
            output = await self.inside.run(start, wget.request_argv(end, gnu=False))
        dns, attempt = wget.read_request(end, output)
        return RequestResult(
            start=str(start),
            goal=end.text,
            way="wget in the pod itself",
            dns=dns,
            attempts=(attempt,) if attempt else (),
            untested=("The time of each step: wget doesn't report it.",),
            doubt=end.doubt,
        )

    async def _probed(
        self, start: RequestOrigin, end: Destination, context: ExecutionContext, progress: Progress
    ) -> RequestResult:
        """Name and known address at once; the addresses of a foreign name one by one, after it.

        Raises:
            ClusterError: It cannot probe from there.
        """
        if self.prober is None:
            raise ClusterError(NO_PROBER)
        place = VantagePoint(start.node, context)
        probes = [Probe(id="dns", kind=ProbeKind.DNS, name=end.name)] if end.name else []
        tried = [end.address] if end.address else []
        probes += [_request("0", end, address) for address in tried]
        answers = await self.prober.probe(place, probes, progress)
        dns, addresses = lookup([answer for answer in answers if answer.id == "dns"])
        untested: list[str] = []
        if not end.address and addresses:
            tried = [address for address in addresses if not destination.forbidden(address)][:MOST]
            untested += filter(None, map(destination.forbidden, addresses))
            probes = [_request(str(number), end, address) for number, address in enumerate(tried)]
            answers = await self.prober.probe(place, probes, progress) if probes else ()
        elif addresses and end.address not in addresses:
            untested.append(
                f"DNS says {', '.join(addresses)}, but the Service's VIP is {end.address}."
            )
        begun = {answer.id: answer for answer in answers if answer.outcome is not Outcome.UNTRIED}
        untested += [
            sentences(f"The prober couldn't start: {answer.detail}")
            for answer in answers
            if answer.outcome is Outcome.UNTRIED
        ]
        network = "in the node's own network" if context is ExecutionContext.HOST else "in a pod"
        return RequestResult(
            start=str(start),
            goal=end.text,
            way=f"{self.prober.name}, {network} on {start.node}",
            dns=dns,
            addresses=addresses,
            attempts=tuple(
                attempt(end, address, begun[str(number)])
                for number, address in enumerate(tried)
                if str(number) in begun
            ),
            untested=tuple(untested),
            doubt=end.doubt,
        )


def _request(name: str, end: Destination, address: str) -> Probe:
    return Probe(
        id=name,
        kind=ProbeKind.HTTP if end.http else ProbeKind.TCP,
        address=address,
        port=end.port,
        name=end.name if end.http else "",
        path=end.path,
        tls=end.tls,
    )
