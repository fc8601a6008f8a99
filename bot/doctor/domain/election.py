"""Who of the bot's processes acts, and whether this account may keep the bot's state."""

from __future__ import annotations

from bot.doctor.domain.cluster import BASE, joined
from bot.doctor.domain.examination import Area, Examination, Outcome
from bot.doctor.domain.facts import ClusterFacts, Held, Right, Setup
from bot.domain.facts import Denied
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
    """What the bot needs in its own namespace: its records, its Lease, its Changes."""
    place = setup.state_namespace
    if not place:
        return ()
    return (
        *(Right(verb, "", "configmaps", place) for verb in ("get", "create", "update")),
        Right("create", GROUP, "leases", place),
        *(Right(verb, GROUP, "leases", place, LEASE) for verb in ("get", "update", "watch")),
        *(Right(verb, "meshmedic.dev", "changes", place) for verb in ("list", "watch")),
    )


def leader(facts: ClusterFacts, setup: Setup) -> Examination:
    """Who acts, and since when nothing was heard of it."""
    place = setup.state_namespace
    look = f"Look at the bot's pods and their logs: kubectl -n {place} get pods."
    if not place:
        return _said(Outcome.NOTE, ALONE)
    match facts.lease:
        case NotObserved(why):
            return _said(Outcome.UNSEEN, why)
        case Denied(why):
            return _said(Outcome.FAILED, why, GRANT)
        case None:
            saw = f"There is no Lease {place}/{LEASE} yet: no bot has acted there."
            return _said(Outcome.WARNING, saw, look)
        case Held(holder="", renewed_ago=ago):
            saw = f"Nobody acts: the last one gave the Lease back{_ago(ago)}."
            return _said(Outcome.WARNING, saw, look)
        case Held(holder, ago, duration):
            if ago is None or ago > duration + CLOCKS:
                saw = f"Nobody acts: {holder} renewed the Lease last{_ago(ago)}."
                return _said(Outcome.FAILED, saw, look)
            return _said(Outcome.OK, f"{holder} acts, and renewed its Lease{_ago(ago)}.")


def keeping(facts: ClusterFacts, setup: Setup) -> Examination:
    """Whether the Lease and the records may be written."""
    rights = wanted(setup)
    if not rights:
        return Examination(Area.ACCESS, "state", Outcome.NOTE, ALONE)
    lost = (
        facts.version
        if isinstance(facts.version, NotObserved)
        else NotObserved("It was not asked.")
    )
    answers = {right: facts.rights.get(right, lost) for right in rights}
    refused = [right for right, answer in answers.items() if answer is False]
    if refused:
        saw = f"May not {joined(refused)} in {setup.state_namespace}."
        return Examination(Area.ACCESS, "state", Outcome.FAILED, saw, GRANT)
    for answer in answers.values():
        if isinstance(answer, NotObserved):
            return Examination(Area.ACCESS, "state", Outcome.UNSEEN, answer.why)
    saw = f"May keep its Lease and its state in {setup.state_namespace}."
    return Examination(Area.ACCESS, "state", Outcome.OK, saw)


def _ago(seconds: float | None) -> str:
    return "" if seconds is None else f" {max(0.0, seconds):.0f} s ago"


def _said(outcome: Outcome, saw: str, fix: str = "") -> Examination:
    return Examination(Area.CLUSTER, "election", outcome, saw, fix)
