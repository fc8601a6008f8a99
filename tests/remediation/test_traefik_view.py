"""Traefik's own view after a change: whatever cannot be read is said, and nothing is raised."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.domain.resources import core, traefik
from bot.domain.resources.base import Meta
from bot.domain.snapshot import Snapshot
from bot.errors import ClusterError
from bot.net.diagnosis.observation import Belief
from bot.remediation.traefik_view import TraefikConfirmation
from tests.remediation.test_traefik_lines import TO_VIP, VIP, a_plan

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
UNSEEN = "Traefik's own view of the VIP was not seen. "


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
