"""Reads everything that a repair is planned from: a fresh diagnosis, and the objects around."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bot.domain.finding import Ref, Target
from bot.domain.resources import cert_manager, core, flux, networking
from bot.domain.resources.base import Object
from bot.domain.resources.registry import TRAEFIK
from bot.domain.resources.traefik import IngressRoute, Middleware, TLSOption
from bot.domain.sentences import sentences
from bot.domain.snapshot import Snapshot, SnapshotReader
from bot.errors import ClusterError
from bot.gitops.domain.ownership import NOBODY, owner
from bot.ingress_conversion import target
from bot.ingress_conversion.known import Inventory, Place
from bot.ingress_conversion.target import EntryPoints
from bot.net import route_resolution
from bot.net.diagnosis.service import Diagnose
from bot.net.diagnosis.subject import Subject
from bot.net.probing.protocol import Progress, quiet
from bot.remediation.change.fields import HAND_OVER, Manifest
from bot.remediation.planning.context import PlanningContext
from bot.remediation.planning.evidence import REPAIRED
from bot.remediation.ports import StepWriter
from bot.routing import instance
from bot.routing.candidates import candidates
from bot.routing.running import route_of, why_unread

NO_MAJORITY = (
    "No one version and configuration is that of most of Traefik's pods that read this route. "
    "Versions: {}."
)

READS: tuple[type[Object], ...] = (
    *route_resolution.READS,
    Middleware,
    TLSOption,
    cert_manager.Certificate,
    flux.Kustomization,
    flux.HelmRelease,
)


class TraefikPods(Protocol):
    """Finds the Traefik that runs."""

    async def pods(self) -> tuple[tuple[instance.TraefikPod, ...], tuple[str, ...]]:
        """Its running replicas, and if there are none, why."""
        ...


@dataclass(frozen=True, slots=True)
class ContextReader:
    """Reads what decides about one route."""

    cluster: SnapshotReader
    diagnose: Diagnose
    writer: StepWriter
    traefik: TraefikPods

    async def of(
        self, route: str, progress: Progress = quiet, *, private: bool = False
    ) -> PlanningContext:
        """The planning context of a route, with a fresh diagnosis.

        Raises:
            InputError: No route has this name, or several have.
            ClusterError: The cluster cannot be read.
        """
        diagnosed = await self.diagnose.diagnose(route, progress, private=private)
        progress("Reading the objects to change.")
        snapshot = await self.cluster.snapshot(READS)
        subject = diagnosed.subject
        context = PlanningContext(
            subject=subject,
            diagnosis=diagnosed.diagnosis,
            sharing=_sharing(subject, snapshot),
            known=_known(subject.route, snapshot),
            **await self._traefik(route_of(subject.route, snapshot)),
            tested=tuple(test.diagnosis.effect for test in self.diagnose.tested),
        )
        if subject.route is None or subject.route.kind not in REPAIRED:
            return context
        try:
            return replace(context, **await self._objects(subject.route, subject, snapshot))
        except ClusterError as error:
            return replace(context, unread=str(error))

    async def _objects(self, route: Ref, subject: Subject, snapshot: Snapshot) -> dict[str, Any]:
        at = Target(route.kind, route.namespace, route.name, _group(route, snapshot))
        to = Target("Service", subject.service.namespace, subject.service.name)
        live, service = await self.writer.live(at), await self.writer.live(to)
        return {
            "route": live,
            "service": service,
            "route_owner": owner(live, snapshot) if live else NOBODY,
            "service_owner": owner(service, snapshot) if service else NOBODY,
            "certificates": await self._certificates(route, snapshot),
            "handing_over": _handing_over(route.namespace, snapshot),
        }

    async def _certificates(self, route: Ref, snapshot: Snapshot) -> Mapping[str, Manifest]:
        """The Certificates that cert-manager made for an Ingress, as whole objects by name."""
        manifests: dict[str, Manifest] = {}
        for certificate in snapshot.of(cert_manager.Certificate):
            if route.kind == "Ingress" and _owned(certificate, route):
                place = certificate.namespace, certificate.name
                live = await self.writer.live(Target("Certificate", *place, "cert-manager.io"))
                if live is not None:
                    manifests[certificate.name] = live
        return manifests

    async def _traefik(self, route: Object | None) -> dict[str, Any]:
        """What an Ingress is converted for: what most pods are of those that read it."""
        pods, unseen = await self.traefik.pods()
        known = [pod for pod in pods if route and not why_unread(route, instance.config_of(pod))]
        counts = Counter(_target(instance.config_of(pod)) for pod in known or pods)
        if not counts:
            return {"traefik_unseen": sentences(*unseen)}
        versions = instance.versions_of(known or pods)
        (most, count), *others = counts.most_common()
        if most is None or 2 * count <= counts.total():
            return {"traefik_unseen": NO_MAJORITY.format(versions)}
        return {"traefik": most, "traefik_versions": versions if others else ""}


def _target(config: instance.TraefikConfig) -> target.ConversionTarget | None:
    version = target.version(config.version)
    return version and target.ConversionTarget(
        version,
        strict_prefix=config.static.strict_prefix,
        ingress_class=config.static.class_of_ingresses,
        cross_namespace=config.static.cross_namespace,
        entry_points=EntryPoints(),
    )


def _group(route: Ref, snapshot: Snapshot) -> str:
    if route.kind == "Ingress":
        return "networking.k8s.io"
    known = snapshot.get(IngressRoute, route.namespace, route.name)
    return known.api_version.partition("/")[0] if known and known.api_version else TRAEFIK[0]


def _sharing(subject: Subject, snapshot: Snapshot) -> tuple[Ref, ...]:
    """Other Ingresses of the same Service."""
    place = subject.service.namespace, subject.service.name
    ingresses = dict.fromkeys(
        candidate.ref
        for candidate in candidates(snapshot)
        if candidate.kind == "Ingress" and (candidate.to_namespace, candidate.to_name) == place
    )
    return tuple(ingress for ingress in ingresses if ingress != subject.route)


def _handing_over(namespace: str, snapshot: Snapshot) -> str:
    """An object of the namespace with the label of a hand-over; empty if none has it."""
    routes = (*snapshot.of(networking.Ingress), *snapshot.of(IngressRoute))
    labelled = (route for route in routes if HAND_OVER in (route.metadata.labels or {}))
    return next((str(route.ref) for route in labelled if route.namespace == namespace), "")


def _known(route: Ref | None, snapshot: Snapshot) -> Inventory:
    """What decides a conversion, without a Certificate that goes together with its Ingress."""
    return Inventory(
        services={(e.namespace, e.name): e for e in snapshot.of(core.Service)},
        referred={kind.__name__: _places(snapshot.of(kind)) for kind in (Middleware, TLSOption)},
        secrets=frozenset(
            (certificate.namespace, certificate.spec.secret_name)
            for certificate in snapshot.of(cert_manager.Certificate)
            if route is None or not _owned(certificate, route)
        ),
        routes=_places(snapshot.of(IngressRoute)),
    )


def _places(resources: Collection[Object]) -> frozenset[Place]:
    return frozenset((resource.namespace, resource.name) for resource in resources)


def _owned(certificate: cert_manager.Certificate, route: Ref) -> bool:
    owners = certificate.metadata.owner_references or ()
    return certificate.namespace == route.namespace and any(
        reference.kind == "Ingress" and reference.name == route.name for reference in owners
    )
