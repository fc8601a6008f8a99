"""kubectl on the LAN beside the nodes, as somebody who may do everything."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.nodes import networks
from tests.nodes.commands import CommandFailed, run
from tests.nodes.place import ADMIN, RUN
from tests.programs import catalogue


def on_lan() -> Sequence[str]:
    """The words before a command that runs on the LAN; none beside somebody's own cluster."""
    if theirs():
        return ()
    return ("nsenter", f"--net={networks.namespace(networks.LAN)}", "--")


def lan_env() -> Mapping[str, str]:
    """The environment of a command on the LAN: the kubeconfig, and the nodes' programs."""
    path = f"{RUN / 'bin'}:/usr/sbin:/sbin:{os.environ['PATH']}"
    return os.environ | {"KUBECONFIG": theirs() or str(ADMIN), "PATH": path}


def theirs() -> str:
    """The kubeconfig of somebody's own cluster; empty where our nodes are meant."""
    return os.environ.get("KUBECONFIG_UNDER_TEST", "")


def program() -> str:
    """The words of a shell that mean kubectl."""
    return "kubectl" if theirs() else f"{RUN / 'bin' / catalogue.KUBERNETES.name} kubectl"


def kubectl(*words: object, stdin: str = "", timeout: float = 300) -> str:
    """What kubectl prints.

    Raises:
        CommandFailed: It ended with an error.
    """
    command = (*on_lan(), *program().split(), *words)
    return run(*command, env=lan_env(), stdin=stdin, timeout=timeout).strip()


def kubectl_succeeds(*words: object) -> bool:
    """Whether kubectl ends well within some seconds."""
    try:
        kubectl(*words, timeout=20)
    except CommandFailed:
        return False
    return True


def node_names() -> Sequence[str]:
    """The names of all nodes, in order."""
    return sorted(each["metadata"]["name"] for each in get("nodes")["items"])


def get(*words: object) -> dict[str, Any]:
    """An object or a List, as `kubectl get … -o json` prints it."""
    answer: dict[str, Any] = json.loads(kubectl("get", *words, "-o", "json"))
    return answer


def apply(*objects: Mapping[str, Any]) -> None:
    """Apply objects on the server's side."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)


def rolled_out(namespace: str, *workloads: str, timeout: float = 180) -> None:
    """Wait until workloads, such as `deployment/web`, have all their pods ready."""
    for workload in workloads:
        waited = f"--timeout={timeout:.0f}s"
        kubectl("-n", namespace, "rollout", "status", workload, waited, timeout=timeout + 20)


def wait_until(what: str, holds: Callable[[], bool], timeout: float, pause: float = 0.5) -> float:
    """Wait until something holds; the seconds that it took.

    Raises:
        TimeoutError: It did not hold in time.
    """
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > timeout:
            msg = f"not within {timeout:.0f} s: {what}"
            raise TimeoutError(msg)
        time.sleep(pause)
    return time.monotonic() - began
