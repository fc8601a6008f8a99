"""Finalizers: what keeps an object that is being deleted, and what each of them waits for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from bot.domain.sentences import listed, moment

MAX_NAMED = 3
"""How many finalizers of one object are named; the others are counted."""

MAX_LENGTH = 120
"""Longer names are cut: finalizers are text that anybody may write."""

UNKNOWN = "the controller that set it has to clean up first. It is gone, or it cannot"

MEANINGS: tuple[tuple[str, str], ...] = (
    (
        r"(?:finalizer\.)?acme\.cert-manager\.io(?:/finalizer)?",
        "cert-manager has to take back what it made for the challenge. It is gone, or it cannot",
    ),
    (r"kubernetes\.io/pvc-protection", "a pod still uses the claim"),
    (r"kubernetes\.io/pv-protection", "a claim is still bound to the volume"),
    (
        r"external-(?:provisioner|attacher)[\w.-]{0,120}/[\w.-]+",
        "the storage driver has to detach or delete the volume. It is gone, or it cannot",
    ),
    (
        r"service\.kubernetes\.io/load-balancer-cleanup",
        "the load balancer's controller has to release its address. It is gone, or it cannot",
    ),
    (
        r"svccontroller\.k3s\.cattle\.io/daemonset",
        "the service load balancer of k3s has to remove its pods. It is switched off, or it cannot",
    ),
    (r"foregroundDeletion", "what it owns has to be deleted first, and something of that is held"),
    (r"orphan", "the garbage collector has to release what it owns"),
    (
        r"finalizers\.fluxcd\.io",
        "Flux has to remove what it applied. Its controller is gone, or it cannot",
    ),
    (
        r"batch\.kubernetes\.io/job-tracking",
        "the Job controller has to count the pod. It is behind, or the Job is gone",
    ),
    (
        r"customresourcecleanup\.apiextensions\.k8s\.io",
        "the objects of this kind have to be deleted first, and one of them is held",
    ),
    (
        r"[\w.-]{0,120}external-?secrets\.io/[\w.-]+",
        "External Secrets has to clean up what it wrote. It is gone, or it cannot",
    ),
    (
        r"[\w.-]{0,120}argoproj\.io[\w./-]*",
        "Argo CD has to remove what it applied. It is gone, or it cannot",
    ),
    (r"[\w.-]{0,120}longhorn\.io[\w./-]*", "Longhorn has to clean up. It is gone, or it cannot"),
)
"""What well-known finalizers wait for, by a pattern of the whole name."""

_MEANINGS = tuple((re.compile(pattern), words) for pattern, words in MEANINGS)

RESOURCES = re.compile(r"[\w./-]{1,120}+(?=,? has \d|, Resource=)")
"""The names of kinds in the words of Kubernetes on what remains in a namespace."""


def describe(finalizers: Sequence[str], held_since: datetime | None) -> str:
    """What an object waits for that is being deleted.

    held_since: When it was deleted, where that is so long ago that something holds it.
    """
    if not finalizers:
        return "It is being deleted."
    names = listed((name[:MAX_LENGTH] for name in finalizers), MAX_NAMED)
    word = "finalizer" if len(finalizers) == 1 else "finalizers"
    if held_since is None:
        return f"It is being deleted, and waits for its {word} {names}."
    reasons = dict.fromkeys(meaning(name) for name in finalizers[:MAX_NAMED])
    return (
        f"It is being deleted, and held since {moment(held_since)} "
        f"by its {word} {names}: {'; '.join(reasons)}."
    )


def meaning(finalizer: str) -> str:
    """What a finalizer waits for, in words."""
    name = finalizer[:MAX_LENGTH]
    return next((words for pattern, words in _MEANINGS if pattern.fullmatch(name)), UNKNOWN)


def meanings_in(message: str) -> str:
    """What the well-known finalizers in a message wait for, as sentences after it."""
    words = re.findall(r"[\w./-]{1,120}", RESOURCES.sub("", message))
    known = dict.fromkeys(meaning(word.strip(".")) for word in words)
    return "".join(f" {words[0].upper()}{words[1:]}." for words in known if words != UNKNOWN)
