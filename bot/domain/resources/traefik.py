"""traefik.io, and the older traefik.containo.us."""

from __future__ import annotations

import msgspec

from bot.domain.resources.base import Object, Part, Reference


class Present(Part, frozen=True):
    """A part of which only the presence counts; it may hold credentials."""


class RouteService(Part, frozen=True):
    """`routes[].services[]` of an IngressRoute, and services of a TraefikService."""

    kind: str = "Service"
    name: str = ""
    namespace: str = ""
    port: int | str | None = None
    scheme: str = ""
    native_lb: bool | None = msgspec.field(default=None, name="nativeLB")
    servers_transport: str = ""
    health_check: Present | None = None
    weight: int | None = None


class Route(Part, frozen=True):
    """`routes[]` of an IngressRoute."""

    match: str = ""
    syntax: str = ""
    services: tuple[RouteService, ...] | None = None
    middlewares: tuple[Reference, ...] | None = None


class RouteTls(Part, frozen=True):
    """`tls` of an IngressRoute or IngressRouteTCP."""

    secret_name: str = ""
    options: Reference | None = None
    cert_resolver: str = ""


class IngressRouteSpec(Part, frozen=True):
    """`spec` of an IngressRoute."""

    entry_points: tuple[str, ...] | None = None
    routes: tuple[Route, ...] = ()
    tls: RouteTls | None = None
    parent_refs: tuple[Reference, ...] | None = None


class IngressRoute(Object, frozen=True):
    """IngressRoute of traefik.io and of the older traefik.containo.us."""

    spec: IngressRouteSpec = IngressRouteSpec()


class StreamService(Part, frozen=True):
    """`routes[].services[]` of an IngressRouteUDP."""

    name: str = ""
    namespace: str = ""
    port: int | str | None = None
    native_lb: bool | None = msgspec.field(default=None, name="nativeLB")


class TcpService(StreamService, frozen=True):
    """`routes[].services[]` of an IngressRouteTCP."""

    servers_transport: str = ""


class TcpRoute(Part, frozen=True):
    """`routes[]` of an IngressRouteTCP."""

    match: str = ""
    syntax: str = ""
    services: tuple[TcpService, ...] | None = None
    middlewares: tuple[Reference, ...] | None = None


class IngressRouteTCPSpec(Part, frozen=True):
    """`spec` of an IngressRouteTCP."""

    entry_points: tuple[str, ...] | None = None
    routes: tuple[TcpRoute, ...] = ()
    tls: RouteTls | None = None


class IngressRouteTCP(Object, frozen=True):
    """IngressRouteTCP of traefik.io and of the older traefik.containo.us."""

    spec: IngressRouteTCPSpec = IngressRouteTCPSpec()


class UdpRoute(Part, frozen=True):
    """`routes[]` of an IngressRouteUDP."""

    services: tuple[StreamService, ...] | None = None


class IngressRouteUDPSpec(Part, frozen=True):
    """`spec` of an IngressRouteUDP."""

    entry_points: tuple[str, ...] | None = None
    routes: tuple[UdpRoute, ...] = ()


class IngressRouteUDP(Object, frozen=True):
    """IngressRouteUDP of traefik.io and of the older traefik.containo.us."""

    spec: IngressRouteUDPSpec = IngressRouteUDPSpec()


class Chain(Part, frozen=True):
    """`spec.chain` of a Middleware: others, one after the other."""

    middlewares: tuple[Reference, ...] = ()


class Auth(Part, frozen=True):
    """`spec.basicAuth` and `spec.digestAuth` of a Middleware."""

    secret: str = ""


class ForwardAuthTls(Part, frozen=True):
    """`spec.forwardAuth.tls` of a Middleware."""

    ca_secret: str = ""
    cert_secret: str = ""


class ForwardAuth(Part, frozen=True):
    """`spec.forwardAuth` of a Middleware."""

    auth_response_headers_regex: str = ""
    tls: ForwardAuthTls | None = None


class Pattern(Part, frozen=True):
    """`spec.redirectRegex` and `spec.replacePathRegex` of a Middleware."""

    regex: str = ""


class Patterns(Part, frozen=True):
    """`spec.stripPrefixRegex` of a Middleware."""

    regex: tuple[str, ...] | None = None


class Headers(Part, frozen=True):
    """`spec.headers` of a Middleware."""

    access_control_allow_origin_list_regex: tuple[str, ...] | None = None


class Ranges(Part, frozen=True):
    """`spec.ipAllowList` and `spec.ipWhiteList` of a Middleware."""

    source_range: tuple[str, ...] | None = None


class ErrorPage(Part, frozen=True):
    """`spec.errors` of a Middleware."""

    service: RouteService | None = None


class AddPrefix(Part, frozen=True):
    """`spec.addPrefix` of a Middleware."""

    prefix: str = ""


class RedirectScheme(Part, frozen=True):
    """`spec.redirectScheme` of a Middleware."""

    scheme: str = ""


class Retry(Part, frozen=True):
    """`spec.retry` of a Middleware."""

    attempts: int = 0


class CircuitBreaker(Part, frozen=True):
    """`spec.circuitBreaker` of a Middleware."""

    expression: str = ""


class MiddlewareSpec(Part, frozen=True):
    """`spec` of a Middleware: one of these."""

    add_prefix: AddPrefix | None = None
    basic_auth: Auth | None = None
    buffering: Present | None = None
    chain: Chain | None = None
    circuit_breaker: CircuitBreaker | None = None
    compress: Present | None = None
    content_type: Present | None = None
    digest_auth: Auth | None = None
    encoded_characters: Present | None = None
    errors: ErrorPage | None = None
    forward_auth: ForwardAuth | None = None
    grpc_web: Present | None = None
    headers: Headers | None = None
    in_flight_req: Present | None = None
    ip_allow_list: Ranges | None = None
    ip_white_list: Ranges | None = None
    pass_tls_client_cert: Present | None = msgspec.field(default=None, name="passTLSClientCert")
    plugin: dict[str, Present] | None = None
    rate_limit: Present | None = None
    redirect_regex: Pattern | None = None
    redirect_scheme: RedirectScheme | None = None
    replace_path: Present | None = None
    replace_path_regex: Pattern | None = None
    retry: Retry | None = None
    strip_prefix: Present | None = None
    strip_prefix_regex: Patterns | None = None


class Middleware(Object, frozen=True):
    """Middleware of traefik.io and of the older traefik.containo.us."""

    spec: MiddlewareSpec = MiddlewareSpec()


class MiddlewareTCPSpec(Part, frozen=True):
    """`spec` of a MiddlewareTCP: one of these."""

    in_flight_conn: Present | None = None
    ip_allow_list: Ranges | None = None
    ip_white_list: Ranges | None = None


class MiddlewareTCP(Object, frozen=True):
    """MiddlewareTCP of traefik.io and of the older traefik.containo.us."""

    spec: MiddlewareTCPSpec = MiddlewareTCPSpec()


class Weighted(Part, frozen=True):
    """`spec.weighted` and `spec.highestRandomWeight` of a TraefikService."""

    services: tuple[RouteService, ...] | None = None


class Mirroring(RouteService, frozen=True):
    """`spec.mirroring` of a TraefikService."""

    mirrors: tuple[RouteService, ...] | None = None


class TraefikServiceSpec(Part, frozen=True):
    """`spec` of a TraefikService."""

    weighted: Weighted | None = None
    mirroring: Mirroring | None = None
    highest_random_weight: Weighted | None = None


class TraefikService(Object, frozen=True):
    """TraefikService of traefik.io and of the older traefik.containo.us."""

    spec: TraefikServiceSpec = TraefikServiceSpec()


class ClientAuth(Part, frozen=True):
    """`spec.clientAuth` of a TLSOption."""

    secret_names: tuple[str, ...] | None = None
    client_auth_type: str = ""


class TLSOptionSpec(Part, frozen=True):
    """`spec` of a TLSOption."""

    min_version: str = ""
    max_version: str = ""
    cipher_suites: tuple[str, ...] | None = None
    curve_preferences: tuple[str, ...] | None = None
    client_auth: ClientAuth | None = None


class TLSOption(Object, frozen=True):
    """TLSOption of traefik.io and of the older traefik.containo.us."""

    spec: TLSOptionSpec = TLSOptionSpec()


class StoredCertificate(Part, frozen=True):
    """`spec.defaultCertificate` and `spec.certificates[]` of a TLSStore."""

    secret_name: str = ""


class TLSStoreSpec(Part, frozen=True):
    """`spec` of a TLSStore."""

    default_certificate: StoredCertificate | None = None
    certificates: tuple[StoredCertificate, ...] | None = None


class TLSStore(Object, frozen=True):
    """TLSStore of traefik.io and of the older traefik.containo.us."""

    spec: TLSStoreSpec = TLSStoreSpec()


class RootCa(Part, frozen=True):
    """`spec.rootCAs[]` of a ServersTransport."""

    secret: str | None = None


class ServersTransportSpec(Part, frozen=True):
    """`spec` of a ServersTransport, and `spec.tls` of a ServersTransportTCP."""

    insecure_skip_verify: bool | None = None
    root_cas: tuple[RootCa, ...] | None = msgspec.field(default=None, name="rootCAs")
    root_cas_secrets: tuple[str, ...] | None = msgspec.field(default=None, name="rootCAsSecrets")
    certificates_secrets: tuple[str, ...] | None = None


class ServersTransport(Object, frozen=True):
    """ServersTransport of traefik.io and of the older traefik.containo.us."""

    spec: ServersTransportSpec = ServersTransportSpec()


class ServersTransportTCPSpec(Part, frozen=True):
    """`spec` of a ServersTransportTCP."""

    tls: ServersTransportSpec | None = None


class ServersTransportTCP(Object, frozen=True):
    """ServersTransportTCP of traefik.io, from Traefik 3 on."""

    spec: ServersTransportTCPSpec = ServersTransportTCPSpec()
