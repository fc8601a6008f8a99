"""One root: what holds up a pod, then the pod, then what made it, then what waited for that."""

from bot.domain.report import Report, examine
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from tests.builders import Plain, a_kustomization, a_pod, an_object, applying
from tests.health.checks.conditioned import a_thing, owned_by, said
from tests.net.networks import a_snapshot, ago

APPS = "apps/v1"


def report(*plain: Plain) -> Report:
    return examine(a_snapshot(*plain), CHECKS)


def trees(*plain: Plain) -> dict[str, list[str]]:
    """The kinds of the effects of each root, by the kind of the root."""
    found = report(*plain)
    return {
        root.subject.kind: sorted(
            effect.subject.kind for effect in found.downstream.get(root.key, ())
        )
        for root in found.roots
    }


def a_short_deployment() -> Plain:
    unavailable = said("Available", "False", reason="MinimumReplicasUnavailable", minutes=300)
    return a_thing("Deployment", "web", APPS, unavailable, replicas=1, updatedReplicas=1)


def of(kind: str, owner: str, pod: Plain) -> Plain:
    pod["metadata"] |= owned_by(kind, owner)
    return pod


def a_crashing_pod(kind: str, owner: str) -> Plain:
    return of(kind, owner, a_pod(f"{owner}-x", waiting="CrashLoopBackOff"))


def a_mounting_pod(message: str, *, claim: str = "data") -> Plain:
    unschedulable = said("PodScheduled", "False", reason="Unschedulable", message=message)
    pod = a_thing("Pod", "db-0", "v1", unschedulable, phase="Pending")
    pod["spec"] = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": claim}}]}
    return of("StatefulSet", "db", pod)


def a_claim(phase: str = "Pending", **spec: str) -> Plain:
    return a_thing("PersistentVolumeClaim", "data", "v1", spec=spec, phase=phase)


def a_class(name: str, binding: str = "Immediate") -> Plain:
    plain = an_object("StorageClass", name, "storage.k8s.io/v1", namespace="")
    return {**plain, "provisioner": "rancher.io/local-path", "volumeBindingMode": binding}


UNBOUND = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."
FULL = "0/3 nodes are available: 3 Insufficient memory."
STATEFUL = a_thing("StatefulSet", "db", APPS, replicas=1)


def test_a_crashing_pod_explains_its_deployment_and_what_waited_for_it() -> None:
    """The Deployment lacks pods for hours, the pod was made anew a moment ago."""
    waited = applying(a_kustomization(), "apps_web_apps_Deployment")
    words = "timeout waiting for: [Deployment/apps/web status: 'InProgress']"
    failed = said("Ready", "False", reason="HealthCheckFailed", message=words)
    waited["status"]["conditions"] = [failed]
    pod = a_crashing_pod("ReplicaSet", "web-5d4")
    assert trees(waited, a_short_deployment(), pod) == {"Pod": ["Deployment", "Kustomization"]}


def test_a_pod_that_only_starts_does_not_hide_an_outage() -> None:
    """It is made anew again and again, and none of them lives long enough to be a finding."""
    starting = a_thing("Pod", "web-x", "v1", meta={"creationTimestamp": ago(minutes=1)})
    starting["status"] = {"phase": "Pending"}
    found = report(a_short_deployment(), of("ReplicaSet", "web-5d4", starting))
    worst = found.roots[0]
    assert (worst.subject.kind, worst.verdict) == ("Deployment", Verdict.DEGRADED)


def test_refused_pods_are_the_cause_of_what_flux_waited_for() -> None:
    """There is no pod that could say why."""
    refused = said("ReplicaFailure", reason="FailedCreate", message="exceeded quota: q")
    deployment = a_thing("Deployment", "web", APPS, refused)
    waited = applying(a_kustomization(), "apps_web_apps_Deployment")
    words = "timeout waiting for: [Deployment/apps/web status: 'Failed']"
    failed = said("Ready", "False", reason="HealthCheckFailed", message=words)
    waited["status"]["conditions"] = [failed]
    assert trees(waited, deployment) == {"Deployment": ["Kustomization"]}


def test_a_claim_without_its_class_explains_pod_and_stateful_set() -> None:
    """The claim says what is missing."""
    pod = a_mounting_pod(UNBOUND)
    found = report(STATEFUL, pod, a_claim(storageClassName="fast"), a_class("slow"))
    (root,) = found.roots
    assert (root.subject.kind, root.verdict) == ("PersistentVolumeClaim", Verdict.FAILED)
    assert 'StorageClass "fast" not found' in root.message
    kinds = sorted(effect.subject.kind for effect in found.downstream[root.key])
    assert kinds == ["Pod", "StatefulSet"]


def test_a_claim_that_names_a_volume_that_is_gone_says_so() -> None:
    """So does one whose volume was lost."""
    found = report(a_mounting_pod(UNBOUND), a_claim(volumeName="pv-7"), a_class("slow"))
    assert found.roots[0].reason == "VolumeNotFound"
    found = report(a_mounting_pod(UNBOUND), a_claim("Lost", volumeName="pv-7"))
    assert (found.roots[0].reason, len(found.roots)) == ("Lost", 1)


def test_a_volume_kept_for_an_earlier_claim_is_the_cause() -> None:
    """Retained, released, and wanted again by a claim of the same name."""
    kept = {"claimRef": {"namespace": "apps", "name": "data"}}
    volume = a_thing("PersistentVolume", "pv-7", "v1", namespace="", spec=kept, phase="Released")
    assert trees(a_mounting_pod(UNBOUND), a_claim(), volume) == {
        "PersistentVolume": ["PersistentVolumeClaim", "Pod"]
    }


def test_a_pod_without_room_explains_the_claim_that_waits_for_it() -> None:
    """The claim gets its volume once a node is chosen."""
    late = a_class("local-path", "WaitForFirstConsumer")
    claim = a_claim(storageClassName="local-path")
    assert trees(a_mounting_pod(FULL), claim, late) == {"Pod": ["PersistentVolumeClaim"]}


def test_a_failed_job_of_a_cron_job_is_one_root_with_its_pod() -> None:
    """The pod says why, the CronJob that its last run failed."""
    failed = said("Failed", reason="BackoffLimitExceeded", message="No more.", minutes=50)
    job = a_thing("Job", "backup-29001000", "batch/v1", failed, failed=1)
    job["metadata"] |= owned_by("CronJob", "backup") | {"creationTimestamp": ago(minutes=60)}
    pod = of("Job", "backup-29001000", a_pod("backup-29001000-x", waiting="x"))
    ended = {"exitCode": 7, "reason": "Error", "finishedAt": ago(minutes=51)}
    pod["status"] |= {"phase": "Failed"}
    pod["status"]["containerStatuses"][0]["state"] = {"terminated": ended}
    times = {"lastScheduleTime": ago(minutes=60), "lastSuccessfulTime": ago(days=2)}
    cron_job = a_thing("CronJob", "backup", "batch/v1", **times)
    assert trees(job, pod, cron_job) == {"Pod": ["CronJob", "Job"]}
    assert trees(job, cron_job) == {"Job": ["CronJob"]}


def test_a_daemon_set_on_a_dead_node_follows_from_the_node() -> None:
    """By way of its pod there."""
    dead = said("Ready", "Unknown", reason="NodeStatusUnknown", minutes=47)
    node = a_thing("Node", "home-1", "v1", dead, namespace="")
    pod = of("DaemonSet", "agent", a_pod("agent-x"))
    pod["status"]["conditions"] = [said("Ready", "False", minutes=46)]
    daemon_set = a_thing("DaemonSet", "agent", APPS, desiredNumberScheduled=3)
    daemon_set["status"] |= {"currentNumberScheduled": 3, "updatedNumberScheduled": 3}
    daemon_set["status"] |= {"numberAvailable": 2, "numberReady": 2}
    assert trees(node, pod, daemon_set) == {"Node": ["DaemonSet", "Pod"]}


def test_an_autoscaler_without_metrics_follows_from_the_pods_that_do_not_run() -> None:
    """It has metrics again once they do."""
    blind = said("ScalingActive", "False", reason="FailedGetResourceMetric", minutes=30)
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    scaler = a_thing("HorizontalPodAutoscaler", "web", "autoscaling/v2", blind, spec=target)
    pod = a_crashing_pod("ReplicaSet", "web-5d4")
    assert trees(scaler, a_short_deployment(), pod) == {
        "Pod": ["Deployment", "HorizontalPodAutoscaler"]
    }


def a_service(name: str = "web") -> Plain:
    return a_thing(
        "Service", name, "v1", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]}
    )


def a_slice() -> Plain:
    plain = an_object("EndpointSlice", "web-x", "discovery.k8s.io/v1", endpoints=[])
    plain["metadata"]["labels"] = {"kubernetes.io/service-name": "web"}
    return plain


def labelled(workload: Plain, **labels: str) -> Plain:
    workload["spec"] |= {"template": {"metadata": {"labels": labels}}}
    return workload


def test_a_service_follows_from_the_workload_whose_pods_are_refused() -> None:
    """There is no pod that its selector could match."""
    refused = said("ReplicaFailure", reason="FailedCreate", message="exceeded quota: q")
    deployment = labelled(a_thing("Deployment", "web", APPS, refused), app="web", tier="x")
    other = labelled(a_thing("Deployment", "other", APPS, refused), app="other")
    assert trees(deployment, a_service(), a_slice()) == {"Deployment": ["Service"]}
    assert report(deployment, other, a_service(), a_slice()).roots[1].subject.name == "other"


def test_a_service_of_what_is_scaled_to_nothing_is_suspended() -> None:
    """Somebody wants it so."""
    off = a_thing("Deployment", "web", APPS, said("Available"), spec={"replicas": 0})
    (found,) = report(labelled(off, app="web"), a_service(), a_slice()).findings
    assert (found.verdict, found.reason) == (Verdict.SUSPENDED, "ScaledToZero")
    assert report(a_service(), a_slice()).findings[0].verdict is Verdict.FAILED


def an_evicted_pod() -> Plain:
    pod = of("ReplicaSet", "web-5d4", a_pod("web-5d4-a"))
    pod["metadata"]["labels"] = {"app": "web"}
    pod["status"] = {"phase": "Failed", "reason": "Evicted", "message": "low on resource"}
    return pod


def test_a_pod_that_was_evicted_before_is_not_the_root_of_a_later_failure() -> None:
    """It is left behind; the pod in its place says what is wrong now."""
    late = said("Progressing", "False", reason="ProgressDeadlineExceeded", message="too late")
    deployment = labelled(a_thing("Deployment", "web", APPS, late, spec={"replicas": 1}), app="web")
    broken = of("ReplicaSet", "web-5d4", a_pod("web-5d4-z", waiting="ImagePullBackOff"))
    broken["metadata"]["labels"] = {"app": "web"}
    found = report(an_evicted_pod(), deployment, broken, a_service(), a_slice())
    effects = {root.subject.name: len(found.downstream.get(root.key, ())) for root in found.roots}
    assert effects == {"web-5d4-a": 0, "web-5d4-z": 2}


def test_a_service_of_what_is_scaled_to_nothing_is_suspended_beside_an_evicted_pod() -> None:
    """Nobody wants another in its place."""
    off = labelled(a_thing("Deployment", "web", APPS, spec={"replicas": 0}), app="web")
    found = report(off, an_evicted_pod(), a_service(), a_slice()).findings
    verdicts = {each.subject.kind: each.verdict for each in found}
    assert verdicts["Service"] is Verdict.SUSPENDED


def test_a_service_of_a_daemon_set_that_no_node_fits_is_suspended() -> None:
    """Such as that of a GPU's exporter. One that nobody has counted yet may want pods."""
    for counted, verdict in (
        ({"desiredNumberScheduled": 0}, Verdict.SUSPENDED),
        ({}, Verdict.FAILED),
    ):
        spread = labelled(a_thing("DaemonSet", "web", APPS, **counted), app="web")
        found = report(spread, a_service(), a_slice()).findings
        assert {each.subject.kind: each.verdict for each in found}["Service"] is verdict
