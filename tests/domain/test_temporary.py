"""What the bot makes for a test, by the very manifests that it makes it from."""

from typing import Any

import pytest

from bot.domain.resources.decode import read_object
from bot.domain.resources.discovery import EndpointSlice
from bot.domain.temporary import LABELS, temporary
from bot.health.offline import type_of
from bot.net.probing import manifests
from bot.net.probing.protocol import ProbedBackend, ProbeJob
from tests.builders import Plain, a_pod, an_object
from tests.test_deploy import only

ANCHOR = manifests.anchor_job("anchor-1", "image", 60)
ANCHOR["metadata"]["uid"] = "u-1"
PROBE = manifests.probe_job(ProbeJob(id="probe-1", expires=0.0), node="n1", image="i", seconds=60)
TOOL = manifests.tool_job("tool-1", ("ping",), node="n1", image="i", seconds=60)


def owned(made: Plain, kind: str, **more: Any) -> Plain:
    """As a controller of that kind makes it."""
    owner = {"kind": kind, "name": "owner", "controller": True}
    return {**made, "metadata": {**made["metadata"], "ownerReferences": [owner], **more}}


def pod_of(workload: Plain) -> Plain:
    """The pod that a controller makes from a workload's template, in its namespace."""
    labels = workload["spec"]["template"]["metadata"]["labels"]
    made = a_pod("some-pod", namespace=workload["metadata"]["namespace"])
    return owned(made, workload["kind"], labels=dict(labels))


def is_temporary(plain: Plain) -> bool:
    return temporary(read_object(plain, type_of(plain)))


MADE = {
    "a prober's or listener's Job": PROBE,
    "its pod": pod_of(PROBE),
    "a tool's Job": TOOL,
    "its pod too": pod_of(TOOL),
    "an anchor": ANCHOR,
    "a sole Service": manifests.sole_service("sole-1", 80, ANCHOR),
    "one whose anchor could not be made": manifests.sole_service("sole-1", 80, None),
    "its slice": manifests.sole_slice("sole-1", ProbedBackend("10.42.0.9", 80), ANCHOR),
}


@pytest.mark.parametrize("what", MADE)
def test_what_the_prober_makes_is_temporary(what: str):
    """Jobs, their pods, Services and slices."""
    assert is_temporary(MADE[what])


def test_an_agent_stays():
    """By the DaemonSet that is deployed, and where its pods carry the label of all that is."""
    agent = pod_of(only("components/prober-daemonset/agents.yaml", "DaemonSet"))
    assert not is_temporary(agent)
    agent["metadata"]["labels"] |= LABELS
    assert not is_temporary(agent)


@pytest.mark.parametrize("kind", ["DaemonSet", "ReplicaSet", "StatefulSet"])
def test_what_a_workload_keeps_stays_whatever_it_is_labelled(kind: str):
    """The bot makes Jobs alone."""
    assert not is_temporary(owned(pod_of(PROBE), kind))


@pytest.mark.parametrize(
    "metadata",
    [
        {"namespace": "apps"},
        {"labels": None},
        {"labels": {"app": "web"}},
        {"labels": {"app.kubernetes.io/managed-by": "Helm"}},
    ],
)
def test_neither_the_label_nor_the_namespace_alone_hides_anything(metadata: dict[str, Any]):
    """A tenant may write any label on his own pod."""
    made = pod_of(PROBE)
    made["metadata"] |= metadata
    assert not is_temporary(made)


def test_a_route_that_a_repair_made_stays():
    """It is labelled as managed by the bot, and stands where the Ingress stood."""
    made = an_object("IngressRoute", "web", "traefik.io/v1alpha1", spec={"routes": []})
    made["metadata"]["labels"] = dict(LABELS)
    assert not is_temporary(made)
    assert not temporary(EndpointSlice())
