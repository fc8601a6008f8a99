"""What Flux's kinds have in common: suspension, ownership, and waiting for other objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import msgspec

from bot.domain import conditions
from bot.domain.finding import Judgement, Ref
from bot.domain.grouping import grouped
from bot.domain.resources import apps, core, flux
from bot.domain.resources.base import Condition, Object
from bot.domain.resources.flux import FluxObject
from bot.domain.sentences import sentences
from bot.domain.snapshot import Snapshot
from bot.domain.tenancy import PLATFORM
from bot.domain.timestamps import go_duration
from bot.domain.verdict import Verdict, worst
from bot.health import workload_pods

OWNERS = (
    ("HelmRelease", "helm.toolkit.fluxcd.io"),
    ("Kustomization", "kustomize.toolkit.fluxcd.io"),
)
"""Kinds that own other objects, and the prefix of the labels that name the owner."""

INSTANCE = "app.kubernetes.io/instance"
"""The label by which most charts name the release that a pod belongs to."""

LASTING = {"SourceVerified": "False", "FetchFailed": "True", "Released": "False"}
"""Conditions of a failure whose time changes only with the outcome, and their bad status."""

OUTCOMES = {**LASTING, "Healthy": "False"}
"""The conditions that keep the outcome of the last try while Flux tries again."""

WAITING = ("DependencyNotReady", "ArtifactFailed", "SourceNotReady", "SourceUnavailable")
"""Reasons of Ready that name the fault of another object."""

REMEDIATED = ("RollbackSucceeded", "UninstallSucceeded")
"""Reasons of Ready that name what Helm did about a failure; the failure is in Released."""

EXHAUSTED = "retries exhausted"
"""How helm-controller before 0.37 said that it had given up."""

FETCHED = ("GitRepository", "OCIRepository", "HelmRepository", "Bucket")
"""The kinds of sources that are fetched from outside the cluster."""

TYPES: Mapping[str, type[FluxObject]] = {
    type_.kind_name(): type_
    for type_ in (
        flux.GitRepository,
        flux.OCIRepository,
        flux.HelmRepository,
        flux.HelmChart,
        flux.Bucket,
        flux.Kustomization,
        flux.HelmRelease,
    )
}

TO_REPORT = timedelta(minutes=1)
"""How long after its timeout a try may be reported as failed."""

MAX_CHAIN = 50
"""How long a chain of `dependsOn` may be of which the verdicts are followed."""

WAITED = re.compile(r"deadline exceeded|timed? ?out|health check|not ready", re.IGNORECASE)
"""How Flux says that it gave up waiting for other objects: the fault is theirs."""


def suspended(resource: FluxObject) -> Judgement | None:
    """A verdict on a suspended object, None where it is not suspended or is being deleted.

    Flux does not record when it was suspended. The conditions are frozen, so `since` is the last
    time that they changed.
    """
    if not resource.spec.suspend or resource.metadata.deletion_timestamp:
        return None
    ready = conditions.condition(resource.status.conditions, "Ready")
    last = f" It last said: {ready.reason}." if ready and ready.reason else ""
    message = f"Reconciliation is suspended.{last}"
    since = ready.last_transition_time if ready else None
    return Judgement(Verdict.SUSPENDED, "Suspended", message, since)


def judge(resource: FluxObject, follows: Iterable[Ref], snapshot: Snapshot) -> Judgement:
    """By what Flux's controllers mean by their conditions, which kstatus alone misreads.

    `Ready=False` decides, whatever Reconciling says beside it: helm-controller keeps
    Reconciling=True for as long as a prerequisite is missing. A failure is FAILED where nothing
    was ever delivered or Flux has given up, and DEGRADED while the last good revision still
    serves. Progressing is only what has not failed yet, within its own timeout.

    Source: source-controller and kustomize-controller 1.9, helm-controller 1.6.
    """
    now, links = snapshot.taken_at, tuple(follows)
    entries = resource.status.conditions
    ready = conditions.condition(entries, "Ready")
    if held := suspended(resource):
        return held
    if gone := conditions.terminating(resource, now):
        return _leaving(gone, ready)
    stalled = conditions.is_true(entries, "Stalled")
    refused = _before_remediation(entries, ready) if ready and ready.status == "False" else None
    if stalled:
        return _given_up(stalled, refused, links)
    if refused and refused.reason in WAITING:
        return _waiting(resource, refused, links, snapshot)
    if failing := refused or _last_failure(resource, ready):
        return _failed(resource, failing, links)
    if reconciling := conditions.is_true(entries, "Reconciling"):
        return conditions.progressing_by(
            reconciling, "Reconciling", now, patience=_patience(resource), follows=links
        )
    judgement = conditions.by_ready(resource, now, follows=links)
    drifted = conditions.is_true(entries, "Drifted")
    if drifted and judgement.verdict is Verdict.HEALTHY:
        return conditions.judgement(drifted, Verdict.DEGRADED, follows=links)
    return judgement


def _leaving(gone: Judgement, ready: Condition | None) -> Judgement:
    """It is being deleted; where it stays for long, with what its controller says of that."""
    if gone.verdict is Verdict.PROGRESSING or ready is None or ready.status != "False":
        return gone
    message = f"{gone.message} It last said: {ready.message or ready.reason}"
    return msgspec.structs.replace(gone, message=message)


def _before_remediation(entries: Sequence[Condition], ready: Condition) -> Condition:
    """What failed before Helm rolled back, uninstalled or gave up, of which alone Ready tells."""
    if ready.reason not in REMEDIATED and not ready.message.endswith(EXHAUSTED):
        return ready
    for type_ in ("Released", "TestSuccess"):
        cause = conditions.condition(entries, type_)
        if cause and cause.status == "False":
            message = sentences(cause.message, ready.message)
            return msgspec.structs.replace(ready, reason=cause.reason, message=message)
    return ready


def circle(resource: FluxObject, snapshot: Snapshot) -> Judgement | None:
    """A verdict on an object that depends on itself by way of others, None where it does not.

    All members of the circle follow from its first by name, so that they are one root cause. One
    of the platform is the first before any other.
    """
    path = _circle(resource, snapshot)
    if not path:
        return None
    first = min(path, key=lambda ref: (ref.namespace not in PLATFORM, ref))
    names = " -> ".join(f"{ref.namespace}/{ref.name}" for ref in (*path, resource.ref))
    message = f"It depends on itself, so it never starts: {names}."
    if origin := _source_of_all(path, snapshot):
        message = f"{message} {_unheard(origin)}"
    follows = () if first == resource.ref else (first,)
    return Judgement(Verdict.FAILED, "DependencyCycle", message, follows=follows)


def _circle(resource: FluxObject, snapshot: Snapshot) -> tuple[Ref, ...]:
    """The members of the circle by which an object depends on itself, from it on; else nothing."""
    paths: list[tuple[Ref, ...]] = [(resource.ref,)]
    visited: set[Ref] = set()
    while paths:
        path = paths.pop()
        for dependency in _dependencies(path[-1], snapshot):
            if dependency == resource.ref:
                return path
            if dependency not in visited:
                visited.add(dependency)
                paths.append((*path, dependency))
    return ()


def behind(resource: flux.Kustomization, snapshot: Snapshot) -> Judgement | None:
    """A note on a Kustomization that lacks a revision, where a circle may keep it from hearing.

    None where it has the revision of its source, or no circle is of that source.
    """
    origin = resource.spec.source_ref.ref(resource.namespace) if resource.spec.source_ref else None
    kind = TYPES.get(origin.kind) if origin else None
    source = snapshot.get(kind, origin.namespace, origin.name) if origin and kind else None
    if origin is None or source is None or source.status.artifact is None:
        return None
    new, applied = source.status.artifact.revision, resource.status.last_applied_revision
    if not new or not applied or new == applied:
        return None
    cycles = snapshot.once("flux: cycles by source", lambda: grouped(_cycles(snapshot)))
    if origin not in cycles:
        return None
    message = (
        f"It has applied {applied}, but its source has {new}. The dependsOn cycle at "
        f"{cycles[origin][0]} may be the cause. {_unheard(origin)}"
    )
    return Judgement(Verdict.HEALTHY, "RevisionBehind", message, noted=True)


def _cycles(snapshot: Snapshot) -> Iterator[tuple[Ref, Ref]]:
    """The first member of each cycle of Kustomizations, by the source of all of its members."""
    for resource in snapshot.of(flux.Kustomization):
        found = _circle(resource, snapshot) if resource.spec.depends_on else ()
        origin = _source_of_all(found, snapshot)
        if origin and resource.ref == min(found):
            yield origin, resource.ref


def _source_of_all(members: Sequence[Ref], snapshot: Snapshot) -> Ref | None:
    """The source of all members of a cycle of Kustomizations; None where they have several."""
    found = set()
    for ref in members:
        resource = snapshot.get(flux.Kustomization, ref.namespace, ref.name)
        origin = resource.spec.source_ref if resource and ref.kind == "Kustomization" else None
        found.add(origin.ref(ref.namespace) if origin else None)
    return found.pop() if len(found) == 1 else None


def _unheard(source: Ref) -> str:
    """Source: kustomize-controller, which sorts all Kustomizations of a source before it tells."""
    return (
        f"Until it is fixed, no Kustomization of {source} is notified of a new revision: "
        "each notices it only at its own interval."
    )


def _dependencies(ref: Ref, snapshot: Snapshot) -> tuple[Ref, ...]:
    """What an object names in `dependsOn`: objects of its own kind."""
    resource = snapshot.get(TYPES[ref.kind], ref.namespace, ref.name)
    entries = resource.spec.depends_on if resource else ()
    return tuple(entry.ref(ref.namespace, kind=ref.kind) for entry in entries)


def _patience(resource: FluxObject) -> timedelta:
    """How long one try may take: the object's own timeout, and a minute to report it."""
    timeout = go_duration(resource.spec.timeout)
    return timeout + TO_REPORT if timeout else conditions.PATIENCE


def _given_up(stalled: Condition, ready: Condition | None, follows: tuple[Ref, ...]) -> Judgement:
    """Flux does not try again by itself. Why it failed is in Ready, that it gave up in Stalled."""
    judgement = conditions.judgement(stalled, Verdict.FAILED, follows=follows)
    if ready is None or ready.message in ("", stalled.message):
        return judgement
    message = sentences(ready.message, judgement.message)
    return msgspec.structs.replace(judgement, message=message)


def _waiting(
    resource: FluxObject, ready: Condition, follows: tuple[Ref, ...], snapshot: Snapshot
) -> Judgement:
    """An effect never outranks its cause: what waits for an object under way is under way."""
    own = _failed(resource, ready, follows)
    if ready.reason == "DependencyNotReady":
        causes = () if _is_long(resource.ref, snapshot) else _dependencies(resource.ref, snapshot)
    else:
        causes = tuple(ref for ref in follows if ref.kind in _sources(resource))
    verdicts = [verdict for ref in causes if (verdict := _verdict(ref, snapshot)) is not None]
    if len(verdicts) < len(causes) or not verdicts:
        return own
    cause = worst(verdicts)
    if cause is Verdict.HEALTHY and ready.reason == "DependencyNotReady":
        # It looks again at its next interval.
        return conditions.progressing_by(
            ready, ready.reason, snapshot.taken_at, patience=_patience(resource), follows=follows
        )
    if cause in (Verdict.PROGRESSING, Verdict.DEGRADED) and cause.rank < own.verdict.rank:
        return msgspec.structs.replace(own, verdict=cause)
    return own


def _is_long(ref: Ref, snapshot: Snapshot) -> bool:
    """Whether the chain of what an object waits for is too long to follow."""
    level = {ref}
    for _ in range(MAX_CHAIN):
        level = {further for link in level for further in _dependencies(link, snapshot)}
    return bool(level)


def _sources(resource: FluxObject) -> tuple[str, ...]:
    """The kinds that an object of this kind may be made from: no object comes round to itself."""
    if isinstance(resource, flux.HelmChart):
        return FETCHED
    return () if resource.kind_name() in FETCHED else (*FETCHED, "HelmChart")


def _verdict(ref: Ref, snapshot: Snapshot) -> Verdict | None:
    """The verdict on an object that is waited for, None where it was not read."""
    resource = snapshot.get(TYPES[ref.kind], ref.namespace, ref.name)
    if resource is None:
        return None
    if circle(resource, snapshot):
        return Verdict.FAILED
    origin = resource.spec.source_ref
    follows = (origin.ref(ref.namespace),) if origin else ()
    return snapshot.once(f"flux: {ref}", lambda: judge(resource, follows, snapshot).verdict)


def _last_failure(resource: FluxObject, ready: Condition | None) -> Condition | None:
    """What failed at the last try, where Flux is trying again and Ready is Unknown meanwhile."""
    if ready is None or ready.status == "True":
        return None
    return next(_bad(resource, OUTCOMES), None)


def _bad(resource: FluxObject, outcomes: Mapping[str, str]) -> Iterator[Condition]:
    for entry in resource.status.conditions:
        if outcomes.get(entry.type) == entry.status:
            yield entry


def _failed(resource: FluxObject, failing: Condition, follows: tuple[Ref, ...]) -> Judgement:
    """A failure in the words of the condition that has them.

    Flux renews the time of Ready and Reconciling with every try, so it says neither since when
    the object fails nor which of two objects failed first.
    """
    verdict = Verdict.DEGRADED if resource.status.delivered else Verdict.FAILED
    judgement = conditions.judgement(failing, verdict, follows=follows)
    times = [entry.last_transition_time for entry in _bad(resource, LASTING)]
    since = min((time for time in times if time), default=None)
    return msgspec.structs.replace(judgement, since=since)


def waited(ref: Ref, snapshot: Snapshot) -> bool:
    """Whether a Flux object failed only because what it had created did not become ready."""
    resource = snapshot.get(TYPES[ref.kind], ref.namespace, ref.name)
    ready = conditions.condition(resource.status.conditions, "Ready") if resource else None
    if ready is None or ready.status == "True" or ready.reason in WAITING:
        return False
    return WAITED.search(ready.message) is not None


def applied(
    resource: FluxObject, wanted: Iterable[Ref], snapshot: Snapshot, awaited: Iterable[Ref] = ()
) -> Iterator[Ref]:
    """Those of some objects that a Flux object applied, by its inventory, or that these made.

    Labels prove nothing here: anybody may write them on an object of another namespace.

    awaited: Further objects that it is known to wait for.
    """
    inventory = resource.status.inventory
    kept = {_listed(entry.id) for entry in (inventory and inventory.entries) or ()}.union(awaited)
    for ref in wanted:
        if kept.intersection((ref, *_makers(ref, snapshot))):
            yield ref


def _listed(entry: str) -> Ref:
    """An entry of an inventory. Source: cli-utils, `namespace_name_group_kind`, `__` for `:`."""
    rest, _, kind = entry.rpartition("_")
    namespace, _, name = rest.rpartition("_")[0].partition("_")
    return Ref(kind, namespace, name.replace("__", ":"))


def _makers(ref: Ref, snapshot: Snapshot) -> Iterator[Ref | None]:
    """What made a pod or a ReplicaSet."""
    if ref.kind == "Pod" and (pod := snapshot.get(core.Pod, ref.namespace, ref.name)):
        yield pod.controller
        yield workload_pods.maker(pod, snapshot)
    elif ref.kind == "ReplicaSet" and (
        replica_set := snapshot.get(apps.ReplicaSet, ref.namespace, ref.name)
    ):
        yield replica_set.controller


def owners(resource: Object) -> tuple[Ref, ...]:
    """The Flux objects that created an object, by its labels, the nearest first."""
    labels = resource.metadata.labels or {}
    named = [
        Ref(kind, labels.get(f"{prefix}/namespace", resource.namespace), labels[f"{prefix}/name"])
        for kind, prefix in OWNERS
        if f"{prefix}/name" in labels
    ]
    if release := labels.get(INSTANCE):
        named.append(Ref("HelmRelease", resource.namespace, release))
    return tuple(named)
