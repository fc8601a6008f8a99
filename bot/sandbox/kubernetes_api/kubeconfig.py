"""A kubeconfig for the simulated API."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec

NAME = "sandbox"
"""Of the cluster, the user and the context in it."""


def kubeconfig(url: str, *, token: str | None = None, ca: bytes | None = None) -> dict[str, Any]:
    """A kubeconfig with one context. `ca` is a PEM certificate, needed for an https URL.

    kubectl sends a token over https alone.
    """
    cluster = {"server": url}
    if ca is not None:
        cluster["certificate-authority-data"] = base64.b64encode(ca).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": cluster}],
        "users": [{"name": NAME, "user": {"token": token} if token else {}}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "current-context": NAME,
    }


def write_kubeconfig(
    path: Path, url: str, token: str | None = None, *, ca: bytes | None = None
) -> None:
    """Write a kubeconfig that its owner alone can read. It is JSON, which is YAML too."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(msgspec.json.encode(kubeconfig(url, token=token, ca=ca)))
