"""Which pods are Traefik, and by which configurations a route is read: decided here for every view.

A pod is Traefik if it runs in one of the namespaces of MESHMEDIC_TRAEFIK_NAMESPACES and looks like
it: by its label, its image, or an argument that switches a provider of routes on. Labels and images
are anybody's to choose, and the namespace is what a tenant cannot choose. Nothing is said of a
route by the configuration of a Traefik that was not seen, or that reads routes of another class.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.containers import has_ended
from bot.domain.finding import Ref
from bot.domain.resources import core, gateway, networking, traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.routing.instance import (
    Scope,
    TraefikConfig,
    TraefikPod,
    configs_of,
    other_class,
    other_class_name,
    static_config,
)

NAMESPACES = ("kube-system", "traefik")
"""Where k3s and Traefik's documentation run it: the default of MESHMEDIC_TRAEFIK_NAMESPACES."""

NO_TRAEFIK = (
    "No running Traefik pod was found in the namespaces of MESHMEDIC_TRAEFIK_NAMESPACES "
    "(kube-system and traefik, unless you set it)."
)

TRAEFIK = "traefik"
IMAGE = re.compile(r"(?:^|/)(?:(?:\w+-)?library-)?traefik(?:[:@][^/]*)?$")
"""An image of Traefik, also as a mirror names it (`rancher/mirrored-library-traefik`). Those of
whoami, of Traefik Mesh and of forward-auth have other names."""

BEGINS = ("--p", "--P")
PROVIDER = "--providers.kubernetes"
"""An argument that tells Traefik's pods where neither label nor image does."""

ROUTES: Mapping[str, type[Object]] = {
    "Ingress": networking.Ingress,
    "IngressRoute": traefik.IngressRoute,
    "HTTPRoute": gateway.HTTPRoute,
}

TRAEFIK_NAME = "app.kubernetes.io/name"
VERSION = "app.kubernetes.io/version"


@dataclass(frozen=True, slots=True)
class TraefikNamespaces:
    """A snapshot's supplement: where Traefik runs. Without it, as for saved files, anywhere."""

    names: Collection[str]


@dataclass(frozen=True, slots=True)
class RunningTraefik:
    """A snapshot's supplement: the configurations, where Traefik was seen by other means."""

    configs: tuple[TraefikConfig, ...] = ()


def is_traefik(pod: core.Pod, namespaces: Collection[str]) -> bool:
    """Whether a pod is Traefik, which runs in these namespaces."""
    return pod.namespace in namespaces and looks_like_traefik(pod)


def looks_like_traefik(pod: core.Pod) -> bool:
    """Whether a pod says that it is Traefik, wherever it is: anybody can say so."""
    labels = pod.metadata.labels
    return bool(labels and labels.get(TRAEFIK_NAME) == TRAEFIK) or any(
        map(_is_its, pod.spec.containers)
    )


def _is_its(container: core.Container) -> bool:
    """Whether a container runs Traefik with a provider of routes, or with settings not seen.

    It is asked of every container of the cluster.
    """
    command, args = container.command or (), container.args or ()
    for argument in (*command, *args) if command else args:
        if argument.startswith(BEGINS) and argument.casefold().startswith(PROVIDER):
            return True
    if TRAEFIK in container.image and IMAGE.search(container.image):
        return not static_config((*command, *args)).complete
    return False


def is_running(pod: core.Pod) -> bool:
    """Whether a pod runs and is not about to end."""
    return pod.status.phase == "Running" and pod.metadata.deletion_timestamp is None


def traefik_pods(snapshot: Snapshot) -> tuple[core.Pod, ...]:
    """The Traefik pods that run."""
    return _apart(snapshot)[0]


def has_traefik(snapshot: Snapshot) -> bool:
    """Whether a Traefik pod is there, whether it runs or not."""
    return any(present_pods(snapshot))


def present_pods(snapshot: Snapshot) -> Iterator[core.Pod]:
    """The Traefik pods that have not ended, whether they run or not."""
    place = snapshot.supplement(TraefikNamespaces)
    for pod in _alike(snapshot):
        if not has_ended(pod) and (place is None or pod.namespace in place.names):
            yield pod


def namespaces_elsewhere(snapshot: Snapshot) -> tuple[str, ...]:
    """The other namespaces in which something runs that looks like Traefik."""
    return tuple(sorted({pod.namespace for pod in _apart(snapshot)[1]}))


def traefik_pod(pod: core.Pod) -> TraefikPod:
    """A pod of Traefik: of its containers the one so named, else the one that looks like it."""
    containers = pod.spec.containers
    named = (container for container in containers if container.name == TRAEFIK)
    main = next(named, None) or next(filter(_is_its, containers), None)
    main = main or next(iter(containers), core.Container())
    return TraefikPod(
        namespace=pod.namespace,
        name=pod.name,
        running=is_running(pod),
        image=main.image,
        version_label=(pod.metadata.labels or {}).get(VERSION, ""),
        args=(*(main.command or ()), *(main.args or ())),
        container=main.name,
        node=pod.spec.node_name,
    )


def configs(snapshot: Snapshot) -> tuple[TraefikConfig, ...]:
    """The configurations of all running Traefik pods, each once; none where none was seen."""
    return snapshot.once("routing.traefik_configs", lambda: _configs(snapshot))


def reading(route: Object, snapshot: Snapshot) -> tuple[TraefikConfig, ...]:
    """The configurations by which a route is read, as far as its class tells."""
    return readers(route, configs(snapshot))


def readers(route: Object, known: Iterable[TraefikConfig]) -> tuple[TraefikConfig, ...]:
    """Of configurations, those by which a route is read."""
    return tuple(config for config in known if not why_unread(route, config))


def route_of(ref: Ref | None, snapshot: Snapshot) -> Object | None:
    """The route that a reference names; None where it was not read."""
    kind = ROUTES.get(ref.kind) if ref else None
    return snapshot.get(kind, ref.namespace, ref.name) if ref and kind else None


def why_unread(route: Object, config: TraefikConfig) -> str:
    """Why a Traefik does not read a route of any kind; empty if it does.

    A class is named by an Ingress or a route of Traefik's own kinds. That of an HTTPRoute is its
    Gateway's.
    """
    if why := scope_of(route, config).why_unread(route):
        return f"Traefik does not read it: {why}."
    static, annotations = config.static, route.metadata.annotations
    if isinstance(route, gateway.HTTPRoute):
        return ""
    if not isinstance(route, networking.Ingress):
        return other_class(annotations, static.class_of_routes)
    name, own = route.spec.ingress_class_name, static.class_of_ingresses
    return other_class_name(name, own) if name else other_class(annotations, own)


def scope_of(route: Object, config: TraefikConfig) -> Scope:
    """What a Traefik reads of the kind of a route, by the provider of it."""
    if isinstance(route, gateway.HTTPRoute):
        return config.static.gateways
    is_ingress = isinstance(route, networking.Ingress)
    return config.static.ingresses if is_ingress else config.static.routes


def read_elsewhere(route: Object, snapshot: Snapshot) -> bool:
    """Whether what looks like Traefik in another namespace may read a route.

    That it does is not believed, and neither is that nobody does.
    """
    elsewhere = snapshot.once(
        "routing.traefik_elsewhere", lambda: configs_of(map(traefik_pod, _apart(snapshot)[1]))
    )
    return any(not config.static.complete or not why_unread(route, config) for config in elsewhere)


def _configs(snapshot: Snapshot) -> tuple[TraefikConfig, ...]:
    if supplement := snapshot.supplement(RunningTraefik):
        return tuple(config for config in supplement.configs if config != TraefikConfig())
    return configs_of(map(traefik_pod, traefik_pods(snapshot)))


def _apart(snapshot: Snapshot) -> tuple[tuple[core.Pod, ...], tuple[core.Pod, ...]]:
    """The running pods that are Traefik, and those that look like it in other namespaces."""
    return snapshot.once("routing.traefik_pods", lambda: _told_apart(snapshot))


def _alike(snapshot: Snapshot) -> Sequence[core.Pod]:
    return snapshot.of(core.Pod).those("like Traefik", looks_like_traefik)


def _told_apart(snapshot: Snapshot) -> tuple[tuple[core.Pod, ...], tuple[core.Pod, ...]]:
    alike = tuple(filter(is_running, _alike(snapshot)))
    place = snapshot.supplement(TraefikNamespaces)
    if place is None:
        return alike, ()
    own = tuple(pod for pod in alike if pod.namespace in place.names)
    return own, tuple(pod for pod in alike if pod.namespace not in place.names)
