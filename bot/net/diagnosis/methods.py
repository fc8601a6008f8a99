"""By which means a diagnosis was made, and what these cannot see."""

from __future__ import annotations

from collections.abc import Iterable

from bot.net.diagnosis.observation import ExecutionContext, Observation
from bot.net.diagnosis.results import STATES

INSIDE = "wget in Traefik's own pod"

POLICIES = (
    "NetworkPolicies that select Traefik's pods: the probes ran beside Traefik, not in it. "
    "deploy/components/exec allows to ask from its pod."
)

ALONE = (
    "Times, datagrams, large payloads, TLS, single-endpoint VIPs, other nodes: wget in Traefik's "
    "pod sees none of these. deploy/components/prober does."
)


def describe_methods(prober: str, observations: Iterable[Observation]) -> str:
    """By what was asked: the prober, Traefik's own pod, or both."""
    stances = _answered(observations)
    if not stances:
        return f"nothing: neither {prober} nor {INSIDE} could be asked"
    if ExecutionContext.TRAEFIK not in stances:
        return prober
    return INSIDE if len(stances) == 1 else f"{prober}, and {INSIDE}"


def limitations(prober: tuple[str, ...], observations: Iterable[Observation]) -> tuple[str, ...]:
    """What these means cannot see, each with how to allow it."""
    stances = _answered(observations)
    if stances == {ExecutionContext.TRAEFIK}:
        return (ALONE,)
    return (POLICIES, *prober) if stances and ExecutionContext.TRAEFIK not in stances else prober


def _answered(observations: Iterable[Observation]) -> frozenset[ExecutionContext]:
    """The stances from which anything was really tried."""
    return frozenset(
        observation.question.source.stance
        for observation in observations
        if any(answer.outcome in STATES for answer in observation.answers)
    )
