"""Pods that do not run, are not ready, or crashed lately.

Source: the pod lifecycle of the Kubernetes documentation. A crash-looping pod has the phase
Running, so a field selector on the phase would hide it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

from bot.domain import conditions, containers
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Alike, Judgement, Ref
from bot.domain.grouping import grouped
from bot.domain.resources import batch, core, external_secrets, flux, storage
from bot.domain.resources.base import Condition
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import (
    claims,
    cron_runs,
    failed_pods,
    flux_rules,
    holding_containers,
    known_names,
    node_state,
    workload_pods,
)

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

OF_IMAGE = frozenset({reason for reason in STUCK if "Image" in reason} | {"RegistryUnavailable"})
"""Waiting reasons of an image that cannot be had, which follow one another."""

PHASES = frozenset({"", "Pending", "Running", "Unknown"})
"""The phases of a pod that has not ended."""

READY_GRACE = timedelta(minutes=5)
"""How long a pod may start, or be unready, before that is a finding."""

RECENT = timedelta(hours=1)
"""How long the last crash of a container that runs again remains a finding."""

UNSEEN_ENDS = frozenset({"Unknown", "ContainerStatusUnknown"})
"""How a container ended whose end nobody saw, since its node or the runtime was restarted.

Source: containerd's CRI (exit code 255) and the kubelet. The container itself did not fail.
"""

MISSING = re.compile(r'(?P<kind>secret|configmap) "(?P<name>[^"]+)" not found')
"""How the kubelet names a Secret or ConfigMap that a container needs and that is missing."""


IMAGE = re.compile(r'image "(?:[^"\s]{0,400}/)?([^"\s/]{1,200})"')
"""How kubelet and runtime name an image, one with its registry and one without."""


def judge(pod: core.Pod, snapshot: Snapshot) -> Judgement:
    """A pod's verdict, from the worst of its containers to its phase and readiness."""
    if containers.runs_well(pod):
        return HEALTHY
    if gone := conditions.terminating(pod, snapshot.taken_at, follows=_node(pod)):
        return _terminating(pod, gone, snapshot)
    phase = pod.status.phase
    if phase == "Succeeded":
        return HEALTHY
    if phase == "Failed" or failed_pods.evicted(pod):
        return _failed(pod, snapshot)
    if phase not in PHASES:
        return _in_no_phase(pod)
    judgement = (
        _stuck(pod, snapshot)
        or _unschedulable(pod, snapshot)
        or _node_lost(pod)
        or _unready(pod, snapshot)
        or _crashed(pod, snapshot.taken_at)
    )
    return _with_alike(judgement, pod, snapshot) if judgement else HEALTHY


def _with_alike(judgement: Judgement, pod: core.Pod, snapshot: Snapshot) -> Judgement:
    """The pods of one workload that fail for the same reason are one cause."""
    owner = workload_pods.maker(pod, snapshot)
    alike = Alike(owner, _why(judgement, pod)) if owner else None
    return msgspec.structs.replace(judgement, alike=alike)


def _why(judgement: Judgement, pod: core.Pod) -> str:
    """Why a pod fails, in a word that stays the same while its container is tried again."""
    unready = [container for container in containers.containers(pod) if not container.ready]
    for container in unready:
        waiting = container.state.waiting
        if waiting and waiting.reason in OF_IMAGE:
            image = IMAGE.search(waiting.message)
            return f"{container.name} image {image[1] if image else ''}"
    ended = next(containers.terminations(pod), None)
    if ended and judgement.reason in ("CrashLoopBackOff", containers.word(ended)):
        return f"{ended[0].name} {containers.word(ended)} {ended[1].exit_code}"
    lacking = MISSING.search(judgement.message)
    names = " ".join(container.name for container in unready)
    return f"{judgement.reason} {names} {lacking[0] if lacking else ''}"


def _terminating(pod: core.Pod, gone: Judgement, snapshot: Snapshot) -> Judgement:
    """Only the kubelet ends a pod: where its node is dead, the pod stays, and this says so.

    It began when the pod became unready, and not when that was deleted minutes later: a Service or
    workload that fails since then follows from it.
    """
    name, since = pod.spec.node_name, gone.since
    node = snapshot.get(core.Node, "", name)
    if reason := node_state.dead(node, snapshot) if node else "":
        words = (
            f"Its node {name} is down ({reason}), and only the kubelet there can end the pod. "
            f"Bring the node back. If it is gone for good, delete Node {name}: its pods go too."
        )
        ready = conditions.condition(pod.status.conditions, "Ready")
        lost = ready.last_transition_time if ready and ready.status != "True" else None
        since = min(filter(None, (since, lost)), default=None)
    elif name and gone.verdict is Verdict.DEGRADED and not pod.metadata.finalizers:
        words = f"It waits for the kubelet on node {name} to end it: check that kubelet's log."
    else:
        return gone
    return msgspec.structs.replace(gone, message=f"{gone.message} {words}", since=since)


def _failed(pod: core.Pod, snapshot: Snapshot) -> Judgement:
    """Failed or evicted: reported once for the pods of one owner, which follow from the first.

    Degraded where another pod of the owner does well: then it is only a leftover. A run that a
    later one of its CronJob made good is over: CronJobs keep their last failure for as long as no
    other comes.
    """
    eviction = failed_pods.evicted(pod)
    ended = next(containers.terminations(pod), None)
    cause = "Evicted" if eviction else containers.word(ended) or "Failed"
    message = pod.status.message or (eviction.message if eviction else "") or _how_failed(ended)
    verdict, leftover = _made_good(pod, snapshot)
    return Judgement(
        verdict,
        pod.status.reason or cause,
        f"{message} {leftover}" if leftover else message,
        since=(ended[1].finished_at if ended else None) or _unready_since(pod),
        evidence=containers.evidence(pod, ended[0] if ended else None),
        follows=failed_pods.first_sibling(pod, snapshot),
    )


def _how_failed(ended: containers.Termination | None) -> str:
    return f"{containers.describe(ended)}." if ended else "The pod failed."


def _made_good(pod: core.Pod, snapshot: Snapshot) -> tuple[Verdict, str]:
    """What became of a failed pod by what did well in its place, in words; empty for nothing."""
    if cron_job := cron_runs.made_good(pod, snapshot):
        return Verdict.HEALTHY, f"A later run of {cron_job.kind} {cron_job.name} succeeded."
    if failed_pods.replaced(pod, snapshot):
        return Verdict.DEGRADED, "Another pod of its owner is healthy."
    return Verdict.FAILED, ""


def _stuck(pod: core.Pod, snapshot: Snapshot) -> Judgement | None:
    for container in containers.containers(pod):
        waiting = container.state.waiting
        if waiting and waiting.reason in STUCK:
            return Judgement(
                Verdict.FAILED,
                waiting.reason,
                _why_stuck(container, waiting),
                _unready_since(pod),
                evidence=containers.evidence(pod, container),
                follows=(*_node(pod), *_lacking(pod, waiting.message, snapshot)),
            )
    return None


def _why_stuck(container: core.ContainerStatus, waiting: core.Waiting) -> str:
    """How it ended, if it crashes again and again: the reason says already that it is restarted."""
    ended = container.last_state.terminated
    if waiting.reason != "CrashLoopBackOff" or not ended:
        return waiting.message or f"Container {container.name} does not start."
    count = container.restart_count
    times = " It was restarted once." if count == 1 else f" It was restarted {count} times."
    return containers.describe((container, ended)) + "." + (times if count else "")


def _unschedulable(pod: core.Pod, snapshot: Snapshot) -> Judgement | None:
    """No node takes it."""
    scheduled = conditions.condition(pod.status.conditions, "PodScheduled")
    if scheduled is None or scheduled.status != "False" or scheduled.reason != "Unschedulable":
        return None
    judgement = conditions.judgement(scheduled, Verdict.FAILED)
    if claims.held_by_volumes(pod) and (unbound := claims.unbound(pod, snapshot)):
        # What made the claim may have made the pod first: the order of the two means nothing.
        return msgspec.structs.replace(judgement, since=None, follows=unbound)
    return judgement


def _in_no_phase(pod: core.Pod) -> Judgement:
    """An unknown phase: some tools write kubectl's STATUS there, later versions may add more."""
    phase = pod.status.phase
    return Judgement(
        Verdict.FAILED if phase in STUCK else Verdict.UNKNOWN,
        phase,
        pod.status.message or f"Its phase is {phase}.",
        _unready_since(pod),
        evidence=containers.evidence(pod),
        follows=_node(pod),
    )


def _node_lost(pod: core.Pod) -> Judgement | None:
    if pod.status.phase != "Unknown":
        return None
    reason = pod.status.reason or "NodeLost"
    message = pod.status.message or "Its node does not report its state."
    return Judgement(Verdict.UNKNOWN, reason, message, follows=_node(pod))


def _unready(pod: core.Pod, snapshot: Snapshot) -> Judgement | None:
    """Not ready: a container that failed, now or lately, is worse than a start under way."""
    ended = next(containers.terminations(pod, last=False), None)
    starting = _starting(pod, ended, snapshot)
    if starting is None or starting.verdict is not Verdict.PROGRESSING:
        return starting
    if ended:
        return msgspec.structs.replace(starting, verdict=Verdict.DEGRADED)
    return _crashed(pod, snapshot.taken_at) or starting


def _starting(
    pod: core.Pod, ended: containers.Termination | None, snapshot: Snapshot
) -> Judgement | None:
    """Not ready: under way for a while, then degraded."""
    status = pod.status
    ready = conditions.condition(status.conditions, "Ready")
    if ready and ready.status == "True":
        return None
    scheduled = conditions.condition(status.conditions, "PodScheduled")
    if scheduled and scheduled.reason == "SchedulingGated":
        # A queue such as Kueue's holds it back on purpose, however long.
        return conditions.judgement(scheduled, Verdict.PROGRESSING)
    if holding_containers.works_on(pod):
        return None
    unready = [container.name for container in status.container_statuses if not container.ready]
    running = status.phase == "Running" and bool(status.container_statuses)
    if ready is None and running and not unready:
        return None
    waiting = [container.state.waiting for container in containers.containers(pod)]
    first = next(filter(None, waiting), core.Waiting())
    reported = (ready or Condition()).reason
    holder = holding_containers.find(pod)
    message = f"{containers.describe(ended)}." if ended else _why_unready(pod, ready, unready)
    if holder:
        message = f"{message} {holder.message}" if ended else holder.message
    judgement = conditions.progressing(
        containers.word(ended)
        or (holder.reason if holder else "")
        or first.reason
        or reported
        or "NotReady",
        message,
        _unready_since(pod),
        snapshot.taken_at,
        patience=READY_GRACE,
        follows=(*_node(pod), *claims.unbound(pod, snapshot), *_lacking(pod, "", snapshot)),
    )
    failed = ended[0] if ended else holder.container if holder else None
    if failed is None:
        return judgement
    return msgspec.structs.replace(judgement, evidence=containers.evidence(pod, failed))


def _why_unready(pod: core.Pod, ready: Condition | None, unready: list[str]) -> str:
    if ready and ready.message:
        return ready.message
    if unready:
        return "Not ready: " + ", ".join(unready)
    if ready and pod.status.phase == "Running":
        return "Its containers were running when last reported, but it is not marked ready."
    return "It has not started yet."


def _crashed(pod: core.Pod, now: datetime) -> Judgement | None:
    """It runs again, but one of its containers failed within the last hour."""
    for container, ended in containers.terminations(pod, last=True):
        if ended.reason in UNSEEN_ENDS:
            continue
        if ended.finished_at and now - ended.finished_at <= RECENT:
            reason = containers.word((container, ended))
            count = container.restart_count
            times = f", after {count} restarts in all" if count > 1 else ""
            message = f"{containers.describe((container, ended))}. It is running again{times}."
            evidence = containers.evidence(pod, container)
            return Judgement(Verdict.DEGRADED, reason, message, ended.finished_at, evidence)
    return None


def _unready_since(pod: core.Pod) -> datetime | None:
    ready = conditions.condition(pod.status.conditions, "Ready")
    return (ready.last_transition_time if ready else None) or pod.metadata.creation_timestamp


def _node(pod: core.Pod) -> tuple[Ref, ...]:
    return (Ref("Node", "", pod.spec.node_name),) if pod.spec.node_name else ()


def _lacking(pod: core.Pod, message: str, snapshot: Snapshot) -> tuple[Ref, ...]:
    """The objects that should have created what the pod needs: ExternalSecrets, else Flux.

    A Flux object that failed because it waited for the pod is no cause of it.
    """
    lacking = MISSING.search(message)
    mounted = {volume.secret.secret_name for volume in pod.spec.volumes if volume.secret}
    secrets = {lacking["name"]} if lacking and lacking["kind"] == "secret" else mounted
    targets = snapshot.once("pods: who makes a Secret", lambda: _targets(snapshot))
    makers = [ref for name in sorted(secrets) for ref in targets.get((pod.namespace, name), ())]
    if not lacking and not makers:
        return ()
    owners = flux_rules.owners(pod)
    return (*makers, *(owner for owner in owners if not flux_rules.waited(owner, snapshot)))


def _targets(snapshot: Snapshot) -> dict[tuple[str, str], list[Ref]]:
    """The ExternalSecrets by (namespace, name) of the Secret that they create."""
    return grouped(
        ((secret.namespace, secret.spec.target.name or secret.name), secret.ref)
        for secret in snapshot.of(external_secrets.ExternalSecret)
    )


CHECK = Check(
    name="pods",
    scope="pods",
    title="Pods that do not run, are not ready, or crashed within the hour.",
    judges={core.Pod: judge},
    documented_as="kubectl get pods -A",
    advice="Check its events, and the last log lines of the container that ended.",
    refers_to=(
        core.Node,
        core.PersistentVolumeClaim,
        core.PersistentVolume,
        storage.StorageClass,
        batch.Job,
        batch.CronJob,
        external_secrets.ExternalSecret,
        flux.HelmRelease,
        flux.Kustomization,
    ),
    known_as=known_names.workload,
)
