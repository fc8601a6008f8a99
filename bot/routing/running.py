"""The Traefik that runs: its pods in a snapshot, and the configurations that read a route.

Nothing is said of a route by the configuration of a Traefik that was not seen, or that reads routes
of another class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.resources import core, networking
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.routing.instance import (
    Scope,
    TraefikConfig,
    TraefikPod,
    config_of,
    other_class,
    other_class_name,
    static_config,
)

TRAEFIK = "traefik"
IMAGE = re.compile(r"(?:^|/)traefik(?:[:@]|$)")
BEGINS = ("--p", "--P")
PROVIDER = "--providers.kubernetes"
"""What tells Traefik's pods where they have no label: their image, and an argument."""

TRAEFIK_NAME = "app.kubernetes.io/name"
VERSION = "app.kubernetes.io/version"


@dataclass(frozen=True, slots=True)
class RunningTraefik:
    """A snapshot's supplement: the configurations, where Traefik was seen by other means."""

    configs: tuple[TraefikConfig, ...] = ()


def traefik_pods(snapshot: Snapshot) -> tuple[core.Pod, ...]:
    """Traefik's pods: by their label, else by their arguments or their image."""
    return snapshot.once("routing.traefik_pods", lambda: tuple(_traefik_pods(snapshot)))


def _traefik_pods(snapshot: Snapshot) -> Iterator[core.Pod]:
    yield from filter(is_traefik, snapshot.of(core.Pod))


def is_traefik(pod: core.Pod) -> bool:
    """Whether Traefik runs in a pod, by its label, its arguments or its image."""
    labels = pod.metadata.labels
    return bool(labels and labels.get(TRAEFIK_NAME) == TRAEFIK) or _reads_routes(pod)


def _reads_routes(pod: core.Pod) -> bool:
    """Whether it runs Traefik with a provider of routes, or one whose settings are not seen.

    It is asked of every pod of the cluster.
    """
    for container in pod.spec.containers:
        command, args = container.command or (), container.args or ()
        for argument in (*command, *args) if command else args:
            if argument.startswith(BEGINS) and argument.casefold().startswith(PROVIDER):
                return True
        if TRAEFIK in container.image and IMAGE.search(container.image):
            return not static_config((*command, *args)).complete
    return False


def arguments_of(pod: core.Pod) -> Iterator[str]:
    """The command and arguments of a pod's containers, in small letters."""
    for container in pod.spec.containers:
        args = (*(container.command or ()), *(container.args or ()))
        yield from (argument.casefold() for argument in args)


def traefik_pod(pod: core.Pod) -> TraefikPod:
    """A pod of Traefik, with its container named traefik or else its first one."""
    by_name = {container.name: container for container in reversed(pod.spec.containers)}
    main = by_name.get("traefik") or next(iter(pod.spec.containers), core.Container())
    return TraefikPod(
        namespace=pod.namespace,
        name=pod.name,
        running=pod.status.phase == "Running" and pod.metadata.deletion_timestamp is None,
        image=main.image,
        version_label=(pod.metadata.labels or {}).get(VERSION, ""),
        args=(*(main.command or ()), *(main.args or ())),
        container=main.name,
        node=pod.spec.node_name,
    )


def configs(snapshot: Snapshot) -> tuple[TraefikConfig, ...]:
    """The configurations of all running Traefik pods, each once; none where none was seen."""
    return snapshot.once("routing.traefik_configs", lambda: _configs(snapshot))


def reading_crd(route: Object, snapshot: Snapshot) -> tuple[TraefikConfig, ...]:
    """The configurations by which a route of Traefik's own kinds is read."""
    return tuple(config for config in configs(snapshot) if not why_unread(route, config))


def reading_ingress(ingress: networking.Ingress, snapshot: Snapshot) -> tuple[TraefikConfig, ...]:
    """The configurations by which an Ingress is read, as far as its class tells."""
    return tuple(config for config in configs(snapshot) if not why_unread(ingress, config))


def why_unread(route: Object, config: TraefikConfig) -> str:
    """Why a Traefik does not read an Ingress or a route of its own kinds; empty if it does."""
    static, annotations = config.static, route.metadata.annotations
    if not isinstance(route, networking.Ingress):
        return _left_out(route, static.routes) or other_class(annotations, static.class_of_routes)
    name, own = route.spec.ingress_class_name, static.class_of_ingresses
    of_other = other_class_name(name, own) if name else other_class(annotations, own)
    return _left_out(route, static.ingresses) or of_other


def _left_out(route: Object, scope: Scope) -> str:
    why = scope.why_unread(route)
    return f"Traefik does not read it: {why}." if why else ""


def _configs(snapshot: Snapshot) -> tuple[TraefikConfig, ...]:
    if supplement := snapshot.supplement(RunningTraefik):
        return tuple(config for config in supplement.configs if config != TraefikConfig())
    pods = map(traefik_pod, traefik_pods(snapshot))
    return tuple(dict.fromkeys(config_of((pod,)) for pod in pods if pod.running))
