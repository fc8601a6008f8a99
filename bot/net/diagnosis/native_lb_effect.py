"""What nativeLB would do to a route: by measurement where there is one, else by the row."""

from __future__ import annotations

import re

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Case, Path
from bot.net.diagnosis.results import Tally
from bot.net.diagnosis.rule import DecisionRule, Match
from bot.net.diagnosis.subject import Native

Said = tuple[Effect, str]

FIRST = (2, 10)
"""The first version of Traefik with nativeLB."""

HARMFUL = (Row.CHECKSUM_OFFLOAD, Row.VIP_BROKEN)
CURABLE = (Row.REDIRECT, Row.SOURCE_ADDRESS)
"""Rows in which the VIP's packets differ from those to the pod IP."""

CHOOSES = (Row.POLICY, Row.APPLICATION, Row.TARGET_PORT, *CURABLE)
"""Rows in which some endpoints may work, so that the VIP passes where it happens to choose one."""

UNDISTURBING = (Row.DNS,)
"""Rows beside the verdict that the VIP does not meet."""


def effect(case: Case, rule: DecisionRule, match: Match, beside: tuple[Row, ...] = ()) -> Said:
    """The effect where this row is the verdict and those others were found beside it."""
    subject = case.subject
    if rule.row is Row.OUTSIDE or subject.native is Native.IMPOSSIBLE:
        return Effect.IMPOSSIBLE, subject.native_because or rule.effect_because
    if too_old(case.belief.version):
        return Effect.IMPOSSIBLE, f"Traefik {case.belief.version} knows no nativeLB: v2.10 does."
    if rule.row in HARMFUL:
        return Effect.HARMS, rule.effect_because
    if subject.native is Native.ON:
        return Effect.ALREADY, f"{subject.native_because} {rule.effect_because}".strip()
    if rule.row in CURABLE:
        return _cure(case, rule, match, beside)
    if rule.row in CHOOSES and _chooses(case, match):
        return Effect.LOWERS, _fooled(case)
    return rule.effect, rule.effect_because


def too_old(version: str) -> bool:
    """Whether a Traefik is older than v2.10, which was the first to know nativeLB."""
    found = re.match(r"v?(\d{1,3})\.(\d{1,3})", version)
    return found is not None and (int(found[1]), int(found[2])) < FIRST


def leads_past(case: Case, path: Path) -> bool:
    """The decisive test: the pod IP fails and the VIP to this one endpoint works, twice, from here.

    Where every endpoint fails by pod IP and the Service's own VIP always works, whichever it
    chose is proof as well.
    """
    return fails_twice(case, path) and (_works_twice(_sole(case, path)) or vip_alone(case, path))


def fails_twice(case: Case, path: Path) -> bool:
    """Whether the endpoint failed by its own address, every time and in both passes."""
    direct = case.beside(path)
    return direct.fails and direct.repeated and not direct.changed


def _sole(case: Case, path: Path) -> Tally:
    return case.sole(case.stand(path.edge), path.endpoint)


def _works_twice(tally: Tally) -> bool:
    return tally.ok and tally.repeated


def vip_alone(case: Case, path: Path) -> bool:
    """Whether every endpoint fails from here and the Service's VIP always works, both twice."""
    every = len(case.stage.endpoints) == len(case.subject.endpoints)
    ways = [other for other in case.paths if other.edge == path.edge]
    return (
        every
        and _works_twice(case.vip_from(case.stand(path.edge)))
        and all(fails_twice(case, other) for other in ways)
    )


def _cure(case: Case, rule: DecisionRule, match: Match, beside: tuple[Row, ...]) -> Said:
    """HELPS only where the VIP was seen to lead past the fault everywhere, and no other is left."""
    vips = [case.vip_from(case.stand(edge)) for edge in case.stage.edges]
    if any(_sole(case, path).fails for path in match.paths):
        if _chooses(case, match):
            return Effect.LOWERS, _fooled(case)
        return Effect.USELESS, "The VIP with that one endpoint is stopped in the same way."
    past = all(leads_past(case, path) for path in match.paths)
    complete = set(case.failing) <= set(match.paths) and not any(
        map(case.stands_in, case.stage.edges)
    )
    if past and complete and all(map(_works_twice, vips)):
        if left := [row for row in beside if row not in UNDISTURBING]:
            named = ", ".join(left)
            return Effect.UNKNOWN, f"The VIP leads past this fault, but not past {named}."
        return Effect.HELPS, _helps(case, match)
    return rule.effect, rule.effect_because


def _helps(case: Case, match: Match) -> str:
    path = min(match.paths)
    direct, sole = case.beside(path), _sole(case, path)
    tried = sole if sole.seen else case.vip_from(case.stand(path.edge))
    return (
        f"From {path.edge} the endpoint's own address failed {direct.tries} of {direct.tries} "
        f"times, and the VIP that leads to it worked {tried.successes} of {tried.tries} times. It "
        "goes round the fault and does not mend it."
    )


def _chooses(case: Case, match: Match) -> bool:
    """Whether some endpoints work from a place where others do not, and the VIP finds them."""
    for edge in {path.edge for path in match.paths}:
        ways = [case.direct(path) for path in case.paths if path.edge == edge]
        if any(tally.ok for tally in ways) and case.vip(edge).successes:
            return True
    return False


def _fooled(case: Case) -> str:
    vips = [case.vip(edge) for edge in case.stage.edges]
    tries, went_well = sum(vip.tries for vip in vips), sum(vip.successes for vip in vips)
    return (
        f"The VIP worked {went_well} of {tries} times: where it happened to choose an endpoint "
        "that works. Traefik keeps those connections, so fewer requests fail; no fault is mended."
    )
