"""What `prober`, `exec`, `traefik-api` and `secret-inventory` allow, tried with the real token."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.net.probing import agent_configmaps, manifests, wget
from bot.net.probing.protocol import ProbedBackend, ProbeJob
from bot.net.request.destination import Destination
from tests.cluster.asking import Somebody, service_account
from tests.cluster.conftest import RealCluster
from tests.cluster.deployed import install_kinds, install_only, until
from tests.cluster.scene import RESTRICTED, named, set_the_scene, within

PROBES = "/api/v1/namespaces/meshmedic-probe"
JOBS = "/apis/batch/v1/namespaces/meshmedic-probe/jobs"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/meshmedic-probe/endpointslices"
APPS = "/api/v1/namespaces/apps"
TRAEFIK = "/api/v1/namespaces/kube-system"
EXEC = "exec?command=wget&stdout=true"
RAWDATA = "proxy/api/rawdata"
THERE = Destination(text="", address="10.42.0.5", port=80)
NOT_VALID = "is not valid for pod"
"""What is answered to whoever may run a command in a container that the pod has not."""


@pytest.fixture(scope="module")
def bot(
    real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory, admin: Somebody
) -> Somebody:
    """The account with these components."""
    install_kinds(real, data)
    chosen = ("exec", "prober", "prober-daemonset", "secret-inventory", "traefik-api")
    install_only(real, tmp_path_factory.mktemp("components"), chosen)
    set_the_scene(real)
    for name in ("traefik-5d8c", "svclb-traefik-1", "coredns-1"):
        real.apply(within("kube-system", named("v1", "Pod", name, spec=RESTRICTED)))
    for at in (f"{PROBES}/pods/made", f"{PROBES}/services/made", f"{SLICES}/made"):
        admin.ask("DELETE", at)
    made = service_account(real, "meshmedic", "meshmedic")
    # A policy acts a moment after it was made.
    until(lambda: made.ask("GET", f"{TRAEFIK}/pods/coredns-1/{EXEC}").code == 422)
    until(lambda: made.ask("GET", f"{TRAEFIK}/pods/coredns-1:80/{RAWDATA}").code == 422)
    return made


def test_it_probes_in_the_probe_namespace(bot: Somebody, admin: Somebody) -> None:
    """A Job, a pod's log as far as that goes without a kubelet, a VIP with a chosen endpoint."""
    admin.ask("POST", f"{PROBES}/pods", named("v1", "Pod", "made", spec=RESTRICTED))
    assert bot.ask("GET", f"{PROBES}/pods/made").done
    assert bot.ask("GET", f"{PROBES}/pods/made/log").code == 204
    rounds = "sinceSeconds=900&tailLines=4000&limitBytes=1048576&timestamps=true"
    assert bot.ask("GET", f"{PROBES}/pods/made/log?{rounds}").code == 204
    assert bot.ask("GET", f"{PROBES}/pods?watch=true").done
    admin.ask("DELETE", f"{PROBES}/pods/made")
    job = manifests.probe_job(
        ProbeJob(id="made", expires=0.0), node="edge", image="meshmedic", seconds=60
    )
    owner = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "made", "uid": "a"}}
    chosen = manifests.sole_slice("made", ProbedBackend("192.0.2.1", 80), owner)
    for listing, made in (
        (JOBS, job),
        (f"{PROBES}/services", manifests.sole_service("made", 80, owner)),
        (SLICES, chosen),
    ):
        created = bot.ask("POST", listing, made)
        assert created.done, created.said
        assert bot.ask("GET", f"{listing}/made").done
        assert bot.ask("DELETE", f"{listing}/made").done


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (agent_configmaps.KEYS, "key-0123456789ab"),
        (agent_configmaps.PEERS, agent_configmaps.PEERS_FILE),
    ],
)
def test_it_tells_agents_its_key_and_their_peers(bot: Somebody, name: str, key: str) -> None:
    """By the ConfigMaps that the component makes, in the patches that the bot sends."""
    at = f"{PROBES}/configmaps/{name}"
    assert bot.ask("GET", at).done
    for patch in ({"data": {key: "{}"}}, {"data": {key: None}}):
        answer = bot.ask("PATCH", at, patch, "application/merge-patch+json")
        assert answer.done, answer.said
    assert key not in (answer.body.get("data") or {})


def a_pod(**spec: Any) -> dict[str, Any]:
    return named("v1", "Pod", "made", spec=RESTRICTED | spec)


BEYOND: dict[str, tuple[dict[str, Any], str]] = {
    "on the node's network": (a_pod(hostNetwork=True), 'violates PodSecurity "restricted'),
    "with the node's files": (
        a_pod(volumes=[{"name": "a", "hostPath": {"path": "/"}}]),
        'violates PodSecurity "restricted',
    ),
    "a larger one": (
        a_pod(
            containers=[RESTRICTED["containers"][0] | {"resources": {"limits": {"memory": "1Gi"}}}]
        ),
        "maximum memory usage per Container is 128Mi",
    ),
}


@pytest.mark.parametrize("what", BEYOND)
def test_no_pod_is_let_in_that_could_do_more(what: str, bot: Somebody, admin: Somebody) -> None:
    """Whoever makes it: the Job controller does for the bot, which makes none itself."""
    pod, why = BEYOND[what]
    answer = admin.ask("POST", f"{PROBES}/pods", pod)
    assert (answer.code, why in answer.said) == (403, True), answer.said


REFUSED: dict[str, tuple[str, str, Any, str]] = {
    "a pod that no Job made": ("POST", f"{PROBES}/pods", a_pod(), "cannot create resource"),
    "a Job elsewhere": (
        *("POST", "/apis/batch/v1/namespaces/apps/jobs", {}),
        "cannot create resource",
    ),
    "a pod elsewhere": ("POST", f"{APPS}/pods", a_pod(), "cannot create resource"),
    "a pod in its own namespace": (
        *("POST", "/api/v1/namespaces/meshmedic/pods", a_pod()),
        "cannot create resource",
    ),
    "a DaemonSet": (
        *("POST", "/apis/apps/v1/namespaces/meshmedic-probe/daemonsets", {}),
        "cannot create resource",
    ),
    "a Secret in the probe namespace": (
        *("POST", f"{PROBES}/secrets", named("v1", "Secret", "made")),
        "cannot create resource",
    ),
    "a command in a probe": ("POST", f"{PROBES}/pods/made/{EXEC}", None, "cannot create resource"),
    "another ConfigMap": (
        *("POST", f"{PROBES}/configmaps", named("v1", "ConfigMap", "made")),
        "cannot create resource",
    ),
    "a look at another ConfigMap": (
        *("GET", f"{PROBES}/configmaps/kube-root-ca.crt", None),
        "cannot get resource",
    ),
    "the end of the keys": (
        *("DELETE", f"{PROBES}/configmaps/{agent_configmaps.KEYS}", None),
        "cannot delete resource",
    ),
    "a change of a probe": ("PATCH", f"{PROBES}/pods/made", {}, "cannot patch resource"),
    "a command elsewhere": ("POST", f"{APPS}/pods/web/{EXEC}", None, "cannot create resource"),
    "a port of Traefik": (
        *("POST", f"{TRAEFIK}/pods/traefik-5d8c/portforward", None),
        "cannot create resource",
    ),
    "a Secret by name": ("GET", f"{APPS}/secrets/precious", None, "cannot get resource"),
    "a Secret's end": ("DELETE", f"{APPS}/secrets/precious", None, "cannot delete resource"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused(what: str, bot: Somebody) -> None:
    """What the components stop short of: by RBAC, Pod Security, the quota or the limits."""
    method, path, body, why = REFUSED[what]
    content_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
    answer = bot.ask(method, path, body, content_type)
    assert (answer.code, why in answer.said) == (403, True), answer.said


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_runs_commands_in_traefiks_pods_alone(method: str, bot: Somebody) -> None:
    """By WebSocket and by SPDY; other pods of kube-system are refused by the policy."""
    command = urlencode([("command", word) for word in wget.request_argv(THERE)])
    ours = f"{TRAEFIK}/pods/traefik-5d8c/exec?container=traefik&stdout=true&{command}"
    into_traefik = bot.ask(method, ours)
    assert (into_traefik.code, NOT_VALID in into_traefik.said) == (400, True), into_traefik
    for name in ("svclb-traefik-1", "coredns-1"):
        refused = bot.ask(method, f"{TRAEFIK}/pods/{name}/{EXEC}")
        assert (refused.code, "in Traefik's pods alone" in refused.said) == (422, True), refused


@pytest.mark.parametrize(
    "path", ["rawdata", "http/routers?page=1&per_page=100", "http/services?page=2"]
)
def test_it_reads_traefiks_api_at_any_port(path: str, bot: Somebody) -> None:
    """As far as that goes without a kubelet: the pod has no address yet."""
    for port in ("", ":8080", ":9000"):
        answer = bot.ask("GET", f"{TRAEFIK}/pods/traefik-5d8c{port}/proxy/api/{path}")
        assert (answer.code, NO_ADDRESS in answer.said) == (400, True), answer


def test_it_reads_traefiks_metrics(bot: Somebody) -> None:
    """At the port that Traefik's arguments name."""
    answer = bot.ask("GET", f"{TRAEFIK}/pods/traefik-5d8c:9100/proxy/metrics")
    assert (answer.code, NO_ADDRESS in answer.said) == (400, True), answer


NO_ADDRESS = "address not allowed"
READ_BEYOND = {
    "another pod": ("svclb-traefik-1:8080", RAWDATA),
    "a pod of the system": ("coredns-1:9153", RAWDATA),
    "another path": ("traefik-5d8c:8080", "proxy/ping"),
    "below the metrics": ("traefik-5d8c:9100", "proxy/metrics/debug"),
    "another pod's metrics": ("coredns-1:9153", "proxy/metrics"),
    "a dump": ("traefik-5d8c:8080", "proxy/api/support-dump"),
    "a path that climbs": ("traefik-5d8c:8080", "proxy/api/../metrics?x=/api/rawdata"),
    "nothing": ("traefik-5d8c:8080", "proxy"),
}


@pytest.mark.parametrize("what", READ_BEYOND)
def test_it_reads_nothing_else_through_the_proxy(what: str, bot: Somebody) -> None:
    """RBAC would allow any port and path of any pod there; the policy does not."""
    name, path = READ_BEYOND[what]
    answer = bot.ask("GET", f"{TRAEFIK}/pods/{name}/{path}")
    assert (answer.code, "services and metrics alone" in answer.said) == (422, True), answer


def test_it_sends_nothing_through_the_proxy(bot: Somebody) -> None:
    """Traefik's API takes no writes, and the account has no right to try; nor elsewhere."""
    for method, path in (
        ("POST", f"{TRAEFIK}/pods/traefik-5d8c:8080/{RAWDATA}"),
        ("GET", f"{APPS}/pods/web:80/{RAWDATA}"),
        ("GET", f"{TRAEFIK}/services/traefik:80/{RAWDATA}"),
    ):
        answer = bot.ask(method, path)
        assert (answer.code, "cannot" in answer.said) == (403, True), answer


def test_the_inventory_lists_names_and_the_permission_includes_values(bot: Somebody) -> None:
    """What the README says that it costs, shown: RBAC would let the values through."""
    listed = bot.ask("GET", f"{APPS}/secrets")
    assert listed.done
    assert [each["data"] for each in listed.body["items"]] == [{"a": "Yg=="}]
    assert bot.ask("GET", "/api/v1/secrets?watch=true").done


def test_a_probes_own_account_may_nothing(bot: Somebody, real: RealCluster) -> None:
    """Even with a token made by hand it reads no pod of its own namespace."""
    for name in ("probe", "default"):
        probe = service_account(real, "meshmedic-probe", name)
        for path in (f"{PROBES}/pods", f"{APPS}/pods", "/api/v1/nodes"):
            refused = probe.ask("GET", path)
            assert (refused.code, "cannot list resource" in refused.said) == (403, True)
