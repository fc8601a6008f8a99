"""Claims that get no volume, and volumes that failed or are kept for a claim that is gone.

Source: the Kubernetes documentation, persistent volumes and storage classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Alike, Judgement, Ref
from bot.domain.grouping import grouped
from bot.domain.resources import core
from bot.domain.resources.storage import StorageClass
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import claims, workload_pods

LATE = "WaitForFirstConsumer"
"""The `volumeBindingMode` by which a claim waits for the first pod that uses it."""

BY_HAND = "kubernetes.io/no-provisioner"
"""The provisioner of a class whose volumes somebody makes by hand."""

KEPT = ("", "Retain")
"""The reclaim policies by which a volume stays after its claim; Retain is the default."""

BINDING = timedelta(minutes=5)
"""How long a storage driver may take to make a volume."""


def judge_claim(claim: core.PersistentVolumeClaim, snapshot: Snapshot) -> Judgement:
    """Bound is healthy, Lost is failed; anything else waits for a volume."""
    if gone := conditions.terminating(claim, snapshot.taken_at):
        return gone
    phase = claim.status.phase or "not reported"
    if phase == "Bound":
        return HEALTHY
    message = f"It is not bound to a volume: phase {phase}."
    if phase == "Lost":
        volume = f"PersistentVolume {claim.spec.volume_name}".strip()
        return Judgement(Verdict.FAILED, "Lost", f"{message} Its {volume} is gone.")
    return (
        _asleep(claim, snapshot)
        or _of_unseen_class(claim, message, snapshot)
        or _pending(claim, message, snapshot)
    )


def _asleep(claim: core.PersistentVolumeClaim, snapshot: Snapshot) -> Judgement | None:
    """Nobody uses the claim yet, and its class waits for the first pod: that is as it should be."""
    class_ = _class(claim, snapshot)
    if class_ is None or class_.volume_binding_mode != LATE:
        return None
    wanted = claim.spec.volume_name or claims.node_chosen(claim)
    if wanted or claims.waiting_pods(claim, snapshot):
        return None
    message = (
        f"It waits for the first pod that uses it: StorageClass {class_.name} binds volumes "
        "only then."
    )
    return Judgement(Verdict.HEALTHY, LATE, message)


def _of_unseen_class(
    claim: core.PersistentVolumeClaim, message: str, snapshot: Snapshot
) -> Judgement | None:
    """Nobody uses the claim yet, and its class, which was not read, may wait for the first pod."""
    if not snapshot.live or snapshot.sees(StorageClass) or claim.spec.storage_class_name == "":
        return None
    if _wanted_volume(claim, snapshot) or claim.spec.volume_name:
        return None
    if claims.waiting_pods(claim, snapshot):
        return None
    words = "StorageClasses were not seen, so it may be waiting for the first pod that uses it."
    return Judgement(Verdict.PROGRESSING, "NotBound", f"{message} {words}")


def _pending(claim: core.PersistentVolumeClaim, message: str, snapshot: Snapshot) -> Judgement:
    """Under way for a while; then failed where somebody waits for it, degraded otherwise."""
    if pods := _without_room(claim, snapshot):
        return Judgement(
            Verdict.PROGRESSING,
            LATE,
            f"{message} It gets one once a node is chosen for {pods[0]}.",
            follows=pods,
        )
    reason, why, follows = _why_unbound(claim, snapshot)
    since, now = _wanted_since(claim, snapshot), snapshot.taken_at
    judgement = conditions.progressing(
        reason or "NotBound",
        f"{message} {why}".strip(),
        since,
        now,
        patience=BINDING,
        follows=follows,
    )
    waiting = claims.waiting_pods(claim, snapshot)
    if judgement.verdict is Verdict.DEGRADED and (reason or waiting):
        judgement = msgspec.structs.replace(judgement, verdict=Verdict.FAILED)
    owner = workload_pods.maker(waiting[0], snapshot) if waiting else None
    if owner is None:
        return judgement
    why = f"{judgement.reason} {claim.spec.storage_class_name}"
    return msgspec.structs.replace(judgement, alike=Alike(owner, why))


def _why_unbound(
    claim: core.PersistentVolumeClaim, snapshot: Snapshot
) -> tuple[str, str, tuple[Ref, ...]]:
    """A reason that will not pass by itself, the words for it, and what it follows from."""
    volume = _wanted_volume(claim, snapshot)
    if claim.spec.volume_name and volume is None:
        if not snapshot.sees(core.PersistentVolume):
            return "", "", ()
        words = f"PersistentVolume {claim.spec.volume_name}, which it names, does not exist."
        return "VolumeNotFound", words, ()
    if volume and volume.status.phase == "Released":
        if volume.spec.persistent_volume_reclaim_policy not in KEPT:
            words = (
                f"PersistentVolume {volume.name}, which it names, is released, and its reclaim "
                "policy does not keep it."
            )
            return "NoVolume", words, (volume.ref,)
        words = (
            f"PersistentVolume {volume.name} was kept for an earlier claim of this name. Remove "
            "spec.claimRef.uid and resourceVersion of that volume to use its data again."
        )
        return "VolumeReleased", words, (volume.ref,)
    if volume and _other_claim(volume, claim):
        words = f"PersistentVolume {volume.name}, which it names, belongs to another claim."
        return "VolumeTaken", words, ()
    if volume:
        return "", f"It waits for PersistentVolume {volume.name}.", (volume.ref,)
    return _without_class(claim, snapshot) or ("", _provisioned(claim, snapshot), ())


def _wanted_volume(
    claim: core.PersistentVolumeClaim, snapshot: Snapshot
) -> core.PersistentVolume | None:
    """The volume that a claim names, or that is kept for a claim of its name.

    A released one is not what a claim waits for where it is to be deleted, or where its class
    makes a new one.
    """
    if name := claim.spec.volume_name:
        return snapshot.get(core.PersistentVolume, "", name)
    by_claim = snapshot.once("storage: volumes by claim", lambda: grouped(_kept_for(snapshot)))
    for volume in by_claim.get((claim.namespace, claim.name), ()):
        if volume.status.phase != "Released" or _is_kept(volume, claim, snapshot):
            return volume
    return None


def _kept_for(snapshot: Snapshot) -> Iterator[tuple[tuple[str, str], core.PersistentVolume]]:
    for volume in snapshot.of(core.PersistentVolume):
        if kept_for := volume.spec.claim_ref:
            yield (kept_for.namespace, kept_for.name), volume


def _is_kept(
    volume: core.PersistentVolume, claim: core.PersistentVolumeClaim, snapshot: Snapshot
) -> bool:
    """Whether a released volume stays, and the claim gets no other one."""
    if volume.spec.persistent_volume_reclaim_policy not in KEPT:
        return False
    class_ = _class(claim, snapshot)
    makes = class_ is not None and class_.provisioner not in ("", BY_HAND)
    return not makes or claim.spec.volume_name == volume.name


def _other_claim(volume: core.PersistentVolume, claim: core.PersistentVolumeClaim) -> bool:
    kept_for = volume.spec.claim_ref
    return kept_for is not None and (kept_for.namespace, kept_for.name) != (
        claim.namespace,
        claim.name,
    )


def _class(claim: core.PersistentVolumeClaim, snapshot: Snapshot) -> StorageClass | None:
    """The class of a claim, None where it has none or it was not read."""
    name = claim.spec.storage_class_name
    if name is None:
        defaults = (class_ for class_ in snapshot.of(StorageClass) if class_.default)
        return next(defaults, None)
    return snapshot.get(StorageClass, "", name) if name else None


def _without_class(
    claim: core.PersistentVolumeClaim, snapshot: Snapshot
) -> tuple[str, str, tuple[Ref, ...]] | None:
    """Nothing makes a volume for it, and none that is free has the class that it names."""
    if not snapshot.sees(StorageClass) or _class(claim, snapshot):
        return None
    name = claim.spec.storage_class_name
    if name is None:
        words = "It names no StorageClass, and none is the default: name one, or mark a default."
        return "NoStorageClass", words, ()
    if name in snapshot.once("storage: classes of free volumes", lambda: _free(snapshot)):
        return None
    if not name:
        words = (
            "Its storageClassName is empty: it waits for a volume created by hand. None is free."
        )
        return "NoVolume", words, ()
    words = f'StorageClass "{name}" not found, and no free volume has that class.'
    return "StorageClassNotFound", words, ()


def _free(snapshot: Snapshot) -> frozenset[str]:
    """The classes of which a volume is free."""
    return frozenset(
        volume.spec.storage_class_name
        for volume in snapshot.of(core.PersistentVolume)
        if volume.status.phase == "Available"
    )


def _provisioned(claim: core.PersistentVolumeClaim, snapshot: Snapshot) -> str:
    class_ = _class(claim, snapshot)
    if class_ is None or not class_.provisioner:
        return ""
    return (
        f"The provisioner {class_.provisioner} of StorageClass {class_.name} has not created one: "
        "the claim's events say why."
    )


def _without_room(claim: core.PersistentVolumeClaim, snapshot: Snapshot) -> tuple[Ref, ...]:
    """The pods of a claim that wait for room on a node, and not for their volumes.

    By WaitForFirstConsumer a volume is made once a node is chosen.
    """
    class_ = _class(claim, snapshot)
    if class_ is None or class_.volume_binding_mode != LATE or claims.node_chosen(claim):
        return ()
    waiting = claims.waiting_pods(claim, snapshot)
    return tuple(pod.ref for pod in waiting if not claims.held_by_volumes(pod))


def _wanted_since(claim: core.PersistentVolumeClaim, snapshot: Snapshot) -> datetime | None:
    """Since when a volume is due: for a late claim, which may be old, since its first pod."""
    born = claim.metadata.creation_timestamp
    class_ = _class(claim, snapshot)
    if born is None or class_ is None or class_.volume_binding_mode != LATE:
        return born
    pods = (pod.metadata.creation_timestamp for pod in claims.waiting_pods(claim, snapshot))
    return max(born, min(filter(None, pods), default=born))


def judge_volume(volume: core.PersistentVolume, snapshot: Snapshot) -> Judgement:
    """Available, bound and released (kept after its claim) are healthy, failed is failed."""
    if gone := conditions.terminating(volume, snapshot.taken_at):
        return gone
    phase, message = volume.status.phase or "Pending", volume.status.message
    if phase == "Failed":
        return Judgement(Verdict.FAILED, phase, message or "Its reclamation failed.")
    if phase == "Released":
        return _wanted_again(volume, snapshot) or _undeleted(volume, snapshot) or HEALTHY
    if phase in ("Available", "Bound"):
        return HEALTHY
    since = volume.metadata.creation_timestamp
    return conditions.progressing(phase, message, since, snapshot.taken_at)


def _wanted_again(volume: core.PersistentVolume, snapshot: Snapshot) -> Judgement | None:
    """Its claim was made anew, and does not get the volume of its predecessor."""
    kept_for = volume.spec.claim_ref
    if kept_for is None:
        return None
    claim = snapshot.get(core.PersistentVolumeClaim, kept_for.namespace, kept_for.name)
    if claim is None or claim.status.phase == "Bound" or claim.metadata.deletion_timestamp:
        return None
    made = claim.metadata.creation_timestamp
    if made is None or snapshot.taken_at - made <= BINDING:
        return None
    if _asleep(claim, snapshot) or not _is_kept(volume, claim, snapshot):
        return None
    message = (
        f"It is kept for an earlier claim {kept_for.namespace}/{kept_for.name}, and the present "
        "claim of that name is not bound. Remove spec.claimRef.uid and resourceVersion to let it "
        "have this volume."
    )
    return Judgement(Verdict.DEGRADED, "Released", message)


def _undeleted(volume: core.PersistentVolume, snapshot: Snapshot) -> Judgement | None:
    """Released for long although its policy is to delete it."""
    since = volume.status.last_phase_transition_time
    if volume.spec.persistent_volume_reclaim_policy != "Delete" or since is None:
        return None
    if snapshot.taken_at - since <= conditions.PATIENCE:
        return None
    message = "Its claim is gone and its policy is Delete, but its storage driver keeps it."
    return Judgement(Verdict.DEGRADED, "NotDeleted", message, since)


CHECK = Check(
    name="storage",
    scope="workloads",
    title="Claims without a volume, and volumes that failed.",
    judges={core.PersistentVolumeClaim: judge_claim, core.PersistentVolume: judge_volume},
    documented_as="kubectl get persistentvolumeclaims,persistentvolumes -A",
    advice="Check its events: they show the provisioner's answer.",
    needs=(StorageClass,),
    refers_to=(core.Pod,),
)
