"""Makes all sites beside a Traefik as k3s installs it, reads what they hear, and removes them."""

from __future__ import annotations

import json

from tests.nodes import manifests
from tests.nodes.cluster import RealNodes
from tests.nodes.faults.fault import Undo
from tests.nodes.kubectl import apply, get, kubectl, rolled_out
from tests.nodes.sites import objects, witness
from tests.nodes.sites.situations import KILLED, SITUATIONS
from tests.nodes.sites.witness import Heard

TRAEFIK = ("-n", "kube-system", "deployment/traefik")
SITES = ("-n", objects.NAMESPACE)
LISTENING = ("pods", "-l", objects.LISTENS)

ACCESS_LOG = "--accesslog=true"
"""k3s's Traefik has none, and with it the log would tell what the route checks are to tell."""

EMPTY = "--providers.kubernetescrd.allowEmptyServices=true"
"""As Traefik's chart has it since version 31: a route without endpoints is 503, and else 404."""

CLOSE = ("python", "-c", "import os, signal; os.kill(1, signal.SIGUSR1)")


def make() -> None:
    """All of them, until those that listen do."""
    containers = get(*TRAEFIK)["spec"]["template"]["spec"]["containers"]
    kept = [word for word in containers[0]["args"] if word != ACCESS_LOG]
    path = "/spec/template/spec/containers/0/args"
    patch = [{"op": "replace", "path": path, "value": [*kept, EMPTY]}]
    kubectl("patch", *TRAEFIK, "--type=json", "-p", json.dumps(patch))
    apply(manifests.namespace(objects.NAMESPACE), objects.script())
    apply(*(manifest for situation in SITUATIONS for manifest in situation.objects))
    rolled_out("kube-system", "deployment/traefik")
    kubectl(*SITES, "wait", *LISTENING, "--for=condition=Ready", "--timeout=180s")


def remove() -> None:
    """All of them; Traefik is as it was."""
    kubectl("delete", "namespace", "--ignore-not-found", objects.NAMESPACE)
    apply(*manifests.read("traefik"))
    rolled_out("kube-system", "deployment/traefik")


def scale_traefik(replicas: int) -> None:
    """Take Traefik's only pod away, or bring it back."""
    kubectl("scale", *TRAEFIK, f"--replicas={replicas}")
    rolled_out("kube-system", "deployment/traefik")


def kill(_: RealNodes) -> Undo:
    """A backend listens no more, and its pod goes on."""
    kubectl(*SITES, "exec", f"deployment/{KILLED}", "--", *CLOSE)

    def bring_back() -> None:
        kubectl(*SITES, "delete", "pods", "-l", f"app={KILLED}")

    return bring_back


def heard(but: str = "") -> set[Heard]:
    """What the backends have printed, `but` those of one node, whose kubelet is gone."""
    told: set[Heard] = set()
    for pod in get(*SITES, *LISTENING)["items"]:
        if pod["spec"]["nodeName"] != but:
            told.update(witness.read(kubectl(*SITES, "logs", pod["metadata"]["name"])))
    return told
