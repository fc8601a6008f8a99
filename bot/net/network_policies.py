"""Which NetworkPolicies select the pods behind a Service: they may refuse on its behalf.

Source: networking.k8s.io/v1. Without `policyTypes` a policy is about what comes in. Policies of a
network plugin's own kinds are not read.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.label_selector import selects
from bot.domain.resources import core, networking
from bot.domain.snapshot import Snapshot
from bot.routing import service_endpoints as serving

INGRESS = "Ingress"


def selecting(service: core.Service, snapshot: Snapshot) -> tuple[str, ...] | None:
    """The names of the policies about what comes in to its pods; None where they were not seen."""
    # A Service without a selector: any of the policies may be about its pods.
    return _selecting(service.namespace, serving.selected(service, snapshot), snapshot)


def selecting_pod(pod: core.Pod, snapshot: Snapshot) -> tuple[str, ...] | None:
    """The same of one pod."""
    return _selecting(pod.namespace, (pod,), snapshot)


def _selecting(
    namespace: str, pods: Sequence[core.Pod], snapshot: Snapshot
) -> tuple[str, ...] | None:
    """The policies that select one of these pods; all of the namespace where no pod is known."""
    if not snapshot.sees(networking.NetworkPolicy, namespace):
        return None
    policies = (
        policy
        for policy in snapshot.of(networking.NetworkPolicy)
        if policy.namespace == namespace and INGRESS in (policy.spec.policy_types or (INGRESS,))
    )
    labels = [pod.metadata.labels or {} for pod in pods]
    return tuple(
        sorted(
            policy.name
            for policy in policies
            if not labels or any(selects(policy.spec.pod_selector, own) for own in labels)
        )
    )
