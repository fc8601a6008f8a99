"""What nativeLB would do to a route: by measurement where there is one, else by the row."""

from __future__ import annotations

import re

from bot.net.diagnosis.diagnosis import CURABLE, Effect, Row
from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.results import Result
from bot.net.diagnosis.rule import DecisionRule, Match
from bot.net.diagnosis.subject import Native

FIRST = (2, 10)
"""The first version of Traefik with nativeLB."""

HARMFUL = (Row.CHECKSUM_OFFLOAD, Row.VIP_BROKEN, Row.KUBE_PROXY_STALE)
CHOOSES = (Row.POLICY, Row.APPLICATION, Row.TARGET_PORT, *CURABLE)
"""Rows in which some endpoints may work, so that the VIP passes where it happens to choose one."""

UNDISTURBING = (Row.DNS,)
"""Rows beside the verdict that do not affect the VIP."""


def effect(
    evidence: RouteEvidence, rule: DecisionRule, match: Match, beside: tuple[Row, ...] = ()
) -> tuple[Effect, str]:
    """The effect where this row is the verdict and those others were found beside it."""
    subject = evidence.subject
    if rule.row is Row.OUTSIDE or subject.native is Native.IMPOSSIBLE:
        return Effect.IMPOSSIBLE, subject.native_because or rule.effect_because
    if too_old(evidence.belief.version):
        return (
            Effect.IMPOSSIBLE,
            f"Traefik {evidence.belief.version} doesn't support nativeLB. Version 2.10 does.",
        )
    if rule.row in HARMFUL:
        return Effect.HARMS, rule.effect_because
    if subject.native is Native.ON:
        return Effect.ALREADY, f"{subject.native_because} {rule.effect_because}".strip()
    if rule.row in CURABLE:
        return _cure(evidence, rule, match, beside)
    if rule.row in CHOOSES and _chooses(evidence, match):
        return Effect.LOWERS, _fooled(evidence)
    return rule.effect, rule.effect_because


def too_old(version: str) -> bool:
    """Whether a Traefik is older than v2.10, which was the first to know nativeLB."""
    numbers = re.match(r"v?(\d{1,3})\.(\d{1,3})", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) < FIRST


def leads_past(evidence: RouteEvidence, path: Path) -> bool:
    """The decisive test: the pod IP fails and the VIP to this one endpoint works, twice, from here.

    Where every endpoint fails by pod IP and the Service's own VIP always works, whichever it
    chose is proof as well.
    """
    return fails_twice(evidence, path) and (
        _works_twice(evidence.sole(path)) or vip_alone(evidence, path)
    )


def fails_twice(evidence: RouteEvidence, path: Path) -> bool:
    """Whether the endpoint failed by its own address, every time and in both passes."""
    direct = evidence.beside(path)
    return direct.fails and direct.repeated and not direct.changed


def _works_twice(result: Result) -> bool:
    return result.ok and result.repeated


def vip_alone(evidence: RouteEvidence, path: Path) -> bool:
    """Whether every endpoint fails from here and the Service's VIP always works, both twice."""
    complete = len(evidence.points.endpoints) == len(evidence.subject.endpoints)
    paths = evidence.paths_from(path.ingress)
    return (
        complete
        and _works_twice(evidence.vip_beside(path.ingress))
        and all(fails_twice(evidence, other) for other in paths)
    )


def _cure(
    evidence: RouteEvidence, rule: DecisionRule, match: Match, beside: tuple[Row, ...]
) -> tuple[Effect, str]:
    """HELPS only where the VIP was seen to lead past the fault everywhere, and no other is left."""
    vips = [evidence.vip_beside(node) for node in evidence.points.ingress_nodes]
    if any(evidence.sole(path).fails for path in match.paths):
        if _chooses(evidence, match):
            return Effect.LOWERS, _fooled(evidence)
        return Effect.USELESS, "The VIP to that one endpoint fails in the same way."
    past = all(leads_past(evidence, path) for path in match.paths)
    complete = set(evidence.failing) <= set(match.paths) and not any(
        map(evidence.stands_in, evidence.points.ingress_nodes)
    )
    if past and complete and all(map(_works_twice, vips)):
        if left := [row for row in beside if row not in UNDISTURBING]:
            named = ", ".join(left)
            return Effect.UNKNOWN, f"The VIP works around this cause, but not around {named}."
        return Effect.HELPS, _helps(evidence, match)
    return rule.effect, rule.effect_because


def _helps(evidence: RouteEvidence, match: Match) -> str:
    path = min(match.paths)
    direct, sole = evidence.beside(path), evidence.sole(path)
    tried = sole if sole.seen else evidence.vip_beside(path.ingress)
    return (
        f"From `{path.ingress}` the endpoint's own address failed {direct.tries} of "
        f"{direct.tries} times, and the VIP to the same endpoint worked {tried.successes} of "
        f"{tried.tries} times. The cause itself stays."
    )


def _chooses(evidence: RouteEvidence, match: Match) -> bool:
    """Whether some endpoints work from a place where others do not, and the VIP finds them."""
    for node in {path.ingress for path in match.paths}:
        results = [evidence.direct(path) for path in evidence.paths_from(node)]
        if any(result.ok for result in results) and evidence.vip(node).successes:
            return True
    return False


def _fooled(evidence: RouteEvidence) -> str:
    vips = [evidence.vip(node) for node in evidence.points.ingress_nodes]
    tries, went_well = sum(vip.tries for vip in vips), sum(vip.successes for vip in vips)
    return (
        f"The VIP worked {went_well} of {tries} times, when it happened to choose an endpoint that "
        "works. Traefik keeps those connections, so fewer requests fail, but the cause stays."
    )
