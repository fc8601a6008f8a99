"""Somebody's own cluster, such as k3s or kind, in the place of our nodes: KUBECONFIG_UNDER_TEST.

The bot is installed there by the README and asked as on our nodes. What needs the nodes themselves
is left out by name, and what the suite made is deleted at the end.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.nodes import manifests
from tests.nodes.kubectl import apply, get, kubectl, node_names, rolled_out
from tests.nodes.place import RUN

IMAGE = "IMAGE_UNDER_TEST"
BUSYBOX = "docker.io/library/busybox:1"

LEFT_OUT = {
    "alerts": "its image is on our nodes alone",
    "faults": "they are made on our nodes",
    "dead-kubelet": "it is stopped on our node",
    "repair": "its fault is made on our node",
    "sites": "their backends' image is on our nodes alone",
    "memory": "it is read from our nodes' cgroups",
    "requests": "they are counted in our API server's audit log",
    "power-cut": "no power of yours is cut",
    "workloads": "its images are on our nodes alone",
    "wrong-starts": "they need a cluster that may be made wrong",
    "wrong-installs": "they need a cluster that may be made wrong",
    "flux": "its controllers and its Git host run beside our nodes",
    "upgrade": "the image of the commit before is on our nodes alone",
}
"""Parts, and a step of one, that need our own nodes, and why."""

NAMESPACES = ("meshmedic", "meshmedic-probe", "apps", "media")
"""What the suite makes, and deletes at the end."""


class Unfit(Exception):
    """The cluster cannot be used; the message says what to do."""


def image() -> str:
    """The project's image, as the cluster's nodes can pull it."""
    return os.environ.get(IMAGE, "")


def address() -> str:
    """This machine's address as the cluster's nodes reach it, for the local Discord."""
    server = urlsplit(kubectl("config", "view", "--minify", "-o", SERVER)).hostname or ""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect((server, 1))
        found: str = asked.getsockname()[0]
    if ipaddress.ip_address(found).is_loopback:
        msg = f"{server} is this machine alone, and pods could not reach the local Discord there."
        raise Unfit(f"{msg} Name the API server by an address that pods reach, too.")
    return found


SERVER = "jsonpath={.clusters[0].cluster.server}"


@contextmanager
def with_a_route() -> Iterator[None]:
    """An application and its Ingress, as on our nodes, while the block runs.

    Raises:
        Unfit: No image is named, or a namespace of the suite's is there already.
    """
    if not image():
        msg = f"Name the image that your cluster can pull, built by deploy/Dockerfile: {IMAGE}=…"
        raise Unfit(msg)
    there = {each["metadata"]["name"] for each in get("namespaces")["items"]}
    if taken := sorted(there.intersection(NAMESPACES)):
        msg = f"The suite makes and deletes these namespaces, and yours has them: {taken}."
        raise Unfit(msg)
    address()
    RUN.mkdir(parents=True, exist_ok=True)
    try:
        apply(
            manifests.namespace("apps"),
            manifests.namespace("media"),
            *manifests.web("apps", "web", node=node_names()[-1], image=BUSYBOX),
            manifests.ingress("apps", "web"),
        )
        rolled_out("apps", "deployment/web")
        yield
    finally:
        kubectl("delete", "namespace", "--ignore-not-found", *NAMESPACES)
