"""The real prober in the lab: a process in a namespace for each place that it is asked at."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import msgspec

from bot.domain.finding import Ref
from bot.errors import ClusterError
from bot.kube.prober_exec import LONGEST, WgetSession
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.probing import manifests
from bot.net.probing import output as lines
from bot.net.probing.protocol import (
    Heard,
    Listen,
    ListenerAddress,
    Probe,
    ProbeAnswer,
    ProbedBackend,
    ProbeJob,
    ProberLine,
    Progress,
    Vip,
)
from bot.net.probing.wget import CommandOutput
from bot.net.request.origin import RequestOrigin
from tests.lab.services import Service, program
from tests.lab.topology import Lab, Pod

PORT = 8473
SECONDS = 120.0

NO_EXEC = "Probing from Traefik's own pod needs the component exec, which is not installed."

BY_WGET = os.environ.get("LAB_BY_WGET", "")
"""`beside`: wget in Traefik's pod is asked too; `alone`: nothing else is, as the last resort."""

ALONE = "alone"
TRAEFIK = RequestOrigin("", Ref("Pod", "kube-system", "traefik"), "traefik")


class LabProber:
    """As pods on demand: in the pod network of each node, and on the node itself."""

    name = "the lab's namespaces"
    blind: tuple[str, ...] = ()
    patience: float = 0.0

    def __init__(self, lab: Lab, services: list[Service]) -> None:
        self._lab = lab
        self._services = services
        self._pods = {node.name: lab.pod(node, f"probe-{node.name}") for node in lab.nodes}
        self._ears = {node.name: lab.pod(node, f"ear-{node.name}") for node in lab.nodes}
        self._listening: dict[str, list[ProberLine]] = {}
        self._numbers = itertools.count()
        self._asked: set[VantagePoint] = set()
        self.before_again: Callable[[], Awaitable[None]] | None = None
        """Called once, before a place is asked for the second time."""
        self.traefik: Pod | None = None
        """In which `wget` may be run."""

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """By as many jobs, one after the other, as the kernel's arguments want."""
        progress(f"Probing from {source.node}.")
        if source in self._asked and self.before_again:
            act, self.before_again = self.before_again, None
            await act()
        self._asked.add(source)
        if source.context is ExecutionContext.TRAEFIK:
            if self.traefik is None or not BY_WGET:
                raise ClusterError(NO_EXEC)
            return await WgetSession(self._command, TRAEFIK, time.monotonic() + LONGEST).all(probes)
        if BY_WGET == ALONE:
            raise ClusterError("Nothing but wget in Traefik's pod is allowed.")
        namespace = self._namespace(source)
        found: dict[str, list[ProbeAnswer]] = {each.id: [] for each in probes}
        for few in manifests.portions(probes):
            for answer in await self._job(namespace, few):
                found[answer.id].append(answer)
        return tuple(answer for each in probes for answer in found[each.id])

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        """A process on each node, beside nothing else in its pod."""
        progress("Listening on every node.")
        begun = [await self._listen(self._ears[name]) for name in nodes]
        try:
            yield {
                pod.node.name: ListenerAddress(pod.node.name, pod.address, PORT)
                for pod, *_ in begun
            }
        finally:
            for _, process, reading in begun:
                process.terminate()
                await process.wait()
                await reading

    async def heard(self, listener: ListenerAddress) -> tuple[Heard, ...] | None:
        """By its output, which no broken network can hold up."""
        await asyncio.sleep(1.0)
        return lines.heard(iter(self._listening[listener.node]))

    @asynccontextmanager
    async def sole_vips(
        self, backends: Sequence[ProbedBackend], progress: Progress
    ) -> AsyncIterator[Mapping[ProbedBackend, Vip]]:
        """Services of one endpoint in kube-proxy's rules."""
        progress("Making temporary Services.")
        made = {
            each: Vip(f"10.43.200.{number}", each.port)
            for number, each in enumerate(dict.fromkeys(backends), start=1)
        }
        temporary = [
            Service("sole", "meshmedic-probe", vip.address, vip.port, [(each.address, each.port)])
            for each, vip in made.items()
        ]
        program(self._lab, [*self._services, *temporary])
        try:
            yield made
        finally:
            program(self._lab, self._services)

    def _namespace(self, source: VantagePoint) -> str:
        if source.context is ExecutionContext.HOST:
            return self._lab.node(source.node).namespace
        return self._pods[source.node].namespace

    async def _command(
        self, start: RequestOrigin, argv: Sequence[str], seconds: float
    ) -> CommandOutput:
        """As `bot.kube.pod_commands`, in the namespace of Traefik's pod."""
        assert self.traefik
        process = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", self.traefik.namespace, *argv),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )
        try:
            async with asyncio.timeout(seconds):
                _, said = await process.communicate()
        except TimeoutError as error:
            raise ClusterError(f"{start}: {argv[0]} did not end within {seconds:.0f} s.") from error
        finally:
            with suppress(ProcessLookupError):
                process.kill()
        return CommandOutput(said.decode(errors="replace"), process.returncode)

    async def _job(self, namespace: str, probes: Sequence[Probe]) -> tuple[ProbeAnswer, ...]:
        job = ProbeJob(
            id=f"job{next(self._numbers)}", expires=time.time() + SECONDS, probes=tuple(probes)
        )
        process = await _begun(namespace, job)
        try:
            async with asyncio.timeout(SECONDS):
                out, _ = await process.communicate()
        finally:
            with suppress(ProcessLookupError):
                process.kill()
        return lines.answers(lines.lines_of(out, job.id))

    async def _listen(self, pod: Pod) -> tuple[Pod, asyncio.subprocess.Process, asyncio.Task[None]]:
        listen = Listen(name=pod.node.name, port=PORT, seconds=SECONDS)
        job = ProbeJob(id=f"ear{next(self._numbers)}", expires=time.time() + SECONDS, listen=listen)
        process = await _begun(pod.namespace, job)
        assert process.stdout
        told = self._listening[pod.node.name] = []
        async with asyncio.timeout(30):
            told += lines.lines_of(await process.stdout.readline(), job.id)

        async def read() -> None:
            assert process.stdout
            async for line in process.stdout:
                told.extend(lines.lines_of(line, job.id))

        return pod, process, asyncio.create_task(read())


async def _begun(namespace: str, job: ProbeJob) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *("ip", "netns", "exec", namespace, sys.executable, "-m", "bot.probe", "once"),
        msgspec.json.encode(job).decode(),
        stdout=asyncio.subprocess.PIPE,
    )
