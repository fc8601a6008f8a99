"""Which pods are Traefik, and by which configurations a route is read: decided here for every view.

A pod is Traefik if it runs in one of the namespaces of MESHMEDIC_TRAEFIK_NAMESPACES, a workload
controls it, and it looks like it: by its label, its image, or an argument that switches a provider
of routes on. Labels and images are anybody's to choose, and the namespace is what a tenant cannot
choose. Nothing is said of a route by the configuration of a Traefik that was not seen, or that
reads routes of another class.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.containers import has_ended
from bot.domain.finding import Ref
from bot.domain.label_selector import selects
from bot.domain.resources import apps, core, gateway, networking, traefik
from bot.domain.resources.base import Object, Owner
from bot.domain.sentences import listed, sentences
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

SETTING = "MESHMEDIC_TRAEFIK_NAMESPACES"
NO_TRAEFIK = (
    f"No running Traefik pod was found in the namespaces of {SETTING} "
    "(kube-system and traefik, unless you set it)."
)
NO_CONTROLLER = (
    "Nothing keeps {}: what no Deployment, DaemonSet or StatefulSet runs does not count as Traefik."
)
MOST_NAMED = 3
"""Namespaces or pods that one sentence names."""

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

Workload = apps.WorkloadObject | apps.DaemonSet
CONTROLLERS: Mapping[str, type[Workload]] = {
    "ReplicaSet": apps.ReplicaSet,
    "DaemonSet": apps.DaemonSet,
    "StatefulSet": apps.StatefulSet,
}
"""What may control a pod of Traefik; a Deployment does so by its ReplicaSets."""

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
    return pod.namespace in namespaces and is_controlled(pod) and looks_like_traefik(pod)


def is_controlled(pod: core.Pod) -> bool:
    """Whether a workload keeps a pod, by the pod's own word.

    The API server deletes a pod whose owner does not exist (Kubernetes, "Garbage Collection").
    """
    return _owner(pod) is not None


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
    return (pod for pod in _alike(snapshot) if not has_ended(pod) and _is_own(pod, snapshot))


def namespaces_elsewhere(snapshot: Snapshot) -> tuple[str, ...]:
    """The other namespaces in which a workload runs something that looks like Traefik."""
    return tuple(sorted({pod.namespace for pod in _apart(snapshot)[1]}))


def why_none(snapshot: Snapshot) -> str:
    """Why no Traefik was found, and which setting would show one that runs elsewhere."""
    place = snapshot.supplement(TraefikNamespaces)
    names = place.names if place else NAMESPACES
    alone = (pod for pod in _apart(snapshot)[2] if pod.namespace in names)
    return sentences(
        NO_TRAEFIK,
        not_controlled(sorted(pod.ref for pod in alone)),
        how_to_add(namespaces_elsewhere(snapshot), names),
    )


def not_controlled(pods: Sequence[Ref]) -> str:
    """That pods look like Traefik and nothing keeps them; empty where there are none."""
    named = listed((f"{pod.namespace}/{pod.name}" for pod in pods), MOST_NAMED)
    return NO_CONTROLLER.format(named) if pods else ""


def how_to_add(elsewhere: Sequence[str], names: Collection[str]) -> str:
    """How the setting of these names takes in other namespaces; empty where there are none.

    It is never advised without the reader's own knowledge: anybody may call a pod so.
    """
    if not elsewhere:
        return ""
    shown = elsewhere[:MOST_NAMED]
    return (
        f"What looks like Traefik runs in {listed(elsewhere, MOST_NAMED)}. If it is yours, set "
        f"{SETTING}={','.join((*names, *shown))}. Until then the bot ignores it, "
        "and cannot say whether its routes work."
    )


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
    """Whether what looks like Traefik in a route's own namespace may read it.

    That it does is not believed, and neither is that nobody does. In other namespaces it says
    nothing of the route: else a tenant's pod would hide faults of everybody's routes.
    """
    elsewhere = snapshot.once("routing.traefik_elsewhere", lambda: _configs_elsewhere(snapshot))
    return any(
        not config.static.complete or not why_unread(route, config)
        for config in elsewhere.get(route.namespace, ())
    )


def _configs_elsewhere(snapshot: Snapshot) -> Mapping[str, tuple[TraefikConfig, ...]]:
    pods: defaultdict[str, list[TraefikPod]] = defaultdict(list)
    for pod in _apart(snapshot)[1]:
        pods[pod.namespace].append(traefik_pod(pod))
    return {namespace: configs_of(own) for namespace, own in pods.items()}


def _configs(snapshot: Snapshot) -> tuple[TraefikConfig, ...]:
    if supplement := snapshot.supplement(RunningTraefik):
        return tuple(config for config in supplement.configs if config != TraefikConfig())
    return configs_of(map(traefik_pod, traefik_pods(snapshot)))


_Pods = tuple[core.Pod, ...]


def _apart(snapshot: Snapshot) -> tuple[_Pods, _Pods, _Pods]:
    """The running pods that are Traefik, those that may be in other namespaces, and impostors."""
    return snapshot.once("routing.traefik_pods", lambda: _told_apart(snapshot))


def _alike(snapshot: Snapshot) -> Sequence[core.Pod]:
    return snapshot.of(core.Pod).those("like Traefik", looks_like_traefik)


def _told_apart(snapshot: Snapshot) -> tuple[_Pods, _Pods, _Pods]:
    own: list[core.Pod] = []
    elsewhere: list[core.Pod] = []
    impostors: list[core.Pod] = []
    for pod in filter(is_running, _alike(snapshot)):
        if _is_own(pod, snapshot):
            own.append(pod)
        else:
            (elsewhere if _is_kept(pod, snapshot) else impostors).append(pod)
    return tuple(own), tuple(elsewhere), tuple(impostors)


def _is_own(pod: core.Pod, snapshot: Snapshot) -> bool:
    place = snapshot.supplement(TraefikNamespaces)
    return place is None or (pod.namespace in place.names and _is_kept(pod, snapshot))


def _is_kept(pod: core.Pod, snapshot: Snapshot) -> bool:
    """Whether a workload keeps a pod, also by the workload itself where those were read."""
    owner = _owner(pod)
    if owner is None:
        return False
    kind = CONTROLLERS[owner.kind]
    workload = snapshot.get(kind, pod.namespace, owner.name)
    if workload is None:
        return not snapshot.sees(kind, pod.namespace)
    uid = workload.metadata.uid
    same = not uid or not owner.uid or uid == owner.uid
    return same and selects(workload.spec.selector, pod.metadata.labels or {})


def _owner(pod: core.Pod) -> Owner | None:
    owners = pod.metadata.owner_references or ()
    controller = next((owner for owner in owners if owner.controller), None)
    return controller if controller and controller.kind in CONTROLLERS else None
