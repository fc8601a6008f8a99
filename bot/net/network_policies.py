"""Which NetworkPolicies select the pods behind a Service: they may refuse on its behalf.

Source: networking.k8s.io/v1. Without `policyTypes` a policy is about what comes in. Policies of a
network plugin's own kinds are not read.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.resources import core, networking
from bot.domain.snapshot import Snapshot
from bot.routing import service_endpoints as serving

INGRESS = "Ingress"


def selecting(service: core.Service, snapshot: Snapshot) -> tuple[str, ...] | None:
    """The names of the policies about what comes in to its pods; None where they were not seen."""
    if not snapshot.sees(networking.NetworkPolicy, service.namespace):
        return None
    policies = (
        policy
        for policy in snapshot.of(networking.NetworkPolicy)
        if policy.namespace == service.namespace
        and INGRESS in (policy.spec.policy_types or (INGRESS,))
    )
    # A Service without a selector: any of the policies may be about its pods.
    labels = [pod.metadata.labels or {} for pod in serving.selected(service, snapshot)]
    return tuple(
        sorted(
            policy.name
            for policy in policies
            if not labels or any(_selects(policy.spec.pod_selector, own) for own in labels)
        )
    )


def _selects(selector: networking.Selector, labels: Mapping[str, str]) -> bool:
    labels_ = selector.match_labels or {}
    return labels_.items() <= labels.items() and all(
        _fits(expression, labels) for expression in selector.match_expressions or ()
    )


def _fits(requirement: networking.SelectorRequirement, labels: Mapping[str, str]) -> bool:
    """An operator that is not known may select: it is taken for fitting."""
    has, values = requirement.key in labels, requirement.values or ()
    match requirement.operator:
        case "In":
            return has and labels[requirement.key] in values
        case "NotIn":
            return not has or labels[requirement.key] not in values
        case "Exists":
            return has
        case "DoesNotExist":
            return not has
        case _:
            return True
