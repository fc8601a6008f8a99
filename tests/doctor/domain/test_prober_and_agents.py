"""Whether the network can be tested: namespace, permissions, image, agents, and what stayed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.doctor.domain import agents, prober
from bot.doctor.domain.diagnostic import Diagnostic, DiagnosticOutcome
from bot.doctor.domain.facts import AgentsFacts, ClusterFacts, OwnPod, Setup
from bot.domain.facts import Denied
from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.probe import job as jobs
from bot.probe.admitting import Admission, Request, RequestDenied
from bot.probe.job import JobRefused
from tests.doctor.domain.seen import SETUP, a_cluster, failed_with_fix

LOST = NotObserved("no answer")
IMAGE = "meshmedic:1"
"""What the bot of `a_cluster` runs."""


def prober_of(setup: Setup = SETUP, **changes: Any) -> dict[str, Diagnostic]:
    return {each.name: each for each in prober.examine(a_cluster(**changes), setup)}


@pytest.mark.parametrize(
    ("there", "outcome"),
    [
        (True, DiagnosticOutcome.OK),
        (False, DiagnosticOutcome.NOTE),
        (LOST, DiagnosticOutcome.UNOBSERVED),
        (Denied("403"), DiagnosticOutcome.UNOBSERVED),
    ],
)
def test_a_prober_that_is_not_installed_is_a_note(there: object, outcome: DiagnosticOutcome):
    """It is optional, and not seeing it is something else."""
    assert prober_of(probe=there)["prober"].outcome is outcome


def test_what_a_test_left_behind_is_named_with_how_to_remove_it():
    """It is no finding of the health checks, and no incident."""
    refs = tuple(Ref("Pod", "meshmedic-probe", f"listen-{number}") for number in range(6))
    one = prober_of(left_behind=refs[:1])["objects of tests"]
    assert one.outcome is DiagnosticOutcome.WARNING
    assert "1 object of the bot's own tests stayed" in one.observation
    assert "kubectl -n meshmedic-probe delete pod/listen-0`" in one.fix
    many = prober_of(left_behind=refs)["objects of tests"]
    assert "pod/listen-3 and 2 more" in many.observation
    for nothing in ((), LOST, Denied("403")):
        assert "objects of tests" not in prober_of(left_behind=nothing)


def test_settings_for_a_prober_that_is_not_there_are_told():
    """Whoever sets the image of tools wants them; without such a setting it is a choice."""
    setup = replace(SETUP, prober_settings=("MESHMEDIC_TOOL_IMAGE",))
    found = prober_of(setup, probe=False)["prober"]
    assert found.outcome is DiagnosticOutcome.WARNING
    assert "MESHMEDIC_TOOL_IMAGE is set for it, but there is no namespace" in found.observation
    assert "Apply deploy/components/prober" in found.fix
    assert prober_of(setup, probe=True)["prober"].outcome is DiagnosticOutcome.OK


def test_route_checks_without_agents_to_make_them_are_told():
    """A pod each minute would be too heavy, so nothing else makes them."""
    setup = replace(SETUP, route_checks=True)
    (found,) = agents.examine(None, a_cluster(), setup)
    assert found.outcome is DiagnosticOutcome.WARNING
    assert "MESHMEDIC_ROUTE_CHECKS is on, and no agents are installed" in found.observation
    assert "Apply deploy/components/prober-daemonset" in found.fix
    assert not tuple(agents.examine(None, a_cluster(), SETUP))


@pytest.mark.parametrize("right", prober.wanted(), ids=str)
def test_each_right_that_a_test_needs_is_told_by_name(right: Any):
    """Also where another one was not answered."""
    whole = a_cluster().rights
    found = prober_of(probe=True, rights={**whole, right: False})["prober"]
    assert failed_with_fix(found, f"May not {right} in meshmedic-probe", "components/prober again")
    unknown = prober_of(probe=True, rights={**whole, right: LOST})["prober"]
    assert unknown.outcome is DiagnosticOutcome.UNOBSERVED


def test_pods_that_probe_with_another_image_than_the_bot_are_a_warning():
    """The setting is named; an image of the bot's own is fine."""
    other = prober_of(replace(SETUP, probe_image="meshmedic:0"), probe=True)["prober"]
    assert other.outcome is DiagnosticOutcome.WARNING
    assert "run meshmedic:0, and the bot runs meshmedic:1" in other.observation
    assert "MESHMEDIC_PROBE_IMAGE" in other.fix
    same = prober_of(replace(SETUP, probe_image=IMAGE), probe=True)["prober"]
    assert same.outcome is DiagnosticOutcome.OK


def an_agent(node: str, *, image: str = IMAGE, trouble: str = "", ready: bool = True) -> OwnPod:
    return OwnPod("meshmedic-probe", f"meshmedic-probe-{node}", node, image, ready, trouble)


AGENTS = AgentsFacts((an_agent("n1"), an_agent("n2")), 2, refusals={})


def agents_of(
    facts: AgentsFacts | Denied | NotObserved | None, cluster: ClusterFacts | None = None
) -> Diagnostic | None:
    found = tuple(agents.examine(facts, cluster or a_cluster(), SETUP))
    assert len(found) <= 1
    return found[0] if found else None


def test_agents_that_do_what_the_bot_signs_are_well_and_none_are_no_topic():
    """A process that signs nothing can say no more than that they are ready."""
    found = agents_of(AGENTS)
    assert found
    assert (found.outcome, found.observation) == (
        DiagnosticOutcome.OK,
        "2 of 2 did a job that the bot signed.",
    )
    unsigned = agents_of(replace(AGENTS, refusals=None))
    assert unsigned
    assert unsigned.observation == "2 of 2 are ready."
    assert agents_of(None) is None


@pytest.mark.parametrize("lost", [LOST, Denied("403")])
def test_agents_that_could_not_be_read_are_not_seen(lost: NotObserved | Denied):
    found = agents_of(lost)
    assert found
    assert found.outcome is DiagnosticOutcome.UNOBSERVED


REFUSED = "it refused the job: no key that is known here and still good signed this"
UNREACHABLE = "no answer from 10.42.1.9 in time"


@pytest.mark.parametrize(
    ("facts", "outcome", "saw", "fix"),
    [
        (
            replace(AGENTS, knows_bot=None, refusals=None),
            DiagnosticOutcome.FAILED,
            "no ConfigMap meshmedic-probe/meshmedic-probe-keys",
            "prober-daemonset again",
        ),
        (
            replace(AGENTS, knows_bot=False, refusals={"n1": REFUSED}),
            DiagnosticOutcome.FAILED,
            "lacks the bot's key",
            "within a minute",
        ),
        (
            replace(AGENTS, has_peers=False),
            DiagnosticOutcome.FAILED,
            "no ConfigMap meshmedic-probe/meshmedic-probe-peers",
            "prober-daemonset again",
        ),
        (
            replace(
                AGENTS, pods=(an_agent("n1"), an_agent("n2", ready=False, trouble="ErrImagePull"))
            ),
            DiagnosticOutcome.WARNING,
            "1 of 2 are ready: n2: ErrImagePull.",
            "get pods -o wide",
        ),
        (
            replace(AGENTS, pods=(an_agent("n1"),)),
            DiagnosticOutcome.WARNING,
            "1 of 2 are ready.",
            "get pods -o wide",
        ),
        (
            replace(AGENTS, refusals={"n1": REFUSED, "n2": REFUSED}),
            DiagnosticOutcome.FAILED,
            "on n1, n2 do not do the bot's jobs: it refused the job: no key",
            "within two minutes",
        ),
        (
            replace(AGENTS, refusals={"n1": UNREACHABLE}),
            DiagnosticOutcome.FAILED,
            "on n1 do not do the bot's jobs: no answer from 10.42.1.9",
            "NetworkPolicies `meshmedic-probe-agents`",
        ),
        (
            replace(AGENTS, pods=(an_agent("n1"), an_agent("n2", image="meshmedic:0"))),
            DiagnosticOutcome.WARNING,
            "They run meshmedic:0, and the bot runs meshmedic:1",
            "with the image of the bot",
        ),
    ],
)
def test_the_first_fault_of_agents_is_told_since_the_others_follow(
    facts: AgentsFacts, outcome: DiagnosticOutcome, saw: str, fix: str
):
    """One line, with what to do."""
    found = agents_of(facts)
    assert found
    assert found.outcome is outcome
    assert saw in found.observation
    assert fix in found.fix


def test_a_key_that_is_new_is_on_its_way_and_no_fault():
    """A kubelet takes up to two minutes; an agent that nobody reaches is a fault at once."""
    fresh = replace(AGENTS, told_ago=40.0, refusals={"n2": REFUSED})
    found = agents_of(fresh)
    assert found
    assert (found.outcome, found.observation) == (
        DiagnosticOutcome.NOTE,
        "The bot's key is new, and has not reached n2 yet.",
    )
    unreached = agents_of(replace(fresh, refusals={"n1": UNREACHABLE, "n2": REFUSED}))
    assert unreached
    assert unreached.outcome is DiagnosticOutcome.FAILED
    late = agents_of(replace(fresh, told_ago=200.0))
    assert late
    assert late.outcome is DiagnosticOutcome.FAILED


def _expired() -> None:
    jobs.read(b'{"id": "a", "expires": 1}', 121.0)


def _from_the_future() -> None:
    headers = (("meshmedic-node", "n1"), ("meshmedic-issued", "121000"))
    signed = (*headers, ("meshmedic-signature", "00" * 384))
    Admission("n1", Path("keys"), 0.0).look(Request("POST", "/jobs", signed), 1.0)


@pytest.mark.parametrize("refuses", [_expired, _from_the_future])
def test_an_agent_that_refuses_by_its_clock_sends_nobody_to_network_policies(
    refuses: Callable[[], None],
):
    """Also while the key is new; beside another reason both are told."""
    with pytest.raises((JobRefused, RequestDenied)) as refusal:
        refuses()
    why = f"it refused the job: {refusal.value}"
    for told_ago in (40.0, 200.0):
        found = agents_of(replace(AGENTS, told_ago=told_ago, refusals={"n1": why}))
        assert found
        assert failed_with_fix(found, "120 s", "Compare the clocks")
        assert "NetworkPolicies" not in found.fix
    both = agents_of(replace(AGENTS, refusals={"n1": why, "n2": UNREACHABLE}))
    assert both
    assert "Compare the clocks" in both.fix
    assert "NetworkPolicies" in both.fix
