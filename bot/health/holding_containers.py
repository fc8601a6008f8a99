"""Which container holds up a pod that neither crashes nor waits for an image.

It is an init container that does not end, a native sidecar that does not start or is not ready, or
a sidecar that runs on after the pod's work is done. Source: the pod lifecycle and the sidecar
containers of the Kubernetes documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.resources import core

DEFAULT = "kubectl.kubernetes.io/default-container"
"""The annotation that names the container with the pod's work, beside injected ones."""


HELPER = re.compile(
    "proxy|sidecar|envoy|mesh|agent|exporter|tunnel|tailscale|wireguard|gluetun|vpn|cloudflared"
)
"""What is in the names of containers that serve the one with the work."""


@dataclass(frozen=True, slots=True)
class HoldingContainer:
    """The container that the others wait for.

    reason: Empty where the pod's own reason says enough.
    """

    container: core.ContainerStatus
    message: str
    reason: str = ""


def find(pod: core.Pod) -> HoldingContainer | None:
    """The container that holds up a pod, None where none of them is seen to."""
    return _initializing(pod) or _running_on(pod) or _unready_sidecar(pod)


def _initializing(pod: core.Pod) -> HoldingContainer | None:
    """Init containers start one after the other: the first that is not done counts."""
    sidecars = _native_sidecars(pod)
    for container in pod.status.init_container_statuses:
        sidecar, ended = container.name in sidecars, container.state.terminated
        if (sidecar and (container.started or container.ready)) or (ended and not ended.exit_code):
            continue
        if not _runs(container):
            return None
        if sidecar:
            message = (
                f"Native sidecar {container.name} runs, but its startup probe has not succeeded. "
                "The pod's containers wait for it."
            )
        else:
            message = (
                f"Init container {container.name} still runs and does not end. "
                "The pod's containers wait for it."
            )
        return HoldingContainer(container, message)
    return None


def _running_on(pod: core.Pod) -> HoldingContainer | None:
    """Some containers have ended for good, and others run on, so that the pod does not end."""
    statuses = pod.status.container_statuses
    ended = [container for container in statuses if container.state.terminated]
    running = [container for container in statuses if _runs(container)]
    if not ended or len(ended) + len(running) < len(statuses):
        return None
    if _begins_again(pod, ended) or _working(pod):
        return None
    if not running:
        return _sidecar_running_on(pod)
    names = ", ".join(container.name for container in running)
    verb, pronoun = ("runs", "it") if len(running) == 1 else ("run", "them")
    message = (
        f"{_work(ended)} {names} still {verb}, so {_whole(pod)} does not complete. "
        f"Make {pronoun} end too, or make {pronoun} a native sidecar."
    ).strip()
    return HoldingContainer(running[0], message, "SidecarRunsOn")


def _begins_again(pod: core.Pod, ended: list[core.ContainerStatus]) -> bool:
    """Whether the kubelet restarts a container that has ended, so that nothing has run on."""
    policy = pod.spec.restart_policy
    failed = any(
        container.state.terminated and container.state.terminated.exit_code for container in ended
    )
    return policy == "Always" or (failed and policy == "OnFailure")


def works_on(pod: core.Pod) -> bool:
    """Whether a pod that is to end still does its work, and what ended beside it ended well."""
    main = _working(pod)
    beside = [container for container in pod.status.container_statuses if container is not main]
    ended = [container.state.terminated for container in beside if container.state.terminated]
    well = all(container.ready or container.state.terminated for container in beside)
    return bool(main and main.ready and ended and well) and not any(
        termination.exit_code for termination in ended
    )


def _working(pod: core.Pod) -> core.ContainerStatus | None:
    """The container that does the pod's work, where it runs and the pod is to end with it.

    It is the one that the pod names, else the first whose name is not a helper's.
    """
    if pod.spec.restart_policy == "Always":
        return None
    names = (container.name for container in pod.spec.containers)
    first = next((name for name in names if not HELPER.search(name)), "")
    named = (pod.metadata.annotations or {}).get(DEFAULT) or first
    for container in pod.status.container_statuses:
        if container.name == named and _runs(container):
            return container
    return None


def _sidecar_running_on(pod: core.Pod) -> HoldingContainer | None:
    """Every container has ended, but a native sidecar does not obey its signal to end."""
    sidecars = _native_sidecars(pod)
    for container in pod.status.init_container_statuses:
        if container.name in sidecars and _runs(container):
            message = (
                f"Every container has ended, but native sidecar {container.name} still runs, "
                f"so {_whole(pod)} does not complete."
            )
            return HoldingContainer(container, message, "SidecarRunsOn")
    return None


def _unready_sidecar(pod: core.Pod) -> HoldingContainer | None:
    """The containers are ready, a native sidecar beside them is not."""
    if not all(container.ready for container in pod.status.container_statuses):
        return None
    sidecars = _native_sidecars(pod)
    for container in pod.status.init_container_statuses:
        if container.name in sidecars and _runs(container) and not container.ready:
            message = f"Native sidecar {container.name} is not ready. The pod's containers are."
            return HoldingContainer(container, message)
    return None


def _native_sidecars(pod: core.Pod) -> frozenset[str]:
    return frozenset(
        container.name
        for container in pod.spec.init_containers
        if container.restart_policy == "Always"
    )


def _runs(container: core.ContainerStatus) -> bool:
    return container.state.waiting is None and container.state.terminated is None


def _work(ended: list[core.ContainerStatus]) -> str:
    """What ended well; a failure is told by the judgement itself."""
    names = [
        container.name
        for container in ended
        if container.state.terminated and not container.state.terminated.exit_code
    ]
    return f"Container {', '.join(names)} succeeded, but" if names else ""


def _whole(pod: core.Pod) -> str:
    owner = pod.controller
    return f"Job {owner.name}" if owner and owner.kind == "Job" else "the pod"
