"""The conversion of one Ingress: its result, and the objects that replace it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import msgspec

from bot.ingress_conversion import rule
from bot.ingress_conversion.annotations import RouterOptions, router_options
from bot.ingress_conversion.certificate import certificates
from bot.ingress_conversion.ingress_class import lost_class, not_for_this_traefik
from bot.ingress_conversion.known import Inventory, Place, gather
from bot.ingress_conversion.left_out import left_out
from bot.ingress_conversion.references import ConversionContext
from bot.ingress_conversion.refusals import ConversionReason, Unconvertible
from bot.ingress_conversion.rule import RuleText
from bot.ingress_conversion.services import remarks, service_entry
from bot.ingress_conversion.source import IngressSource, RoutedBackend, decoded, read
from bot.ingress_conversion.target import ConversionTarget
from bot.ingress_conversion.tls import TlsRoute, tls_parts
from bot.ingress_conversion.writing import ingress_routes

LOWEST = -(2**31)
"""The priority that Traefik gives to a default backend (math.MinInt32)."""

EXTERNAL_DNS = "external-dns."
"""How the names of external-dns's annotations begin."""

SPELT = {"accesslogs": "accessLogs", "traceverbosity": "traceVerbosity"}
"""How an IngressRoute writes fields of `observability`."""

NO_ROUTER = "It has no path and no default backend: Traefik creates no router for it."


class ConversionResult(StrEnum):
    """The result for one Ingress."""

    CONVERTED = "converted"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Conversion:
    """The result for one Ingress, with the reason if it was not converted.

    `code` is that of a refusal; `manifests` are the objects to apply; `warnings` are sentences.
    """

    result: ConversionResult
    code: ConversionReason | None = None
    reason: str = ""
    manifests: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


def convert(
    manifest: Mapping[str, Any],
    known: Inventory,
    target: ConversionTarget,
    *,
    added_priority: int = 0,
) -> Conversion:
    """The IngressRoutes (and Certificates) that do what this Ingress does.

    `added_priority` is added to each router's present priority: while both objects exist, the new
    ones then go first. Without it each router keeps the priority that it has.
    """
    try:
        ingress = decoded(manifest)
        if why := not_for_this_traefik(ingress, known, target):
            return Conversion(ConversionResult.UNCHANGED, reason=why)
        source = read(ingress)
        if not source.paths and not source.effective_default:
            return Conversion(ConversionResult.UNCHANGED, reason=NO_ROUTER)
        _require_native_lb(target)
        context = ConversionContext(source.namespace, known, target)
        router = router_options(source.annotations, target)
        parts = tls_parts(source, router, _routes(source, router, context, added_priority), context)
        return Conversion(
            ConversionResult.CONVERTED,
            manifests=(*ingress_routes(source, parts, context), *certificates(source, known)),
            warnings=tuple(dict.fromkeys(_warnings(source, context))),
        )
    except Unconvertible as refusal:
        return Conversion(ConversionResult.REFUSED, refusal.reason, str(refusal))


def convert_all(
    ingresses: Iterable[tuple[Mapping[str, Any], Inventory]], target: ConversionTarget
) -> Iterator[Conversion]:
    """Convert several, each with the objects around it; the names of new objects differ."""
    new: frozenset[Place] = frozenset()
    for manifest, known in ingresses:
        conversion = convert(manifest, replace(known, routes=known.routes | new), target)
        new |= gather(conversion.manifests).routes
        yield conversion


def _require_native_lb(target: ConversionTarget) -> None:
    if not target.has_native_lb:
        major, minor, _ = target.version
        raise Unconvertible(ConversionReason.TRAEFIK_TOO_OLD, f"it is {major}.{minor}")


def _routes(
    source: IngressSource, router: RouterOptions, context: ConversionContext, added: int
) -> tuple[TlsRoute, ...]:
    common: dict[str, Any] = {}
    if router.middlewares:
        common["middlewares"] = context.middlewares(router.middlewares)
    if observability := msgspec.to_builtins(router.observability):
        common["observability"] = {SPELT.get(key, key): on for key, on in observability.items()}
    routes: dict[str, TlsRoute] = {}
    for host, match, backend, priority in _rules(source, router, context.target):
        route: dict[str, Any] = {"kind": "Rule", "match": match.text, **common}
        route["services"] = [service_entry(backend, context)]
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
        match = rule.of_path(path, router.path_matcher, router.rule_syntax, target)
        yield path.host, match, path.backend, router.priority
    if source.effective_default:
        yield "", rule.of_default(target), source.effective_default, LOWEST


def _warnings(source: IngressSource, context: ConversionContext) -> Iterator[str]:
    if not source.says_namespace:
        yield f"It names no namespace: {source.namespace!r} was used."
    if not source.name:
        yield "It has no name: one was generated."
    if name := lost_class(source, context.target):
        yield (
            f"Its class {name} is left out: Traefik compares an IngressRoute's class with the name "
            "that it was started with. A Traefik with a class of its own ignores the result, and "
            "another one may serve it. If several run, pass --ingress-class."
        )
    yield from left_out(source.annotations)
    if source.default and source.has_rules:
        yield "Traefik ignores its default backend because it has rules, so it is left out."
    backends = [path.backend for path in source.paths]
    if source.effective_default:
        backends.append(source.effective_default)
    for backend in dict.fromkeys(backends):
        yield from remarks(backend, context)
    if certificates(source, context.known):
        yield (
            "cert-manager's own Certificate belongs to the Ingress: apply the Certificate here, "
            "and remove its owner reference before you delete the Ingress."
        )
    if any(key.startswith(EXTERNAL_DNS) for key in source.annotations):
        yield (
            "external-dns deletes the record with the Ingress, unless it reads IngressRoutes too "
            "(--source=traefik-proxy, which needs the annotation target)."
        )
