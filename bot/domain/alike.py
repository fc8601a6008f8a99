"""Objects of one owner that fail alike are one root: the others follow from the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from bot.domain.finding import Alike, Finding
from bot.domain.grouping import grouped
from bot.domain.sentences import listed, sentences

NAMED = 5
"""How many others the message of the first names; the rest is counted."""


def linked(findings: tuple[Finding, ...], alike: Mapping[str, Alike]) -> tuple[Finding, ...]:
    """The findings, where those that fail alike follow from the worst, else the first by name.

    What has another cause stays with it, such as a pod on a dead node. Those of another namespace
    have a root of their own.

    alike: What findings have in common, by their keys.
    """
    roots = grouped(
        ((finding.subject.namespace, alike[finding.key]), finding)
        for finding in findings
        if finding.cause is None and finding.key in alike
    )
    changed: dict[str, Finding] = {}
    for (_, common), same in roots.items():
        first, *others = sorted(same, key=lambda one: (-one.verdict.rank, one.subject))
        if others:
            changed[first.key] = _telling(first, others, common)
            for other in others:
                changed[other.key] = msgspec.structs.replace(other, cause=first.key)
    return tuple(changed.get(finding.key, finding) for finding in findings)


def _telling(first: Finding, others: Sequence[Finding], common: Alike) -> Finding:
    """The first of them, with the names of the others in its message."""
    kind = first.subject.kind.lower() + ("s" if len(others) > 1 else "")
    names = listed((other.subject.name for other in others), NAMED)
    others_too = f"The same applies to {len(others):,} more {kind} of {common.owner}: {names}."
    message = sentences(first.message, others_too)
    return msgspec.structs.replace(first, message=message)
