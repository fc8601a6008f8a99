"""What a pod of the bot's own tells of itself."""

from __future__ import annotations

from bot.doctor.domain.facts import OwnPod
from bot.domain import conditions, containers
from bot.domain.redaction.redact import redact
from bot.domain.resources import core

WAITS_IN_VAIN = frozenset(
    {
        *("CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull"),
        *("InvalidImageName", "CreateContainerConfigError", "CreateContainerError"),
        "RunContainerError",
    }
)
"""Reasons of a waiting container that nothing but a change of the pod or its node mends."""

LINE = 200


def own_pod(pod: core.Pod, container: str) -> OwnPod:
    """The facts of a pod, of which `container` does the work."""
    images = [found.image for found in pod.spec.containers if found.name == container]
    ready = containers.is_ready(pod)
    return OwnPod(
        pod.namespace,
        pod.name,
        pod.spec.node_name,
        images[0] if images else "",
        ready,
        "" if ready else trouble(pod),
    )


def trouble(pod: core.Pod) -> str:
    """Why a pod that is not ready does not become so by itself; empty where it may."""
    for status in pod.status.container_statuses:
        waiting = status.state.waiting
        ended = status.last_state.terminated if waiting else status.state.terminated
        if ended and ended.exit_code:
            return f"it ended with code {ended.exit_code}{_last_line(ended.message)}"
        if waiting and waiting.reason in WAITS_IN_VAIN:
            return f"{waiting.reason}{_last_line(waiting.message)}"
    scheduled = conditions.condition(pod.status.conditions, "PodScheduled")
    if scheduled and scheduled.status == "False":
        return f"no node takes it{_last_line(scheduled.message)}"
    return ""


def _last_line(message: str) -> str:
    lines = message.strip().splitlines()
    return f" ({redact(lines[-1])[:LINE].rstrip('.')})" if lines else ""
