"""Which of the bot's processes acts, and whether this account may store the bot's state."""

from __future__ import annotations

from bot.doctor.domain.cluster import BASE, answered, permitted
from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import ClusterFacts, LeaseFacts, Right, Setup
from bot.domain.facts import Denied
from bot.domain.record import NAMES, PREFIX
from bot.domain.refusal import NotObserved

LEASE = "meshmedic"
GROUP = "coordination.k8s.io"
GRANT = f"Apply {BASE} again: it grants this to the service account meshmedic."
ALONE = (
    "Outside a cluster, and without MESHMEDIC_STATE_NAMESPACE, a process is alone: it always acts, "
    "and keeps nothing over a restart."
)

CLOCKS = 30.0
"""Seconds that two machines' clocks may differ before a Lease is called expired."""


def wanted(setup: Setup) -> tuple[Right, ...]:
    """The rights in its own namespace for records, Lease, Changes, and Events on its pod."""
    place = setup.state_namespace
    if not place:
        return ()
    return (
        Right("create", "", "configmaps", place),
        *(
            Right(verb, "", "configmaps", place, f"{PREFIX}{name}")
            for name in NAMES
            for verb in ("get", "update")
        ),
        Right("create", GROUP, "leases", place),
        *(Right(verb, GROUP, "leases", place, LEASE) for verb in ("get", "update", "watch")),
        *(Right(verb, "meshmedic.dev", "changes", place) for verb in ("list", "watch")),
        Right("create", "", "events", place),
    )


def leader(facts: ClusterFacts, setup: Setup) -> Diagnostic:
    """Which process acts, and how long ago it renewed the Lease."""
    topic = Topic(Area.CLUSTER, "election")
    namespace = setup.state_namespace
    look = f"Check the bot's pods and their logs: `kubectl -n {namespace} get pods`."
    if not namespace:
        return topic.note(ALONE)
    match facts.lease:
        case NotObserved(why):
            return topic.unobserved(why)
        case Denied(why):
            return topic.failed(why, GRANT)
        case None:
            observation = f"There is no Lease {namespace}/{LEASE} yet: no bot has led there."
            return topic.warning(observation, look)
        case LeaseFacts(holder="", renewed_ago=ago):
            observation = f"No process leads: the last leader released the Lease{_ago(ago)}."
            return topic.warning(observation, look)
        case LeaseFacts(holder, ago, duration):
            if ago is None or ago > duration + CLOCKS:
                observation = f"No process leads: {holder} last renewed the Lease{_ago(ago)}."
                return topic.failed(observation, look)
            return topic.ok(f"{holder} leads, and renewed its Lease{_ago(ago)}.")


def state_access(facts: ClusterFacts, setup: Setup) -> Diagnostic:
    """Whether the Lease and the records may be written."""
    topic = Topic(Area.ACCESS, "state")
    namespace = setup.state_namespace
    if not namespace:
        return topic.note(ALONE)
    granted = f"It may store its Lease and its state in {namespace}."
    return permitted(topic, answered(facts, wanted(setup)), f" in {namespace}", granted)


def _ago(seconds: float | None) -> str:
    return "" if seconds is None else f" {max(0.0, seconds):.0f} s ago"
