"""Every check answers for any object: fields missing, null, of the wrong type, or unknown."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from bot.domain.report import examine
from bot.health.checks import ALL_CHECKS
from bot.health.offline import type_of
from bot.health.views import discord
from bot.sandbox.scenarios.ordinary import homelab
from tests.builders import Plain, a_certificate, a_kustomization, a_pod, an_object
from tests.examples import examples
from tests.gateways import (
    a_class,
    a_condition,
    a_gateway,
    a_grant,
    a_http_rule,
    a_listener,
    an_http_route,
)
from tests.health.checks.conditioned import CERT_MANAGER, ESO, SOURCE, a_thing, said
from tests.net.networks import (
    MOMENT,
    a_path,
    a_route,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    an_ingress,
    labelled,
)

GATEWAYS = (
    a_class(),
    a_gateway(
        a_listener(tls={"certificateRefs": [{"name": "tls", "namespace": "data"}]}),
        said=a_condition("Accepted", "False"),
    ),
    a_grant(from_kind="Gateway", to_kind="Secret", name="tls"),
    an_http_route(
        a_http_rule({"name": "db", "port": 80, "namespace": "data"}),
        a_http_rule(filters=[{"type": "ExtensionRef", "extensionRef": {"kind": "Middleware"}}]),
    ),
)
CLUSTER = (
    labelled(a_pod(waiting="CrashLoopBackOff"), app="web"),
    a_service(),
    a_slice("web", an_endpoint(ready=False)),
    a_route(a_rule(middlewares=[{"name": "auth"}]), tls={"secretName": "tls"}),
    an_ingress(a_path()),
    *GATEWAYS,
    a_certificate(),
    a_kustomization(),
)
WORKLOADS = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "PersistentVolumeClaim": "v1",
    "PersistentVolume": "v1",
    "ReplicationController": "v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
}
TRAEFIK_IO = "traefik.io/v1alpha1"
OF_TRAEFIK = {
    "IngressRouteTCP": {"routes": [{"match": "HostSNI(`*`)", "services": [{"name": "db"}]}]},
    "IngressRouteUDP": {"routes": [{"services": [{"name": "dns", "port": 53}]}]},
    "Middleware": {"chain": {"middlewares": [{"name": "own"}]}},
    "MiddlewareTCP": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}},
    "TraefikService": {"weighted": {"services": [{"name": "web", "port": 80}]}},
    "TLSOption": {"clientAuth": {"secretNames": ["ca"], "clientAuthType": "NoClientCert"}},
    "TLSStore": {"defaultCertificate": {"secretName": "tls"}},
    "ServersTransport": {"rootCAs": [{"secret": "ca"}]},
    "ServersTransportTCP": {"tls": {"rootCAsSecrets": ["ca"]}},
}
UNJUDGED = frozenset({"Event"})

WHOLE = (
    *(each for each in homelab(MOMENT).objects if each["kind"] not in UNJUDGED),
    a_thing("Bucket", "backups", SOURCE, said("Ready", "False", reason="AuthenticationFailed")),
    a_thing("OCIRepository", "charts", SOURCE, said("Ready")),
    a_thing("Issuer", "own", CERT_MANAGER, said("Ready", "False", reason="ErrInitIssuer")),
    a_thing("ClusterExternalSecret", "env", ESO, said("NotReady"), namespace=""),
    a_thing("PushSecret", "out", "external-secrets.io/v1alpha1", said("Ready")),
    an_object("Endpoints", "web", subsets=[{"notReadyAddresses": [{"ip": "10.42.0.9"}]}]),
    *GATEWAYS,
    *(an_object(kind, "own", TRAEFIK_IO, spec=spec) for kind, spec in OF_TRAEFIK.items()),
    *(
        a_thing(kind, "web", api, said("Available", "False"), spec={"replicas": 2})
        for kind, api in WORKLOADS.items()
    ),
)
"""The ordinary bad day, and what the homelab has none of."""

ODD = some.sampled_from([None, "", "text", 0, -1, True, [], {}, [None], [[]], {"name": None}])


def mutated(plain: Any, steps: list[int], odd: object) -> Any:
    """The same object with one value, that the steps lead to, replaced by an odd one."""
    if not steps or not isinstance(plain, dict | list) or not plain:
        return odd
    keys = list(plain) if isinstance(plain, dict) else list(range(len(plain)))
    chosen = keys[steps[0] % len(keys)]
    inner = mutated(plain[chosen], steps[1:], odd)
    if isinstance(plain, dict):
        return {**plain, chosen: inner}
    return [*plain[:chosen], inner, *plain[chosen + 1 :]]


@given(
    some.sampled_from(CLUSTER),
    some.lists(some.integers(0, 9), min_size=2, max_size=8),
    ODD,
    some.booleans(),
)
def test_an_odd_value_anywhere_stops_no_check(
    plain: Plain, steps: list[int], odd: object, live: bool
) -> None:
    """One object of the cluster is spoilt; the others are judged as before."""
    kept = {key: plain[key] for key in ("kind", "apiVersion")}
    spoilt = {**mutated(plain, steps, odd), **kept}
    report = examine(a_snapshot(*CLUSTER, spoilt, live=live), ALL_CHECKS)
    assert report.findings


def test_the_whole_cluster_has_every_kind_that_is_judged() -> None:
    """So that the next property leaves no check out."""
    kinds = {type_of(each) for each in WHOLE}
    assert {kind for check in ALL_CHECKS for kind in check.judges} - kinds == set()


COUNTS = examine(a_snapshot(*WHOLE), ALL_CHECKS).counts


@settings(max_examples=examples(300))
@given(some.sampled_from(WHOLE), some.lists(some.integers(0, 9), min_size=2, max_size=9), ODD)
def test_an_odd_value_in_a_whole_cluster_loses_nothing(
    plain: Plain, steps: list[int], odd: object
) -> None:
    """Every check answers, every object is counted, and the report can be shown."""
    kept = {key: plain[key] for key in ("kind", "apiVersion")}
    spoilt = {**mutated(plain, steps, odd), **kept}
    others = [each for each in WHOLE if each is not plain]
    report = examine(a_snapshot(*others, spoilt), ALL_CHECKS)
    assert report.counts == COUNTS
    assert discord.report(report).view.content_length() <= 4_000
