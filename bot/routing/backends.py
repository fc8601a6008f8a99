"""What requests of a route go to: a Service, or a TraefikService that leads on to others.

Source: Traefik's provider kubernetescrd and its service manager, v2.10 to v3.7. A TraefikService
of which one reference is missing is not built at all, nor is one that leads back to itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.finding import Ref
from bot.domain.resources import core, traefik
from bot.domain.resources.base import Reference
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import references as routing
from bot.routing import tls_settings
from bot.routing.chains import Chains
from bot.routing.references import EMPTY, NOTHING_ANSWERS, Defect, Provider
from bot.routing.running import configs

SCHEMES = frozenset({"", "http", "https", "h2c"})
SHOWN = 40

LOOP = "It leads back to itself, so Traefik builds none of the services in the cycle."

NOTHING = Defect("NoServices", "It leads to no service: requests get 503.")


def is_indirect(service: traefik.RouteService) -> bool:
    """Whether a TraefikService stands in the place of a Service."""
    return "@" in service.name or service.kind == "TraefikService"


def backend(
    service: traefik.RouteService, here: str, provider: Provider, snapshot: Snapshot
) -> Defect | None:
    """The defect of what a rule sends its requests to, None where there is none."""
    defect = _direct(service, here, provider, snapshot)
    if defect or not is_indirect(service):
        return defect
    namespace = service.namespace or here
    target = routing.resolved(snapshot, traefik.TraefikService, namespace, service.name)
    broken = service_defects(snapshot, target.ref) if target else ()
    return routing.caused_by(target.ref, broken) if target else None


def service_defects(snapshot: Snapshot, ref: Ref) -> tuple[Defect, ...]:
    """What is wrong with a TraefikService."""
    return snapshot.once("routing.traefik_services", lambda: _chains(snapshot)).defects(ref)


def _chains(snapshot: Snapshot) -> Chains:
    services = {service.ref: service for service in snapshot.of(traefik.TraefikService)}
    provider = Provider(configs(snapshot))
    return Chains(
        named=lambda ref: _named(services[ref]) if ref in services else None,
        own=lambda ref: _own(services[ref], provider, snapshot),
        circle=Defect("ServiceLoop", LOOP),
        passed_on=(lambda its: routing.worst(its).verdict in NOTHING_ANSWERS,),
    )


def _named(service: traefik.TraefikService) -> Iterator[Ref]:
    for named in _members(service):
        if named.kind == "TraefikService" and "@" not in named.name:
            yield Ref("TraefikService", named.namespace or service.namespace, named.name)


def _members(service: traefik.TraefikService) -> Iterator[traefik.RouteService]:
    """The services that it leads to: Traefik takes the first kind that is configured."""
    spec = service.spec
    if spec.weighted:
        yield from spec.weighted.services or ()
    elif spec.mirroring:
        yield from (spec.mirroring, *(spec.mirroring.mirrors or ()))
    elif spec.highest_random_weight:
        yield from spec.highest_random_weight.services or ()


def _own(
    service: traefik.TraefikService, provider: Provider, snapshot: Snapshot
) -> tuple[Defect, ...]:
    members = tuple(_members(service))
    if not members:
        return (NOTHING,) if _is_understood(service) else ()
    here, mirroring = service.namespace, service.spec.mirroring
    defects = [_direct(member, here, provider, snapshot) for member in members]
    if mirroring and not service.spec.weighted:
        first, *mirrors = defects
        return tuple(filter(None, (first, *map(_of_mirror, mirrors))))
    return of_several(members, defects)


def of_several(
    services: Sequence[traefik.RouteService], defects: Sequence[Defect | None]
) -> tuple[Defect, ...]:
    """The defects of all services of a rule, by those of each.

    One of weight 0 gets no request, so that nothing has to answer there: so tools for canaries
    leave it. Traefik still refuses the rule where it is missing.
    """
    pairs = tuple(zip(services, defects, strict=True))
    weighed = [defect for service, defect in pairs if service.weight != 0]
    if not weighed:
        return routing.unless_one_works(list(filter(None, defects)), len(defects))
    idle = (defect for service, defect in pairs if service.weight == 0)
    refused = (
        routing.in_part(defect) if defect.reason in EMPTY else defect
        for defect in idle
        if defect and (defect.drops_rule or defect.reason not in EMPTY)
    )
    known = list(filter(None, weighed))
    return (*routing.unless_one_works(known, len(weighed)), *refused)


def _is_understood(service: traefik.TraefikService) -> bool:
    """Whether it has a kind that is known here; a newer Traefik may know others."""
    spec = service.spec
    return bool(spec.weighted or spec.mirroring or spec.highest_random_weight)


def _of_mirror(defect: Defect | None) -> Defect | None:
    """Answers do not come from a mirror, so one without an endpoint fails no request.

    One that is scaled to 0 is as somebody wants it.
    """
    if defect is None or defect.reason not in EMPTY:
        return defect
    wanted = defect.verdict is Verdict.SUSPENDED and not defect.drops_rule
    return None if wanted else routing.in_part(defect)


def _direct(
    service: traefik.RouteService, here: str, provider: Provider, snapshot: Snapshot
) -> Defect | None:
    """The defect of a reference itself; what a TraefikService leads to is not followed."""
    namespace = service.namespace or here
    indirect = is_indirect(service)
    kind = "TraefikService" if indirect else "Service"
    reference = Reference(name=service.name, namespace=service.namespace)
    if refused := routing.other_namespace(provider, here, kind, reference):
        return refused
    if indirect:
        return routing.existing(snapshot, traefik.TraefikService, namespace, service.name)
    transport = Reference(name=service.servers_transport)
    return (
        routing.other_namespace(provider, here, "ServersTransport", transport)
        or tls_settings.transport(
            snapshot, traefik.ServersTransport, namespace, service.servers_transport
        )
        or _refused(service, namespace, provider, snapshot)
        or routing.service(
            snapshot, namespace, service.name, service.port, provider, native=service.native_lb
        )
    )


def _refused(
    service: traefik.RouteService, namespace: str, provider: Provider, snapshot: Snapshot
) -> Defect | None:
    """What a reference says of an existing Service, and Traefik refuses."""
    what = f"Service {namespace}/{service.name}"
    if service.scheme not in SCHEMES:
        message = f"{what}: Traefik knows no scheme {service.scheme[:SHOWN]}"
        return Defect("SchemeNotValid", f"{message}. Write http, https or h2c.")
    target = snapshot.get(core.Service, namespace, service.name)
    if not target or target.spec.type == "ExternalName" or not service.health_check:
        return None
    if not provider.checks_health():
        return None
    message = f"{what} is not an ExternalName, and Traefik allows healthCheck for those only."
    return Defect("HealthCheckNotAllowed", f"{message} Remove healthCheck from the route.")
