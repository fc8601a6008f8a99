"""Pods of one workload that fail for the same reason are one root, and others stay apart."""

from typing import Any

from bot.domain.finding import Finding
from bot.domain.report import Report, examine
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from tests.builders import Plain, a_kustomization, a_pod, an_external_secret, applying
from tests.health.checks.conditioned import a_thing, owned_by, said
from tests.net.networks import a_snapshot, ago


def report(*plain: Plain) -> Report:
    return examine(a_snapshot(*plain), CHECKS)


def roots(*plain: Plain) -> dict[str, int]:
    """How many effects each root has, by its name."""
    found = report(*plain)
    return {root.subject.name: len(found.downstream.get(root.key, ())) for root in found.roots}


def only(*plain: Plain) -> Finding:
    (root,) = report(*plain).roots
    return root


def of(kind: str, owner: str, pod: Plain) -> Plain:
    pod["metadata"] |= owned_by(kind, owner)
    return pod


def waits(name: str, reason: str, message: str = "", *, node: str = "home-1") -> Plain:
    pod = a_pod(name, waiting=reason, node=node)
    pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = message
    return pod


def crashed(name: str, code: int = 1, *, now: str = "waiting", **pod: str) -> Plain:
    """A pod that crashes again and again, of which the container is in one of its three states."""
    end = {"exitCode": code, "reason": "Error", "finishedAt": ago(minutes=1)}
    states: dict[str, dict[str, Any]] = {
        "waiting": {"waiting": {"reason": "CrashLoopBackOff"}},
        "running": {"running": {"startedAt": ago(seconds=50)}},
        "terminated": {"terminated": end},
    }
    plain = a_pod(name, waiting="CrashLoopBackOff", **pod)
    (status,) = plain["status"]["containerStatuses"]
    status |= {"state": states[now], "lastState": {"terminated": end}, "restartCount": 7}
    if now == "running":
        status["ready"] = True
        plain["status"]["conditions"][0]["status"] = "True"
    return plain


def a_daemon_set(ready: int = 0) -> Plain:
    plain = a_thing("DaemonSet", "agent", "apps/v1", desiredNumberScheduled=3)
    plain["status"] |= {"currentNumberScheduled": 3, "updatedNumberScheduled": 3}
    return plain | {"status": plain["status"] | {"numberAvailable": ready, "numberReady": ready}}


def test_three_pods_of_a_daemon_set_that_crash_alike_are_one_root() -> None:
    """However far each of them is in its loop; the message names the others and the workload."""
    pods = [
        of("DaemonSet", "agent", crashed(f"agent-{state[0]}", now=state, node=f"home-{number}"))
        for number, state in enumerate(("waiting", "running", "terminated"))
    ]
    root = only(a_daemon_set(), *pods)
    assert (root.subject.name, root.verdict) == ("agent-w", Verdict.FAILED)
    assert root.message.endswith(
        "The same applies to 2 more pods of DaemonSet apps/agent: agent-r, agent-t."
    )
    assert roots(a_daemon_set(), *pods) == {"agent-w": 3}


def test_pods_of_two_replica_sets_of_a_deployment_are_one_root_and_so_is_what_waited() -> None:
    """The Kustomization, the Deployment, and the pods of the old and of the new revision."""
    unavailable = said("Available", "False", reason="MinimumReplicasUnavailable", minutes=300)
    deployment = a_thing("Deployment", "web", "apps/v1", unavailable, replicas=2, updatedReplicas=1)
    waited = applying(a_kustomization(), "apps_web_apps_Deployment")
    words = "timeout waiting for: [Deployment/apps/web status: 'InProgress']"
    waited["status"]["conditions"] = [
        said("Ready", "False", reason="HealthCheckFailed", message=words)
    ]
    pods = [of("ReplicaSet", f"web-{hash_}", crashed(f"web-{hash_}-x")) for hash_ in ("5d4", "7c9")]
    assert roots(waited, deployment, *pods) == {"web-5d4-x": 3}


def test_an_image_that_cannot_be_had_is_one_root_in_all_the_words_for_it() -> None:
    """The kubelet tells the image with its registry and without."""
    there = 'rpc error: code = NotFound desc = failed to pull image "docker.io/library/web:9": no'
    pods = [
        of("StatefulSet", "db", waits("db-0", "ErrImagePull", there)),
        of(
            "StatefulSet", "db", waits("db-1", "ImagePullBackOff", 'Back-off pulling image "web:9"')
        ),
    ]
    assert roots(*pods) == {"db-0": 1}
    other = waits("db-2", "ImagePullBackOff", 'Back-off pulling image "web:8"')
    assert roots(*pods, of("StatefulSet", "db", other)) == {"db-0": 1, "db-2": 0}


def test_different_reasons_stay_different() -> None:
    """One on a dead node, one with a bad image, one that crashes in another way."""
    node = a_thing(
        "Node", "home-9", "v1", said("Ready", "Unknown", minutes=47, reason="Dead"), namespace=""
    )
    pods = [
        of("DaemonSet", "agent", crashed("agent-a", node="home-9")),
        of("DaemonSet", "agent", waits("agent-b", "ImagePullBackOff", node="home-1")),
        of("DaemonSet", "agent", crashed("agent-c", 2, node="home-2")),
        of("DaemonSet", "agent", crashed("agent-d", 1, node="home-3")),
    ]
    found = roots(node, *pods)
    assert found == {"home-9": 1, "agent-b": 0, "agent-c": 0, "agent-d": 0}


def test_pods_that_lack_the_same_secret_follow_from_what_should_make_it() -> None:
    """Where nobody makes it, they are one root by what they lack."""
    pods = [
        of("StatefulSet", "web", waits(f"web-{number}", "CreateContainerConfigError", words))
        for number, words in enumerate(['secret "db" not found'] * 2 + ['secret "x" not found'])
    ]
    assert roots(*pods) == {"web-0": 1, "web-2": 0}
    failing = an_external_secret("db")
    failing["status"] = {
        "conditions": [said("Ready", "False", reason="SecretSyncedError", minutes=300)]
    }
    assert roots(failing, *pods[:2]) == {"db": 2}


def test_pods_of_other_owners_and_of_nobody_stay_apart() -> None:
    """Even with the same reason: two workloads, a pod alone, and static pods of one node."""
    pods = [
        of("DaemonSet", "agent", crashed("agent-a")),
        of("DaemonSet", "other", crashed("other-a")),
        crashed("alone-a"),
        crashed("alone-b"),
        of("Node", "home-1", crashed("etcd-home-1")),
        of("Node", "home-1", crashed("api-home-1")),
    ]
    assert set(roots(*pods).values()) == {0}


def test_claims_of_one_stateful_set_that_get_no_volume_are_one_root() -> None:
    """With its pods; a claim that wants another class stays apart."""
    words = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    plain = []
    for number, class_ in enumerate(("fast", "fast", "huge")):
        pod = a_thing(
            "Pod",
            f"db-{number}",
            "v1",
            said("PodScheduled", "False", reason="Unschedulable", message=words, minutes=30),
            spec={
                "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": f"d-{number}"}}]
            },
            phase="Pending",
        )
        spec = {"storageClassName": class_}
        claim = a_thing("PersistentVolumeClaim", f"d-{number}", "v1", spec=spec, phase="Pending")
        plain += [of("StatefulSet", "db", pod), claim]
    assert roots(*plain) == {"d-0": 3, "d-2": 1}


def test_many_are_counted() -> None:
    """Five are named."""
    root = only(*(of("DaemonSet", "agent", crashed(f"agent-{number}")) for number in range(9)))
    assert root.message.endswith("agent-1, agent-2, agent-3, agent-4, agent-5 and 3 more.")


def test_one_that_is_mended_leaves_the_others_one_root() -> None:
    """The next by name stands for them."""
    well = a_pod("agent-0")
    pods = [of("DaemonSet", "agent", crashed(f"agent-{number}")) for number in (1, 2)]
    assert roots(of("DaemonSet", "agent", well), *pods) == {"agent-1": 1}
