"""Which container holds up a pod."""

from typing import Any

from bot.domain.finding import Judgement
from bot.domain.verdict import Verdict
from bot.health.checks import pods
from tests.builders import Plain, an_object
from tests.health.checks.conditioned import owned_by, said
from tests.net.networks import ago, judged

ENDED = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": ago(hours=2)}}
RUNS = {"running": {"startedAt": ago(hours=2)}}
WAITS = {"waiting": {"reason": "PodInitializing"}}


def status(name: str, state: Plain, **rest: Any) -> Plain:
    return {"name": name, "ready": False, "restartCount": 0, "state": state, **rest}


def a_pod_of(
    *main: Plain,
    init: tuple[Plain, ...] = (),
    native: tuple[str, ...] = (),
    minutes: float = 90,
    job: str = "",
    phase: str = "Running",
    policy: str = "Never",
) -> Judgement:
    """The judgement on a pod that is not ready, with these container statuses."""
    unready = said("Ready", "False", reason="ContainersNotReady", minutes=minutes)
    spec = {
        "nodeName": "home-1",
        "restartPolicy": policy,
        "containers": [{"name": each["name"]} for each in main],
        "initContainers": [
            {
                "name": each["name"],
                **({"restartPolicy": "Always"} if each["name"] in native else {}),
            }
            for each in init
        ],
    }
    plain = an_object(
        "Pod",
        "backup-1",
        spec=spec,
        status={
            "phase": phase,
            "conditions": [unready],
            "initContainerStatuses": list(init),
            "containerStatuses": list(main),
        },
    )
    plain["metadata"] |= owned_by("Job", job) if job else {}
    return judged(pods.judge, plain)


def evidence(judgement: Judgement) -> dict[str, str]:
    return {each.label: each.value for each in judgement.evidence}


def test_an_init_container_that_does_not_end_is_named() -> None:
    """The second of two: the first is done, and the third has not begun."""
    init = (status("migrate", ENDED), status("wait-for-db", RUNS), status("seed", WAITS))
    found = a_pod_of(status("app", WAITS), init=init, phase="Pending")
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "PodInitializing")
    assert found.message.startswith("Init container wait-for-db still runs and does not end.")
    assert evidence(found)["container"] == "wait-for-db"


def test_an_init_container_may_take_some_minutes() -> None:
    """It is under way, as any start is."""
    init = (status("wait-for-db", RUNS),)
    found = a_pod_of(status("app", WAITS), init=init, minutes=2, phase="Pending")
    assert found.verdict is Verdict.PROGRESSING


def test_a_native_sidecar_that_does_not_start_is_named() -> None:
    """Its startup probe fails, so nothing after it begins."""
    init = (status("proxy", RUNS, started=False), status("migrate", WAITS))
    found = a_pod_of(status("app", WAITS), init=init, native=("proxy",), phase="Pending")
    assert found.verdict is Verdict.DEGRADED
    assert "Native sidecar proxy runs, but its startup probe" in found.message


def test_a_native_sidecar_that_started_does_not_hold_up_what_comes_after_it() -> None:
    """The init container behind it does."""
    init = (status("proxy", RUNS, started=True, ready=True), status("wait-for-db", RUNS))
    found = a_pod_of(status("app", WAITS), init=init, native=("proxy",), phase="Pending")
    assert found.message.startswith("Init container wait-for-db")


def test_a_native_sidecar_that_is_not_ready_is_named() -> None:
    """The containers that it serves are ready."""
    init = (status("proxy", RUNS, started=True),)
    found = a_pod_of(status("app", RUNS, ready=True), init=init, native=("proxy",))
    assert found.message.startswith("Native sidecar proxy is not ready.")


def test_a_sidecar_that_runs_on_keeps_its_job_from_completing() -> None:
    """The work is done, and was done well."""
    main = (status("backup", ENDED), status("tailscale", RUNS, ready=True))
    found = a_pod_of(*main, job="backup")
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "SidecarRunsOn")
    assert found.message.startswith(
        "Container backup succeeded, but tailscale still runs, so Job backup does not complete."
    )
    assert evidence(found)["container"] == "tailscale"


def test_a_sidecar_runs_on_after_work_that_failed() -> None:
    """So that the Job cannot even try again; the failure comes first."""
    failed = {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": ago(hours=2)}}
    main = (status("backup", failed), status("istio-proxy", RUNS, ready=True))
    found = a_pod_of(*main, job="backup")
    assert found.verdict is Verdict.DEGRADED
    assert found.message.startswith("Container backup ended: Error, exit code 3")
    assert "istio-proxy still runs, so Job backup does not complete" in found.message


def test_a_native_sidecar_that_does_not_obey_is_named() -> None:
    """The kubelet ends it after the last container."""
    init = (status("proxy", RUNS, started=True, ready=True),)
    found = a_pod_of(status("backup", ENDED), init=init, native=("proxy",), job="backup")
    assert "native sidecar proxy still runs, so Job backup does not complete" in found.message


def test_a_container_that_waits_is_told_by_the_kubelet() -> None:
    """No container holds up a pod whose volumes are not there yet."""
    found = a_pod_of(status("app", {"waiting": {"reason": "ContainerCreating"}}), phase="Pending")
    assert found.reason == "ContainerCreating"


def test_a_container_that_is_restarted_leaves_no_sidecar_running_on() -> None:
    """A Deployment's always, a Job's after a failure, where it says so."""
    failed = {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": ago(hours=2)}}
    proxy = status("proxy", RUNS, ready=True)
    assert "still runs" not in a_pod_of(status("app", ENDED), proxy, policy="Always").message
    again = a_pod_of(status("backup", failed), proxy, job="backup", policy="OnFailure")
    assert (again.verdict, again.reason) == (Verdict.DEGRADED, "Error")
    assert "still runs" not in again.message


def test_a_job_whose_main_container_still_works_is_well_though_a_helper_is_done() -> None:
    """The main container is the first, and the helper ended as it should."""
    main = status("encode", RUNS, ready=True)
    assert a_pod_of(main, status("fetch", ENDED), job="encode").verdict is Verdict.HEALTHY
    failed = {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": ago(hours=2)}}
    found = a_pod_of(main, status("fetch", failed), job="encode")
    assert found.verdict is Verdict.DEGRADED
    assert "still runs" not in found.message


def test_a_sidecar_that_comes_before_the_work_runs_on_after_it_too() -> None:
    """The first container need not be the main one."""
    main = (status("gluetun", RUNS, ready=True), status("backup", ENDED))
    assert a_pod_of(*main, job="backup").reason == "SidecarRunsOn"
