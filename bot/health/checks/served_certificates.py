"""Certificates that Traefik serves, as route checks see them: expired, or for another name.

A private authority is no fault: the prober's image does not know yours, and those who visit may.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Evidence, Judgement, Ref
from bot.domain.resources import gateway, networking, traefik
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import known_names
from bot.net.probing.protocol import CertificateFault
from bot.net.route_checks.checks import REFUSED, CheckedHost, checked_hosts, is_current
from bot.net.route_checks.judging import ROUTE_CHECKS
from bot.routing import secrets
from bot.routing.references import ANNOTATIONS
from bot.routing.secrets import WRITERS

RESOLVER = f"{ANNOTATIONS}router.tls.certresolver"

FAULTS: dict[CertificateFault, tuple[str, str]] = {
    CertificateFault.EXPIRED: ("ServedCertificateExpired", "has expired"),
    CertificateFault.NOT_YET: ("ServedCertificateNotYetValid", "is not valid yet"),
    CertificateFault.WRONG_NAME: ("ServedCertificateOfAnotherName", "is not for this name"),
    CertificateFault.UNFIT: ("ServedCertificateUnfit", "is not trusted by browsers"),
    CertificateFault.UNREADABLE: ("ServedCertificateUnfit", "cannot be read"),
}
"""Reason and words of what keeps visitors out."""


def of_ingress_route(route: traefik.IngressRoute, snapshot: Snapshot) -> Judgement:
    """Those of an IngressRoute, which names a Secret or a resolver, or takes Traefik's default."""
    tls = route.spec.tls
    own = bool(tls and (tls.secret_name or tls.cert_resolver))
    secret = tls.secret_name if tls else ""
    return _judged(route.ref, lambda _: _Named(secret, own=own), snapshot)


def of_ingress(ingress: networking.Ingress, snapshot: Snapshot) -> Judgement:
    """Those of an Ingress."""
    by_host = {host: tls.secret_name for tls in ingress.spec.tls or () for host in tls.hosts or ()}
    resolver = bool((ingress.metadata.annotations or {}).get(RESOLVER))

    def named(host: str) -> _Named:
        secret = by_host.get(host, "")
        return _Named(secret, own=resolver or bool(secret))

    return _judged(ingress.ref, named, snapshot)


def of_http_route(route: gateway.HTTPRoute, snapshot: Snapshot) -> Judgement:
    """Those of an HTTPRoute, whose Gateway names a Secret."""
    return _judged(route.ref, lambda _: _Named(own=True), snapshot)


class _Named(NamedTuple):
    """The Secret that a route names for a host, and whether it names that or a resolver."""

    secret: str = ""
    own: bool = False


def _judged(route: Ref, named: Callable[[str], _Named], snapshot: Snapshot) -> Judgement:
    current = [
        host
        for host in checked_hosts(route, snapshot)
        if host.certificate
        and is_current(host, snapshot)
        and not _told(named(host.host).secret, route, snapshot)
    ]
    for fault in REFUSED:
        hosts = [host for host in current if host.certificate and fault in host.certificate.faults]
        if hosts:
            names = [named(host.host) for host in hosts]
            own = any(name.own for name in names) or fault is not CertificateFault.WRONG_NAME
            judged = _fault(fault, hosts, own=own)
            writers = (
                secrets.certificate_of(snapshot, route.namespace, name.secret)
                for name in names
                if name.secret
            )
            causes = tuple(writer.ref for writer in writers if writer)
            return msgspec.structs.replace(judged, follows=causes)
    return HEALTHY


def _told(secret: str, route: Ref, snapshot: Snapshot) -> bool:
    """Whether the finding of the route itself says what is wrong: its Secret is not there."""
    return bool(secret) and secrets.of_tls(snapshot, route.namespace, secret) is not None


def _fault(fault: CertificateFault, hosts: list[CheckedHost], *, own: bool) -> Judgement:
    reason, words = FAULTS[fault]
    first, more = hosts[0].host, len(hosts) - 1
    others = f", and so of {more:,} more of its hosts" if more else ""
    why = "" if own else " It names none, so Traefik serves its default."
    return Judgement(
        Verdict.DEGRADED if own else Verdict.HEALTHY,
        reason,
        f"The certificate served for {first} {words}{others}: browsers show a warning.{why}",
        evidence=tuple(
            Evidence(f"certificate for {host.host}", ", ".join(host.certificate.faults))
            for host in hosts[:3]
            if host.certificate
        ),
        noted=not own,
        fact=ROUTE_CHECKS,
    )


CHECK = Check(
    name="served-certificates",
    scope="routes",
    title="Certificates that Traefik serves and that browsers refuse.",
    judges={
        traefik.IngressRoute: of_ingress_route,
        networking.Ingress: of_ingress,
        gateway.HTTPRoute: of_http_route,
    },
    documented_as="openssl s_client -connect <host>:443 -servername <host>",
    advice="Check the Certificate or the resolver that should renew it.",
    refers_to=WRITERS,
    known_as=known_names.site,
)
