"""Traefik's own kinds before the real Traefik: what it refuses we call failed, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.domain.verdict import Verdict
from bot.health.service import Health
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from tests.builders import an_object
from tests.cluster import traefik
from tests.cluster.test_traefik import a_service
from tests.clusters.real import RealCluster
from tests.health.checks.test_traefik_kinds import BROKEN_MIDDLEWARES, SOUND_MIDDLEWARES

PLACE = "objects"
TRAEFIK = "traefik.io/v1alpha1"
MIDDLEWARES: dict[str, Any] = {
    **{name: spec for name, (spec, _) in BROKEN_MIDDLEWARES.items()},
    **{f"sound {number}": spec for number, spec in enumerate(SOUND_MIDDLEWARES)},
    "itself": {"chain": {"middlewares": [{"name": "m-itself"}]}},
}
"""By name. Left out below are plugins, which Traefik would have to fetch from the Internet, and
what names other providers, which this Traefik does not have."""

SERVICES: dict[str, Any] = {
    "missing": {"weighted": {"services": [{"name": "gone", "port": 80}]}},
    "circle": {"weighted": {"services": [{"kind": "TraefikService", "name": "s-circle"}]}},
    "mirror": {
        "mirroring": {"name": "behind", "port": 80, "mirrors": [{"name": "gone", "port": 80}]}
    },
    "sound": {"weighted": {"services": [{"name": "behind", "port": 80}]}},
}
OPTIONS: dict[str, Any] = {
    "cipher": {"cipherSuites": ["NOPE"]},
    "curve": {"curvePreferences": ["P999"]},
    "ca": {"clientAuth": {"clientAuthType": "VerifyClientCertIfGiven", "secretNames": ["gone"]}},
    "sound": {"minVersion": "VersionTLS12"},
}


def named(name: str) -> str:
    """A name that Kubernetes allows."""
    return name.replace(" ", "-")


def a_route(
    route: str, *, middleware: str = "", option: str = "", **service: Any
) -> dict[str, Any]:
    """An IngressRoute with one of the objects."""
    to = service or {"name": "behind", "port": 80}
    rule: dict[str, Any] = {"kind": "Rule", "match": f"Host(`{route}.example`)", "services": [to]}
    if middleware:
        rule["middlewares"] = [{"name": middleware}]
    tls = {"tls": {"options": {"name": option}}} if option else {}
    return an_object("IngressRoute", route, TRAEFIK, PLACE, spec={"routes": [rule], **tls})


def objects() -> Iterator[dict[str, Any]]:
    """Every object with the route that uses it."""
    for name, spec in MIDDLEWARES.items():
        if "plugin" not in spec and "@file" not in str(spec):
            own = f"m-{named(name)}"
            yield an_object("Middleware", own, TRAEFIK, PLACE, spec=spec)
            yield a_route(own, middleware=own)
    for name, spec in SERVICES.items():
        yield an_object("TraefikService", f"s-{name}", TRAEFIK, PLACE, spec=spec)
        yield a_route(f"s-{name}", kind="TraefikService", name=f"s-{name}")
    for name, spec in OPTIONS.items():
        yield an_object("TLSOption", f"o-{name}", TRAEFIK, PLACE, spec=spec)
        yield a_route(f"o-{name}", option=f"o-{name}")


async def test_what_traefik_refuses_is_failed_and_nothing_else(
    homelab: RealCluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each route is failed where Traefik has no enabled router for it, and only there."""
    if homelab.plane is None:
        pytest.skip("Traefik here needs the control plane of the tests' own")
    homelab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE}})
    around = [
        *a_service("behind"),
        *a_service("web"),
        an_object("Middleware", "other", TRAEFIK, spec={"compress": {}}),
        an_object("Secret", "users", stringData={"users": "a:$apr1$x$y"}),
    ]
    for item in around:
        item["metadata"]["namespace"] = PLACE
    every = list(objects())
    homelab.apply(*around, *every)
    routes = {item["metadata"]["name"] for item in every if item["kind"] == "IngressRoute"}
    with traefik.running(homelab, tmp_path_factory.mktemp("traefik")) as running:
        running.until(
            lambda: any(f"{PLACE}-o-sound" in name for name in running.routers()), "the last route"
        )
        enabled = {
            name
            for name in routes
            for router, view in running.routers().items()
            if router.startswith(f"{PLACE}-{name}-") and view["status"] == "enabled"
        }
    async with connect(kubeconfig=homelab.kubeconfig) as api:
        report = await Health(ClusterReader(api, secret_inventory=True)).check(("routes",))
    failed = {
        finding.subject.name
        for finding in report.findings
        if finding.subject.namespace == PLACE
        and finding.subject.kind == "IngressRoute"
        and finding.verdict is Verdict.FAILED
    }
    homelab.kubectl("delete", "namespace", PLACE, "--wait=false")
    assert routes - enabled - failed == set(), "Traefik refuses them, and we do not say so"
    assert failed & enabled == set(), "Traefik serves them, and we call them failed"
