"""What the nodes need of this machine, and how to get what is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from tests.nodes.commands import run
from tests.programs.program import CannotBuild, go_command

PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "ip": "iproute2",
        "iptables": "iptables",
        "conntrack": "conntrack",
        "ethtool": "ethtool",
        "socat": "socat",
        "nft": "nftables",
        "ipset": "ipset",
        "faketime": "faketime",
        "modprobe": "kmod",
        "nsenter": "util-linux",
        "curl": "curl",
        "wget": "wget",
        "gcc": "gcc",
        "pkg-config": "pkg-config",
        "mmdebstrap": "mmdebstrap",
        "buildah": "buildah",
        "/usr/lib/cni/bridge": "containernetworking-plugins",
        "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
        "/usr/include/seccomp.h": "libseccomp-dev",
    }
)
"""Commands, and files by their path, with the Debian package that brings them."""

FOLDERS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class Missing(Exception):
    """Something is missing that cannot be installed here; the message says what to do."""


def require() -> None:
    """What all of the nodes' tests need: root, Go, and Debian packages.

    Raises:
        Missing: Root, Go, or a package that cannot be installed.
    """
    try:
        go_command()
    except CannotBuild as error:
        raise Missing(str(error)) from error
    install(PACKAGES)


def install(names: Iterable[str]) -> None:
    """Install the Debian packages of those names in `PACKAGES` that are missing, and say so.

    Raises:
        Missing: We are not root, or a package cannot be installed.
    """
    if os.geteuid():
        msg = "These tests make namespaces and mounts: run them as root."
        raise Missing(msg)
    packages = sorted({PACKAGES[name] for name in names if not _is_there(name)})
    if not packages:
        return
    if shutil.which("apt-get") is None:
        msg = f"Install what these packages of Debian bring: {', '.join(packages)}."
        raise Missing(msg)
    print(f"installing {', '.join(packages)}")  # noqa: T201  # the terminal is our page
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-qq", env=env)
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages, env=env)


def _is_there(what: str) -> bool:
    return Path(what).exists() if "/" in what else shutil.which(what, path=FOLDERS) is not None
