"""Whether the admission policies hold: each was tried with what it must refuse.

RBAC alone allows more than a component needs, and the policy narrows it. A policy without its
binding refuses nothing, and nothing else shows that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import ClusterFacts
from bot.domain.refusal import NotObserved

POLICIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "remediation": (
            "meshmedic-approver",
            "an approved change may write more than the fields that plans change",
        ),
        "exec": ("meshmedic-exec", "the bot may run commands in every pod beside Traefik's"),
        "traefik-api": ("meshmedic-traefik-api", "the bot may read every port of those pods"),
    }
)
"""By component: its policy, and what is open without it."""


def examine(facts: ClusterFacts) -> Iterator[Diagnostic]:
    """One diagnostic for each component that is installed."""
    for component, held in facts.guards.items():
        policy, opened = POLICIES[component]
        topic = Topic(Area.ACCESS, f"policy of {component}")
        if isinstance(held, NotObserved):
            yield topic.unobserved(held.why)
        elif held:
            yield topic.ok("It refused what it must.")
        else:
            yield topic.failed(
                f"The admission policy {policy} did not refuse what it must: {opened}.",
                f"Apply deploy/components/{component} again: it has the policy and its binding.",
            )
