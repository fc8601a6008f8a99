"""What a repair is planned from is the diagnosis that was made for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.domain.finding import Ref, Target
from bot.net.diagnosis.diagnosis import Row
from bot.net.diagnosis.observation import VantagePoint
from bot.net.diagnosis.service import Diagnose
from bot.net.ports import Progress
from bot.net.probing.protocol import Probe, ProbeAnswer
from bot.remediation.change.fields import HAND_OVER
from bot.remediation.context import ContextReader
from bot.remediation.planning.offers import offers
from bot.remediation.planning.refusals import PlanReason
from bot.routing.instance import TraefikPod
from tests.builders import an_object
from tests.fakes import FakeCluster
from tests.gateways import a_class, a_gateway, a_http_rule, an_http_route
from tests.net.diagnosis.probing_world import WorldProber
from tests.net.diagnosis.test_service import Unwilling, a_cluster, a_world
from tests.net.networks import a_service, a_slice, an_endpoint
from tests.remediation.planning.situations import nowhere_untouchable

REDIRECTED = {"home-1": 80}


class Bare:
    """Objects that are gone by now, and a Traefik that is not to be seen."""

    async def live(self, target: Target, /) -> dict[str, Any] | None:
        return None

    async def pods(self) -> tuple[tuple[TraefikPod, ...], tuple[str, ...]]:
        return (), ()


def two_routes() -> FakeCluster:
    """`apps/web` on home-2 and `apps/wiki` on home-3, and Traefik on home-1."""
    cluster = a_cluster()
    backend = {"service": {"name": "wiki", "port": {"number": 80}}}
    rule = {"host": "wiki.example", "http": {"paths": [{"path": "/", "backend": backend}]}}
    pod = {"kind": "Pod", "name": "wiki-3-20"}
    endpoint = {**an_endpoint("10.42.3.20"), "nodeName": "home-3", "targetRef": pod}
    cluster.objects += [
        an_object("Ingress", "wiki", "networking.k8s.io/v1", spec={"rules": [rule]}),
        a_service("wiki", clusterIP="10.43.0.81"),
        a_slice("wiki", endpoint, ports=({"port": 80},)),
    ]
    return cluster


@dataclass
class Waiting(WorldProber):
    """A prober whose answers about one address wait for a sign."""

    about: str = ""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    sign: asyncio.Event = field(default_factory=asyncio.Event)

    async def probe(
        self, source: VantagePoint, probes: Sequence[Probe], progress: Progress
    ) -> tuple[ProbeAnswer, ...]:
        if any(probe.address == self.about for probe in probes):
            self.begun.set()
            await self.sign.wait()
        return await super().probe(source, probes, progress)


def context_reader(diagnose: Diagnose) -> ContextReader:
    return ContextReader(diagnose.cluster, diagnose, Bare(), Bare())


async def test_two_routes_that_are_surveyed_at_once_each_have_their_own_diagnosis():
    """The one that began first ends last, and is about its own route all the same."""
    prober = Waiting(a_world(redirected=REDIRECTED), about="10.42.2.20")
    both = context_reader(Diagnose(two_routes(), prober))
    web = asyncio.create_task(both.of("web.example"))
    await asyncio.wait_for(prober.begun.wait(), 20)
    wiki = await both.of("wiki.example")
    prober.sign.set()
    for situation, name in ((wiki, "wiki"), (await web, "web")):
        assert situation.subject.service.name == name
        assert situation.diagnosis.subject == f"ingress/apps/{name} {name}.example/"


async def test_a_repair_is_not_planned_from_an_older_proof():
    """A proven fault stands in reports; what was seen now decides what may be changed."""
    diagnose = Diagnose(a_cluster(), WorldProber(a_world(redirected=REDIRECTED)))
    assert (await context_reader(diagnose).of("web.example")).diagnosis.row is Row.REDIRECT
    diagnose.prober = Unwilling(a_world(redirected=REDIRECTED))
    again = await context_reader(diagnose).of("web.example")
    assert again.diagnosis.row is Row.INCONCLUSIVE
    assert [kept.diagnosis.row for kept in diagnose.remembered] == [Row.REDIRECT]


@pytest.mark.parametrize(
    ("kind", "api_version", "namespace", "told"),
    [
        ("Ingress", "networking.k8s.io/v1", "apps", "Ingress apps/other"),
        ("IngressRoute", "traefik.io/v1alpha1", "apps", "IngressRoute apps/other"),
        ("Ingress", "networking.k8s.io/v1", "media", ""),
    ],
)
async def test_what_is_being_handed_over_in_the_namespace_is_known(
    kind: str, api_version: str, namespace: str, told: str
):
    """By its label, also where a change has failed and left it."""
    cluster = two_routes()
    other = an_object(kind, "other", api_version, namespace, spec={"routes": [], "rules": []})
    other["metadata"]["labels"] = {HAND_OVER: "traefik.io"}
    cluster.objects.append(other)
    diagnose = Diagnose(cluster, WorldProber(a_world(redirected=REDIRECTED)))
    assert (await context_reader(diagnose).of("web.example")).handing_over == told


class Unasked(Bare):
    """Whoever reads an object to write it fails: there is no step for one of that kind."""

    async def live(self, target: Target, /) -> dict[str, Any] | None:
        raise KeyError(target)


async def test_an_http_route_is_diagnosed_and_refused_without_a_look_at_what_would_be_written():
    """Its Service fails as it does for other routes, and the refusal is about the kind."""
    cluster = two_routes()
    cluster.objects += [
        a_class(),
        a_gateway(),
        an_http_route(a_http_rule({"name": "web", "port": 80}), hostnames=("shop.example",)),
    ]
    diagnose = Diagnose(cluster, WorldProber(a_world(redirected=REDIRECTED)))
    situation = await ContextReader(cluster, diagnose, Unasked(), Bare()).of("shop.example")
    assert situation.subject.route == Ref("HTTPRoute", "apps", "site")
    assert situation.subject.service.name == "web"
    assert situation.route is None
    offered = offers(situation, nowhere_untouchable)
    assert offered.plans == ()
    assert {refusal.reason for refusal in offered.refusals.values()} == {PlanReason.HTTP_ROUTE}


@dataclass(frozen=True)
class Several(Bare):
    """Traefik's pods: their versions and further arguments; and why there are none."""

    replicas: tuple[tuple[str, ...], ...]
    why: tuple[str, ...] = ()

    async def pods(self) -> tuple[tuple[TraefikPod, ...], tuple[str, ...]]:
        pods = tuple(
            TraefikPod(
                "kube-system",
                f"traefik-{number}",
                running=True,
                image=f"traefik:v{version}",
                args=("--providers.kubernetesingress", *more),
            )
            for number, (version, *more) in enumerate(self.replicas)
        )
        return pods, self.why


OTHER_CLASS = "--providers.kubernetesingress.ingressclass=other"


@pytest.mark.parametrize(
    ("replicas", "version", "said"),
    [
        ([("3.6.2",), ("3.6.2",)], (3, 6, 2), ""),
        ([("3.6.2",), ("3.5.0",), ("3.6.2",)], (3, 6, 2), "3.6.2 (2) and 3.5.0 (1)"),
        ([("3.6.2",), ("2.11.8", OTHER_CLASS), ("2.11.8", OTHER_CLASS)], (3, 6, 2), ""),
        ([("3.6.2",), ("3.5.0",)], None, "Versions: 3.6.2 (1) and 3.5.0 (1)"),
        ([("3.6.2",), ("latest",), ("latest",)], None, "unknown (2) and 3.6.2 (1)"),
        ([("3.6.2",), ("3.5.0",), ("3.4.0",), ("3.6.2",)], None, "3.6.2 (2)"),
    ],
)
async def test_what_most_pods_are_that_read_the_route_decides_and_the_versions_are_told(
    replicas: list[tuple[str, ...]], version: tuple[int, ...] | None, said: str
):
    """One pod of another version stops nothing; where none has the most, nothing is planned."""
    cluster = two_routes()
    diagnose = Diagnose(cluster, WorldProber(a_world(redirected=REDIRECTED)))
    reader = ContextReader(cluster, diagnose, Bare(), Several(tuple(replicas)))
    situation = await reader.of("web.example")
    assert (situation.traefik and situation.traefik.version) == version
    assert said in (situation.traefik_unseen if version is None else situation.traefik_versions)
    refusals = {
        refusal.reason for refusal in offers(situation, nowhere_untouchable).refusals.values()
    }
    assert (PlanReason.TRAEFIK_UNSEEN in refusals) == (version is None)


async def test_a_repair_says_where_traefik_may_run_that_was_not_found():
    """With the setting, as whoever looked for it found out."""
    why = "Set MESHMEDIC_TRAEFIK_NAMESPACES=kube-system,traefik,network."
    diagnose = Diagnose(two_routes(), WorldProber(a_world(redirected=REDIRECTED)))
    reader = ContextReader(diagnose.cluster, diagnose, Bare(), Several((), (why,)))
    offered = offers(await reader.of("web.example"), nowhere_untouchable)
    assert {refusal.detail for refusal in offered.refusals.values()} == {why}
