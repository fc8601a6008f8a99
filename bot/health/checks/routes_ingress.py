"""Ingresses whose references are broken. Source: Traefik's provider kubernetesingress.

In a cluster the references decide: a Traefik without `publishedService` never writes an address
into an Ingress, so its absence is no evidence there. In a saved file the address is all that a
controller says, and without one the Ingress is taken to be under way, as Argo CD does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.resources import cert_manager, core, discovery, networking, traefik
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.net.diagnosis import recent as lasting
from bot.routing import references as routing
from bot.routing.references import Defect, Rule

ANNOTATION = "traefik.ingress.kubernetes.io/router."
"""What Traefik's own annotations of an Ingress begin with."""


def judge(ingress: networking.Ingress, snapshot: Snapshot) -> Judgement:
    """By its references: failed where no rule works, degraded where some do."""
    if gone := conditions.terminating(ingress.metadata, snapshot.taken_at):
        return gone
    backends = tuple(_backends(ingress))
    if not backends:
        message = "It has neither a rule with a path nor a default backend."
        return Judgement(verdict=Verdict.DEGRADED, reason="NoRules", message=message)
    rules = tuple(
        Rule(match, tuple(_backend(ingress_backend, ingress.namespace, snapshot)))
        for match, ingress_backend in backends
    )
    found = routing.judgement(rules, tuple(_common(ingress, snapshot)))
    if found or (found := _without_address(ingress, snapshot)):
        return found
    here = Ref("Ingress", ingress.namespace, ingress.name)
    return lasting.judgement(here, snapshot) or HEALTHY


def _backends(ingress: networking.Ingress) -> Iterator[tuple[str, networking.IngressBackend]]:
    for rule in ingress.spec.rules or ():
        for path in rule.http.paths if rule.http else ():
            yield f"{rule.host}{path.path or '/'}", path.backend
    default = ingress.spec.default_backend or ingress.spec.backend
    if default:
        yield "default backend", default


def _backend(backend: networking.IngressBackend, here: str, snapshot: Snapshot) -> Iterable[Defect]:
    if backend.service:
        port = backend.service.port
        name, wanted = backend.service.name, port.number or port.name
    else:
        name, wanted = backend.service_name, backend.service_port or ""
    if not name:
        # A resource backend: Traefik supports none, other controllers do.
        return ()
    return filter(None, [routing.service(snapshot, here, name, wanted)])


def _common(ingress: networking.Ingress, snapshot: Snapshot) -> Iterator[Defect]:
    """What concerns all of its rules: TLS secrets, and what Traefik's annotations name."""
    here = ingress.namespace
    for tls in ingress.spec.tls or ():
        if tls.secret_name and (found := routing.secret(snapshot, here, tls.secret_name)):
            yield found
    yield from routing.entry_points(snapshot, _annotated(ingress, "entrypoints"))
    for name in _annotated(ingress, "middlewares"):
        if "@" in name and (found := routing.middleware(snapshot, here, name)):
            yield found
    for name in _annotated(ingress, "tls.options"):
        if "@" in name and (found := routing.tls_option(snapshot, here, name)):
            yield found


def _annotated(ingress: networking.Ingress, what: str) -> list[str]:
    value = (ingress.metadata.annotations or {}).get(ANNOTATION + what, "")
    return [name.strip() for name in value.split(",") if name.strip()]


def _without_address(ingress: networking.Ingress, snapshot: Snapshot) -> Judgement | None:
    if snapshot.live or ingress.status.load_balancer.ingress:
        return None
    message = "No controller has given it an address yet."
    return Judgement(verdict=Verdict.PROGRESSING, reason="NoAddress", message=message)


CHECK = Check(
    name="routes-ingress",
    scope="routes",
    title="Ingresses with a broken reference, or seen failing by a test.",
    judges={networking.Ingress: judge},
    documented_as="kubectl get ingress -A",
    advice="Mend the reference where it is kept, in Git; /net diagnose says what a test showed.",
    needs=(
        core.Service,
        traefik.Middleware,
    ),
    refers_to=(
        discovery.EndpointSlice,
        traefik.TLSOption,
        core.SecretName,
        cert_manager.Certificate,
        core.Pod,
    ),
)
