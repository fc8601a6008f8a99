"""Pods that do not run. The documented `--field-selector=status.phase=Running` would hide them all.

Source: the pod lifecycle of the Kubernetes documentation; a crash-looping pod *is* Running.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

from bot.domain import conditions, containers, flux
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Evidence, Judgement, Ref
from bot.domain.resources import core, external_secrets
from bot.domain.resources.base import Condition
from bot.domain.resources.flux import HelmRelease, Kustomization
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import failed_pods as leftovers

STUCK = frozenset(
    {
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
        "CreateContainerConfigError",
        "CreateContainerError",
        "PreCreateHookError",
        "PreStartHookError",
        "PostStartHookError",
        "RunContainerError",
    }
)
"""Waiting reasons that do not pass by themselves."""

PHASES = frozenset({"", "Pending", "Running", "Unknown"})
"""The phases of a pod that has not ended."""

READY_GRACE = timedelta(minutes=5)
"""How long a pod may start, or be unready, before that is a finding."""

RECENT = timedelta(hours=1)
"""How long the last crash of a container that runs again is worth a finding."""

MISSING = re.compile(r'(?P<kind>secret|configmap) "(?P<name>[^"]+)" not found')
"""How the kubelet names what a container's configuration lacks."""


def judge(pod: core.Pod, snapshot: Snapshot) -> Judgement:
    """A pod's verdict, from the worst of its containers to its phase and readiness."""
    if containers.runs_well(pod):
        return HEALTHY
    now = snapshot.taken_at
    phase = pod.status.phase
    if pod.metadata.deletion_timestamp:
        return _terminating(pod, now)
    if phase == "Succeeded":
        return HEALTHY
    if phase == "Failed" or leftovers.evicted(pod):
        return _failed(pod, snapshot)
    if phase not in PHASES:
        return _in_no_phase(pod)
    return (
        _stuck(pod, snapshot)
        or _unschedulable(pod)
        or _unready(pod, snapshot)
        or _crashed(pod, now)
        or HEALTHY
    )


def _terminating(pod: core.Pod, now: datetime) -> Judgement:
    return conditions.progressing(
        "Terminating",
        "It is being deleted.",
        pod.metadata.deletion_timestamp,
        now,
        follows=_node(pod),
    )


def _failed(pod: core.Pod, snapshot: Snapshot) -> Judgement:
    """Failed or evicted: said once for the pods of one owner, which follow from the first.

    Degraded where another pod of the owner does well: then it is only what was left lying.
    """
    by_kubelet = leftovers.evicted(pod)
    ended = next(containers.terminations(pod), None)
    reason = (
        pod.status.reason or ("Evicted" if by_kubelet else "") or containers.word(ended) or "Failed"
    )
    message = pod.status.message or (by_kubelet.message if by_kubelet else "") or "The pod failed."
    replaced = leftovers.replaced(pod, snapshot)
    return Judgement(
        verdict=Verdict.DEGRADED if replaced else Verdict.FAILED,
        reason=reason,
        message=f"{message} Another pod of its owner does well." if replaced else message,
        since=(ended[1].finished_at if ended else None) or _unready_since(pod),
        evidence=(*containers.named(ended), *containers.last_terminations(pod)),
        follows=leftovers.first_sibling(pod, snapshot),
    )


def _stuck(pod: core.Pod, snapshot: Snapshot) -> Judgement | None:
    for container in containers.containers(pod):
        waiting = container.state.waiting
        if waiting and waiting.reason in STUCK:
            return Judgement(
                verdict=Verdict.FAILED,
                reason=waiting.reason,
                message=_why_stuck(container, waiting),
                since=_unready_since(pod),
                evidence=(
                    Evidence("container", container.name),
                    *containers.last_terminations(pod),
                ),
                follows=(*_node(pod), *_lacking(pod, waiting.message, snapshot)),
            )
    return None


def _why_stuck(container: core.ContainerStatus, waiting: core.Waiting) -> str:
    """How it ended, where it keeps ending: that the kubelet backs off, the reason says already."""
    ended = container.last_state.terminated
    if waiting.reason == "CrashLoopBackOff" and ended:
        count = container.restart_count
        times = " It was restarted once." if count == 1 else f" It was restarted {count} times."
        return containers.told((container, ended)) + "." + times * bool(count)
    return waiting.message or f"Container {container.name} does not start."


def _unschedulable(pod: core.Pod) -> Judgement | None:
    scheduled = conditions.condition(pod.status.conditions, "PodScheduled")
    if scheduled is None or scheduled.status != "False" or scheduled.reason != "Unschedulable":
        return None
    return conditions.judged(scheduled, Verdict.FAILED)


def _in_no_phase(pod: core.Pod) -> Judgement:
    """Some tools write kubectl's STATUS into the phase, and a later version may add another."""
    phase = pod.status.phase
    return Judgement(
        verdict=Verdict.FAILED if phase in STUCK else Verdict.UNKNOWN,
        reason=phase,
        message=pod.status.message or f"Its phase is {phase}.",
        since=_unready_since(pod),
        evidence=containers.last_terminations(pod),
        follows=_node(pod),
    )


def _unready(pod: core.Pod, snapshot: Snapshot) -> Judgement | None:
    """Not ready; a container that ended badly, now or lately, is more than a start under way."""
    starting = _starting(pod, snapshot)
    if starting is None or starting.verdict is not Verdict.PROGRESSING:
        return starting
    if next(containers.terminations(pod, last=False), None):
        return msgspec.structs.replace(
            starting, verdict=Verdict.DEGRADED, evidence=containers.last_terminations(pod)
        )
    return _crashed(pod, snapshot.taken_at) or starting


def _starting(pod: core.Pod, snapshot: Snapshot) -> Judgement | None:
    """Not ready: under way for a while, then degraded."""
    if pod.status.phase == "Unknown":
        return Judgement(
            verdict=Verdict.UNKNOWN,
            reason=pod.status.reason or "NodeLost",
            message=pod.status.message or "Its node does not tell what it does.",
            follows=_node(pod),
        )
    ready = conditions.condition(pod.status.conditions, "Ready")
    if ready and ready.status == "True":
        return None
    if gated := _gated(pod):
        return gated
    unready = [status.name for status in pod.status.container_statuses if not status.ready]
    running = pod.status.phase == "Running" and bool(pod.status.container_statuses)
    if ready is None and running and not unready:
        return None
    return conditions.progressing(
        _starting_reason(pod, ready),
        _starting_message(pod, ready, unready),
        _unready_since(pod),
        snapshot.taken_at,
        patience=READY_GRACE,
        follows=(*_node(pod), *_lacking(pod, "", snapshot)),
    )


def _gated(pod: core.Pod) -> Judgement | None:
    """A scheduling gate holds it back on purpose, however long: a queue such as Kueue's does."""
    scheduled = conditions.condition(pod.status.conditions, "PodScheduled")
    if scheduled is None or scheduled.reason != "SchedulingGated":
        return None
    return conditions.judged(scheduled, Verdict.PROGRESSING)


def _starting_reason(pod: core.Pod, ready: Condition | None) -> str:
    waiting = [
        container.state.waiting.reason
        for container in containers.containers(pod)
        if container.state.waiting
    ]
    ended = next((termination for termination in containers.terminations(pod, last=False)), None)
    said = ready.reason if ready else ""
    return (
        containers.word(ended)
        or (waiting[0] if waiting and waiting[0] else "")
        or said
        or "NotReady"
    )


def _starting_message(pod: core.Pod, ready: Condition | None, unready: list[str]) -> str:
    if ended := next(containers.terminations(pod, last=False), None):
        return containers.told(ended)
    if ready and ready.message:
        return ready.message
    if unready:
        return "Not ready: " + ", ".join(unready)
    if ready and pod.status.phase == "Running":
        return "Its containers ran when they were last heard of, but it is not called ready."
    return "It has not started yet."


def _crashed(pod: core.Pod, now: datetime) -> Judgement | None:
    """It runs again, but a container of it ended badly within the last hour."""
    for container, ended in containers.terminations(pod, last=True):
        if ended.finished_at and now - ended.finished_at <= RECENT:
            return Judgement(
                verdict=Verdict.DEGRADED,
                reason=containers.word((container, ended)),
                message=f"Container {container.name} runs again after {container.restart_count} "
                "restarts in all.",
                since=ended.finished_at,
                evidence=(
                    *containers.named((container, ended)),
                    *containers.last_terminations(pod),
                ),
            )
    return None


def _unready_since(pod: core.Pod) -> datetime | None:
    ready = conditions.condition(pod.status.conditions, "Ready")
    return (ready.last_transition_time if ready else None) or pod.metadata.creation_timestamp


def _node(pod: core.Pod) -> tuple[Ref, ...]:
    return (Ref("Node", "", pod.spec.node_name),) if pod.spec.node_name else ()


def _lacking(pod: core.Pod, message: str, snapshot: Snapshot) -> tuple[Ref, ...]:
    """Who should have brought what the pod lacks: its ExternalSecret, else Flux."""
    lacking = MISSING.search(message)
    mounted = {volume.secret.secret_name for volume in pod.spec.volumes if volume.secret}
    secrets = {lacking["name"]} if lacking and lacking["kind"] == "secret" else mounted
    made = snapshot.once("pods: who makes a Secret", lambda: _makers(snapshot))
    bringers = [maker for name in sorted(secrets) for maker in made.get((pod.namespace, name), ())]
    return (*bringers, *flux.owners(pod)) if lacking or bringers else ()


def _makers(snapshot: Snapshot) -> dict[tuple[str, str], list[Ref]]:
    """The ExternalSecrets by (namespace, name) of the Secret that they make."""
    makers: dict[tuple[str, str], list[Ref]] = {}
    for external_secret in snapshot.of(external_secrets.ExternalSecret):
        made = (external_secret.namespace, external_secret.spec.target.name or external_secret.name)
        makers.setdefault(made, []).append(
            Ref("ExternalSecret", external_secret.namespace, external_secret.name)
        )
    return makers


CHECK = Check(
    name="pods",
    scope="pods",
    title="Pods that do not run, are not ready, or crashed within the hour.",
    judges={core.Pod: judge},
    documented_as="kubectl get pods -A",
    advice="Look at its events and the last log lines of the container that ended.",
    refers_to=(core.Node, external_secrets.ExternalSecret, HelmRelease, Kustomization),
)
