"""traefik.io, and the older traefik.containo.us."""

from __future__ import annotations

import msgspec

from bot.domain.resources.base import Object, Part, Reference


class RouteService(Part, frozen=True):
    """`routes[].services[]` of an IngressRoute."""

    kind: str = "Service"
    name: str = ""
    namespace: str = ""
    port: int | str | None = None
    scheme: str = ""
    native_lb: bool | None = msgspec.field(default=None, name="nativeLB")
    servers_transport: str = ""


class Route(Part, frozen=True):
    """`routes[]` of an IngressRoute."""

    match: str = ""
    syntax: str = ""
    services: tuple[RouteService, ...] | None = None
    middlewares: tuple[Reference, ...] | None = None


class RouteTls(Part, frozen=True):
    """`tls` of an IngressRoute."""

    secret_name: str = ""
    options: Reference | None = None


class IngressRouteSpec(Part, frozen=True):
    """`spec` of an IngressRoute."""

    entry_points: tuple[str, ...] | None = None
    routes: tuple[Route, ...] = ()
    tls: RouteTls | None = None


class IngressRoute(Object, frozen=True):
    """IngressRoute of traefik.io and of the older traefik.containo.us."""

    spec: IngressRouteSpec = IngressRouteSpec()


class Chain(Part, frozen=True):
    """`spec.chain` of a Middleware: others, one after the other."""

    middlewares: tuple[Reference, ...] = ()


class Auth(Part, frozen=True):
    """`spec.basicAuth` and `spec.digestAuth` of a Middleware: users in a Secret, by its name."""

    secret: str = ""


class ForwardAuthTls(Part, frozen=True):
    """`spec.forwardAuth.tls` of a Middleware."""

    ca_secret: str = ""
    cert_secret: str = ""


class ForwardAuth(Part, frozen=True):
    """`spec.forwardAuth` of a Middleware: another server decides."""

    tls: ForwardAuthTls | None = None


class MiddlewareSpec(Part, frozen=True):
    """`spec` of a Middleware."""

    chain: Chain | None = None
    basic_auth: Auth | None = None
    digest_auth: Auth | None = None
    forward_auth: ForwardAuth | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the Secrets without which Traefik cannot build it."""
        tls = self.forward_auth.tls if self.forward_auth else None
        users = (auth.secret for auth in (self.basic_auth, self.digest_auth) if auth)
        return tuple(filter(None, (*users, *((tls.ca_secret, tls.cert_secret) if tls else ()))))


class Middleware(Object, frozen=True):
    """Middleware of traefik.io and of the older traefik.containo.us."""

    spec: MiddlewareSpec = MiddlewareSpec()


class TraefikService(Object, frozen=True):
    """TraefikService of traefik.io and of the older traefik.containo.us."""


class TLSOption(Object, frozen=True):
    """TLSOption of traefik.io and of the older traefik.containo.us."""


class ServersTransport(Object, frozen=True):
    """ServersTransport of traefik.io and of the older traefik.containo.us."""
