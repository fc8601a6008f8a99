"""What needs the machine's own network: programs, images, and a cluster with a homelab on it."""

from __future__ import annotations

import time

from tests.controllers.definitions import definitions
from tests.nodes import images, manifests
from tests.nodes.before import prepare_before
from tests.nodes.cluster import RealNodes, say
from tests.nodes.kubectl import apply, kubectl, rolled_out, wait_until
from tests.programs import catalogue
from tests.programs.program import ensure_built


def prepare(cluster: RealNodes, *, whole: bool) -> None:
    """Build what is missing, start the nodes, and install what a homelab has."""
    small = images.small_images()
    say("building the project's image")
    began = time.monotonic()
    ours = [images.project_image()]
    if whole:
        ours.append(prepare_before().archive)
        for program in (catalogue.KUBE_ROUTER, *catalogue.GITOPS):
            ensure_built(program)
    say(f"the image is built ({time.monotonic() - began:.0f} s)")
    cluster.clean()
    say(f"three nodes are Ready ({cluster.start():.1f} s)")
    began = time.monotonic()
    cluster.load(*small, *ours)
    say(f"images are on the nodes ({time.monotonic() - began:.0f} s)")
    apply(*definitions(catalogue.TRAEFIK))
    kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    wait_until("default service account", _has_account, 60)
    apply(*manifests.homelab())
    rolled_out("kube-system", "deployment/coredns", "deployment/traefik")
    rolled_out("apps", "deployment/web")
    say("CoreDNS, Traefik and a web application run")


def _has_account() -> bool:
    return "default" in kubectl("get", "serviceaccounts", "-n", "default", "-o", "name")
