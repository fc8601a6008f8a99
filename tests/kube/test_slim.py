"""What the watch cache leaves out of a pod decides nothing."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import containers
from bot.domain.resources import core
from bot.domain.resources.base import Condition, Meta
from bot.domain.snapshot import Snapshot
from bot.health.checks import pods
from bot.kube.cache import SLIM, WELL

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TIMES = st.none() | st.integers(0, 120).map(lambda minutes: NOW - timedelta(minutes=minutes))
STATES = st.builds(
    core.ContainerState,
    waiting=st.none() | st.builds(core.Waiting, reason=st.sampled_from(("", *pods.STUCK))),
    terminated=st.none()
    | st.builds(core.Terminated, exit_code=st.integers(0, 1), finished_at=TIMES),
)
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


def test_pods_that_run_well_share_one_status() -> None:
    """Ten thousand of them cost its memory once."""
    said = Condition(type="Ready", status="True", last_transition_time=NOW)
    runs = core.ContainerStatus(name="web", ready=True)
    status = core.PodStatus(phase="Running", conditions=(said,), container_statuses=(runs,))
    slim = SLIM[core.Pod](core.Pod(status=status))
    assert isinstance(slim, core.Pod)
    assert slim.status is WELL
