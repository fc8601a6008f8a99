"""Namespaces that do not end. Source: the Kubernetes API reference, NamespaceStatus."""

from __future__ import annotations

import msgspec

from bot.domain import conditions, finalizers
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import core
from bot.domain.sentences import sentences
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict


def judge(namespace: core.Namespace, snapshot: Snapshot) -> Judgement:
    """Active, or being deleted: then its conditions say what holds it up."""
    gone = conditions.terminating(namespace, snapshot.taken_at)
    held = [condition for condition in namespace.status.conditions if condition.status == "True"]
    if not gone or not held:
        return gone or HEALTHY
    said = sentences(*(condition.message for condition in held))
    # A controller that has had no time yet is not gone.
    meanings = finalizers.meanings_in(said) if gone.verdict is Verdict.DEGRADED else ""
    message = f"{gone.message} {said}{meanings}"
    return msgspec.structs.replace(gone, reason=held[0].type, message=message)


CHECK = Check(
    name="namespaces",
    scope="workloads",
    title="Namespaces that are stuck in deletion.",
    judges={core.Namespace: judge},
    documented_as="kubectl get namespaces",
    advice="Fix what its message names: the remaining objects, or the API that does not answer.",
)
