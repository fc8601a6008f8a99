"""A request as it comes in from outside: the fault as a user of the homelab sees it."""

from __future__ import annotations

from tests.nodes.cluster import RealNodes
from tests.nodes.kubectl import kubectl
from tests.nodes.manifests import HOST


def status_through_traefik(cluster: RealNodes, host: str = HOST) -> int:
    """The HTTP status of a request that comes in at Traefik, asked on its node; 0 for no answer."""
    path = "jsonpath={.items[0].status.podIP}"
    traefik = "app.kubernetes.io/name=traefik"
    address = kubectl("-n", "kube-system", "get", "pods", "-l", traefik, "-o", path)
    quiet = ("curl", "--silent", "--output", "/dev/null", "--max-time", "5")
    shown = ("--write-out", "%{http_code}", "--header", f"Host: {host}", f"http://{address}:8000/")
    said = cluster.server.run("sh", "-c", '"$@" || true', "sh", *quiet, *shown)
    return int(said or 0)
