"""Where Traefik runs, in which version, and whether its API is switched on."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.domain.cluster import serves
from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic, listed
from bot.doctor.domain.facts import ClusterFacts
from bot.domain.facts import Denied
from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.domain.temporary import NAMESPACE
from bot.routing import instance
from bot.routing.instance import HOW_TO_ENABLE, NATIVE_LB_SINCE, TraefikPod
from bot.routing.running import NO_TRAEFIK

TRAEFIK = Topic(Area.TRAEFIK, "Traefik")
API = Topic(Area.TRAEFIK, "Traefik API")
ELSEWHERE = Topic(Area.TRAEFIK, "Traefik elsewhere")
PROBER = Topic(Area.TRAEFIK, "prober")
LEFT_BEHIND = Topic(Area.TRAEFIK, "objects of tests")

NAMED = 4
"""Objects that are named in one sentence."""


def examine(facts: ClusterFacts) -> Iterator[Diagnostic]:
    """Traefik's pods and version, its API, and the prober that can test it."""
    if isinstance(facts.traefik, NotObserved | Denied):
        yield TRAEFIK.unobserved(_why(facts.traefik, "list pods"))
        yield API.unobserved("Traefik's arguments could not be read.")
    else:
        running = [pod for pod in facts.traefik if pod.running]
        yield _pods(running, facts)
        if running:
            yield _api(running)
    if isinstance(facts.elsewhere, tuple) and facts.elsewhere:
        yield _elsewhere(facts.elsewhere)
    yield _prober(facts)
    if isinstance(facts.left_behind, tuple) and facts.left_behind:
        yield _left_behind(facts.left_behind)


def _pods(pods: list[TraefikPod], facts: ClusterFacts) -> Diagnostic:
    if not pods:
        if not serves(facts, "Traefik"):
            return TRAEFIK.note(NO_TRAEFIK)
        fix = (
            "Start Traefik (k3s brings it, unless --disable=traefik), or set that setting to where "
            "it runs."
        )
        return TRAEFIK.warning(NO_TRAEFIK, fix)
    running = f"{len(pods)} running in {listed(sorted({pod.namespace for pod in pods}))}"
    versions = sorted({instance.version(pod) for pod in pods} - {""})
    if not versions:
        return TRAEFIK.warning(
            f"{running}; neither image tag nor label tells its version.",
            "Give the image a version's tag, or the pod the label app.kubernetes.io/version.",
        )
    observation = f"{' and '.join(versions)}, {running}."
    if any((instance.number(version) or NATIVE_LB_SINCE) < NATIVE_LB_SINCE for version in versions):
        return TRAEFIK.warning(observation, "Upgrade: before 2.10 there is no nativeLB.")
    return TRAEFIK.ok(observation)


def _elsewhere(namespaces: tuple[str, ...]) -> Diagnostic:
    return ELSEWHERE.note(
        f"Pods with Traefik's label run in {listed(namespaces)}. They are not believed, since "
        "anybody may choose a label.",
        "If they are yours, add their namespace to MESHMEDIC_TRAEFIK_NAMESPACES.",
    )


def _api(pods: list[TraefikPod]) -> Diagnostic:
    configurations = [instance.static_config(pod.args) for pod in pods]
    if not all(static.complete for static in configurations):
        return API.note("Not tested: its configuration is not in its arguments.")
    if opened := [static for static in configurations if static.api_open]:
        port = opened[0].api_port
        return API.note(f"Switched on at port {port}. Not tested: needs the prober.")
    if any(static.api_on for static in configurations):
        return API.note("Served only to a route that leads to api@internal.", HOW_TO_ENABLE)
    return API.note("Not switched on.", HOW_TO_ENABLE)


def _prober(facts: ClusterFacts) -> Diagnostic:
    if isinstance(facts.probe, NotObserved | Denied):
        return PROBER.unobserved(_why(facts.probe, "get the namespace meshmedic-probe"))
    if facts.probe:
        return PROBER.ok("Installed in the namespace meshmedic-probe.")
    return PROBER.note("Optional, and not installed.")


def _left_behind(refs: tuple[Ref, ...]) -> Diagnostic:
    """Kubernetes removes a test's objects by itself, so that something has kept it from that."""
    names = [f"{ref.kind.lower()}/{ref.name}" for ref in refs]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    count = "1 object" if len(refs) == 1 else f"{len(refs)} objects"
    return LEFT_BEHIND.warning(
        f"{count} of the bot's own tests stayed in the namespace {NAMESPACE}: "
        f"{', '.join(names[:NAMED])}{more}.",
        f"Run `kubectl -n {NAMESPACE} delete {' '.join(names[:NAMED])}`. If more stay, look at the "
        "Job controller: it removes what has ended.",
    )


def _why(answer: NotObserved | Denied, action: str) -> str:
    return answer.why if isinstance(answer, NotObserved) else f"The bot may not {action}."
