"""What several findings follow from where it is no object: a finding of its own, and their root."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from bot.domain.finding import Finding
from bot.domain.grouping import grouped

V = TypeVar("V")


def rooted(findings: tuple[Finding, ...], roots: Mapping[str, Finding]) -> tuple[Finding, ...]:
    """The findings with the roots of those that have no other cause.

    A root is there from its first effect on, so that it stays the same while further ones are
    found. It is private only where all of them are, and as grave as the worst of the others.

    roots: The root that a finding may have, by the finding's key.
    """
    effects = grouped(
        (roots[finding.key].key, finding)
        for finding in findings
        if finding.cause is None and finding.key in roots
    )
    if not effects:
        return findings
    caused = {finding.key: key for key, own in effects.items() for finding in own}
    linked = (
        msgspec.structs.replace(finding, cause=caused[finding.key])
        if finding.key in caused
        else finding
        for finding in findings
    )
    return (*linked, *(_root(own, roots) for own in effects.values()))


def shared(
    findings: tuple[Finding, ...], roots: Mapping[str, Finding], known: Mapping[str, V]
) -> dict[str, V]:
    """What is known alike of all effects of a root holds for the root: the first of it, by key."""
    keys = {root.key for root in roots.values()}
    effects = grouped((finding.cause, finding.key) for finding in findings if finding.cause in keys)
    return {
        key: known[own[0]]
        for key, own in effects.items()
        if key is not None and all(effect in known for effect in own)
    }


def _root(effects: list[Finding], roots: Mapping[str, Finding]) -> Finding:
    """In the words of what everybody may know, else of the worst, and of these by the first."""
    first, *_ = sorted(
        effects, key=lambda effect: (effect.private, -effect.verdict.rank, effect.subject)
    )
    alike = (effect.verdict for effect in effects if effect.private is first.private)
    worst = max(alike, key=lambda verdict: verdict.rank)
    return msgspec.structs.replace(roots[first.key], verdict=worst, private=first.private)
