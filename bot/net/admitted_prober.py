"""The probers that everybody uses: `ProbeAdmission` is asked before each probe, and may refuse it.

An adapter takes checked probes alone, so one that is not wrapped here is no `Prober` to the type
checker.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

from bot.domain.refusal import Refusal
from bot.domain.snapshot import SnapshotReader
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.ports import AroundProber, CheckedAgentProber, CheckedProber
from bot.net.probing.admission import READS, ProbeAdmission
from bot.net.probing.protocol import (
    CheckedProbe,
    ListenerAddress,
    Probe,
    ProbeAnswer,
    ProbedBackend,
    ProbeKind,
    Progress,
    Vip,
)
from bot.net.probing.wget import untried
from bot.net.tools.targets import Allowed

KNOWN = 5.0
"""Seconds for which what was read is reused: one diagnosis asks from many places at once."""


@dataclass
class Admissions:
    """The rule over the cluster as it is now. `own` counts addresses that probers made."""

    cluster: SnapshotReader
    also: Allowed = field(default_factory=Allowed)
    own: Counter[str] = field(default_factory=Counter)
    _read: ProbeAdmission | None = None
    _until: float = 0.0
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def now(self) -> ProbeAdmission:
        """The rule.

        Raises:
            ClusterError: The cluster cannot be read, so nothing may be asked.
        """
        async with self._reading:
            if self._read is None or time.monotonic() >= self._until:
                self._read = ProbeAdmission(await self.cluster.snapshot(READS), self.also)
                self._until = time.monotonic() + KNOWN
        return replace(self._read, own=frozenset(+self.own))

    @contextmanager
    def owning(self, addresses: Iterable[str]) -> Iterator[None]:
        """Count these addresses as our own while the block runs."""
        made = Counter(addresses)
        self.own.update(made)
        try:
            yield
        finally:
            self.own.subtract(made)


@dataclass(frozen=True, slots=True)
class AdmittedProber(AroundProber):
    """A `Prober` by an adapter. What is not admitted is UNTRIED, with the reason.

    by_person: Whether people name the targets, as in `/net test`.
    """

    prober: CheckedProber
    admissions: Admissions
    by_person: bool = False

    def for_people(self) -> AdmittedProber:
        """The same, for targets that a person names."""
        return replace(self, by_person=True)

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        """The answers to all probes.

        Raises:
            ClusterError: It cannot probe from there, or what may be asked cannot be read.
        """
        rule = replace(await self.admissions.now(), by_person=self.by_person)
        checked, refused = _sorted(rule, probes, by_name=source.context is ExecutionContext.TRAEFIK)
        answers = await self.prober.probe(source, checked, progress) if checked else ()
        return _in_order(probes, answers, refused)

    @asynccontextmanager
    async def listening(
        self, nodes: Sequence[str], progress: Progress
    ) -> AsyncIterator[Mapping[str, ListenerAddress]]:
        """Listeners on these nodes, which count as our own while the block runs."""
        async with self.prober.listening(nodes, progress) as listeners:
            with self.admissions.owning(at.address for at in listeners.values()):
                yield listeners

    @asynccontextmanager
    async def sole_vips(
        self, backends: Sequence[ProbedBackend], progress: Progress
    ) -> AsyncIterator[Mapping[ProbedBackend, Vip]]:
        """Temporary Services of the endpoints that may be asked, while the block runs."""
        rule = await self.admissions.now()
        probes = {at: Probe("", ProbeKind.TCP, at.address, at.port) for at in backends}
        fit = [at for at, probe in probes.items() if not isinstance(rule.check(probe), Refusal)]
        async with self.prober.sole_vips(fit, progress) as vips:
            with self.admissions.owning(vip.address for vip in vips.values()):
                yield vips


@dataclass(frozen=True, slots=True)
class AdmittedAgents:
    """An `AgentProber` by an adapter."""

    prober: CheckedAgentProber
    admissions: Admissions

    async def by_agent(self, node: str, probes: Sequence[Probe]) -> tuple[ProbeAnswer, ...]:
        """The answers to all probes by the agent of that node.

        Raises:
            ClusterError: There is no agent, it does not do it, or what may be asked is not known.
        """
        checked, refused = _sorted(await self.admissions.now(), probes)
        answers = await self.prober.by_agent(node, checked) if checked else ()
        return _in_order(probes, answers, refused)


def _sorted(
    rule: ProbeAdmission, probes: Iterable[Probe], *, by_name: bool = False
) -> tuple[list[CheckedProbe], dict[str, ProbeAnswer]]:
    """The probes that may be made, and an answer to each of the others by its id."""
    checked: list[CheckedProbe] = []
    refused: dict[str, ProbeAnswer] = {}
    for probe in probes:
        admitted = rule.check(probe, by_name=by_name)
        if isinstance(admitted, Refusal):
            refused[probe.id] = untried(probe, admitted.detail)
        else:
            checked.append(admitted)
    return checked, refused


def _in_order(
    probes: Iterable[Probe], answers: Iterable[ProbeAnswer], refused: Mapping[str, ProbeAnswer]
) -> tuple[ProbeAnswer, ...]:
    by_id: dict[str, list[ProbeAnswer]] = {name: [answer] for name, answer in refused.items()}
    for answer in answers:
        by_id.setdefault(answer.id, []).append(answer)
    return tuple(answer for probe in probes for answer in by_id.get(probe.id, ()))
