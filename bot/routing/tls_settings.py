"""Traefik's kinds for TLS: TLSOption, TLSStore, ServersTransport, and what is wrong with them.

Source: pkg/tls of Traefik v2.10 to v3.7. Names of ciphers and curves are those of Go; an unknown
one makes Traefik refuse every route that uses the option. An unknown version is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from bot.domain.resources import traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import references as routing
from bot.routing import secrets
from bot.routing.references import Defect, Provider
from bot.routing.secrets import Place

DEFAULT = "default"
"""The name of the TLSOption and TLSStore that Traefik uses for routes that name none."""

VERSIONS = frozenset(f"VersionTLS1{minor}" for minor in range(4))
CIPHERS = frozenset(
    {
        "TLS_RSA_WITH_RC4_128_SHA",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
        "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_FALLBACK_SCSV",
    }
)
CURVES = frozenset(
    {
        *("secp256r1", "CurveP256", "secp384r1", "CurveP384", "secp521r1", "CurveP521"),
        *("X25519", "x25519", "X25519MLKEM768", "x25519mlkem768"),
    }
)
AUTH_TYPES = frozenset(
    {
        *("", "NoClientCert", "RequestClientCert", "RequireAnyClientCert"),
        *("VerifyClientCertIfGiven", "RequireAndVerifyClientCert"),
    }
)
NEED_CA = frozenset({"VerifyClientCertIfGiven", "RequireAndVerifyClientCert"})
SHOWN = 40

T = TypeVar("T", traefik.ServersTransport, traefik.ServersTransportTCP)


def of_route(
    tls: traefik.RouteTls | None, here: str, provider: Provider, snapshot: Snapshot
) -> Iterator[Defect]:
    """What concerns the TLS of all rules of a route: Secret, resolver and TLSOption."""
    if tls and tls.secret_name and (defect := secrets.of_tls(snapshot, here, tls.secret_name)):
        yield defect
    known = provider.resolvers()
    if (
        tls
        and tls.cert_resolver
        and known is not None
        and tls.cert_resolver.casefold() not in known
    ):
        name = tls.cert_resolver[:SHOWN]
        message = (
            f"Traefik's arguments name no certificate resolver {name}, so it gets no certificate "
            f"for this route. Add --certificatesresolvers.{name}.acme and its settings."
        )
        yield Defect("ResolverNotKnown", message, Verdict.DEGRADED)
    if tls and tls.options and tls.options.name:
        place = tls.options.namespace or here
        if defect := routing.other_namespace(provider, here, "TLSOption", tls.options) or option(
            snapshot, place, tls.options.name
        ):
            yield defect


def option(snapshot: Snapshot, namespace: str, name: str) -> Defect | None:
    """The defect of a reference to a TLSOption; `default` always exists."""
    if name == DEFAULT:
        return None
    if missing := routing.existing(snapshot, traefik.TLSOption, namespace, name):
        return missing
    target = routing.resolved(snapshot, traefik.TLSOption, namespace, name)
    return routing.caused_by(target.ref, option_defects(target, snapshot)) if target else None


def transport(snapshot: Snapshot, kind: type[T], namespace: str, name: str) -> Defect | None:
    """The defect of a reference to a ServersTransport, which may name its provider."""
    if not name:
        return None
    if missing := routing.existing(snapshot, kind, namespace, name):
        return missing
    target = routing.resolved(snapshot, kind, namespace, name)
    return routing.caused_by(target.ref, transport_defects(target, snapshot)) if target else None


def option_defects(option: traefik.TLSOption, snapshot: Snapshot) -> tuple[Defect, ...]:
    """What is wrong with a TLSOption."""
    return (
        *_twice(option, snapshot),
        *_values(option.spec),
        *_client_auth(option, snapshot),
    )


def store_defects(store: traefik.TLSStore, snapshot: Snapshot) -> tuple[Defect, ...]:
    """What is wrong with a TLSStore."""
    missing = (
        secrets.of_tls(snapshot, store.namespace, certificate.secret_name)
        for certificate in _stored(store)
        if certificate.secret_name
    )
    return (*_twice(store, snapshot), *filter(None, missing))


def _stored(store: traefik.TLSStore) -> tuple[traefik.StoredCertificate, ...]:
    spec = store.spec
    return (*filter(None, (spec.default_certificate,)), *(spec.certificates or ()))


def transport_defects(
    transport: traefik.ServersTransport | traefik.ServersTransportTCP, snapshot: Snapshot
) -> tuple[Defect, ...]:
    """The Secrets that a transport names and that do not exist."""
    authorities, own = _named(transport)
    message = "so the certificates of its servers are not trusted"
    missing = _missing(snapshot, transport.namespace, authorities, message, Verdict.DEGRADED)
    message = "so it presents no certificate to its servers"
    return (*missing, *_missing(snapshot, transport.namespace, own, message, Verdict.DEGRADED))


def _named(
    transport: traefik.ServersTransport | traefik.ServersTransportTCP,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The Secrets of a transport: those of authorities that it needs, and its own."""
    spec = transport.spec if isinstance(transport, traefik.ServersTransport) else transport.spec.tls
    if spec is None:
        return (), ()
    of_authorities = (*(spec.root_cas_secrets or ()), *(ca.secret for ca in spec.root_cas or ()))
    needed = () if spec.insecure_skip_verify else filter(None, of_authorities)
    return tuple(needed), spec.certificates_secrets or ()


def secrets_of_option(option: traefik.TLSOption) -> Iterator[Place]:
    """The Secrets that a TLSOption names."""
    auth = option.spec.client_auth
    yield from ((option.namespace, name) for name in (auth.secret_names if auth else None) or ())


def secrets_of_store(store: traefik.TLSStore) -> Iterator[Place]:
    """The Secrets that a TLSStore names."""
    for certificate in _stored(store):
        if certificate.secret_name:
            yield store.namespace, certificate.secret_name


def secrets_of_transport(
    transport: traefik.ServersTransport | traefik.ServersTransportTCP,
) -> Iterator[Place]:
    """The Secrets that a transport names."""
    authorities, own = _named(transport)
    yield from ((transport.namespace, name) for name in (*authorities, *own))


def _twice(resource: traefik.TLSOption | traefik.TLSStore, snapshot: Snapshot) -> Iterator[Defect]:
    """Of two that are called `default` in the cluster, Traefik takes neither."""
    if resource.name != DEFAULT or not snapshot.live:
        return
    kind: type[Object] = type(resource)
    others = [
        other.namespace
        for other in snapshot.of(kind)
        if other.name == DEFAULT and other.namespace != resource.namespace
    ]
    if others:
        message = (
            f"There is another {kind.kind_name()} called default, in {', '.join(others[:3])}: "
            "Traefik then uses none of them. Keep one."
        )
        yield Defect("DefaultTwice", message)


def _values(spec: traefik.TLSOptionSpec) -> Iterator[Defect]:
    for name, version in (("minVersion", spec.min_version), ("maxVersion", spec.max_version)):
        if version and version not in VERSIONS:
            message = (
                f"Traefik does not know {name} {version[:SHOWN]} and ignores it. "
                "Write one such as VersionTLS12."
            )
            yield Defect("VersionNotKnown", message, Verdict.DEGRADED)
    for cipher in spec.cipher_suites or ():
        if cipher not in CIPHERS:
            yield _unknown("cipher suite", cipher)
    for curve in spec.curve_preferences or ():
        if curve not in CURVES:
            yield _unknown("curve", curve)


def _unknown(what: str, name: str) -> Defect:
    message = f"Traefik does not know the {what} {name[:SHOWN]}, and refuses every route with it."
    return Defect("TLSOptionNotValid", message)


def _client_auth(option: traefik.TLSOption, snapshot: Snapshot) -> Iterator[Defect]:
    auth = option.spec.client_auth
    if auth is None:
        return
    if auth.client_auth_type not in AUTH_TYPES:
        yield _unknown("clientAuthType", auth.client_auth_type)
    names = auth.secret_names or ()
    needed = auth.client_auth_type in NEED_CA
    if needed and not names:
        message = f"clientAuthType {auth.client_auth_type} needs a CA: name its Secret."
        yield Defect("TLSOptionNotValid", f"{message} Traefik refuses every route with it.")
    why = "so clients with its certificates are refused"
    missing = tuple(_missing(snapshot, option.namespace, names, why, Verdict.DEGRADED))
    absent = [defect for defect in missing if defect.reason == "SecretNotFound"]
    if needed and absent and len(absent) == len(names):
        why = "so there is no CA, and Traefik refuses every route with this option"
        missing = tuple(_missing(snapshot, option.namespace, names, why, Verdict.FAILED))
    yield from missing


def _missing(
    snapshot: Snapshot, namespace: str, names: Iterable[str], why: str, verdict: Verdict
) -> Iterator[Defect]:
    for name in names:
        if secrets.is_missing(snapshot, namespace, name):
            message = f"Secret {namespace}/{name} does not exist, {why}."
            yield Defect("SecretNotFound", message, verdict)
        elif unwritten := secrets.unwritten(snapshot, namespace, name):
            yield unwritten
