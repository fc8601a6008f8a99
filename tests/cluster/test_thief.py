"""What a thief of the bot's token can do, row by row, as docs/explanation/security.md says it.

Each row is tried with the account's real token, with every component installed. `REFUSED` is what a
policy, RBAC or Pod Security keeps from the thief, `LEFT` what remains. The page is compared with
both tables in tests/test_security_page.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.domain.temporary import NAMESPACE
from bot.kube.events import event
from bot.kube.jobs import JOBS, SERVICES, SLICES
from bot.net.probing import agent_configmaps, manifests
from bot.net.probing.protocol import ProbedBackend, ProbeJob
from bot.remediation.change.fields import HAND_OVER, HOSTS, MANAGED, OURS, PUT_BACK, REPLACES
from bot.remediation.change.fields import SERVICES as SERVICES_OF
from tests.cluster.approving import (
    JSON,
    MERGE,
    RECONCILE,
    a_certificate,
    an_ingress_route,
    annotated,
    certificates,
    delete,
    ingresses,
    marked,
    merge,
    routes,
    services,
    step,
)
from tests.cluster.approving import an_event as told
from tests.cluster.asking import APPROVER, Answer, Somebody
from tests.cluster.deployed import until
from tests.cluster.mutations import changed
from tests.cluster.scene import RESTRICTED, named, within
from tests.cluster.test_least_privilege import (
    TRAEFIK,
    bot,  # noqa: F401  # a fixture
    put_back,
    run,
)
from tests.cluster.test_rbac import CHANGE, CHANGES
from tests.clusters.real import RealCluster
from tests.kube.test_change_store import MOMENT
from tests.remediation.planning.situations import an_ingress

Manifest = dict[str, Any]
OWN = "/api/v1/namespaces/meshmedic"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/meshmedic/leases"
OWNER = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a", "uid": "b"}}


@dataclass(frozen=True)
class Row:
    """One request of a thief, under the account's own name or the approver's."""

    component: str
    method: str
    path: str
    body: Any = None
    content_type: str = JSON
    approver: bool = False

    def asked(self, thief: Somebody) -> Answer:
        """Ask it; a write is a dry run."""
        somebody = thief.acting(APPROVER) if self.approver else thief
        glue = "&" if "?" in self.path else "?"
        path = self.path if self.method == "GET" else f"{self.path}{glue}dryRun=All"
        body = {**(self.body or {}), "dryRun": ["All"]} if self.method == "DELETE" else self.body
        return somebody.ask(self.method, path, body, self.content_type)


def unlabelled(made: Manifest) -> Manifest:
    """The object without the label that makes it the bot's."""
    labels = {key: value for key, value in made["metadata"]["labels"].items() if key != MANAGED}
    return changed(made, "metadata", "labels", to=labels)


JOB = manifests.probe_job(
    ProbeJob(id="thief", expires=0.0), node="edge", image="meshmedic", seconds=60
)
SOLE = manifests.sole_service("thief", 80, OWNER)
SLICE = manifests.sole_slice("thief", ProbedBackend("10.42.0.5", 80), OWNER)
ON_HOST = manifests.probe_job(
    ProbeJob(id="thief", expires=0.0), node="edge", image="meshmedic", seconds=60, host_network=True
)
POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)


def a_job(*place: str | int, to: Any) -> Row:
    return Row("prober", "POST", JOBS, changed(JOB, *place, to=to))


def a_service(*place: str | int, to: Any) -> Row:
    return Row("prober", "POST", SERVICES, changed(SOLE, *place, to=to))


def a_volume(**source: Any) -> Row:
    return a_job(*POD, "volumes", to=[{"name": "a", **source}])


NEVER_RUN = {**RESTRICTED, "restartPolicy": "Never"}
TOKEN = {"sources": [{"serviceAccountToken": {"path": "token"}}]}
RAW = manifests.tool_job(
    "thief", ("ping", "a"), node="edge", image=manifests.TOOL_IMAGE, seconds=60, raw=True
)
TOOL = manifests.tool_job(
    "thief",
    ("curl", "-X", "POST", "--data", "a", "http://web.apps/"),
    node="edge",
    image=manifests.TOOL_IMAGE,
    seconds=60,
)
ROUTE: Manifest = {
    "apiVersion": "traefik.io/v1alpha1",
    "kind": "IngressRoute",
    "metadata": {
        "name": "thief",
        "labels": {MANAGED: OURS, HAND_OVER: "traefik.io"},
        "annotations": {REPLACES: "web", HOSTS: "web.example", SERVICES_OF: "web"},
    },
    "spec": {
        "routes": [
            {
                "kind": "Rule",
                "match": "Host(`web.example`) && PathPrefix(`/`)",
                "priority": 1000,
                "services": [{"name": "web", "port": 80, "nativeLB": True}],
            }
        ]
    },
}
FIRST = ("spec", "routes", 0)
SNIPPET = "nginx.ingress.kubernetes.io/server-snippet"
DNS = "external-dns.alpha.kubernetes.io/hostname"
MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"
BACK = changed(
    an_ingress(metadata={"name": "back", "labels": {HAND_OVER: "traefik.io"}}),
    *("metadata", "annotations"),
    to={PUT_BACK: "20261123-1200-web-ab01"},
)


def a_route(*place: str | int, to: Any) -> Row:
    return Row("remediation", "POST", routes("apps"), changed(ROUTE, *place, to=to), approver=True)


def an_ingress_back(*place: str | int, to: Any) -> Row:
    return Row(
        "remediation", "POST", ingresses("apps"), changed(BACK, *place, to=to), approver=True
    )


def as_approver(request: tuple[str, str, Any, str]) -> Row:
    return Row("remediation", *request, approver=True)


def a_record(name: str, **more: Any) -> Row:
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **more}
    return Row("base", "POST", f"{OWN}/configmaps", made)


def a_change(*place: str | int, to: Any) -> Row:
    return Row("base", "POST", CHANGES, changed(CHANGE, *place, to=to))


def an_event(**more: Any) -> Row:
    about = {"apiVersion": "v1", "kind": "Pod", "name": "meshmedic-1", "namespace": "meshmedic"}
    made = event(about, "NotReady", "Why.", warning=True, at=MOMENT)
    return Row("base", "POST", f"{OWN}/events", made | more)


REFUSED: dict[str, Row] = {
    "settings of its own": a_record("meshmedic-settings-x", data={"MESHMEDIC_APPROVERS": "1"}),
    "a record that nobody can change any more": a_record(
        "meshmedic-report", data={"record": "{}"}, immutable=True
    ),
    "an Event in another name": an_event(source={"component": "kubelet"}),
    "a Change with labels": a_change("metadata", "labels", to={MANAGED: OURS}),
    "a Change of another form of name": a_change("metadata", "name", to="recorded.once"),
    "the Lease of another program": Row(
        *("base", "POST", LEASES), named("coordination.k8s.io/v1", "Lease", "other")
    ),
    "a Secret by its name": Row("base", "GET", "/api/v1/namespaces/apps/secrets/precious"),
    "external addresses (CVE-2020-8554)": a_service("spec", "externalIPs", to=["8.8.8.8"]),
    "an external name": a_service("spec", to={"type": "ExternalName", "externalName": "a.example"}),
    "a load balancer": a_service("spec", "type", to="LoadBalancer"),
    "a node port": a_service("spec", "type", to="NodePort"),
    "a Service in front of pods": a_service("spec", "selector", to={"app": "web"}),
    "an annotation for DNS on a Service": a_service(
        "metadata", "annotations", to={DNS: "a.example"}
    ),
    "endpoints of another Service": Row(
        *("prober", "POST", SLICES),
        changed(SLICE, "metadata", "labels", "kubernetes.io/service-name", to="other"),
    ),
    "a Service of two ports": a_service(
        "spec", "ports", to=[{"name": str(port), "port": port} for port in (80, 81)]
    ),
    "an EndpointSlice of two addresses": Row(
        *("prober", "POST", SLICES),
        changed(SLICE, "endpoints", 0, "addresses", to=["10.42.0.5", "10.42.0.6"]),
    ),
    "a Service without the bot's label": Row("prober", "POST", SERVICES, unlabelled(SOLE)),
    "an EndpointSlice without the bot's label": Row("prober", "POST", SLICES, unlabelled(SLICE)),
    "the end of somebody else's Service": Row("prober", "DELETE", f"{SERVICES}/theirs"),
    "the end of somebody else's Job": Row("prober", "DELETE", f"{JOBS}/theirs"),
    "the end of somebody else's EndpointSlice": Row("prober", "DELETE", f"{SLICES}/theirs"),
    "a pod that pushes others off its node": a_job(
        *POD, "priorityClassName", to="system-node-critical"
    ),
    "a pod with a token by its account": a_job(*POD, "automountServiceAccountToken", to=True),
    "a pod with a projected token": a_volume(projected=TOKEN),
    "a pod that fills its node's disk": a_volume(emptyDir={}),
    "a pod with an inline CSI volume": a_volume(csi={"driver": "a.example"}),
    "a pod with its node's files": a_volume(hostPath={"path": "/"}),
    "a pod on its node's network": Row("prober", "POST", JOBS, ON_HOST),
    "a pod among its node's processes": a_job(*POD, "hostPID", to=True),
    "a privileged pod": a_job(*CONTAINER, "securityContext", to={"privileged": True}),
    "a pod as root with raw sockets": Row("prober", "POST", JOBS, RAW),
    "another image": a_job(*CONTAINER, "image", to="a.example/miner:1"),
    "another image for a tool": Row(
        *("prober", "POST", JOBS), changed(TOOL, *CONTAINER, "image", to="a.example/miner:1")
    ),
    "another program": a_job(*CONTAINER, "command", to=["sh", "-c", "id"]),
    "another account": a_job(*POD, "serviceAccountName", to="default"),
    "a pod without an end": a_job("spec", "activeDeadlineSeconds", to=86400),
    "a pod without limits": a_job(*CONTAINER, "resources", to={}),
    "another ConfigMap of the agents": Row(
        *("prober-daemonset", "PATCH"),
        "/api/v1/namespaces/meshmedic-probe/configmaps/kube-root-ca.crt",
        *({"data": {"a": "b"}}, MERGE),
    ),
    "keys that nobody can change any more": Row(
        *("prober-daemonset", "PATCH"),
        f"/api/v1/namespaces/meshmedic-probe/configmaps/{agent_configmaps.KEYS}",
        *({"immutable": True}, MERGE),
    ),
    "a Service of another namespace": a_route(*FIRST, "services", 0, "namespace", to="bank"),
    "Traefik's own API": a_route(
        *FIRST, "services", to=[{"kind": "TraefikService", "name": "api@internal"}]
    ),
    "a route that is never deleted": a_route("metadata", "finalizers", to=["a.example/b"]),
    "a name of another namespace, with any priority": a_route(
        *FIRST, "match", to="Host(`bank.example`)"
    ),
    "a name next to its own": a_route(
        *FIRST, "match", to="Host(`web.example`) || Host(`bank.example`)"
    ),
    "a route that takes no Ingress's place": a_route("metadata", "annotations", REPLACES, to="a"),
    "every name, before everybody's routes": a_route(*FIRST, "match", to="PathPrefix(`/`)"),
    "another Service of the namespace": a_route(*FIRST, "services", 0, "name", to="precious"),
    "a Middleware of another namespace": a_route(
        *FIRST, "middlewares", to=[{"name": "auth", "namespace": "bank"}]
    ),
    "a Middleware that the Ingress has not": a_route(*FIRST, "middlewares", to=[{"name": "auth"}]),
    "TLS options of another namespace": a_route(
        *("spec", "tls"), to={"options": {"name": "weak", "namespace": "bank"}}
    ),
    "a transport of another namespace": a_route(
        *(*FIRST, "services", 0, "serversTransport"), to="bank-insecure@kubernetescrd"
    ),
    "a certificate that the Ingress has not": a_route("spec", "tls", to={"secretName": "precious"}),
    "a certificate from Traefik's resolver": a_route("spec", "tls", to={"certResolver": "le"}),
    "a record of external-dns": a_route("metadata", "annotations", DNS, to="bank.example"),
    "a route of another class": a_route("spec", "ingressClassName", to="nginx"),
    "an Ingress of another name's host": an_ingress_back(
        *("spec", "rules", 0, "host"), to="bank.example"
    ),
    "a certificate of cert-manager for another host": an_ingress_back(
        "spec", "tls", to=[{"hosts": ["bank.example"], "secretName": "a"}]
    ),
    "further names in a certificate of cert-manager": an_ingress_back(
        *("metadata", "annotations", "cert-manager.io/alt-names"), to="bank.example"
    ),
    "a snippet of ingress-nginx": an_ingress_back("metadata", "annotations", SNIPPET, to="a"),
    "a record of external-dns by an Ingress": an_ingress_back(
        "metadata", "annotations", DNS, to="bank.example"
    ),
    "another Service, by an Ingress": an_ingress_back(
        *("spec", "rules", 0, "http", "paths", 0, "backend", "service", "name"), to="precious"
    ),
    "a Middleware that the Ingress had not": an_ingress_back(
        *("metadata", "annotations", MIDDLEWARES), to="bank-auth@kubernetescrd"
    ),
    "an Ingress of another class": an_ingress_back("spec", "ingressClassName", to="nginx"),
    "an Ingress that was never there": an_ingress_back("metadata", "name", to="another"),
    "an Ingress that no Change puts back": an_ingress_back("metadata", "annotations", to={}),
    "an Ingress that is never deleted": an_ingress_back(
        "metadata", "finalizers", to=["a.example/b"]
    ),
    "an Ingress in Traefik's own namespace": Row(
        *("remediation", "POST", ingresses("kube-system")),
        changed(BACK, "metadata", "namespace", to="kube-system"),
        approver=True,
    ),
    "another rule of an Ingress": as_approver(
        merge(f"{ingresses('apps')}/web", {"spec": {"ingressClassName": "traefik-2"}})
    ),
    "a Service of that name in another API group": Row(
        *("remediation", "PATCH", "/apis/apps/v1/namespaces/apps/deployments/web"),
        *({"metadata": {"labels": {"a": "b"}}}, MERGE),
        approver=True,
    ),
    "another path of Traefik": Row("traefik-api", "GET", f"{TRAEFIK}/traefik-5d8c:8080/proxy/ping"),
    "another field of Flux's objects": Row(
        *("flux-reconcile", "PATCH"),
        "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/apps/kustomizations/tree",
        *({"spec": {"suspend": True}}, MERGE),
    ),
}
"""What a thief may not."""

LEFT: dict[str, Row] = {
    "the log of any pod": Row("base", "GET", "/api/v1/namespaces/apps/pods/web/log"),
    "what the bot remembers": a_record("meshmedic-report", data={"record": "{}"}),
    "an Event on the bot's own pod": an_event(),
    "a Change in anybody's name": Row("base", "POST", CHANGES, CHANGE),
    "the bot's Lease": Row(
        *("base", "POST", LEASES),
        named("coordination.k8s.io/v1", "Lease", "meshmedic", spec={"holderIdentity": "a"}),
    ),
    "a request from a pod": Row("prober", "POST", JOBS, JOB),
    "a tool with options of its own": Row("prober", "POST", JOBS, TOOL),
    "a Service address for any address": a_service("spec", "clusterIP", to="10.43.200.200"),
    "jobs of the agents": Row(
        *("prober-daemonset", "PATCH"),
        f"/api/v1/namespaces/meshmedic-probe/configmaps/{agent_configmaps.KEYS}",
        *({"data": {"key-0123456789ab": "{}"}}, MERGE),
    ),
    "nativeLB of a Service": as_approver(
        merge(
            f"{services('apps')}/web",
            {
                "metadata": {
                    "annotations": {"traefik.ingress.kubernetes.io/service.nativelb": "true"}
                }
            },
        )
    ),
    "the priority of a route": as_approver(
        step("add", f"{routes('apps')}/theirs", "/spec/routes/0/priority", value=100000)
    ),
    "a route that Flux leaves alone": as_approver(
        merge(f"{routes('apps')}/theirs", annotated(RECONCILE, "disabled"))
    ),
    "the end of a route that the bot made": as_approver(delete(f"{routes('apps')}/ours")),
    "a Certificate that no Ingress takes along": as_approver(
        merge(f"{certificates('apps')}/thief", {"metadata": {"ownerReferences": None}})
    ),
    "an Event about anything there": Row(
        *("remediation", "POST", "/api/v1/namespaces/apps/events"),
        told("meshmedic"),
        approver=True,
    ),
    "the label of a hand-over": Row(
        *("remediation", "PUT", f"{ingresses('apps')}/web"),
        marked(an_ingress(), labels={HAND_OVER: "traefik.containo.us"}),
        approver=True,
    ),
    "an Ingress in an IngressRoute's place": Row(
        "remediation", "POST", ingresses("apps"), BACK, approver=True
    ),
    "an IngressRoute in an Ingress's place": Row(
        "remediation", "POST", routes("apps"), ROUTE, approver=True
    ),
    "the end of an Ingress that nobody keeps": as_approver(delete(f"{ingresses('apps')}/web")),
    "Flux's attention": Row(
        *("flux-reconcile", "PATCH"),
        "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/apps/kustomizations/tree",
        {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "2026-01-31T12:00:00Z"}}},
        MERGE,
    ),
}
"""What a thief may do all the same."""

COMPARED = ("an IngressRoute in an Ingress's place", "an Ingress in an IngressRoute's place")
"""The creations that a policy compares with what is there."""

IMPOSTOR = {"Impersonate-Extra-discord-id": "999999999999999999"}


@pytest.fixture(scope="module")
def thief(
    bot: Somebody,  # noqa: F811
    real: RealCluster,
) -> Iterator[Somebody]:
    """The token, and what others have in `apps`, while one route is handed over there and back."""
    # What other tests left of the bot's own: here it is made anew.
    change = f"changes.meshmedic.dev/{CHANGE['metadata']['name']}"
    own = ("configmap/meshmedic-report", "lease/meshmedic", change)
    real.kubectl("delete", *own, "-n", "meshmedic", "--ignore-not-found")
    put_back(real, an_ingress())
    ingress = real.read("ingress", "web", "-n", "apps")
    owner = {key: ingress[key] for key in ("apiVersion", "kind")}
    owner |= {key: ingress["metadata"][key] for key in ("name", "uid")}
    for in_apps in (
        an_ingress_route("theirs"),
        marked(
            an_ingress_route("ours"),
            labels={MANAGED: OURS},
            annotations={REPLACES: "back", HOSTS: "web.example", SERVICES_OF: "web"},
        ),
        a_certificate("thief", owner),
    ):
        real.apply(within("apps", in_apps))
    for in_probe in (
        named("v1", "Service", "theirs", spec={"ports": [{"port": 80}]}),
        named("batch/v1", "Job", "theirs", spec={"template": {"spec": NEVER_RUN}, "suspend": True}),
        named("discovery.k8s.io/v1", "EndpointSlice", "theirs", addressType="IPv4", endpoints=[]),
    ):
        real.apply(within(NAMESPACE, in_probe))
    for labelled in ("ingress/web", "ingressroutes.traefik.io/ours"):
        real.kubectl("label", labelled, "-n", "apps", "--overwrite", f"{HAND_OVER}=traefik.io")
    # The API server's own memory is a moment behind.
    until(lambda: all(LEFT[what].asked(bot).done for what in COMPARED))
    yield bot
    real.kubectl("delete", "ingressroutes.traefik.io", "-n", "apps", "ours", "theirs")
    put_back(real, an_ingress())


@pytest.mark.parametrize("what", REFUSED)
def test_a_thief_is_refused(what: str, thief: Somebody) -> None:
    """By a policy, RBAC or Pod Security, and not because no object can be like that."""
    answer = REFUSED[what].asked(thief)
    assert answer.code in (403, 422), answer
    assert "forbidden" in answer.said or "ValidatingAdmissionPolicy" in answer.said, answer


@pytest.mark.parametrize("what", LEFT)
def test_a_thief_can(what: str, thief: Somebody) -> None:
    """What the page says that it costs, shown."""
    answer = LEFT[what].asked(thief)
    assert answer.done, answer


def test_a_thief_asks_from_traefiks_container(thief: Somebody) -> None:
    """Any URL of http, of which wget tells status and headers; a kubelet would run it."""
    bounds = ("-O", "/dev/null", "-t", "1", "-T", "5")
    answer = run(thief, ("wget", "-S", "--max-redirect=0", *bounds, "http://a.example/"))
    assert (answer.code, "ValidatingAdmissionPolicy" in answer.said) == (400, False), answer


def test_a_thief_names_whom_it_likes_in_the_audit_log(thief: Somebody) -> None:
    """The Discord id is attribution: RBAC cannot know who approves."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    seen = thief.acting(APPROVER | IMPOSTOR).ask("POST", path, review).body["status"]["userInfo"]
    assert seen["extra"] == {"discord-id": ["999999999999999999"]}


def test_a_thief_reads_traefiks_routers(thief: Somebody) -> None:
    """And the Middlewares in the same answer; the pod has no address here."""
    answer = thief.ask("GET", f"{TRAEFIK}/traefik-5d8c:8080/proxy/api/rawdata")
    assert (answer.code, "address not allowed" in answer.said) == (400, True), answer


def test_a_thief_reads_every_secret_where_the_inventory_is_installed(thief: Somebody) -> None:
    """RBAC has no verb for names alone."""
    assert thief.ask("GET", "/api/v1/secrets").done
