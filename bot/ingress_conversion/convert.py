"""The conversion of one Ingress: what becomes of it, and the objects to apply in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import msgspec

from bot.ingress_conversion import rule, services
from bot.ingress_conversion.annotations import RouterOptions, router_options
from bot.ingress_conversion.certificate import certificates
from bot.ingress_conversion.ingress_class import another
from bot.ingress_conversion.known import Known, Place, gather
from bot.ingress_conversion.references import references
from bot.ingress_conversion.refusals import ConversionReason, Unfaithful
from bot.ingress_conversion.rule import RuleText
from bot.ingress_conversion.source import IngressSource, RoutedBackend, decoded, read
from bot.ingress_conversion.target import ConversionTarget
from bot.ingress_conversion.tls import TlsRoute, parts
from bot.ingress_conversion.writing import ingress_routes

LOWEST = -(2**31)
"""The priority that Traefik gives to a default backend (math.MinInt32)."""

EXTERNAL_DNS = "external-dns."
"""How the names of external-dns's annotations begin."""

SPELT = {"accesslogs": "accessLogs", "traceverbosity": "traceVerbosity"}
"""How an IngressRoute writes fields of `observability`."""

NO_ROUTER = "It has no path and no default backend: Traefik makes no router of it."


class Became(StrEnum):
    """What became of an Ingress."""

    CONVERTED = "converted"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of an Ingress, and why where nothing was made of it.

    `code` is the refusal's; `manifests` are the objects to apply; `warnings` are whole sentences.
    """

    became: Became
    code: ConversionReason | None = None
    reason: str = ""
    manifests: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


def convert(
    manifest: Mapping[str, Any], known: Known, target: ConversionTarget, *, added_priority: int = 0
) -> Conversion:
    """The IngressRoutes (and Certificates) that do what this Ingress does.

    `added_priority` is added to each router's present priority: while both objects exist, the new
    ones then go first. Without it each router keeps the priority that it has.
    """
    try:
        ingress = decoded(manifest)
        if why := another(ingress, known, target):
            return Conversion(Became.UNCHANGED, reason=why)
        source = read(ingress)
        if not source.paths and not source.effective_default:
            return Conversion(Became.UNCHANGED, reason=NO_ROUTER)
        _require_native_lb(target)
        router = router_options(source.annotations, target)
        routes = _routes(source, router, known, target, added_priority)
        made = parts(source, router, routes, known, target)
        return Conversion(
            Became.CONVERTED,
            manifests=(
                *ingress_routes(source, made, known, target),
                *certificates(source, known),
            ),
            warnings=tuple(dict.fromkeys(_warnings(source, known, target))),
        )
    except Unfaithful as refusal:
        return Conversion(Became.REFUSED, refusal.reason, str(refusal))


def convert_all(
    ingresses: Iterable[tuple[Mapping[str, Any], Known]], target: ConversionTarget
) -> Iterator[Conversion]:
    """Convert several, each with what is known around it; the new names do not collide."""
    made: frozenset[Place] = frozenset()
    for manifest, known in ingresses:
        conversion = convert(manifest, replace(known, routes=known.routes | made), target)
        made |= gather(conversion.manifests).routes
        yield conversion


def _require_native_lb(target: ConversionTarget) -> None:
    if not target.has_native_lb:
        major, minor, _ = target.version
        raise Unfaithful(ConversionReason.TRAEFIK_TOO_OLD, f"it is {major}.{minor}")


def _routes(
    source: IngressSource, router: RouterOptions, known: Known, target: ConversionTarget, added: int
) -> tuple[TlsRoute, ...]:
    common: dict[str, Any] = {}
    if router.middlewares:
        common["middlewares"] = references(
            router.middlewares, "Middleware", source.namespace, known, target
        )
    if observability := msgspec.to_builtins(router.observability):
        common["observability"] = {SPELT.get(key, key): on for key, on in observability.items()}
    routes: dict[str, TlsRoute] = {}
    for host, match, backend, priority in _rules(source, router, target):
        route: dict[str, Any] = {"kind": "Rule", "match": match.text, **common}
        route["services"] = [services.service(backend, source.namespace, known, target)]
        if priority or added or not match.keeps_priority:
            route["priority"] = (priority or match.length) + added
        if router.rule_syntax and source.has_rules:
            route["syntax"] = router.rule_syntax
        # Of two paths with the same rule Traefik keeps the last.
        routes.pop(match.text, None)
        routes[match.text] = TlsRoute(host, route)
    return tuple(routes.values())


def _rules(
    source: IngressSource, router: RouterOptions, target: ConversionTarget
) -> Iterator[tuple[str, RuleText, RoutedBackend, int]]:
    """Host, rule, backend and priority (0 for Traefik's own) of each router."""
    for path in source.paths:
        made = rule.of_path(path, router.path_matcher, router.rule_syntax, target)
        yield path.host, made, path.backend, router.priority
    if source.effective_default:
        yield "", rule.of_default(target), source.effective_default, LOWEST


def _warnings(source: IngressSource, known: Known, target: ConversionTarget) -> Iterator[str]:
    if not source.says_namespace:
        yield f"It names no namespace: {source.namespace!r} was taken for it."
    if not source.name:
        yield "It has no name: one was made up."
    if source.default and source.has_rules:
        yield "Traefik ignores its default backend, because it has rules; it is left out."
    backends = [path.backend for path in source.paths]
    if source.effective_default:
        backends.append(source.effective_default)
    for backend in dict.fromkeys(backends):
        yield from services.remarks(backend, source.namespace, known, target)
    if certificates(source, known):
        yield (
            "cert-manager's own Certificate belongs to the Ingress: apply the Certificate here, "
            "and take its owner reference off before you remove the Ingress."
        )
    if any(key.startswith(EXTERNAL_DNS) for key in source.annotations):
        yield (
            "external-dns loses the record with the Ingress, unless it reads IngressRoutes too "
            "(--source=traefik-proxy, which needs the annotation target)."
        )
