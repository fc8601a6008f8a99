"""Where Traefik runs, in which version, and whether its API is switched on.

Source: Traefik's static configuration, v2.10 to v3.7 (`api.insecure`, `entryPoints.traefik`); the
labels of its Helm chart and of k3s's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.doctor.cluster import serves
from bot.core.doctor.examination import Area, Examination, Outcome, listed
from bot.core.doctor.facts import ClusterFacts, Denied, TraefikPod, Unseen

TAG = re.compile(r":v?(\d+\.\d+(?:\.\d+)?)(?:[-+][\w.]+)?(?:@sha256:[0-9a-f]+)?$")
LABELLED = re.compile(r"v?(\d+\.\d+(?:\.\d+)?)")
INSECURE = re.compile(r"--api\.insecure(?:=(true|1|t))?$", re.IGNORECASE)
DASHBOARD = re.compile(r"--api(?:\.dashboard)?(?:=(true|1|t))?$", re.IGNORECASE)
ADDRESS = re.compile(r"--entrypoints\.traefik\.address=.*?:(\d+)(?:/tcp)?$", re.IGNORECASE)
FILE = "--configfile"
DEFAULT_PORT = "8080"

OLDEST = (2, 10)
"""nativeLB is there since v2.10.0."""

HOW_TO_ENABLE = (
    "Optional. Let Traefik start with --api.insecure=true (k3s: a HelmChartConfig named traefik in "
    "kube-system, additionalArguments), and keep its port inside the cluster."
)


def version(pod: TraefikPod) -> str:
    """`3.6.2`, by the image's tag, else by the label; empty where neither tells."""
    found = TAG.search(pod.image) or LABELLED.fullmatch(pod.version_label)
    return found[1] if found else ""


def examine(facts: ClusterFacts) -> Iterator[Examination]:
    """Found, its version, its API, and the prober that would try it."""
    if isinstance(facts.traefik, Unseen | Denied):
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
    versions = sorted({version(pod) for pod in pods} - {""})
    if not versions:
        saw = f"{len(pods)} running in {places}; neither image tag nor label tells its version."
        fix = "Give the image a version's tag, or the pod the label app.kubernetes.io/version."
        return _said("Traefik", Outcome.WARNING, saw, fix)
    saw = f"{' and '.join(versions)}, {len(pods)} running in {places}."
    if any(_number(each) < OLDEST for each in versions):
        fix = "Upgrade: before 2.10 there is no nativeLB."
        return _said("Traefik", Outcome.WARNING, saw, fix)
    return _said("Traefik", Outcome.OK, saw)


def _api(pods: list[TraefikPod]) -> Examination:
    args = [argument for pod in pods for argument in pod.args]
    if not args or any(each.lower().startswith(FILE) for each in args):
        saw = "Not tested: its configuration is not in its arguments."
        return _said("Traefik API", Outcome.NOTE, saw)
    if any(map(INSECURE.match, args)):
        ports = [found[1] for found in map(ADDRESS.match, args) if found]
        saw = f"Switched on at port {(ports or [DEFAULT_PORT])[0]}. Not tested: needs the prober."
        return _said("Traefik API", Outcome.NOTE, saw)
    routed = any(map(DASHBOARD.match, args))
    saw = "Served only to a route that leads to api@internal." if routed else "Not switched on."
    return _said("Traefik API", Outcome.NOTE, saw, HOW_TO_ENABLE)


def _prober(there: bool | Denied | Unseen) -> Examination:  # noqa: FBT001  # a fact, not a switch
    match there:
        case Unseen() | Denied():
            return _said("prober", Outcome.UNSEEN, _why(there, "get the namespace meshmedic-probe"))
        case True:
            return _said("prober", Outcome.OK, "Installed in the namespace meshmedic-probe.")
        case _:
            return _said("prober", Outcome.NOTE, "Optional, and not installed.")


def _number(shown: str) -> tuple[int, ...]:
    return tuple(int(part) for part in shown.split(".")[:2])


def _why(answer: Unseen | Denied, what: str) -> str:
    return answer.why if isinstance(answer, Unseen) else f"The bot may not {what}."


def _said(name: str, outcome: Outcome, saw: str, fix: str = "") -> Examination:
    return Examination(Area.TRAEFIK, name, outcome, saw, fix)
