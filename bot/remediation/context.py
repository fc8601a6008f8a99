"""Everything that a repair is planned from, read afresh: the diagnosis and the objects around."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bot.domain.finding import Ref, Target
from bot.domain.resources import cert_manager, core, flux
from bot.domain.resources.base import Object
from bot.domain.resources.registry import TRAEFIK
from bot.domain.resources.traefik import IngressRoute, Middleware, TLSOption
from bot.domain.snapshot import Snapshot, SnapshotReader
from bot.errors import ClusterError
from bot.gitops.domain.ownership import NOBODY, owner
from bot.ingress_conversion import target
from bot.ingress_conversion.known import Known, Place
from bot.ingress_conversion.target import EntryPoints
from bot.net import route_resolution as resolving
from bot.net.diagnosis.diagnosis import Diagnosed
from bot.net.diagnosis.service import Diagnose, quiet
from bot.net.diagnosis.subject import Subject
from bot.net.probing.protocol import Progress
from bot.remediation.planning.context import Manifest, PlanningContext
from bot.routing.candidates import candidates
from bot.traefik.domain import instance

READS: tuple[type[Object], ...] = (
    *resolving.READS,
    Middleware,
    TLSOption,
    cert_manager.Certificate,
    flux.Kustomization,
    flux.HelmRelease,
)
STRICT = "--providers.kubernetesingress.strictprefixmatching"
CROSS = "--providers.kubernetescrd.allowcrossnamespace"


class LiveObjects(Protocol):
    """Reads one object whole."""

    async def live(self, target: Target, /) -> dict[str, Any] | None:
        """The object as it is now; None where there is none.

        Raises:
            ClusterError: The API server does not tell.
        """
        ...


class TraefikPods(Protocol):
    """The Traefik that runs."""

    async def pods(self) -> tuple[tuple[instance.TraefikPod, ...], tuple[str, ...]]:
        """Its running replicas, and why there are none."""
        ...


@dataclass(frozen=True, slots=True)
class ContextReader:
    """Reads what decides about one route."""

    cluster: SnapshotReader
    diagnose: Diagnose
    live: LiveObjects
    traefik: TraefikPods

    async def of(self, asked: str, progress: Progress = quiet) -> PlanningContext:
        """The situation of a route, with a fresh diagnosis.

        Raises:
            InputError: No route is meant by that, or several.
            ClusterError: The cluster cannot be read.
        """
        found = await self.diagnose.diagnose(asked, progress)
        progress("Reading the objects that would be changed.")
        snapshot = await self.cluster.snapshot(READS)
        return await self._situation(found, snapshot)

    async def _situation(self, found: Diagnosed, snapshot: Snapshot) -> PlanningContext:
        subject = found.subject
        made = PlanningContext(
            taken_at=snapshot.taken_at,
            subject=subject,
            diagnosis=found.diagnosis,
            sharing=_sharing(subject, snapshot),
            known=_known(subject.route, snapshot),
            traefik=await self._target(),
        )
        if subject.route is None:
            return made
        try:
            return replace(made, **await self._objects(subject.route, subject, snapshot))
        except ClusterError as error:
            return replace(made, unread=str(error))

    async def _objects(self, route: Ref, subject: Subject, snapshot: Snapshot) -> dict[str, Any]:
        at = Target(route.kind, route.namespace, route.name, _group(route, snapshot))
        to = Target("Service", subject.service.namespace, subject.service.name)
        live, service = await self.live.live(at), await self.live.live(to)
        return {
            "route": live,
            "service": service,
            "route_owner": owner(live, snapshot) if live else NOBODY,
            "service_owner": owner(service, snapshot) if service else NOBODY,
            "certificates": await self._certificates(route, snapshot),
        }

    async def _certificates(self, route: Ref, snapshot: Snapshot) -> Mapping[str, Manifest]:
        """Those that cert-manager made of the Ingress, whole."""
        found: dict[str, Manifest] = {}
        for certificate in snapshot.of(cert_manager.Certificate):
            if route.kind == "Ingress" and _owned(certificate, route):
                at = Target(
                    "Certificate", certificate.namespace, certificate.name, "cert-manager.io"
                )
                if (live := await self.live.live(at)) is not None:
                    found[certificate.name] = live
        return found

    async def _target(self) -> target.ConversionTarget | None:
        pods, _ = await self.traefik.pods()
        versions = {instance.version(pod) for pod in pods}
        if len(versions) != 1 or (number := target.version(versions.pop())) is None:
            return None
        arguments = [arg.casefold() for arg in pods[0].args]
        return target.ConversionTarget(
            number,
            strict_prefix=_on(STRICT, arguments),
            ingress_class=instance.static(pods[0].args).class_of_ingresses,
            cross_namespace=_on(CROSS, arguments),
            entry_points=EntryPoints(),
        )


def _on(flag: str, arguments: list[str]) -> bool:
    return flag in arguments or f"{flag}=true" in arguments


def _group(route: Ref, snapshot: Snapshot) -> str:
    if route.kind == "Ingress":
        return "networking.k8s.io"
    found = snapshot.get(IngressRoute, route.namespace, route.name)
    return found.api_version.partition("/")[0] if found and found.api_version else TRAEFIK[0]


def _sharing(subject: Subject, snapshot: Snapshot) -> tuple[Ref, ...]:
    """Other Ingresses of the same Service."""
    service = subject.service
    others = (
        candidate.ref
        for candidate in candidates(snapshot)
        if candidate.kind == "Ingress"
        and (candidate.to_namespace, candidate.to_name) == service_place(service)
    )
    return tuple(dict.fromkeys(other for other in others if other != subject.route))


def service_place(service: Ref) -> Place:
    """Namespace and name."""
    return service.namespace, service.name


def _known(route: Ref | None, snapshot: Snapshot) -> Known:
    """What decides a conversion; a Certificate that goes with the Ingress is not given."""
    return Known(
        services={(e.namespace, e.name): e for e in snapshot.of(core.Service)},
        referred={
            "Middleware": _places(snapshot.of(Middleware)),
            "TLSOption": _places(snapshot.of(TLSOption)),
        },
        secrets=frozenset(
            (certificate.namespace, certificate.spec.secret_name)
            for certificate in snapshot.of(cert_manager.Certificate)
            if route is None or not _owned(certificate, route)
        ),
        routes=_places(snapshot.of(IngressRoute)),
    )


def _places(some: Collection[Object]) -> frozenset[Place]:
    return frozenset((resource.namespace, resource.name) for resource in some)


def _owned(certificate: cert_manager.Certificate, route: Ref) -> bool:
    owners = certificate.metadata.owner_references or ()
    return certificate.namespace == route.namespace and any(
        owner_.kind == "Ingress" and owner_.name == route.name for owner_ in owners
    )
