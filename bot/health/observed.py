"""What was observed of a route beside its objects: tests, route checks, and Traefik's own word."""

from __future__ import annotations

from msgspec.structs import replace

from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import INCIDENT, Verdict
from bot.health.causes import with_causes
from bot.net.diagnosis import recent
from bot.net.route_checks import judging
from bot.routing import traefik_word


def worst(
    route: Ref, snapshot: Snapshot, by_objects: Judgement | None, *, silent: bool = False
) -> Judgement:
    """The worst that objects, tests, Traefik and route checks say of a route; of equals, the first.

    What is public and an incident goes first: a test in private hides it from nobody. `silent`:
    no rule leads to anything that answers. Where somebody wants that, nothing else is said.
    """
    if silent and by_objects and by_objects.verdict is Verdict.SUSPENDED:
        return by_objects
    by_checks = judging.judgement(route, snapshot)
    passed = (*recent.passed(route, snapshot), *judging.passed(route, snapshot))
    by_traefik = traefik_word.judgement(route, snapshot, passed)
    by_tests = recent.judgement(route, snapshot)
    said = tuple(filter(None, (by_objects, by_tests, by_traefik, by_checks)))
    incidents = [one for one in said if not one.private and one.verdict.rank >= INCIDENT.rank]
    judged = max(incidents or said, key=lambda one: one.verdict.rank, default=HEALTHY)
    well = any(one and one.seen_well for one in (by_traefik, by_checks))
    if well and judged.verdict is Verdict.HEALTHY:
        return replace(judged, seen_well=True)
    return judged if judged is by_objects else with_causes(judged, route, snapshot)
