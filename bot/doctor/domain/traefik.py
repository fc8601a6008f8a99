"""Where Traefik runs, in which version, and whether its API is switched on."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.domain.cluster import serves
from bot.doctor.domain.examination import Area, Examination, Outcome, listed
from bot.doctor.domain.facts import ClusterFacts
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved
from bot.traefik.domain import instance
from bot.traefik.domain.instance import HOW_TO_ENABLE, NATIVE_LB_SINCE, TraefikPod


def examine(facts: ClusterFacts) -> Iterator[Examination]:
    """Found, its version, its API, and the prober that would try it."""
    if isinstance(facts.traefik, NotObserved | Denied):
        yield _said("Traefik", Outcome.UNSEEN, _why(facts.traefik, "list pods"))
        yield _said("Traefik API", Outcome.UNSEEN, "Traefik's arguments could not be read.")
    else:
        running = [pod for pod in facts.traefik if pod.running]
        yield _found(running, facts)
        if running:
            yield _api(running)
    yield _prober(facts.probe)


def _found(pods: list[TraefikPod], facts: ClusterFacts) -> Examination:
    if not pods:
        saw = "No running pod has the label app.kubernetes.io/name=traefik."
        if not serves(facts, "Traefik"):
            return _said("Traefik", Outcome.NOTE, saw)
        fix = "Start Traefik (k3s brings it, unless --disable=traefik), or set that label."
        return _said("Traefik", Outcome.WARNING, saw, fix)
    places = listed(sorted({pod.namespace for pod in pods}))
    versions = sorted({instance.version(pod) for pod in pods} - {""})
    if not versions:
        saw = f"{len(pods)} running in {places}; neither image tag nor label tells its version."
        fix = "Give the image a version's tag, or the pod the label app.kubernetes.io/version."
        return _said("Traefik", Outcome.WARNING, saw, fix)
    saw = f"{' and '.join(versions)}, {len(pods)} running in {places}."
    if any((instance.number(version) or NATIVE_LB_SINCE) < NATIVE_LB_SINCE for version in versions):
        fix = "Upgrade: before 2.10 there is no nativeLB."
        return _said("Traefik", Outcome.WARNING, saw, fix)
    return _said("Traefik", Outcome.OK, saw)


def _api(pods: list[TraefikPod]) -> Examination:
    found = [instance.static(pod.args) for pod in pods]
    if not all(static.told for static in found):
        saw = "Not tested: its configuration is not in its arguments."
        return _said("Traefik API", Outcome.NOTE, saw)
    if opened := [static for static in found if static.api_open]:
        saw = f"Switched on at port {opened[0].api_port}. Not tested: needs the prober."
        return _said("Traefik API", Outcome.NOTE, saw)
    routed = any(static.api_on for static in found)
    saw = "Served only to a route that leads to api@internal." if routed else "Not switched on."
    return _said("Traefik API", Outcome.NOTE, saw, HOW_TO_ENABLE)


def _prober(there: bool | Denied | NotObserved) -> Examination:  # noqa: FBT001  # a fact, not a switch
    match there:
        case NotObserved() | Denied():
            return _said("prober", Outcome.UNSEEN, _why(there, "get the namespace meshmedic-probe"))
        case True:
            return _said("prober", Outcome.OK, "Installed in the namespace meshmedic-probe.")
        case _:
            return _said("prober", Outcome.NOTE, "Optional, and not installed.")


def _why(answer: NotObserved | Denied, what: str) -> str:
    return answer.why if isinstance(answer, NotObserved) else f"The bot may not {what}."


def _said(name: str, outcome: Outcome, saw: str, fix: str = "") -> Examination:
    return Examination(Area.TRAEFIK, name, outcome, saw, fix)
