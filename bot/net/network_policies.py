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
    pods = serving.selected(service, snapshot)
    if not pods:
        # A Service without a selector: nobody knows which of the policies are about its pods.
        return tuple(sorted(network_policy.name for network_policy in _here(service, snapshot)))
    return tuple(
        sorted(
            network_policy.name
            for network_policy in _here(service, snapshot)
            if any(
                _selects(network_policy.spec.pod_selector, pod.metadata.labels or {})
                for pod in pods
            )
        )
    )


def _here(service: core.Service, snapshot: Snapshot) -> list[networking.NetworkPolicy]:
    return [
        network_policy
        for network_policy in snapshot.of(networking.NetworkPolicy)
        if network_policy.namespace == service.namespace
        and INGRESS in (network_policy.spec.policy_types or (INGRESS,))
    ]


def _selects(selector: networking.Selector, labels: Mapping[str, str]) -> bool:
    wanted = selector.match_labels or {}
    return wanted.items() <= labels.items() and all(
        _fits(expression, labels) for expression in selector.match_expressions or ()
    )


def _fits(each: networking.SelectorRequirement, labels: Mapping[str, str]) -> bool:
    """An operator that is not known may select: it is taken for fitting."""
    has, values = each.key in labels, each.values or ()
    match each.operator:
        case "In":
            return has and labels[each.key] in values
        case "NotIn":
            return not has or labels[each.key] not in values
        case "Exists":
            return has
        case "DoesNotExist":
            return not has
        case _:
            return True
