"""The real Traefik is the oracle: from our IngressRoutes it makes what it makes of the Ingress.

Ingresses and IngressRoutes stand side by side; the routers of the two providers must do the same,
entrypoint by entrypoint, and only the servers' addresses may differ.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import trustme

from bot.ingress_conversion.convert import Conversion, ConversionResult, convert
from bot.ingress_conversion.known import gather
from bot.ingress_conversion.refusals import ConversionReason
from bot.ingress_conversion.target import ConversionTarget, version
from tests.cluster import traefik
from tests.cluster.control_plane import free_port
from tests.cluster.everything import EVERYTHING, SERVICES
from tests.cluster.ingress_cases import POD, Case, a_case, cases, slices
from tests.cluster.routers import hosts, seen
from tests.cluster.traefik import Traefik
from tests.clusters.real import RealCluster
from tests.ingress_conversion.ingresses import a_path, a_rule, a_service, an_ingress, of_kind
from tests.programs import catalogue

OLD, NEW = "kubernetes", "kubernetescrd"
CONTROLLER = "traefik.io/ingress-controller"
STRICT = (
    "--providers.kubernetesingress.strictprefixmatching=true",
    "--providers.kubernetescrd.allowcrossnamespace=true",
)
"""What is told to the conversion by options; tried together."""

COLLECTIONS = (("networking.k8s.io/v1", "ingresses"), ("traefik.io/v1alpha1", "ingressroutes"))
PATIENCE = 90.0
"""Seconds within which Traefik has taken up hundreds of objects, on a slow machine too."""

MOST = 150
"""Objects in one request of kubectl's."""


def arguments(*, strict: bool) -> tuple[str, ...]:
    more = (
        "--entrypoints.websecure.http.tls=true",
        f"--entrypoints.internal.address=127.0.0.1:{free_port()}",
        "--entrypoints.internal.asdefault=false",
        "--entrypoints.web.asdefault=true",
        "--entrypoints.websecure.asdefault=true",
        "--providers.providersthrottleduration=500ms",
        "--log.level=INFO",  # at DEBUG it writes all of its configuration at every change
    )
    return (*more, *STRICT) if strict else more


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "strict"])
def strict(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def proxy(
    strict: bool, homelab: RealCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Traefik]:
    if homelab.plane is None:
        pytest.skip("Traefik here needs the control plane of the tests' own")
    folder = tmp_path_factory.mktemp("traefik")
    with traefik.running(homelab, folder, *arguments(strict=strict)) as running:
        yield running


def target(*, strict: bool) -> ConversionTarget:
    number = version(catalogue.TRAEFIK_VERSION)
    assert number is not None
    return ConversionTarget(number, strict_prefix=strict, cross_namespace=strict)


def apply(homelab: RealCluster, objects: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(objects), MOST):
        homelab.apply(*objects[start : start + MOST])


def attempt(homelab: RealCluster, objects: Sequence[dict[str, Any]]) -> None:
    """Apply those that an API server takes: templates have names that are none."""
    for start in range(0, len(objects), MOST):
        listed = {"apiVersion": "v1", "kind": "List", "items": objects[start : start + MOST]}
        homelab.kubectl_tries("apply", "--server-side", "-f", "-", given=json.dumps(listed))


def taken(homelab: RealCluster, made: Sequence[tuple[Case, Conversion]]) -> list[tuple[Case, Any]]:
    """Those whose Ingress the API server takes; the others nobody serves."""
    attempt(homelab, [case.applied for case, _ in made])
    have = {
        (each["metadata"]["namespace"], each["metadata"]["name"])
        for each in homelab.read("ingresses", "-A")["items"]
    }
    return [(case, each) for case, each in made if (case.namespace, case.name) in have]


def held(
    homelab: RealCluster, proxy: Traefik, given: Sequence[Case], *, strict: bool
) -> tuple[int, Counter[str]]:
    """Let Traefik read both, and hold them against each other; how many, and what became of all."""
    every = [
        (case, convert(case.ingress, gather(case.services), target(strict=strict)))
        for case in given
    ]
    made = [(case, each) for case, each in every if each.result is ConversionResult.CONVERTED]
    names = sorted({case.namespace for case, _ in made})
    apply(homelab, [_cluster_wide("v1", "Namespace", name) for name in names])
    try:
        attempt(homelab, [service for case, _ in made for service in case.services])
        attempt(homelab, [slices(service) for case, _ in made for service in case.services])
        classes = {case.ingress["spec"].get("ingressClassName") for case, _ in made} - {None}
        apply(homelab, [_ingress_class(name) for name in sorted(classes)])
        served = taken(homelab, made)
        apply(homelab, [dict(each) for _, one in served for each in one.manifests])
        _compare(proxy, served)
    finally:
        clear(homelab, proxy, *names)
    return len(served), Counter(str(each.code or each.result) for _, each in every)


def clear(homelab: RealCluster, proxy: Traefik, *namespaces: str) -> None:
    """Take everything away by collections, and wait until Traefik has seen it."""
    for place in namespaces:
        for group, plural in COLLECTIONS:
            path = f"/apis/{group}/namespaces/{place}/{plural}"
            homelab.kubectl("delete", "--raw", path)
    until(lambda: not seen(proxy.raw(), OLD) + seen(proxy.raw(), NEW))


def until(holds: Callable[[], bool]) -> bool:
    """Whether it holds within the patience; asked seldom, for Traefik answers at length."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.3)
    return True


def _compare(proxy: Traefik, served: Sequence[tuple[Case, Conversion]]) -> None:
    # Of two routes of one IngressRoute with one rule Traefik would make one router: each counts.
    wanted = sum(
        len(each["spec"].get("entryPoints") or ("web", "websecure")) * len(each["spec"]["routes"])
        for _, one in served
        for each in one.manifests
        if each["kind"] == "IngressRoute"
    )

    def equal() -> bool:
        raw = proxy.raw()
        old, new = seen(raw, OLD), seen(raw, NEW)
        return old == new and new.total() >= wanted - _dropped(served)

    if not until(equal):
        raw = proxy.raw()
        old, new = seen(raw, OLD), seen(raw, NEW)
        lost, more = "\n".join(sorted(old - new)), "\n".join(sorted(new - old))
        pytest.fail(f"of {wanted}:\nonly of the Ingresses:\n{lost}\nonly of ours:\n{more}")
    assert hosts(proxy.raw(), OLD) == {POD}
    assert POD not in hosts(proxy.raw(), NEW)


def _dropped(served: Sequence[tuple[Case, Conversion]]) -> int:
    """Routes to a port that no Service has: neither object is served there, on two entrypoints."""
    return sum("has no port" in each for _, one in served for each in one.warnings) * 2


def _cluster_wide(api: str, kind: str, name: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **rest}


def _ingress_class(name: str) -> dict[str, Any]:
    spec = {"controller": CONTROLLER}
    return _cluster_wide("networking.k8s.io/v1", "IngressClass", name, spec=spec)


def one_default(found: Sequence[Case]) -> list[Case]:
    """Traefik takes one default backend in all."""
    first = next((case for case in found if case.is_default), None)
    return [case for case in found if not case.is_default or case is first]


def test_traefiks_own_fixtures(
    homelab: RealCluster, proxy: Traefik, data: Path, strict: bool
) -> None:
    folder = data / "corpus/traefik"
    found = [
        *cases(folder / "traefik-master/pkg/provider/kubernetes/ingress/fixtures", "fixtures"),
        *cases(
            folder / "traefik-v2.11.0/pkg/provider/kubernetes/ingress/fixtures", "elder-fixtures"
        ),
        *cases(folder / "migration-tool/ingress/fixtures/input", "tool-fixtures"),
    ]
    count, became = held(homelab, proxy, one_default(found), strict=strict)
    assert count >= 60, became


def test_real_ingresses(homelab: RealCluster, proxy: Traefik, data: Path, strict: bool) -> None:
    found = one_default(list(cases(data / "corpus/manifests", "real")))
    count, became = held(homelab, proxy, found, strict=strict)
    assert count >= (200 if strict else 150), became
    assert strict or became[ConversionReason.CROSS_NAMESPACE]


def test_everything_that_an_ingress_can_say(
    homelab: RealCluster, proxy: Traefik, strict: bool
) -> None:
    found = [a_case(title, ingress, (), "everything") for title, ingress in EVERYTHING.items()]
    for title, says in SERVICES.items():
        for port in (80, "https"):
            ingress = an_ingress(a_rule("s.example", a_path(port=port)))
            around = [a_service(annotations=says)]
            found.append(a_case(title, ingress, around, "everything"))
    count, became = held(homelab, proxy, found, strict=strict)
    assert (count, became) == (len(found), {"converted": len(found)})


def test_with_added_priority_ours_go_first(
    homelab: RealCluster, proxy: Traefik, strict: bool
) -> None:
    """While both stand; and no further than needed, so that an ACME solver's longer rule wins."""
    case = a_case("hand-over", an_ingress(a_rule("h.example", a_path("/x"))), (), "handover")
    known = gather(case.services)
    made = convert(case.ingress, known, target(strict=strict), added_priority=1)
    apply(homelab, [_cluster_wide("v1", "Namespace", case.namespace)])
    apply(homelab, [*case.services, *map(slices, case.services), case.applied, *made.manifests])

    def ranks(provider: str) -> list[int]:
        found = seen(proxy.raw(), provider)
        return sorted(json.loads(each)["priority"] for each in found)

    proxy.until(lambda: len(ranks(OLD)) == len(ranks(NEW)) == 2, "both")
    assert ranks(NEW) == [each + 1 for each in ranks(OLD)]
    clear(homelab, proxy, case.namespace)


def test_an_ingress_route_without_a_route_loads_its_certificate(
    homelab: RealCluster, proxy: Traefik
) -> None:
    """What a certificate that no route of ours needs is loaded by."""
    issued = trustme.CA().issue_cert("lone.example")
    place = "lone"
    secret = of_kind("Secret", "lone", place) | {
        "apiVersion": "v1",
        "type": "kubernetes.io/tls",
        "stringData": {
            "tls.crt": issued.cert_chain_pems[0].bytes().decode(),
            "tls.key": issued.private_key_pem.bytes().decode(),
        },
    }
    route = of_kind("IngressRoute", "lone", place) | {
        "apiVersion": "traefik.io/v1alpha1",
        "spec": {"routes": [], "tls": {"secretName": "lone"}},
    }
    apply(homelab, [_cluster_wide("v1", "Namespace", place)])
    apply(homelab, [secret, route])

    def shown() -> bytes:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", proxy.secure), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="lone.example") as secure,
        ):
            return secure.getpeercert(binary_form=True) or b""

    wanted = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    proxy.until(lambda: shown() == wanted, "the certificate")
    homelab.kubectl("delete", "namespace", place, "--wait=false")
