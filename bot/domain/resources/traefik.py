"""traefik.io, and the older traefik.containo.us."""

from __future__ import annotations

import msgspec

from bot.domain.resources.base import Object, Part, Reference
from bot.domain.resources.limits import LongText, Many, Named, Text, VeryMany


class Present(Part, frozen=True):
    """A part of which only the presence counts; it may hold credentials."""


class TraefikObject(Object, frozen=True):
    """What Traefik's kinds have in common: its providers choose them by a label selector."""

    selectable = True


class RouteService(Part, frozen=True):
    """`routes[].services[]` of an IngressRoute, and services of a TraefikService."""

    kind: Text = "Service"
    name: Text = ""
    namespace: Text = ""
    port: int | Text | None = None
    scheme: Text = ""
    native_lb: bool | None = msgspec.field(default=None, name="nativeLB")
    servers_transport: Text = ""
    health_check: Present | None = None
    weight: int | None = None


class Route(Part, frozen=True):
    """`routes[]` of an IngressRoute."""

    match: LongText = ""
    syntax: Text = ""
    services: Many[RouteService] | None = None
    middlewares: Many[Reference] | None = None


class RouteTls(Part, frozen=True):
    """`tls` of an IngressRoute or IngressRouteTCP."""

    secret_name: Text = ""
    options: Reference | None = None
    cert_resolver: Text = ""


class IngressRouteSpec(Part, frozen=True):
    """`spec` of an IngressRoute."""

    entry_points: Many[Text] | None = None
    routes: Many[Route] = ()
    tls: RouteTls | None = None
    parent_refs: Many[Reference] | None = None


class IngressRoute(TraefikObject, frozen=True):
    """IngressRoute of traefik.io and of the older traefik.containo.us."""

    spec: IngressRouteSpec = IngressRouteSpec()


class StreamService(Part, frozen=True):
    """`routes[].services[]` of an IngressRouteUDP."""

    name: Text = ""
    namespace: Text = ""
    port: int | Text | None = None
    native_lb: bool | None = msgspec.field(default=None, name="nativeLB")


class TcpService(StreamService, frozen=True):
    """`routes[].services[]` of an IngressRouteTCP."""

    servers_transport: Text = ""


class TcpRoute(Part, frozen=True):
    """`routes[]` of an IngressRouteTCP."""

    match: LongText = ""
    syntax: Text = ""
    services: Many[TcpService] | None = None
    middlewares: Many[Reference] | None = None


class IngressRouteTCPSpec(Part, frozen=True):
    """`spec` of an IngressRouteTCP."""

    entry_points: Many[Text] | None = None
    routes: Many[TcpRoute] = ()
    tls: RouteTls | None = None


class IngressRouteTCP(TraefikObject, frozen=True):
    """IngressRouteTCP of traefik.io and of the older traefik.containo.us."""

    spec: IngressRouteTCPSpec = IngressRouteTCPSpec()


class UdpRoute(Part, frozen=True):
    """`routes[]` of an IngressRouteUDP."""

    services: Many[StreamService] | None = None


class IngressRouteUDPSpec(Part, frozen=True):
    """`spec` of an IngressRouteUDP."""

    entry_points: Many[Text] | None = None
    routes: Many[UdpRoute] = ()


class IngressRouteUDP(TraefikObject, frozen=True):
    """IngressRouteUDP of traefik.io and of the older traefik.containo.us."""

    spec: IngressRouteUDPSpec = IngressRouteUDPSpec()


class Chain(Part, frozen=True):
    """`spec.chain` of a Middleware: others, one after the other."""

    middlewares: Many[Reference] = ()


class Auth(Part, frozen=True):
    """`spec.basicAuth` and `spec.digestAuth` of a Middleware."""

    secret: Text = ""


class ForwardAuthTls(Part, frozen=True):
    """`spec.forwardAuth.tls` of a Middleware."""

    ca_secret: Text = ""
    cert_secret: Text = ""


class ForwardAuth(Part, frozen=True):
    """`spec.forwardAuth` of a Middleware."""

    auth_response_headers_regex: LongText = ""
    tls: ForwardAuthTls | None = None


class Pattern(Part, frozen=True):
    """`spec.redirectRegex` and `spec.replacePathRegex` of a Middleware."""

    regex: LongText = ""


class Patterns(Part, frozen=True):
    """`spec.stripPrefixRegex` of a Middleware."""

    regex: Many[LongText] | None = None


class Headers(Part, frozen=True):
    """`spec.headers` of a Middleware."""

    access_control_allow_origin_list_regex: Many[LongText] | None = None


class Ranges(Part, frozen=True):
    """`spec.ipAllowList` and `spec.ipWhiteList` of a Middleware."""

    source_range: VeryMany[Text] | None = None


class ErrorPage(Part, frozen=True):
    """`spec.errors` of a Middleware."""

    service: RouteService | None = None


class AddPrefix(Part, frozen=True):
    """`spec.addPrefix` of a Middleware."""

    prefix: Text = ""


class RedirectScheme(Part, frozen=True):
    """`spec.redirectScheme` of a Middleware."""

    scheme: Text = ""


class Retry(Part, frozen=True):
    """`spec.retry` of a Middleware."""

    attempts: int = 0


class CircuitBreaker(Part, frozen=True):
    """`spec.circuitBreaker` of a Middleware."""

    expression: LongText = ""


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
    plugin: Named[Present] | None = None
    rate_limit: Present | None = None
    redirect_regex: Pattern | None = None
    redirect_scheme: RedirectScheme | None = None
    replace_path: Present | None = None
    replace_path_regex: Pattern | None = None
    retry: Retry | None = None
    strip_prefix: Present | None = None
    strip_prefix_regex: Patterns | None = None


class Middleware(TraefikObject, frozen=True):
    """Middleware of traefik.io and of the older traefik.containo.us."""

    spec: MiddlewareSpec = MiddlewareSpec()


class MiddlewareTCPSpec(Part, frozen=True):
    """`spec` of a MiddlewareTCP: one of these."""

    in_flight_conn: Present | None = None
    ip_allow_list: Ranges | None = None
    ip_white_list: Ranges | None = None


class MiddlewareTCP(TraefikObject, frozen=True):
    """MiddlewareTCP of traefik.io and of the older traefik.containo.us."""

    spec: MiddlewareTCPSpec = MiddlewareTCPSpec()


class Weighted(Part, frozen=True):
    """`spec.weighted` and `spec.highestRandomWeight` of a TraefikService."""

    services: Many[RouteService] | None = None


class Mirroring(RouteService, frozen=True):
    """`spec.mirroring` of a TraefikService."""

    mirrors: Many[RouteService] | None = None


class TraefikServiceSpec(Part, frozen=True):
    """`spec` of a TraefikService."""

    weighted: Weighted | None = None
    mirroring: Mirroring | None = None
    highest_random_weight: Weighted | None = None


class TraefikService(TraefikObject, frozen=True):
    """TraefikService of traefik.io and of the older traefik.containo.us."""

    spec: TraefikServiceSpec = TraefikServiceSpec()


class ClientAuth(Part, frozen=True):
    """`spec.clientAuth` of a TLSOption."""

    secret_names: Many[Text] | None = None
    client_auth_type: Text = ""


class TLSOptionSpec(Part, frozen=True):
    """`spec` of a TLSOption."""

    min_version: Text = ""
    max_version: Text = ""
    cipher_suites: Many[Text] | None = None
    curve_preferences: Many[Text] | None = None
    client_auth: ClientAuth | None = None


class TLSOption(TraefikObject, frozen=True):
    """TLSOption of traefik.io and of the older traefik.containo.us."""

    spec: TLSOptionSpec = TLSOptionSpec()


class StoredCertificate(Part, frozen=True):
    """`spec.defaultCertificate` and `spec.certificates[]` of a TLSStore."""

    secret_name: Text = ""


class TLSStoreSpec(Part, frozen=True):
    """`spec` of a TLSStore."""

    default_certificate: StoredCertificate | None = None
    certificates: Many[StoredCertificate] | None = None


class TLSStore(TraefikObject, frozen=True):
    """TLSStore of traefik.io and of the older traefik.containo.us."""

    spec: TLSStoreSpec = TLSStoreSpec()


class RootCa(Part, frozen=True):
    """`spec.rootCAs[]` of a ServersTransport."""

    secret: Text | None = None


class ServersTransportSpec(Part, frozen=True):
    """`spec` of a ServersTransport, and `spec.tls` of a ServersTransportTCP."""

    insecure_skip_verify: bool | None = None
    root_cas: Many[RootCa] | None = msgspec.field(default=None, name="rootCAs")
    root_cas_secrets: Many[Text] | None = msgspec.field(default=None, name="rootCAsSecrets")
    certificates_secrets: Many[Text] | None = None


class ServersTransport(TraefikObject, frozen=True):
    """ServersTransport of traefik.io and of the older traefik.containo.us."""

    spec: ServersTransportSpec = ServersTransportSpec()


class ServersTransportTCPSpec(Part, frozen=True):
    """`spec` of a ServersTransportTCP."""

    tls: ServersTransportSpec | None = None


class ServersTransportTCP(TraefikObject, frozen=True):
    """ServersTransportTCP of traefik.io, from Traefik 3 on."""

    spec: ServersTransportTCPSpec = ServersTransportTCPSpec()
