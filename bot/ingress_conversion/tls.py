"""On which entrypoints the routes speak TLS, and which IngressRoute loads which certificate.

Source: kubernetesingress and kubernetescrd, v2.10 to v3.7. `spec.tls` of an Ingress only loads
certificates: its routers speak TLS by `router.tls` or by the entrypoint. `tls` of an IngressRoute
makes its routers speak TLS on *all* their entrypoints, and loads one secret. An IngressRoute
without a route loads its secret and nothing else.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.domain.resources import networking
from bot.ingress_conversion.annotations import RouterOptions, RouterTls
from bot.ingress_conversion.references import ConversionContext
from bot.ingress_conversion.source import IngressSource
from bot.traefik.domain.router_names import normalized

DEFAULT_OPTIONS = "default"
"""The TLS options that apply where none are named."""


@dataclass(frozen=True, slots=True)
class TlsRoute:
    """A route as an IngressRoute writes it, and the host that selects its certificate."""

    host: str
    written: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TlsPart:
    """One new IngressRoute. `suffix` distinguishes it from the others; `tls` may be absent."""

    suffix: str
    routes: tuple[TlsRoute, ...]
    entry_points: tuple[str, ...] = ()
    tls: Mapping[str, Any] | None = None


def tls_parts(
    source: IngressSource,
    router: RouterOptions,
    routes: tuple[TlsRoute, ...],
    context: ConversionContext,
) -> tuple[TlsPart, ...]:
    """The IngressRoutes that together serve these routes just as the Ingress does.

    Raises:
        Unconvertible: The TLS options cannot be found, or may not be used.
    """
    if router.tls is not None:
        tls = _annotated(router.tls, context)
        return _by_secret(source, routes, router.entry_points, tls, suffix="tls")
    if not source.secrets:
        return (TlsPart("", routes, router.entry_points),)
    speak = context.target.entry_points
    named = tuple(dict.fromkeys(router.entry_points)) or (*speak.http, *speak.https)
    http = tuple(name for name in named if name in speak.http)
    https = tuple(name for name in named if name in speak.https)
    if not set(named) <= {*http, *https}:
        # What an entrypoint of another name speaks is not known, and need not be.
        return TlsPart("", routes, router.entry_points), *_certificates(source.secrets)
    plain = (TlsPart(_suffix(http), routes, http),) if http else ()
    if not https:
        return *plain, *_certificates(source.secrets)
    return *plain, *_by_secret(source, routes, https, {}, suffix=_suffix(https))


def _suffix(entry_points: tuple[str, ...]) -> str:
    """The entrypoints as a part of an object's name."""
    return normalized("-".join(entry_points)).lower()


def _annotated(tls: RouterTls, context: ConversionContext) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if tls.options not in ("", DEFAULT_OPTIONS):
        name = context.reference(tls.options, "TLSOption")
        # Up to v3.6 Traefik takes options of another provider for those of another namespace,
        # unless the route's own is named, which it ignores then.
        written["options"] = name | {"namespace": context.namespace}
    if tls.cert_resolver:
        written["certResolver"] = tls.cert_resolver
    if tls.domains:
        written["domains"] = [msgspec.to_builtins(domain) for domain in tls.domains]
    return written


def _by_secret(
    source: IngressSource,
    routes: tuple[TlsRoute, ...],
    entry_points: tuple[str, ...],
    tls: Mapping[str, Any],
    *,
    suffix: str,
) -> tuple[TlsPart, ...]:
    """One IngressRoute for each secret, with the routes for its hosts."""
    first, *_ = secrets = source.secrets or ("",)
    groups: dict[str, list[TlsRoute]] = {secret: [] for secret in secrets}
    by_host = _secrets_by_host(source.tls)
    for route in routes:
        groups[_secret_for(route.host, by_host) or first].append(route)
    serving = {secret: group for secret, group in groups.items() if group}
    parts = [
        TlsPart(name, tuple(group), entry_points, {**_secret(secret), **tls})
        for (secret, group), name in zip(serving.items(), numbered(suffix), strict=False)
    ]
    return *parts, *_certificates([secret for secret in secrets if secret not in serving])


def _certificates(secrets: Sequence[str]) -> list[TlsPart]:
    """IngressRoutes that load a certificate and serve nothing."""
    return [
        TlsPart(name, (), (), _secret(secret))
        for secret, name in zip(secrets, numbered("certificate"), strict=False)
        if secret
    ]


def _secret(name: str) -> dict[str, str]:
    return {"secretName": name} if name else {}


def numbered(suffix: str) -> Iterator[str]:
    """`tls`, `tls-2`, `tls-3` and so on."""
    yield suffix
    for number in itertools.count(2):
        yield f"{suffix}-{number}"


def _secrets_by_host(entries: Sequence[networking.IngressTls]) -> Mapping[str, str]:
    """The first secret for each host and wildcard."""
    secrets: dict[str, str] = {}
    for entry in entries:
        if entry.secret_name:
            for host in entry.hosts or ():
                secrets.setdefault(host, entry.secret_name)
    return secrets


def _secret_for(host: str, secrets: Mapping[str, str]) -> str:
    """The secret that is for this host by name, else by wildcard."""
    return secrets.get(host) or secrets.get(f"*.{host.partition('.')[2]}", "")
