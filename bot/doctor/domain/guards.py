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

BASE = "base"
POLICIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        BASE: ("meshmedic-account", "a later role might let the bot write more than it ever does"),
        "prober": (
            "meshmedic-probe-services",
            "the bot may lead anybody's traffic to a Service of its own (CVE-2020-8554)",
        ),
        "remediation": (
            "meshmedic-approver",
            "an approved change may write more than the fields that plans change",
        ),
        "exec": ("meshmedic-exec", "the bot may run any command, in every pod besides Traefik's"),
        "traefik-api": ("meshmedic-traefik-api", "the bot may read every port of those pods"),
    }
)
"""By component, or the base: its policy, and what is open without it."""


def examine(facts: ClusterFacts) -> Iterator[Diagnostic]:
    """One diagnostic for each component that is installed."""
    for component, held in facts.guards.items():
        policy, opened = POLICIES[component]
        topic = Topic(Area.ACCESS, f"policy of {component}")
        folder = BASE if component == BASE else f"components/{component}"
        if isinstance(held, NotObserved):
            yield topic.unobserved(held.why)
        elif held:
            yield topic.ok("It refused what it must refuse.")
        else:
            yield topic.failed(
                f"The admission policy {policy} did not refuse what it must refuse: {opened}.",
                f"Apply deploy/{folder} again: it has the policy and its binding.",
            )
