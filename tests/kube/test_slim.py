"""What the watch cache leaves out of a pod or a workload decides nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import containers
from bot.domain.resources import apps, core
from bot.domain.resources.base import Condition, Meta, Object
from bot.domain.snapshot import Snapshot
from bot.health.checks import pods, workloads
from bot.kube.cache import ROLLED_OUT, SLIM
from bot.net.route_checks.plan import plan
from bot.routing.addresses import pod_addresses
from tests.net.route_checks.sites import a_backend, a_cluster, a_site, a_traefik

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TIMES = st.none() | st.integers(0, 120).map(lambda minutes: NOW - timedelta(minutes=minutes))
STATES = st.builds(
    core.ContainerState,
    waiting=st.none() | st.builds(core.Waiting, reason=st.sampled_from(("", *pods.STUCK))),
    terminated=st.none()
    | st.builds(core.Terminated, exit_code=st.integers(0, 1), finished_at=TIMES),
)
ADDRESSES = ("10.42.0.5", "fd00::5")
CONTAINERS = st.lists(
    st.builds(
        core.ContainerStatus,
        name=st.just("web"),
        ready=st.sampled_from((True, True, False)),
        restart_count=st.sampled_from((0, 0, 3)),
        state=STATES,
        last_state=STATES,
    ),
    max_size=2,
).map(tuple)
CONDITIONS = st.lists(
    st.builds(
        Condition,
        type=st.sampled_from(("Ready", "PodScheduled", "DisruptionTarget")),
        status=st.sampled_from(("True", "False")),
        reason=st.sampled_from(("", "Unschedulable", "TerminationByKubelet")),
        last_transition_time=TIMES,
    ),
    max_size=3,
).map(tuple)
STATUSES = st.builds(
    core.PodStatus,
    phase=st.sampled_from(("Running", "Running", "Pending", "Failed", "Succeeded", "Odd")),
    conditions=CONDITIONS,
    container_statuses=CONTAINERS,
    init_container_statuses=CONTAINERS,
    pod_ip=st.sampled_from(("", "10.42.0.5")),
    pod_ips=st.none() | st.lists(st.sampled_from(ADDRESSES).map(core.PodIP), max_size=2).map(tuple),
)
META = st.builds(Meta, name=st.just("web"), deletion_timestamp=TIMES)
SPECS = st.builds(core.PodSpec, node_name=st.sampled_from(("", "home-1")))


@given(st.builds(core.Pod, metadata=META, spec=SPECS, status=STATUSES))
def test_a_slim_pod_is_judged_as_the_whole_one(pod: core.Pod) -> None:
    """The same judgement in every word, and as ready for its Service."""
    slim = SLIM[core.Pod](pod)
    assert isinstance(slim, core.Pod)
    nothing = Snapshot(NOW)
    assert pods.judge(slim, nothing) == pods.judge(pod, nothing)
    assert containers.is_ready(slim) == containers.is_ready(pod)
    if pod.status.pod_ip:
        assert pod_addresses(slim) == pod_addresses(pod)


@pytest.mark.parametrize("addresses", [("10.42.1.5",), ("10.42.1.5", "fd00::5")])
def test_route_checks_are_planned_by_slim_pods_as_by_whole_ones(addresses: tuple[str, ...]) -> None:
    """Behind a login the port of the backend is asked, whose pod must own the address."""
    service, slice_, pod = a_backend()
    pod["status"]["podIPs"] = [{"ip": address} for address in addresses]
    plain = (service, slice_, pod, a_site(), a_traefik())
    whole = a_cluster(*plain, traefik=())
    kept = tuple(map(SLIM[core.Pod], whole.of(core.Pod)))
    slim = replace(whole, objects={**whole.objects, core.Pod: kept})
    assert plan(slim) == plan(whole)
    assert plan(slim).checks[0].ports


def slim_status(ready_since: datetime, name: str) -> core.PodStatus:
    """What is kept of the status of a pod that runs well."""
    said = Condition(type="Ready", status="True", last_transition_time=ready_since)
    runs = core.ContainerStatus(name=name, ready=True)
    status = core.PodStatus(phase="Running", conditions=(said,), container_statuses=(runs,))
    slim = SLIM[core.Pod](core.Pod(status=status))
    assert isinstance(slim, core.Pod)
    return slim.status


def test_pods_that_run_well_since_one_moment_share_one_status() -> None:
    """Ten thousand of them cost its memory once."""
    assert slim_status(NOW, "web") is slim_status(NOW, "other")


def test_of_a_pod_that_runs_well_it_is_known_since_when_it_is_ready() -> None:
    """Requests that failed before tell nothing of it now."""
    earlier = NOW - timedelta(minutes=5)
    for moment in (earlier, NOW):
        (ready,) = slim_status(moment, "web").conditions
        assert (ready.status, ready.last_transition_time) == ("True", moment)


COUNTS = st.sampled_from((0, 1, 2))
SAID = st.lists(
    st.builds(
        Condition,
        type=st.sampled_from(("Available", "Progressing", "ReplicaFailure")),
        status=st.sampled_from(("True", "True", "False")),
        reason=st.sampled_from(("NewReplicaSetAvailable", "ProgressDeadlineExceeded")),
        last_transition_time=TIMES,
    ),
    max_size=3,
).map(tuple)
ROLLOUTS = st.builds(
    apps.WorkloadStatus,
    observed_generation=st.sampled_from((None, 1, 2)),
    replicas=COUNTS,
    ready_replicas=COUNTS,
    available_replicas=COUNTS,
    updated_replicas=COUNTS,
    current_replicas=COUNTS,
    update_revision=st.sampled_from(("", "b")),
    conditions=SAID,
)
SPREADS = st.builds(
    apps.DaemonSetStatus,
    observed_generation=st.sampled_from((None, 1, 2)),
    desired_number_scheduled=st.none() | COUNTS,
    current_number_scheduled=COUNTS,
    updated_number_scheduled=COUNTS,
    number_available=COUNTS,
    number_ready=COUNTS,
)
WRITES = st.lists(
    st.builds(apps.FieldsWriter, subresource=st.sampled_from(("", "status")), time=TIMES),
    max_size=2,
).map(tuple)
WRITTEN = st.builds(
    apps.WrittenMeta,
    name=st.just("web"),
    generation=st.just(2),
    creation_timestamp=TIMES,
    deletion_timestamp=st.none() | TIMES,
    managed_fields=WRITES,
)
WANTED = st.builds(
    apps.WorkloadSpec,
    replicas=COUNTS,
    paused=st.sampled_from((False, False, True)),
    progress_deadline_seconds=st.sampled_from((None, 600)),
)


@given(
    st.builds(apps.Deployment, metadata=WRITTEN, spec=WANTED, status=ROLLOUTS)
    | st.builds(apps.StatefulSet, metadata=WRITTEN, spec=WANTED, status=ROLLOUTS)
    | st.builds(apps.DaemonSet, metadata=WRITTEN, spec=WANTED, status=SPREADS)
)
def test_a_slim_workload_is_judged_as_the_whole_one(workload: Object) -> None:
    """The same judgement in every word."""
    judge, nothing = workloads.CHECK.judges[type(workload)], Snapshot(NOW)
    assert judge(SLIM[type(workload)](workload), nothing) == judge(workload, nothing)


def test_a_workload_that_is_not_available_yet_is_kept_whole() -> None:
    """Its pods may be ready and too young: since when it waits is told by who wrote its status."""
    counts = dict.fromkeys(WHOLE, 1) | {"available_replicas": 0}
    written = (apps.FieldsWriter(subresource="status", time=NOW),)
    deployment = apps.Deployment(
        metadata=apps.WrittenMeta(name="web", generation=2, managed_fields=written),
        spec=apps.WorkloadSpec(replicas=1),
        status=apps.WorkloadStatus(observed_generation=2, **counts),
    )
    assert SLIM[apps.Deployment](deployment) == deployment


WHOLE = ("replicas", "ready_replicas", "available_replicas", "updated_replicas")


def test_workloads_that_have_their_pods_keep_little() -> None:
    """The writers and the template are left out."""
    mute = {"meshmedic.dev/mute": "true"}
    said = (
        Condition(type="Available", status="True", message="It has them all."),
        Condition(type="Progressing", status="True", reason="NewReplicaSetAvailable"),
    )
    counts = dict.fromkeys(WHOLE, 1)
    deployment = apps.Deployment(
        metadata=apps.WrittenMeta(
            annotations=mute,
            managed_fields=(apps.FieldsWriter(),),
        ),
        spec=apps.WorkloadSpec(
            template=apps.PodTemplate(metadata=apps.LabelledMeta(labels={"a": "b"}))
        ),
        status=apps.WorkloadStatus(observed_generation=0, conditions=said, **counts),
    )
    slim = SLIM[apps.Deployment](deployment)
    assert isinstance(slim, apps.Deployment)
    assert slim.metadata == apps.WrittenMeta(annotations=mute)
    assert slim.spec.template == apps.PodTemplate()
    assert slim.status.conditions is ROLLED_OUT


def test_the_image_and_address_of_a_traefik_without_the_label_are_kept() -> None:
    """By them it is known, and its version."""
    pod = core.Pod(
        metadata=Meta(name="second", namespace="edge"),
        spec=core.PodSpec(containers=(core.Container(name="main", image="traefik:v3.6.2"),)),
        status=core.PodStatus(
            phase="Running",
            pod_ip="10.42.0.9",
            conditions=(Condition(type="Ready", status="True"),),
            container_statuses=(core.ContainerStatus(name="main", ready=True),),
        ),
    )
    kept = SLIM[core.Pod](pod)
    assert isinstance(kept, core.Pod)
    assert (kept.spec.containers[0].image, kept.status.pod_ip) == ("traefik:v3.6.2", "10.42.0.9")
