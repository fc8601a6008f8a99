"""Traefik's own view after a change: whatever cannot be read is said, and nothing is raised."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Ref, Target
from bot.domain.resources import core, traefik
from bot.domain.resources.base import Meta
from bot.domain.snapshot import Snapshot
from bot.errors import ClusterError
from bot.net.diagnosis.observation import Belief
from bot.net.diagnosis.subject import Subject
from bot.remediation import traefik_view
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import step
from bot.remediation.traefik_view import TraefikConfirmation

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
UNSEEN = "The bot couldn't see whether Traefik uses the VIP. "
VIP = "10.43.0.9"
SUBJECT = Subject(name="a", service=Ref("Service", "apps", "web"), port=80, vips=(VIP, "fd00::9"))
TO_VIP = Belief(servers=((VIP, 80),), of="API")
CASES = {
    "the VIP": (TO_VIP, "Traefik's own view (API): it sends to 10.43.0.9:80, the VIP."),
    "its other family": (
        Belief(servers=(("fd00::9", 80),), of="log"),
        "Traefik's own view (log): it sends to [fd00::9]:80, the VIP.",
    ),
    "a pod next to": (
        Belief(servers=(("10.42.0.3", 80), (VIP, 80)), of="API"),
        "Traefik's own view (API): it sends to 10.42.0.3:80, 10.43.0.9:80, and not to the VIP "
        "10.43.0.9, fd00::9 alone.",
    ),
    "not seen": (
        Belief(unseen=("Its API is off.",)),
        "The bot couldn't see whether Traefik uses the VIP. Its API is off.",
    ),
    "no server": (
        Belief(servers=(), of="API"),
        "The bot couldn't see whether Traefik uses the VIP. It names no server of this route.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_line_says_where_requests_go(case: str) -> None:
    belief, said = CASES[case]
    assert traefik_view.line(belief, SUBJECT) == said


@given(st.text(max_size=3000))
def test_a_line_is_never_longer_than_the_kind_takes(why: str) -> None:
    assert len(traefik_view.line(Belief(unseen=(why,)), SUBJECT)) <= traefik_view.LONGEST


def test_a_secret_in_a_reason_is_not_told() -> None:
    assert "hunter22" not in traefik_view.unseen("password=hunter22")


def a_plan(*made: str) -> RepairPlan:
    steps = tuple(
        step(
            Action.CREATE_INGRESSROUTE, Target("IngressRoute", "apps", each, "traefik.io"), None, {}
        )
        for each in made
    )
    return RepairPlan(
        target="Ingress apps/web",
        way=Method.CONVERSION if made else Method.ANNOTATION,
        asked="ingress/apps/web a.example/",
        host="a.example",
        path="/",
        row="redirect",
        effect="helps",
        steps=steps,
    )


def test_after_a_conversion_its_ingress_routes_are_asked_for() -> None:
    """The Ingress is gone then."""
    assert traefik_view.names(a_plan()) == ("ingress/apps/web a.example/",)
    assert traefik_view.names(a_plan("web")) == (
        "ingressroute/apps/web a.example/",
        "ingressroute/apps/web",
    )


@dataclass
class ACluster:
    """With a Service, and an IngressRoute to it where the conversion was done."""

    routed: bool = True

    async def snapshot(self, *_: Any) -> Snapshot:
        meta = Meta(name="web", namespace="apps")
        ports = (core.ServicePort(port=80),)
        spec = core.ServiceSpec(ports=ports, cluster_ip=VIP)
        to = traefik.RouteService(name="web", port=80)
        rule = traefik.Route(match="Host(`a.example`) && PathPrefix(`/`)", services=(to,))
        route = traefik.IngressRoute(
            api_version="traefik.io/v1alpha1",
            metadata=meta,
            spec=traefik.IngressRouteSpec(routes=(rule,)),
        )
        found = {
            core.Service: (core.Service(metadata=meta, spec=spec),),
            traefik.IngressRoute: (route,) if self.routed else (),
        }
        return Snapshot(NOW, found)


@dataclass
class ATraefik:
    said: Belief | ClusterError

    async def belief(self, subject: Any) -> Belief:
        assert subject.route.kind == "IngressRoute"
        if isinstance(self.said, ClusterError):
            raise self.said
        return self.said


async def test_the_converted_route_is_found_again() -> None:
    told = await TraefikConfirmation(ACluster(), ATraefik(TO_VIP)).describe(a_plan("web"))
    assert told == f"Traefik's own view (API): it sends to {VIP}:80, the VIP."


async def test_a_traefik_that_cannot_be_asked_is_no_obstacle() -> None:
    silent = ATraefik(ClusterError("Add deploy/components/traefik-api."))
    told = await TraefikConfirmation(ACluster(), silent).describe(a_plan("web"))
    assert told == f"{UNSEEN}Add deploy/components/traefik-api."


async def test_a_route_that_is_gone_is_said_to_be() -> None:
    told = await TraefikConfirmation(ACluster(routed=False), ATraefik(TO_VIP)).describe(
        a_plan("web")
    )
    assert told == f"{UNSEEN}The route was not found again."
