"""Where Traefik runs, in which version, and whether its API is switched on."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.domain.cluster import serves
from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import ClusterFacts
from bot.domain.facts import Denied
from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.domain.sentences import listed, sentences
from bot.routing import instance
from bot.routing.instance import HOW_TO_ENABLE, NATIVE_LB_SINCE, TraefikPod
from bot.routing.running import NO_TRAEFIK, SETTING, how_to_add, not_controlled

TRAEFIK = Topic(Area.TRAEFIK, "Traefik")
API = Topic(Area.TRAEFIK, "Traefik API")
ELSEWHERE = Topic(Area.TRAEFIK, "Traefik elsewhere")
IMPOSTORS = Topic(Area.TRAEFIK, "Pods called Traefik")
KEEP_IT = "Let a Deployment or DaemonSet run them if they are yours; else remove them."


def examine(facts: ClusterFacts) -> Iterator[Diagnostic]:
    """Traefik's pods and version, and its API."""
    if isinstance(facts.traefik, NotObserved | Denied):
        yield TRAEFIK.unobserved(_why(facts.traefik, "list pods"))
        yield API.unobserved("Traefik's arguments could not be read.")
    else:
        running = [pod for pod in facts.traefik if pod.running]
        elsewhere = facts.elsewhere if isinstance(facts.elsewhere, tuple) else ()
        if elsewhere and not running:
            yield _misplaced(elsewhere, facts)
        else:
            yield _pods(running, facts)
        if running:
            yield _api(running, facts.traefik_api)
        if running and elsewhere:
            yield ELSEWHERE.note(*_not_believed(elsewhere, facts))
    if facts.impostors:
        yield _impostors(facts.impostors)


def _pods(pods: list[TraefikPod], facts: ClusterFacts) -> Diagnostic:
    if not pods:
        if not serves(facts, "Traefik"):
            return TRAEFIK.note(NO_TRAEFIK)
        fix = (
            "Start Traefik (k3s includes it, unless --disable=traefik), or name its namespace in "
            "that setting."
        )
        return TRAEFIK.warning(NO_TRAEFIK, fix)
    running = f"{len(pods)} running in {listed(sorted({pod.namespace for pod in pods}))}"
    versions = sorted({instance.version(pod) for pod in pods} - {""})
    if not versions:
        return TRAEFIK.warning(
            f"{running}; neither image tag nor label shows its version.",
            "Give the image a version's tag, or the pod the label app.kubernetes.io/version.",
        )
    observation = f"{instance.versions_of(pods)}, {running}."
    if any((instance.number(version) or NATIVE_LB_SINCE) < NATIVE_LB_SINCE for version in versions):
        return TRAEFIK.warning(observation, "Upgrade: before 2.10 there is no nativeLB.")
    return TRAEFIK.ok(observation)


def _misplaced(namespaces: tuple[str, ...], facts: ClusterFacts) -> Diagnostic:
    observation, fix = _not_believed(namespaces, facts)
    return TRAEFIK.warning(
        sentences(f"No Traefik runs in the namespaces of {SETTING}", observation), fix
    )


def _not_believed(namespaces: tuple[str, ...], facts: ClusterFacts) -> tuple[str, str]:
    """What is seen of pods in other namespaces, and which setting takes them in."""
    return (
        f"Pods with Traefik's label run in {listed(namespaces)}. They are ignored, because "
        "anyone can set a label.",
        how_to_add(namespaces, facts.traefik_namespaces),
    )


def _impostors(pods: tuple[Ref, ...]) -> Diagnostic:
    return IMPOSTORS.warning(not_controlled(pods), KEEP_IT)


def _api(
    pods: list[TraefikPod],
    read: bool | NotObserved | None,  # noqa: FBT001  # a fact
) -> Diagnostic:
    if isinstance(read, NotObserved):
        return API.warning(
            f"It can't be read, although the bot has permission: {read.why}", HOW_TO_ENABLE
        )
    if read:
        return API.ok("It answers, and shows what Traefik serves.")
    configurations = [instance.static_config(pod.args) for pod in pods]
    if not all(static.complete for static in configurations):
        return API.note("Not tested: its configuration is not in its arguments.")
    if opened := [static for static in configurations if static.api_open]:
        port = opened[0].api_port
        return API.note(f"Switched on at port {port}. Not read: needs the component traefik-api.")
    if any(static.api_on for static in configurations):
        return API.note("Served only through a route to api@internal.", HOW_TO_ENABLE)
    return API.note("Not switched on.", HOW_TO_ENABLE)


def _why(answer: NotObserved | Denied, action: str) -> str:
    return answer.why if isinstance(answer, NotObserved) else f"The bot may not {action}."
