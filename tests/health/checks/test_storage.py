"""Claims and volumes."""

import pytest

from bot.domain.finding import Judgement
from bot.domain.resources.storage import StorageClass
from bot.domain.verdict import Verdict
from bot.health.checks.storage import CHECK
from bot.health.offline import type_of
from tests.builders import Plain, an_object
from tests.health.checks.conditioned import a_thing, said
from tests.net.networks import ago, judged


def verdict(plain: Plain) -> Judgement:
    return judged(CHECK.judges[type_of(plain)], plain, live=False)


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("Bound", Verdict.HEALTHY),
        ("Released", Verdict.HEALTHY),
        ("Failed", Verdict.FAILED),
        ("", Verdict.DEGRADED),
    ],
)
def test_a_volume_is_judged_by_its_phase(phase: str, expected: Verdict) -> None:
    """Released is what its reclaim policy asked for; without a phase nobody has looked at it."""
    assert verdict(a_thing("PersistentVolume", "data", "v1", phase=phase)).verdict is expected


def a_class(name: str, binding: str = "Immediate", *, default: bool = False) -> Plain:
    plain = an_object("StorageClass", name, "storage.k8s.io/v1", namespace="")
    mark = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    plain["metadata"]["annotations"] = mark
    return {**plain, "provisioner": "rancher.io/local-path", "volumeBindingMode": binding}


def a_claim(*, minutes: float = 60, **spec: str) -> Plain:
    meta = {"creationTimestamp": ago(minutes=minutes)}
    return a_thing("PersistentVolumeClaim", "data", "v1", meta=meta, spec=spec, phase="Pending")


def live(plain: Plain, *others: Plain) -> Judgement:
    return judged(CHECK.judges[type_of(plain)], plain, *others)


LATE = a_class("local-path", "WaitForFirstConsumer", default=True)


def test_a_claim_that_waits_for_its_first_pod_is_as_it_should_be() -> None:
    """By its own class or by the default one, however long."""
    assert live(a_claim(), LATE).verdict is Verdict.HEALTHY
    assert live(a_claim(storageClassName="local-path"), LATE).verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (a_claim(storageClassName="fast"), "StorageClassNotFound"),
        (a_claim(storageClassName=""), "NoVolume"),
        (a_claim(volumeName="pv-1"), "VolumeNotFound"),
    ],
)
def test_a_claim_that_nothing_can_bind_has_failed_after_a_while(claim: Plain, reason: str) -> None:
    """What is missing is named."""
    found = live(claim, LATE)
    assert (found.verdict, found.reason) == (Verdict.FAILED, reason)
    assert verdict(claim).verdict is Verdict.DEGRADED


def test_a_claim_without_any_class_to_take_says_so() -> None:
    """None is marked as the default."""
    assert live(a_claim(), a_class("slow")).reason == "NoStorageClass"


def test_a_claim_of_a_class_that_only_volumes_name_waits_for_one() -> None:
    """Volumes made by hand need no StorageClass of that name."""
    free = a_thing(
        "PersistentVolume",
        "pv-1",
        "v1",
        namespace="",
        spec={"storageClassName": "manual"},
        phase="Available",
    )
    found = live(a_claim(minutes=2, storageClassName="manual"), free, LATE)
    assert (found.verdict, found.reason) == (Verdict.PROGRESSING, "NotBound")


def test_a_new_claim_is_under_way() -> None:
    """A driver needs a moment."""
    assert live(a_claim(minutes=1), a_class("slow", default=True)).verdict is Verdict.PROGRESSING


def a_mounting_pod(words: str, *, minutes: float = 60) -> Plain:
    unscheduled = said("PodScheduled", "False", reason="Unschedulable", message=words)
    claims = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    meta = {"creationTimestamp": ago(minutes=minutes)}
    return a_thing("Pod", "app", "v1", unscheduled, meta=meta, spec={"volumes": claims})


BINDING = 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'
NO_ROOM = "0/1 nodes are available: 1 Insufficient memory."
CONFLICT = "0/2 nodes are available: 1 node(s) had volume node affinity conflict."


def test_a_late_claim_that_its_provisioner_leaves_alone_has_failed_after_a_while() -> None:
    """The scheduler says so of the pod, or on the claim, by the node that it has chosen."""
    assert live(a_claim(), a_mounting_pod(BINDING), LATE).verdict is Verdict.FAILED
    chosen = a_claim()
    chosen["metadata"]["annotations"] = {"volume.kubernetes.io/selected-node": "home-1"}
    assert live(chosen, a_mounting_pod(NO_ROOM), LATE).verdict is Verdict.FAILED
    assert live(chosen, LATE).verdict is Verdict.DEGRADED


def test_an_old_late_claim_is_due_some_minutes_after_its_first_pod() -> None:
    """Nobody wanted its volume before."""
    young = a_mounting_pod(BINDING, minutes=1)
    assert live(a_claim(minutes=9000), young, LATE).verdict is Verdict.PROGRESSING


def test_a_claim_whose_pod_is_kept_away_by_another_volume_waits_for_the_pod() -> None:
    """Only a bound volume has a node to conflict with."""
    found = live(a_claim(), a_mounting_pod(CONFLICT), LATE)
    assert (found.verdict, [ref.kind for ref in found.follows]) == (Verdict.PROGRESSING, ["Pod"])


def test_a_released_volume_that_is_to_be_deleted_and_stays_is_degraded() -> None:
    """A kept one, and one that was just released, are as they should be."""
    for policy, minutes, expected in (
        ("Delete", 60, Verdict.DEGRADED),
        ("Delete", 1, Verdict.HEALTHY),
        ("Retain", 60, Verdict.HEALTHY),
    ):
        volume = a_thing(
            "PersistentVolume",
            "pv-1",
            "v1",
            namespace="",
            spec={"persistentVolumeReclaimPolicy": policy},
            phase="Released",
            lastPhaseTransitionTime=ago(minutes=minutes),
        )
        assert live(volume).verdict is expected


def a_released_volume(policy: str = "Retain") -> Plain:
    kept_for = {"namespace": "apps", "name": "data"}
    spec = {"persistentVolumeReclaimPolicy": policy, "claimRef": kept_for}
    return a_thing("PersistentVolume", "pv-1", "v1", namespace="", spec=spec, phase="Released")


BY_HAND = {**a_class("manual"), "provisioner": "kubernetes.io/no-provisioner"}


def test_a_kept_volume_is_wanted_again_only_by_a_claim_that_gets_no_other() -> None:
    """Not by one that is new, that waits for its first pod, or that gets a new volume."""
    claim = a_claim(storageClassName="manual")
    wanted = live(a_released_volume(), claim, BY_HAND)
    assert (wanted.verdict, wanted.reason) == (Verdict.DEGRADED, "Released")
    new = a_claim(minutes=1, storageClassName="manual")
    assert live(a_released_volume(), new, BY_HAND).verdict is Verdict.HEALTHY
    asleep = {**BY_HAND, "volumeBindingMode": "WaitForFirstConsumer"}
    assert live(a_released_volume(), claim, asleep).verdict is Verdict.HEALTHY
    makes = a_class("manual")
    assert live(a_released_volume(), claim, makes).verdict is Verdict.HEALTHY
    assert live(a_released_volume("Delete"), claim, BY_HAND).verdict is Verdict.HEALTHY


def test_a_claim_is_not_told_to_take_a_volume_that_is_deleted_or_that_it_does_not_get() -> None:
    """What it waits for then is its provisioner, or nothing."""
    claim = a_claim(storageClassName="manual")
    assert live(claim, a_released_volume(), BY_HAND).reason == "VolumeReleased"
    assert live(claim, a_released_volume("Delete"), BY_HAND).reason != "VolumeReleased"
    assert live(claim, a_released_volume(), a_class("manual")).reason == "NotBound"
    named = a_claim(storageClassName="manual", volumeName="pv-1")
    assert "claimRef" not in live(named, a_released_volume("Delete"), BY_HAND).message


def test_without_the_classes_a_claim_that_no_pod_waits_for_is_under_way_for_any_time() -> None:
    """Its class may wait for the first pod; where a pod waits for it, or it names a volume, not."""
    judge, unseen = CHECK.judges[type_of(a_claim())], (StorageClass,)
    found = judged(judge, a_claim(), unseen=unseen)
    assert (found.verdict, found.since) == (Verdict.PROGRESSING, None)
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
    pod = a_thing("Pod", "app", "v1", spec={"volumes": volumes}, phase="Pending")
    assert judged(judge, a_claim(), pod, unseen=unseen).verdict is Verdict.FAILED
    named = judged(judge, a_claim(volumeName="pv-1"), unseen=unseen)
    assert named.verdict is Verdict.FAILED
    assert StorageClass in CHECK.needs
