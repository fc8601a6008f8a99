"""Who may answer for whom: in whose message a failure is told, and with whom a share is counted.

Whoever writes the objects of a namespace also writes names, labels, references and texts by which
findings are linked to causes. So a link shows what hangs together, and proves nothing about whose
failure it is. This is the only place that decides which links count for more than display.
"""

from __future__ import annotations

from collections.abc import Collection

from bot.domain.finding import Ref, subject_of

PLATFORM = frozenset({"kube-system", "flux-system", "traefik"})
"""Namespaces of what serves all others, by their usual names: no tenant writes there."""


def namespace_of(subject: Ref) -> str:
    """The namespace whose people may bring a failure about; empty for a cluster-scoped object."""
    return subject.name if subject.kind == "Namespace" else subject.namespace


def party_of(subject: Ref) -> str:
    """With whom a failure shares what has a limit: its namespace, or its cluster-scoped kind.

    Kinds begin with a capital and namespaces do not, so that neither can pass for the other.
    """
    return namespace_of(subject) or subject.kind


def party_of_key(key: str) -> str:
    """The party of a finding, by the finding's key."""
    return party_of(subject_of(key))


def is_of_cluster(party: str) -> bool:
    """Whether a party is a cluster-scoped kind, such as nodes: its share is reserved."""
    return party[:1].isupper()


def is_alike(key: str, other: str) -> bool:
    """Whether two findings, by their keys, are of one namespace, or both cluster-scoped."""
    return namespace_of(subject_of(key)) == namespace_of(subject_of(other))


def may_answer(cause: Ref, effect: Ref, platform: Collection[str] = PLATFORM) -> bool:
    """Whether an effect may be told with its cause, instead of in a message of its own.

    A cause of the cluster or of the platform answers for anything. A cause in any other namespace
    answers for that namespace alone: its owners could otherwise hide what is not theirs behind it.
    """
    place = namespace_of(cause)
    return not place or place in platform or place == namespace_of(effect)
