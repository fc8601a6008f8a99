"""The annotations `router.*` of an Ingress and `service.*` of a Service, by Traefik's version.

Source: `RouterIng` and `ServiceIng` of kubernetesingress, v2.10 to v3.7.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bot.ingress_conversion.labels import decode
from bot.ingress_conversion.refusals import ConversionReason, Unconvertible
from bot.ingress_conversion.target import ConversionTarget

SINCE = {
    "router.rulesyntax": (3, 1, 3),
    "router.observability": (3, 3, 0),
    "router.observability.traceverbosity": (3, 5, 0),
    "service.nodeportlb": (3, 1, 0),
    "service.middlewares": (3, 7, 0),
}
"""Annotations that Traefik's later versions brought; all others are of every version."""

MOST_PRIORITY = 2**63 - 1 - 1000
"""Traefik reserves priorities above it for itself (`maxUserPriority`)."""

VERBOSITIES = ("minimal", "detailed")


class _Options(
    msgspec.Struct, frozen=True, omit_defaults=True, rename=lambda name: name.replace("_", "")
):
    """The base: keys are in small letters, with nothing between words."""


class TlsDomain(_Options, frozen=True):
    """An entry of `router.tls.domains`."""

    main: str | None = None
    sans: list[str] | None = None


class RouterTls(_Options, frozen=True):
    """`router.tls`: the router speaks TLS on each of its entrypoints."""

    options: str = ""
    cert_resolver: str = ""
    domains: tuple[TlsDomain, ...] = ()


class Observability(_Options, frozen=True):
    """`router.observability`."""

    access_logs: bool | None = None
    metrics: bool | None = None
    trace_verbosity: str | None = None
    tracing: bool | None = None


class RouterOptions(_Options, frozen=True):
    """`router`; None and empty for what is not annotated."""

    path_matcher: str = ""
    entry_points: tuple[str, ...] = ()
    middlewares: tuple[str, ...] = ()
    priority: int = 0
    rule_syntax: str = ""
    tls: RouterTls | None = None
    observability: Observability = Observability()


class Cookie(_Options, frozen=True):
    """`service.sticky.cookie`, with the fields of every version: it is refused in any case."""

    name: str = ""
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    max_age: int = 0
    path: str = ""
    domain: str = ""


class Sticky(_Options, frozen=True):
    """`service.sticky`."""

    cookie: Cookie | None = None


class ServiceOptions(_Options, frozen=True):
    """`service`; None and empty for what is not annotated."""

    servers_scheme: str = ""
    servers_transport: str = ""
    pass_host_header: bool | None = None
    middlewares: tuple[str, ...] = ()
    sticky: Sticky = Sticky()
    native_lb: bool | None = None
    node_port_lb: bool = False


def router_options(annotations: Mapping[str, str], target: ConversionTarget) -> RouterOptions:
    """What an Ingress says of its routers.

    Raises:
        Unconvertible: This Traefik does not take one of them, and so not the Ingress.
    """
    options = decode(annotations, "router", RouterOptions, _newer(target), "the Ingress")
    rejected = ConversionReason.REJECTED_ANNOTATION
    if options.observability.trace_verbosity not in (None, *VERBOSITIES):
        raise Unconvertible(rejected, "router.observability.traceverbosity")
    if options.priority > MOST_PRIORITY:
        raise Unconvertible(rejected, "router.priority is reserved for Traefik")
    return options


def service_options(
    annotations: Mapping[str, str], target: ConversionTarget, name: str
) -> ServiceOptions:
    """What a Service says of how Ingresses reach it.

    Raises:
        Unconvertible: This Traefik does not take one of them, and so not the Service.
    """
    return decode(annotations, "service", ServiceOptions, _newer(target), f"Service {name}")


def _newer(target: ConversionTarget) -> frozenset[str]:
    return frozenset(path for path, since in SINCE.items() if not target.since(since))
