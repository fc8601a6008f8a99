"""What the bot's account may and may not do after the base install, each tried with its real token.

The answers are those of the real RBAC authorizer and admission; no access review stands in for one.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.resources.registry import KINDS
from bot.domain.snapshot import Why
from bot.kube.connect import connect
from bot.kube.events import event
from bot.kube.one_shot_reader import ClusterReader
from bot.sandbox.kubernetes_api import write_kubeconfig
from tests.cluster.asking import APPROVER, Somebody, service_account, where
from tests.cluster.deployed import install_kinds, install_only
from tests.cluster.scene import RESTRICTED, named, set_the_scene
from tests.clusters.real import RealCluster

ACCOUNT = {"kind": "ServiceAccount", "name": "meshmedic", "namespace": "meshmedic"}
ADMIN = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
RBAC = "rbac.authorization.k8s.io/v1"
POD = named("v1", "Pod", "made", spec=RESTRICTED)
OWN = "/api/v1/namespaces/meshmedic"
APPS = "/api/v1/namespaces/apps"
DEPLOYMENT = "/apis/apps/v1/namespaces/meshmedic/deployments/meshmedic"
BINDINGS = f"/apis/{RBAC}/clusterrolebindings"
ROLES = f"/apis/{RBAC}/clusterroles"
CHANGES = "/apis/meshmedic.dev/v1alpha1/namespaces/meshmedic/changes"
LEASES = "/apis/coordination.k8s.io/v1/namespaces"
CHANGE = named(
    *("meshmedic.dev/v1alpha1", "Change", "recorded"),
    spec={
        "target": "IngressRoute apps/web",
        "way": "native-lb",
        "requester": "100000000000000002",
        "expiresAt": "2026-01-31T12:00:00Z",
        "steps": [
            {
                "action": "set-native-lb",
                "object": {"kind": "IngressRoute", "namespace": "apps", "name": "web"},
            }
        ],
    },
)
ENTRY = {"seq": 0, "at": "2026-01-31T10:00:00Z", "by": "meshmedic", "state": "Proposed"}
STATUS = {"status": {"state": "Proposed", "history": [ENTRY]}}
MERGE = "application/merge-patch+json"

Request = tuple[str, str, Any]


@pytest.fixture(scope="module")
def bot(
    real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory, admin: Somebody
) -> Somebody:
    """The account of the base install, without any component."""
    install_kinds(real, data)
    install_only(real, tmp_path_factory.mktemp("base"), ())
    set_the_scene(real)
    admin.ask("POST", "/api/v1/namespaces", named("v1", "Namespace", "meshmedic-probe"))
    return service_account(real, "meshmedic", "meshmedic")


SOURCES = [
    (group, kind.plural, kind.versions)
    for kind in KINDS
    if not kind.metadata_only
    for group in kind.groups
]


def served_by(bot: Somebody, at: str) -> list[str]:
    """The kinds of one version: a group need not serve all of its kinds in each."""
    return [kind["name"] for kind in bot.ask("GET", at).body.get("resources", ())]


@pytest.mark.parametrize(
    ("group", "plural", "versions"), SOURCES, ids=[f"{each[1]}.{each[0]}" for each in SOURCES]
)
def test_it_gets_lists_and_watches_every_kind_that_is_checked(
    group: str, plural: str, versions: tuple[str, ...], bot: Somebody
) -> None:
    """In the whole cluster, and at the version that the bot would choose."""
    at = "/api/v1"
    if group:
        at = next(
            f"/apis/{group}/{version}"
            for version in versions
            if plural in served_by(bot, f"/apis/{group}/{version}")
        )
    listed = bot.ask("GET", f"{at}/{plural}?limit=5")
    assert listed.done, listed.said
    version = listed.body["metadata"]["resourceVersion"]
    watched = bot.ask("GET", f"{at}/{plural}?watch=true&resourceVersion={version}")
    assert watched.done, watched.said
    namespaced = plural in str(bot.ask("GET", at).body) and not plural.startswith("cluster")
    place = "/namespaces/apps" if namespaced and plural not in ("nodes", "namespaces") else ""
    assert bot.ask("GET", f"{at}{place}/{plural}/absent").code == 404


async def test_the_checks_see_everything_but_secrets(
    real: RealCluster, bot: Somebody, tmp_path: Path
) -> None:
    """The bot's own reader with this token: nothing is forbidden, absent or unreachable."""
    url, authority = where(real)
    write_kubeconfig(tmp_path / "kubeconfig", url, bot.token, ca=authority)
    async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
        snapshot = await ClusterReader(api).snapshot(kind.type for kind in KINDS)
        asked_for_more = await ClusterReader(api, secret_inventory=True).snapshot(
            kind.type for kind in KINDS if kind.metadata_only
        )
    assert [(gap.kind, gap.why) for gap in snapshot.gaps] == [("Secret", Why.OFF)]
    assert [(gap.kind, gap.why) for gap in asked_for_more.gaps] == [("Secret", Why.FORBIDDEN)]


def test_it_keeps_its_state(bot: Somebody, real: RealCluster) -> None:
    """ConfigMaps, the Lease and Changes, in its own namespace: made, read, watched, written."""
    for each in ("configmap/meshmedic-report", "lease/meshmedic", "change/recorded"):
        real.kubectl("delete", "-n", "meshmedic", "--ignore-not-found", each)
    lease = named("coordination.k8s.io/v1", "Lease", "meshmedic", spec={"holderIdentity": "a"})
    report = named("v1", "ConfigMap", "meshmedic-report", data={"record": "{}"})
    for listing, made, written, saved_at in (
        (f"{OWN}/configmaps", report, {"data": {"record": "[]"}}, ""),
        (f"{LEASES}/meshmedic/leases", lease, {"spec": {"holderIdentity": "b"}}, ""),
        (CHANGES, CHANGE, STATUS, "/status"),
    ):
        name = made["metadata"]["name"]
        created = bot.ask("POST", listing, made)
        assert created.done, created.said
        read = bot.ask("GET", f"{listing}/{name}")
        saved = bot.ask("PUT", f"{listing}/{name}{saved_at}", read.body | written)
        assert saved.done, saved.said
    one = f"{LEASES}/meshmedic/leases?fieldSelector=metadata.name%3Dmeshmedic&watch=true"
    for watched in (f"{CHANGES}?watch=true", one):
        assert bot.ask("GET", watched).done


def test_it_records_events_in_its_own_namespace_alone(bot: Somebody) -> None:
    """By the body that the bot sends about its own pod; nothing is changed or taken away."""
    about = {"apiVersion": "v1", "kind": "Pod", "name": "meshmedic-a", "uid": "a"}
    for namespace, code in (("meshmedic", 201), ("apps", 403)):
        there = about | {"namespace": namespace}
        body = event(there, "NotReady", "Why.", warning=True, at=datetime.now(UTC))
        assert bot.ask("POST", f"/api/v1/namespaces/{namespace}/events", body).code == code


def test_it_asks_about_one_finding(bot: Somebody) -> None:
    """Events, and the log as far as this goes without a kubelet: the pod was never placed."""
    assert bot.ask("GET", f"{APPS}/events?limit=5").done
    assert bot.ask("GET", f"{APPS}/pods/web/log").code == 204


NOT: dict[str, Request] = {
    "read a Secret": ("GET", f"{APPS}/secrets/precious", None),
    "read its own token's Secret": ("GET", f"{OWN}/secrets/meshmedic", None),
    "list Secrets": ("GET", "/api/v1/secrets", None),
    "list the Secrets of its own namespace": ("GET", f"{OWN}/secrets", None),
    "watch Secrets": ("GET", "/api/v1/secrets?watch=true", None),
    "read a ConfigMap elsewhere": ("GET", f"{APPS}/configmaps/web", None),
    "write a ConfigMap elsewhere": ("POST", f"{APPS}/configmaps", named("v1", "ConfigMap", "m")),
    "forget its own state": ("DELETE", f"{OWN}/configmaps/web", None),
    "create a pod": ("POST", f"{APPS}/pods", POD),
    "create a pod in its own namespace": ("POST", f"{OWN}/pods", POD),
    "create a pod in kube-system": ("POST", "/api/v1/namespaces/kube-system/pods", POD),
    "create a pod in the probe namespace without the component": (
        *("POST", "/api/v1/namespaces/meshmedic-probe/pods"),
        POD,
    ),
    "delete a pod": ("DELETE", f"{APPS}/pods/web", None),
    "evict a pod": (
        *("POST", f"{APPS}/pods/web/eviction"),
        named("policy/v1", "Eviction", "web"),
    ),
    "patch a workload": ("PATCH", DEPLOYMENT, {"spec": {"paused": True}}),
    "scale a workload": ("PATCH", f"{DEPLOYMENT}/scale", {"spec": {"replicas": 0}}),
    "patch a Service": ("PATCH", f"{APPS}/services/web", {"metadata": {"labels": {"a": "b"}}}),
    "patch a node": ("PATCH", "/api/v1/nodes/here", {"spec": {"unschedulable": True}}),
    "run a command in a pod": ("POST", f"{APPS}/pods/web/exec?command=id&stdout=true", None),
    "attach to a pod": ("POST", f"{APPS}/pods/web/attach?stdout=true", None),
    "forward a port": ("POST", f"{APPS}/pods/web/portforward", None),
    "reach through a node's kubelet": ("GET", "/api/v1/nodes/here/proxy/pods", None),
    "reach through a Service": ("GET", f"{APPS}/services/http:web:80/proxy/", None),
    "make a role": ("POST", ROLES, named(RBAC, "ClusterRole", "made")),
    "widen its own role": (
        *("PATCH", f"{ROLES}/meshmedic-details"),
        {"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]},
    ),
    "bind itself to a role": (
        *("POST", BINDINGS),
        named(RBAC, "ClusterRoleBinding", "made", roleRef=ADMIN, subjects=[ACCOUNT]),
    ),
    "bind itself in its own namespace": (
        *("POST", f"/apis/{RBAC}/namespaces/meshmedic/rolebindings"),
        named(RBAC, "RoleBinding", "made", roleRef=ADMIN, subjects=[ACCOUNT]),
    ),
    "make a token of an account": (
        *("POST", f"{OWN}/serviceaccounts/meshmedic/token"),
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    ),
    "hold another's Lease": ("GET", f"{LEASES}/meshmedic/leases/another", None),
    "watch another's Lease": ("GET", f"{LEASES}/meshmedic/leases?watch=true", None),
    "make a Lease elsewhere": (
        *("POST", f"{LEASES}/kube-system/leases"),
        named("coordination.k8s.io/v1", "Lease", "meshmedic"),
    ),
    "delete a Change": ("DELETE", f"{CHANGES}/recorded", None),
    "delete all Changes": ("DELETE", CHANGES, None),
    "record a Change elsewhere": ("POST", CHANGES.replace("meshmedic/ch", "apps/ch"), CHANGE),
    "alter the rules of Changes": (
        *("PATCH", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/changes.meshmedic.dev"),
        {"metadata": {"labels": {"a": "b"}}},
    ),
    "lower its namespace's Pod Security": (
        *("PATCH", OWN),
        {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}},
    ),
}


@pytest.mark.parametrize("what", NOT)
def test_it_may_not(what: str, bot: Somebody, admin: Somebody) -> None:
    """RBAC refuses the account what an administrator could do by the same request."""
    method, path, body = NOT[what]
    content_type = MERGE if method == "PATCH" else "application/json"
    refused = bot.ask(method, path, body, content_type)
    assert refused.code == 403, refused
    assert "system:serviceaccount:meshmedic:meshmedic" in refused.said
    dry = f"{path}{'&' if '?' in path else '?'}dryRun=All" if method != "GET" else path
    possible = admin.ask(method, dry, body, content_type)
    assert possible.code not in (401, 403, 404, 405), possible


@pytest.mark.parametrize(
    "whom",
    [
        APPROVER,
        {"Impersonate-User": "system:admin"},
        {"Impersonate-User": "system:serviceaccount:kube-system:default"},
        {"Impersonate-User": "a", "Impersonate-Group": "system:masters"},
    ],
    ids=["the approver", "an administrator", "an account", "a group"],
)
def test_it_impersonates_nobody(whom: dict[str, str], bot: Somebody, admin: Somebody) -> None:
    """Without the component not even the approver."""
    for somebody, code in ((bot, 403), (admin, 201)):
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        assert somebody.acting(whom).ask("POST", path, review).code == code


def test_it_cannot_make_itself_an_approver(
    bot: Somebody, admin: Somebody, real: RealCluster
) -> None:
    """Its settings are a ConfigMap that it may not write, and immutable."""
    deployment = real.read("deployment", "meshmedic", "-n", "meshmedic")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (source,) = container["envFrom"]
    settings = source["configMapRef"]["name"]
    for body in ({"data": {"MESHMEDIC_APPROVERS": "1"}}, {"immutable": False}):
        at = f"{OWN}/configmaps/{settings}"
        assert bot.ask("PATCH", at, body, MERGE).code == 403
        refused = admin.ask("PATCH", at, body, MERGE)
        assert (refused.code, "immutable" in json.dumps(refused.body)) == (422, True)
