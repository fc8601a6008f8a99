"""Everybody probes through the one rule, and what is not asked is told and is no failure."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.errors import ClusterError
from bot.net.admitted_prober import Admissions, AdmittedAgents, AdmittedProber
from bot.net.diagnosis.diagnosis import Diagnosis, Row
from bot.net.diagnosis.observation import ExecutionContext, VantagePoint
from bot.net.diagnosis.service import Diagnose
from bot.net.probing.protocol import (
    CheckedProbe,
    Outcome,
    Probe,
    ProbeAnswer,
    ProbedBackend,
    ProbeKind,
    quiet,
)
from bot.net.tools.targets import allowed
from bot.sandbox.network import Network
from tests.fake_prober import FakeProber
from tests.fakes import FakeCluster
from tests.net.probing.test_admission import LAN, NAMED, OBJECTS, VIP, a_slice, pod, service

HERE = VantagePoint("edge")
REBOOT = "/apply.cgi?action=reboot"


@dataclass
class Asked(FakeProber):
    """A prober that answers whatever it is given, and keeps it."""

    network: Network = field(default_factory=Network)
    probes: list[Probe] = field(default_factory=list)
    backends: list[ProbedBackend] = field(default_factory=list)

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Any
    ) -> tuple[ProbeAnswer, ...]:
        self.probes += probes
        return tuple(
            ProbeAnswer(id=probe.id, outcome=Outcome.OK, status=200, connected=1.0)
            for probe in probes
            for _ in range(probe.tries)
        )

    async def by_agent(self, node: str, probes: Sequence[Probe]) -> tuple[ProbeAnswer, ...]:
        return await self.probe(VantagePoint(node), probes, quiet)

    def sole_vips(self, backends: Sequence[ProbedBackend], progress: Any) -> Any:
        self.backends += backends
        return super().sole_vips(backends, progress)

    @property
    def addresses(self) -> set[str]:
        return {probe.address for probe in self.probes if probe.address}


def to(name: str, address: str, **options: Any) -> Probe:
    return Probe(name, ProbeKind.HTTP, address, 80, **options)


async def test_what_is_outside_is_untried_with_the_reason_and_the_rest_is_asked() -> None:
    """In the order of the probes, each try of what may be asked with its answer."""
    asked = Asked()
    prober = AdmittedProber(asked, Admissions(FakeCluster(OBJECTS)))
    probes = [to("a", LAN), to("b", VIP, tries=2, path=REBOOT), to("c", "127.0.0.1")]
    answers = await prober.probe(HERE, probes, quiet)
    assert [(answer.id, answer.outcome is Outcome.OK) for answer in answers] == [
        *(("a", False), ("b", True), ("b", True), ("c", False)),
    ]
    assert answers[0].outcome is Outcome.UNTRIED
    assert "outside the cluster" in answers[0].detail
    assert [(probe.address, probe.path) for probe in asked.probes] == [(VIP, "/apply.cgi")]
    assert all(isinstance(probe, CheckedProbe) for probe in asked.probes)


async def test_agents_and_temporary_services_are_under_the_same_rule() -> None:
    """A temporary Service would lead to what its slice names."""
    asked = Asked()
    admissions = Admissions(FakeCluster(OBJECTS))
    answers = await AdmittedAgents(asked, admissions).by_agent("edge", [to("a", LAN)])
    assert answers[0].outcome is Outcome.UNTRIED
    backends = [ProbedBackend(LAN, 80), ProbedBackend("10.99.0.5", 80)]
    async with AdmittedProber(asked, admissions).sole_vips(backends, quiet) as vips:
        assert list(vips) == backends[1:]
    assert asked.backends == backends[1:]
    assert not asked.probes


async def test_listeners_are_our_own_while_they_stand() -> None:
    """Their pods may be too new to have been seen."""
    asked = Asked()
    prober = AdmittedProber(asked, Admissions(FakeCluster(())))
    async with prober.listening(["edge"], quiet) as listeners:
        at = listeners["edge"].address
        (well,) = await prober.probe(HERE, [to("a", at)], quiet)
    (gone,) = await prober.probe(HERE, [to("a", at)], quiet)
    assert (well.outcome, gone.outcome) == (Outcome.OK, Outcome.UNTRIED)


async def test_from_traefiks_own_pod_a_name_is_asked_only_where_it_leads_to_a_vip() -> None:
    """Its wget goes where the name leads; a prober only looks it up."""
    asked = Asked()
    prober = AdmittedProber(asked, Admissions(FakeCluster(OBJECTS)))
    bare = Probe("a", ProbeKind.DNS, name="bare.tenant.svc.cluster.local", port=80)
    inside = VantagePoint("edge", ExecutionContext.TRAEFIK)
    (refused,) = await prober.probe(inside, [bare], quiet)
    assert refused.outcome is Outcome.UNTRIED
    (looked_up,) = await prober.probe(HERE, [bare], quiet)
    assert looked_up.outcome is Outcome.OK


class Unread:
    """A cluster that cannot be read."""

    async def snapshot(self, kinds: Sequence[type[Object]]) -> Snapshot:
        raise ClusterError("The API server is away.")


async def test_where_the_cluster_cannot_be_read_nothing_is_asked() -> None:
    asked = Asked()
    with pytest.raises(ClusterError):
        await AdmittedProber(asked, Admissions(Unread())).probe(HERE, [to("a", VIP)], quiet)
    assert not asked.probes


def a_homelab(*addresses: str) -> FakeCluster:
    """A tenant's route, whose slice names these addresses, and a Traefik that serves it."""
    traefik = pod("traefik", "kube-system", "10.42.1.2")
    traefik["metadata"]["labels"] = {"app.kubernetes.io/name": "traefik"}
    traefik["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "t", "uid": "1", "controller": True}
    ]
    traefik["spec"]["containers"] = [{"name": "traefik", "image": "traefik:v3.6.0"}]
    route = {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"namespace": "tenant", "name": "x"},
        "spec": {
            "routes": [
                {
                    "match": f"Host(`router.lan`) && Path(`{REBOOT}`)",
                    "kind": "Rule",
                    "services": [{"name": "lan", "port": 80}],
                }
            ]
        },
    }
    vip = "10.43.9.9"
    lan = service("lan", "tenant", clusterIP=vip, clusterIPs=[vip])
    return FakeCluster([*OBJECTS, traefik, route, lan, a_slice("lan", "tenant", *addresses)])


async def diagnosed(*addresses: str, also: Sequence[str] = ()) -> tuple[Asked, Diagnosis]:
    homelab, asked = a_homelab(*addresses), Asked()
    prober = AdmittedProber(asked, Admissions(homelab, allowed(also)))
    found = await Diagnose(homelab, prober).diagnose("tenant/x")
    return asked, found.diagnosis


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (LAN, "outside the cluster"),
        ("10.43.0.1", "the API server's: not tested"),
        ("10.99.0.6", "that of a pod of another namespace: not tested"),
        ("192.168.1.10", "a node's address"),
        ("169.254.169.254", "another machine"),
        ("::ffff:10.99.0.6", "that of a pod of another namespace"),
        ("fe80::1", "another machine"),
    ],
)
async def test_a_tenants_slice_leads_no_probe_out_of_its_namespace(address: str, said: str) -> None:
    """From nowhere, by no means; it is a gap of the answer, and neither a failure nor health."""
    asked, found = await diagnosed(address)
    assert asked.probes
    assert not asked.addresses & {address, "10.99.0.6", "10.43.9.9"}, "nor by the Service's VIP"
    assert not any(probe.name == NAMED and probe.port for probe in asked.probes)
    assert address not in {backend.address for backend in asked.backends}
    assert found.row is Row.INCONCLUSIVE
    assert any(said in gap for gap in found.untested), found.untested
    assert all("?" not in probe.path for probe in asked.probes)


async def test_what_the_settings_name_is_asked_without_the_query() -> None:
    asked, _ = await diagnosed(LAN, also=["192.168.1.0/24"])
    assert LAN in asked.addresses
    assert {p.path for p in asked.probes if p.address == LAN} == {"/", "/apply.cgi"}


def test_only_the_rule_makes_a_checked_probe() -> None:
    """Adapters take no other, by their types; so nobody else may call a probe checked."""
    root = Path(bot.__path__[0])
    makers = {
        str(file.relative_to(root))
        for file in root.rglob("*.py")
        if "CheckedProbe" in (text := file.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in ("CheckedProbe", "cast")
        and "CheckedProbe" in ast.unparse(node)
    }
    assert makers == {"net/probing/admission.py"}


def test_every_adapter_that_probes_takes_checked_probes_alone() -> None:
    """`bot.kube` holds all of them."""
    for file in (Path(bot.__path__[0]) / "kube").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.arg) and node.annotation:
                assert "Sequence[Probe]" not in ast.unparse(node.annotation), (
                    f"{file.name}:{node.lineno}"
                )
