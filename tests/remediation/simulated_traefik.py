"""A Traefik that loads objects of each kind some time after they were written, as the real one.

It is the prober and the cluster's pods, too: requests to its replicas are answered by what each has
loaded at that moment. Time is counted in ticks: each write, each request and each pause is one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.finding import Target
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.errors import ClusterError
from bot.net.diagnosis.observation import VantagePoint
from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer
from tests.fakes import snapshot_of

Manifest = dict[str, Any]
World = Mapping[Target, Manifest]
HOST = "web.example"
KINDS = ("Ingress", "IngressRoute")
NEVER = 10_000
"""A delay that never ends."""


@dataclass
class SimulatedTraefik:
    """`delays` are by replica and kind, in ticks; `everywhere` answers for hosts without a route.

    `unserved` notes each replica and tick at which nothing that was loaded serves HOST.
    """

    world: Callable[[], World]
    delays: dict[tuple[str, str], int] = field(default_factory=dict)
    replicas: tuple[str, ...] = ("10.42.0.2",)
    everywhere: Callable[[int], tuple[int, str]] = lambda _: (404, "traefik itself")
    disabled: Callable[[Manifest], bool] = lambda _: False
    blind: bool = False
    unserved: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = 0
        self.reached: dict[tuple[str, str], int] = {}
        self.past: list[dict[Target, Manifest]] = [self._copied()]

    def tick(self) -> None:
        """Time passes, and what is loaded now must serve the host."""
        self.now += 1
        self.past.append(self._copied())
        for key in ((replica, kind) for replica in self.replicas for kind in KINDS):
            # It never goes back to what was before.
            due = self.now - self.delays.get(key, 0)
            self.reached[key] = max(self.reached.get(key, 0), due)
        for replica in self.replicas:
            if not self._serving(replica, HOST):
                self.unserved.append((replica, self.now))

    def slow(self, replica: str, **kinds: int) -> None:
        """From now on it takes so long with a kind; what it has loaded it keeps."""
        self.delays |= {(replica, kind): delay for kind, delay in kinds.items()}

    def settle(self) -> None:
        """Until everything is loaded that will be."""
        for _ in range(max([0, *(delay for delay in self.delays.values() if delay < NEVER)]) + 1):
            self.tick()

    async def sleep(self, _seconds: float) -> None:
        """A pause."""
        self.tick()

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """Its own pods."""
        return snapshot_of(*(_pod(number, at) for number, at in enumerate(self.replicas)))

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Any
    ) -> tuple[ProbeAnswer, ...]:
        """As many answers as there are tries."""
        if self.blind:
            raise ClusterError("No pod can be made here.")
        answers = []
        for asked in probes:
            for _ in range(asked.tries):
                self.tick()
                status, backend = self._answered(asked.address, asked.name)
                met = ProbeAnswer(id=asked.id, outcome=Outcome.OK, status=status, backend=backend)
                answers.append(met)
        return tuple(answers)

    def _answered(self, replica: str, host: str) -> tuple[int, str]:
        serving = self._serving(replica, host)
        if not serving:
            return self.everywhere(self.now)
        # The pods fail, and the VIP works.
        return (200, "web") if "IngressRoute" in serving else (502, "traefik")

    def _serving(self, replica: str, host: str) -> set[str]:
        """The kinds of the routes to that host which this replica has loaded."""
        return {
            target.kind
            for kind in KINDS
            for target, route in self._loaded(replica, kind).items()
            if target.kind == kind and not self.disabled(route) and _matches(route, host)
        }

    def _loaded(self, replica: str, kind: str) -> dict[Target, Manifest]:
        return self.past[self.reached.get((replica, kind), 0)]

    def _copied(self) -> dict[Target, Manifest]:
        return copy.deepcopy({at: route for at, route in self.world().items() if at.kind in KINDS})


def _matches(route: Manifest, host: str) -> bool:
    if route["kind"] == "Ingress":
        hosts = [str(rule.get("host")) for rule in route["spec"].get("rules") or ()]
        return any(host == name or _wild(name, host) for name in hosts)
    return any(f"`{host}`" in rule["match"] for rule in route["spec"].get("routes") or ())


def _wild(pattern: str, host: str) -> bool:
    return pattern.startswith("*.") and host.partition(".")[2] == pattern[2:]


def _pod(number: int, address: str) -> Manifest:
    container = {"name": "traefik", "ports": [{"name": "web", "containerPort": 8000}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "namespace": "kube-system",
            "name": f"traefik-{number}",
            "labels": {"app.kubernetes.io/name": "traefik"},
        },
        "spec": {"nodeName": f"node-{number}", "containers": [container]},
        "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]},
    }
