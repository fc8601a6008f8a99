"""Ingresses with broken references. Source: Traefik's provider kubernetesingress.

In a cluster the references decide: a Traefik without `publishedService` never writes an address
into an Ingress, so a missing address proves nothing. In a saved file the address is all that a
controller reports; an Ingress without one counts as under way, as in Argo CD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import Judgement
from bot.domain.resources import core, networking, traefik
from bot.domain.resources.base import Reference
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import known_names, observed
from bot.net.diagnosis.diagnosis import DIAGNOSES
from bot.routing import middlewares, running, secrets, tls_settings
from bot.routing import references as routing
from bot.routing.instance import CLASS
from bot.routing.native_lb import ANNOTATION as NATIVE
from bot.routing.references import Defect, Provider, Rule
from bot.routing.secrets import WRITERS
from bot.routing.selected_workloads import BEHIND
from bot.routing.traefik_word import TRAEFIK_WORD

OTHER_CONTROLLERS = (
    *("nginx", "haproxy", "kong", "contour", "istio", "cilium", "envoy", "apisix", "caddy"),
    *("openshift", "tailscale", "cloudflare", "alb", "gce", "azure-application-gateway"),
)
"""What the usual class names of other ingress controllers hold."""

ANNOTATION = "traefik.ingress.kubernetes.io/router."
"""The prefix of Traefik's own annotations of an Ingress."""

TRANSPORT = "traefik.ingress.kubernetes.io/service.serverstransport"
"""On a Service, it names the ServersTransport of the Ingresses that lead to it."""


def judge(ingress: networking.Ingress, snapshot: Snapshot) -> Judgement:
    """By its references: failed where no rule works, degraded where some do."""
    if gone := conditions.terminating(ingress, snapshot.taken_at):
        return gone
    if unread := routing.unserved_ingress(ingress, snapshot):
        return Judgement(unread.verdict, unread.reason, unread.message)
    backends = tuple(_backends(ingress))
    if not backends:
        message = "It has neither a rule with a path nor a default backend."
        return Judgement(Verdict.DEGRADED, "NoRules", message)
    provider = Provider(running.reading(ingress, snapshot), of_ingresses=True)
    rules = tuple(
        Rule(match, tuple(_backend(backend, ingress.namespace, provider, snapshot)))
        for match, backend in backends
    )
    broken = routing.judgement(rules, tuple(_common(ingress, provider, snapshot)))
    silent = all(rule.broken for rule in rules)
    broken = broken or _without_address(ingress, snapshot)
    return observed.worst(ingress.ref, snapshot, broken, silent=silent)


def _backends(ingress: networking.Ingress) -> Iterator[tuple[str, networking.IngressBackend]]:
    for host, path in ingress.spec.paths:
        yield f"{host}{path.path or '/'}", path.backend
    if ingress.spec.default:
        yield "default backend", ingress.spec.default


def _backend(
    backend: networking.IngressBackend, here: str, provider: Provider, snapshot: Snapshot
) -> Iterator[Defect]:
    name, port = backend.target
    if not name:
        # A resource backend, which other controllers may support.
        if provider.configs:
            message = "Traefik does not support resource backends: name a Service."
            yield Defect("ResourceBackend", message)
        return
    service = snapshot.get(core.Service, here, name)
    annotations = (service.metadata.annotations if service else None) or {}
    transport = annotations.get(TRANSPORT, "")
    if "@" in transport and (
        defect := tls_settings.transport(snapshot, traefik.ServersTransport, here, transport)
    ):
        yield defect
    native = _native(annotations) if provider.configs else None
    if defect := routing.service(snapshot, here, name, port or "", provider, native=native):
        yield defect


def _native(annotations: Mapping[str, str]) -> bool | None:
    """What a Service's annotation says of nativeLB, None where it has none."""
    value = annotations.get(NATIVE)
    return None if value is None else value.strip().lower() == "true"


def _common(
    ingress: networking.Ingress, provider: Provider, snapshot: Snapshot
) -> Iterator[Defect]:
    """What concerns all of its rules: TLS secrets, and what Traefik's annotations name."""
    here = ingress.namespace
    for tls in ingress.spec.tls or ():
        if tls.secret_name and (defect := secrets.of_tls(snapshot, here, tls.secret_name)):
            yield defect
    if _of_another_controller(ingress, snapshot):
        return
    yield from routing.entry_points(ingress, _annotated(ingress, "entrypoints"), provider, snapshot)
    for name in _annotated(ingress, "middlewares"):
        reference = Reference(name=name)
        if "@" in name and (defect := middlewares.middleware(snapshot, here, reference)):
            yield defect
    for name in _annotated(ingress, "tls.options"):
        if "@" in name and (defect := tls_settings.option(snapshot, here, name)):
            yield defect


def _of_another_controller(ingress: networking.Ingress, snapshot: Snapshot) -> bool:
    """Whether its class is that of a known other controller, which reads nothing of Traefik's.

    IngressClass objects are not read: other classes may be Traefik's under any name.
    """
    annotated = (ingress.metadata.annotations or {}).get(CLASS, "")
    words = (ingress.spec.ingress_class_name or annotated).casefold()
    known = any(name in words for name in OTHER_CONTROLLERS)
    return known and "traefik" not in words and not running.reading(ingress, snapshot)


def _annotated(ingress: networking.Ingress, key: str) -> list[str]:
    value = (ingress.metadata.annotations or {}).get(ANNOTATION + key, "")
    return [name.strip() for name in value.split(",") if name.strip()]


def _without_address(ingress: networking.Ingress, snapshot: Snapshot) -> Judgement | None:
    if snapshot.live or ingress.status.load_balancer.ingress:
        return None
    message = "No controller has given it an address yet."
    return Judgement(Verdict.PROGRESSING, "NoAddress", message)


CHECK = Check(
    name="routes-ingress",
    scope="routes",
    title="Ingresses that have a broken reference, or fail a test.",
    judges={networking.Ingress: judge},
    documented_as="kubectl get ingress -A",
    advice="Fix the reference in Git. `/net diagnose` shows what a test found.",
    needs=(core.Service, traefik.Middleware),
    refers_to=(
        *BEHIND,
        traefik.TLSOption,
        traefik.ServersTransport,
        *WRITERS,
    ),
    facts=(DIAGNOSES, TRAEFIK_WORD),
    known_as=known_names.site,
)
