"""Where the nodes' files lie, and the addresses of their LAN."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.programs.program import cache

HOME: Final = cache() / "nodes"
IMAGES: Final = HOME / "images"
"""Archives of images, kept as the programs are."""

RUN: Final = HOME / "run"
"""One cluster's state: keys, logs, the nodes' files and etcd's. `clean` removes it."""

ADDRESSES: Final[Mapping[str, str]] = MappingProxyType(
    {"n1": "10.99.0.11", "n2": "10.99.0.12", "n3": "10.99.0.13"}
)
SERVER: Final = "n1"
"""The node that runs the control plane too, as a k3s server does."""

LAN_ADDRESS: Final = "10.99.0.1"
"""The bridge between the nodes: what a laptop or a local Discord has."""

API_URL: Final = f"https://{ADDRESSES[SERVER]}:6443"
POD_RANGE: Final = "10.42.0.0/16"
SERVICE_RANGE: Final = "10.43.0.0/16"
DNS_ADDRESS: Final = "10.43.0.10"

MTU: Final = 1280
"""tailscale0's MTU."""

KEYS: Final = RUN / "keys"
ADMIN: Final = KEYS / "admin.kubeconfig"


def folder_of(node: str) -> Path:
    """A node's own folder: logs, configuration, and what stands for its disk."""
    return RUN / node
