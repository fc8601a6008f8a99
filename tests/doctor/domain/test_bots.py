"""The bot's own pods: those that cannot work, and those of a second install."""

from dataclasses import replace
from typing import Any

import pytest

from bot.doctor.domain import bots
from bot.doctor.domain.diagnostic import DiagnosticOutcome
from bot.doctor.domain.facts import OwnPod
from bot.doctor.domain.own_pods import own_pod
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved
from bot.domain.resources import core
from bot.domain.resources.decode import read_object
from tests.builders import a_pod
from tests.doctor.domain.seen import SETUP, a_cluster, failed_with_fix

ONE = OwnPod("meshmedic", "meshmedic-1", "n1", "meshmedic:1", ready=True)
ZONE = "MESHMEDIC_DIGEST_TIMEZONE: this system does not know that time zone."


def test_pods_that_are_ready_are_counted_and_one_that_starts_is_no_fault():
    """A rollout takes a while."""
    found = bots.examine(a_cluster(bots=(ONE, replace(ONE, name="two", ready=False))), SETUP)
    assert (found.outcome, found.observation) == (DiagnosticOutcome.OK, "1 of 2 are ready.")


def test_a_pod_that_ends_again_and_again_is_named_with_its_last_words():
    """The others answer, and only they can tell."""
    bad = replace(ONE, name="two", ready=False, trouble=f"it ended with code 1 ({ZONE})")
    found = bots.examine(a_cluster(bots=(ONE, bad)), SETUP)
    assert failed_with_fix(found, "two on n1: it ended with code 1 (MESHMEDIC_DIGEST", "logs two")


def test_a_bot_in_another_namespace_is_a_second_leader():
    """One that is not ready acts no more, and is no fault."""
    other = replace(ONE, namespace="default")
    found = bots.examine(a_cluster(bots=(ONE, other)), SETUP)
    assert found.outcome is DiagnosticOutcome.WARNING
    assert "in default as well as in meshmedic" in found.observation
    resting = bots.examine(a_cluster(bots=(ONE, replace(other, ready=False))), SETUP)
    assert resting.outcome is DiagnosticOutcome.OK


@pytest.mark.parametrize("lost", [NotObserved("no answer"), Denied("403"), Denied()])
def test_pods_that_could_not_be_listed_are_not_seen(lost):
    found = bots.examine(a_cluster(bots=lost), SETUP)
    assert found.outcome is DiagnosticOutcome.UNOBSERVED
    assert found.observation


def test_a_bot_on_a_laptop_finds_none():
    assert bots.examine(a_cluster(bots=()), SETUP).outcome is DiagnosticOutcome.NOTE


def told(state: dict[str, Any], last: dict[str, Any] | None = None, **status: Any) -> str:
    pod = a_pod("meshmedic-1", namespace="meshmedic")
    container = {"name": "meshmedic", "ready": False, "state": state, "lastState": last or {}}
    conditions = [{"type": "Ready", "status": "False"}]
    pod["status"] |= {"containerStatuses": [container], "conditions": conditions, **status}
    return own_pod(read_object(pod, core.Pod), "meshmedic").trouble


def test_the_kubelets_words_say_whether_a_pod_becomes_ready_by_itself():
    """A crash loop by its last end, an image by its reason; a start is neither."""
    ended = {"terminated": {"exitCode": 1, "message": f"a line\n{ZONE}\n"}}
    loop = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    assert told(loop, ended) == f"it ended with code 1 ({ZONE[:-1]})"
    assert told(ended) == f"it ended with code 1 ({ZONE[:-1]})"
    pulling = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling "x:1"'}}
    assert told(pulling) == 'ImagePullBackOff (Back-off pulling "x:1")'
    assert told({"waiting": {"reason": "ContainerCreating"}}) == ""
    assert told({"running": {}}, ended) == ""
    homeless = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}
    assert told({}, conditions=[homeless]) == "no node takes it (0/3 nodes are available)"
