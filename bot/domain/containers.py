"""The containers of a pod: whether they run well, and how they ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from bot.domain import conditions
from bot.domain.finding import Evidence
from bot.domain.resources import core
from bot.domain.resources.base import Condition

CONTAINER = "container"
"""The label of evidence that names the container whose log explains a failure."""

MEMORY_LIMIT = "memory limit of "
"""What the label of evidence begins with that has the memory limit of a container."""

OUT_OF_MEMORY = "OOMKilled"

SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    5: "SIGTRAP",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
    31: "SIGSYS",
}
"""The signals that end a process, by number. Source: signal(7)."""

ENDED = ("Failed", "Succeeded")
"""The phases of a pod that does not run any more."""


WELL = (core.ContainerStatus(ready=True),)
"""The containers that stand for those of all healthy pods in the watch cache."""


@lru_cache(maxsize=1024)
def well(ready_since: datetime | None) -> core.PodStatus:
    """The one status that stands for those of all healthy pods that became ready at a time."""
    ready = Condition(type="Ready", status="True", last_transition_time=ready_since)
    return core.PodStatus(phase="Running", conditions=(ready,), container_statuses=WELL)


def runs_well(pod: core.Pod) -> bool:
    """A quick test for most pods: running, all containers ready and never restarted."""
    status = pod.status
    if status.phase != "Running" or pod.metadata.deletion_timestamp:
        return False
    if status.container_statuses is WELL:
        return True
    for container in status.container_statuses:
        if not container.ready or container.restart_count:
            return False
    for container in status.init_container_statuses:
        if container.restart_count or container.state.waiting:
            return False
    for condition in status.conditions:
        if condition.type == "Ready" and condition.status != "True":
            return False
    return bool(status.container_statuses)


def is_ready(pod: core.Pod) -> bool:
    """Whether the kubelet reports the pod as ready, which is what makes its endpoint ready."""
    return conditions.is_true(pod.status.conditions, "Ready") is not None


def has_ended(pod: core.Pod) -> bool:
    """Whether a pod is over, well or not: it is left behind, and no more is to come of it."""
    return pod.status.phase in ENDED


def containers(pod: core.Pod) -> tuple[core.ContainerStatus, ...]:
    """All containers, init containers (and native sidecars) first: the others wait for them."""
    return (*pod.status.init_container_statuses, *pod.status.container_statuses)


NEVER_BEGAN = frozenset({"StartError", "ContainerCannotRun"})
"""Reasons of a container that never ran, so that the runtime wrote its message."""

Termination = tuple[core.ContainerStatus, core.Terminated]


def terminations(pod: core.Pod, *, last: bool | None = None) -> Iterator[Termination]:
    """Containers that failed: in their present state, the one before (`last`), or either (None)."""
    for container in containers(pod):
        states = (container.state, container.last_state)
        for state in states if last is None else states[last : last + 1]:
            ended = state.terminated
            if ended and (ended.exit_code or ended.reason not in ("", "Completed")):
                yield container, ended


def word(termination: Termination | None) -> str:
    """The reason of the failure; empty where there was none."""
    return termination[1].reason or "Error" if termination else ""


def evidence(pod: core.Pod, container: core.ContainerStatus | None = None) -> tuple[Evidence, ...]:
    """The container whose log explains the failure, and every failure that the status holds."""
    terminated = tuple(
        Evidence(f"last termination of {status.name}", f"{_end(ended)}{_message(ended)}")
        for status, ended in terminations(pod)
    )
    shown = (*terminated, *_limits(pod))
    return (Evidence(CONTAINER, container.name), *shown) if container else shown


def _limits(pod: core.Pod) -> Iterator[Evidence]:
    """The memory limits of the containers that were killed for lack of memory."""
    killed = {status.name for status, ended in terminations(pod) if ended.reason == OUT_OF_MEMORY}
    for container in (*pod.spec.init_containers, *pod.spec.containers):
        if container.name in killed:
            limits = container.resources.limits if container.resources else None
            memory = str(limits.memory) if limits else ""
            yield Evidence(f"{MEMORY_LIMIT}{container.name}", memory or "none")


def describe(termination: Termination) -> str:
    """How a container ended; with its message only where that cannot be the end of its log.

    A finding's message is kept in the cluster, where log lines never go; the evidence is not.
    """
    container, ended = termination
    why = _message(ended) if ended.reason in NEVER_BEGAN else ""
    return f"Container {container.name} ended: {_end(ended)}{why.rstrip('. ')}"


def _message(ended: core.Terminated) -> str:
    return f": {ended.message.strip()}" if ended.message.strip() else ""


def _end(ended: core.Terminated) -> str:
    at = f" at {ended.finished_at:%Y-%m-%d %H:%M:%S} UTC" if ended.finished_at else ""
    signal = f", signal {ended.signal}" if ended.signal else ""
    return f"{ended.reason or 'Error'}, exit code {ended.exit_code}{signal or _signal(ended)}{at}"


def _signal(ended: core.Terminated) -> str:
    """The name of the signal that an exit code stands for: ` (SIGABRT)` for 134.

    Not of a container that was killed for lack of memory: its reason says more. Source: shells and
    container runtimes add 128 to the number that Linux gives a signal.
    """
    name = SIGNALS.get(ended.exit_code - 128, "")
    return f" ({name})" if name and ended.reason != OUT_OF_MEMORY else ""
