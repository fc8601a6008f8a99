"""On which entrypoints the routes speak TLS, and which IngressRoute loads which certificate.

Source: kubernetesingress and kubernetescrd, v2.10 to v3.7. `spec.tls` of an Ingress only loads
certificates: its routers speak TLS by `router.tls` or by the entrypoint. `tls` of an IngressRoute
makes its routers speak TLS on *all* their entrypoints, and loads one secret. An IngressRoute
without a route loads its secret and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.ingress_conversion.annotations import RouterOptions
from bot.ingress_conversion.known import Known
from bot.ingress_conversion.references import reference
from bot.ingress_conversion.source import IngressSource, SourceTls
from bot.ingress_conversion.target import ConversionTarget
from bot.traefik.domain.router_names import normalized

DEFAULT_OPTIONS = "default"
"""The TLS options that hold where none are named."""


@dataclass(frozen=True, slots=True)
class TlsRoute:
    """A route as an IngressRoute writes it, and the host by which its certificate is chosen."""

    host: str
    written: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TlsPart:
    """One IngressRoute to come. `suffix` tells it from the others; None: nothing is said."""

    suffix: str
    routes: tuple[TlsRoute, ...]
    entry_points: tuple[str, ...] = ()
    tls: Mapping[str, Any] | None = None


def parts(
    source: IngressSource,
    router: RouterOptions,
    routes: Sequence[TlsRoute],
    known: Known,
    target: ConversionTarget,
) -> tuple[TlsPart, ...]:
    """The IngressRoutes that together serve these routes just as the Ingress does.

    Raises:
        Unfaithful: The TLS options are not to be found, or not to be used.
    """
    every = tuple(routes)
    if router.tls is not None:
        tls = _annotated(source, router, known, target)
        return _by_secret(source, every, router.entry_points, tls, suffix="tls")
    http, https, others = _told_apart(router, target)
    if not source.secrets:
        return (TlsPart("", every, router.entry_points),)
    if others:
        # What an entrypoint of another name speaks is not known, and need not be.
        return TlsPart("", every, router.entry_points), *_certificates(source.secrets)
    plain = (TlsPart(_suffix(http), every, http),) if http else ()
    if not https:
        return *plain, *_certificates(source.secrets)
    return *plain, *_by_secret(source, every, https, {}, suffix=_suffix(https))


def _told_apart(router: RouterOptions, target: ConversionTarget) -> tuple[tuple[str, ...], ...]:
    """The entrypoints with plain HTTP, with TLS, and those of which it is not known."""
    known = target.entry_points
    said = tuple(dict.fromkeys(router.entry_points)) or (*known.http, *known.https)
    http = tuple(entrypoint for entrypoint in said if entrypoint in known.http)
    https = tuple(entrypoint for entrypoint in said if entrypoint in known.https)
    return (
        http,
        https,
        tuple(entrypoint for entrypoint in said if entrypoint not in (*http, *https)),
    )


def _suffix(entry_points: tuple[str, ...]) -> str:
    """What an object's name may have of them."""
    return normalized("-".join(entry_points)).lower()


def _annotated(
    source: IngressSource, router: RouterOptions, known: Known, target: ConversionTarget
) -> dict[str, Any]:
    said = router.tls
    written: dict[str, Any] = {}
    if said and said.options and said.options != DEFAULT_OPTIONS:
        name = reference(said.options, "TLSOption", source.namespace, known, target)
        # Up to v3.6 Traefik takes options of another provider for those of another namespace,
        # unless the route's own is named, which it ignores then.
        written["options"] = name | {"namespace": source.namespace}
    if said and said.cert_resolver:
        written["certResolver"] = said.cert_resolver
    if said and said.domains:
        written["domains"] = [msgspec.to_builtins(domain) for domain in said.domains]
    return written


def _by_secret(
    source: IngressSource,
    routes: tuple[TlsRoute, ...],
    entry_points: tuple[str, ...],
    tls: Mapping[str, Any],
    *,
    suffix: str,
) -> tuple[TlsPart, ...]:
    """One IngressRoute for each secret, with the routes whose hosts it is for."""
    first, *_ = secrets = source.secrets or ("",)
    groups: dict[str, list[TlsRoute]] = {secret: [] for secret in secrets}
    for route in routes:
        groups[_secret_for(route.host, source.tls) or first].append(route)
    serving = {secret: group for secret, group in groups.items() if group}
    made = [
        TlsPart(
            suffix if number == 1 else f"{suffix}-{number}",
            tuple(group),
            entry_points,
            {**({"secretName": secret} if secret else {}), **tls},
        )
        for number, (secret, group) in enumerate(serving.items(), 1)
    ]
    return *made, *_certificates([secret for secret in secrets if secret not in serving])


def _certificates(secrets: Sequence[str]) -> tuple[TlsPart, ...]:
    """IngressRoutes that load a certificate and serve nothing."""
    return tuple(
        TlsPart(
            "certificate" if number == 1 else f"certificate-{number}",
            (),
            (),
            {"secretName": secret},
        )
        for number, secret in enumerate(secrets, 1)
        if secret
    )


def _secret_for(host: str, entries: Sequence[SourceTls]) -> str:
    """The first secret that is for this host by name, else by wildcard."""
    wildcard = f"*.{host.partition('.')[2]}"
    for wanted in (host, wildcard):
        for entry in entries:
            if entry.secret and wanted in entry.hosts:
                return entry.secret
    return ""
