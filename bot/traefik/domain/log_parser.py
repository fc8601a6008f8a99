"""Reads the event in a line of Traefik's log, of every version from v1 to v3.7 and every format.

Source: Traefik's own source and lines of real installations. "Creating server" and upstream errors
are at level DEBUG in every version; what a provider refuses is an ERROR. Causes: Go's net.OpError
and net.DNSError, Traefik's `ComputeStatusCode` (v3) and oxy (v1, v2).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from bot.domain.redaction.redact import redact
from bot.traefik.domain import access_log as access
from bot.traefik.domain.log_entry import Entry, read, unwrap
from bot.traefik.domain.log_events import (
    Cause,
    Irrelevant,
    LogEvent,
    LogReason,
    Origin,
    ProviderError,
    ServerCreated,
    UpstreamError,
)

LONGEST = 64 * 1024
"""Characters of a line that is parsed; longer ones, at DEBUG, hold a whole configuration."""

CREATED = re.compile(r"Creating server (?:\S{1,200} (?:at )?)?(\w+://\S{1,300})")
CREATED_STREAM = re.compile(r"Creating (TCP|UDP) server \S{1,20} at (\S{1,300})")
QUOTED_STATUS = re.compile(r"'(\d{3}) [^']{1,60}' caused by: (.*)", re.DOTALL)
STATUS_ALONE = re.compile(r"(499|500|502|503|504) [A-Z][A-Za-z ]{1,60}")
FORWARDING = re.compile(r"Error forwarding to (\S{1,300}), err: (.*)", re.DOTALL)
FORWARD_AUTH = re.compile(r"Error calling (\w+://\S{1,300}?)(?:\. Cause: (.*))?", re.DOTALL)
"""A ForwardAuth Middleware whose server cannot be reached: the request ends with 500."""

ROUND_TRIP = re.compile(r"Round trip: (\S{1,300}?), code: (\d{3})")
DIALLING = re.compile(r"Error while (?:dialing|connecting to) backend(?:: (.*))?", re.DOTALL)
CHECKED = re.compile(r"Health check (?:still )?fail(?:ed|ing)")
CHECKED_URL = re.compile(r"""URL: "?(\w+://[^"\s]{1,300})""")
IN_SERVICE = re.compile(r'In service "([^"]{1,300})" server "([^"]{1,300})": (.*)', re.DOTALL)
NO_SERVICE = re.compile(r"Service not found for (\S{1,253})/(\S{1,253})")
NO_LINE = re.compile(r'^["\[\]}]')

HINT = re.compile(
    r"Creating |caused by|\b(?:499|50[0234])\b|[Ee]rr|ERR|[Ww]arn|WRN|Health check|In service"
    r"|=fatal|FTL|DownstreamStatus|not found|[Ff]ailed to (?:list|watch)|panic: "
)
"""Every line with an event matches; most lines do not, and are not parsed."""

NOISE: tuple[tuple[str, LogReason], ...] = (
    ("Creating load-balancer", LogReason.LOAD_BALANCER),
    ("selected by WRR", LogReason.CHOICE),
    ("Service selected by", LogReason.CHOICE),
    (" now UP", LogReason.SERVER_STATE),
    (" now DOWN", LogReason.SERVER_STATE),
    ("Configuration received", LogReason.CONFIGURATION),
    ("Configuration loaded", LogReason.CONFIGURATION),
    ("DownstreamStatus", LogReason.REQUEST),
    ("Round trip", LogReason.REQUEST),
)
FRAME = re.compile(
    r"level|time=|\b(?:DBG|INF|TRC|WRN|ERR|FTL|PNC)\b|\b(?:DEBU|INFO|TRAC|WARN|ERRO|FATA|PANI)\b|"
    r"^\S{1,100} - .{1,100}? \[|\"stream\""
)

CAUSES: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    (Cause.TIMEOUT, re.compile(r"timeout|timed out|deadline exceeded", re.IGNORECASE)),
    (Cause.REFUSED, re.compile(r"connection refused")),
    (Cause.NO_ROUTE, re.compile(r"no route to host|host is unreachable")),
    (Cause.UNREACHABLE, re.compile(r"network is unreachable")),
    (Cause.RESET, re.compile(r"connection reset by peer|broken pipe")),
    (Cause.CANCELLED, re.compile(r"context canceled|Client Closed Request")),
    (Cause.NO_SUCH_HOST, re.compile(r"no such host|server misbehaving")),
    (Cause.TLS, re.compile(r"\btls: |\bx509: ")),
    (Cause.EOF, re.compile(r"\bEOF\b")),
)
"""The order counts: a timeout of a TLS handshake is a timeout."""

STATUS_OF = {Cause.TIMEOUT: 504, Cause.CANCELLED: 499, Cause.TLS: 500, Cause.OTHER: 500}
"""What Traefik answers by the cause; 502 for any other."""

PEER = re.compile(
    r"(?:dial|read|write|readfrom|writeto) (?:tcp|udp)[46]? "
    r"(?:\S{1,100}->)?(\[[^\]\s]{1,100}\]:\d{1,5}|[^\s:>]{1,260}:\d{1,5})"
)
LOOKED_UP = re.compile(r"lookup (\S{1,260}?)(?: on \S{1,100})?: ")

REFUSING = frozenset({"error", "warn", "fatal", "panic"})

LEFT_OUT = re.compile(
    r"skip|ignor|fail|cannot|unable|invalid|conflict|refus|error|so using|no valid|unsupported"
    r"|not (?:found|exist|allowed|supported)|(?:n't|non-?) ?exist",
    re.IGNORECASE,
)
"""What a warning says that tells of something left out. Other warnings are about what works."""

DEPRECATED = re.compile(r"deprecat", re.IGNORECASE)
"""A warning about a later version."""

UNREAD = re.compile(
    r"[Ff]ailed to (?:list|watch) (?:and (?:list|watch) )?\*(?:\w{1,40}\.){0,3}(\w{1,80})"
    r"""(?:: |[\s"]|$)(?P<why>.*)""",
    re.DOTALL,
)
UNREAD_TYPE = re.compile(r"\*(?:\w{1,40}\.){0,3}(\w{1,80})")
UNREAD_MESSAGE = re.compile(r"Failed to (?:list|watch)\b")
"""Lines of client-go, which Traefik's providers use to read the API; newer ones name the type in a
field. Source: client-go, `tools/cache/reflector.go`."""

LONGEST_WHY = 500

NO_RESOLVER = re.compile(
    r"[Tt]he router (\S{1,300}) uses a non-?existent (?:certificate )?resolver|"
    r'The ACME resolver? ?"?([^"\s]{0,100})"? ?is skipped from the resolvers list'
)
KIND_FIELDS = (
    ("middlewareName", "middleware"),
    ("serversTransport", "serverstransport"),
    ("serversTransportName", "serverstransport"),
    ("tlsOption", "tlsoption"),
    ("tlsStore", "tlsstore"),
    ("serviceName", "traefikservice"),
    ("gateway", "gateway"),
    ("http_route", "httproute"),
)
"""The field that names an object of Traefik's, and the object's kind."""

PLUGIN = re.compile(r"\bplugins?\b(?!s\.)", re.IGNORECASE)
PLUGIN_NAME = re.compile(r"plugin:? \"?([a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[\w.-]{1,100}){1,4})")
"""The module of a plugin, such as `github.com/owner/name`."""

CERTIFICATE = re.compile(r"\bacme\b|\bcert(?:ificate)?s?\b|X509 key ?pair", re.IGNORECASE)
NO_PROVIDER = re.compile(r"Cannot start the provider \*?([\w.]{1,80})")
"""A provider that did not start, so that none of its routes is known."""

BEGINNING = re.compile(
    r"(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?command traefik error: (.*)|(?:panic|fatal error): (.*)",
    re.DOTALL,
)
"""How Traefik 2 says why it does not start, and Go why a program crashed."""

OWN_FAULT = re.compile(r"Command error|Recovered from panic")
"""How Traefik 3 begins to say why it does not start, and that a fault of its own ended a request.
"""

UNRENEWED = re.compile(r"Error renewing (?:ACME )?certificate")
"""Traefik 2.9 to 2.11 say so at level INFO."""

TWICE = re.compile(r"Default TLS (Store|Option)s defined in multiple namespaces")

FATAL = frozenset({"fatal", "panic"})
FAILING = FATAL | {"error"}

OF_CLIENTS = re.compile(
    r"Peeking first byte|TLS handshake|closed network connection|Server closed"
    r"|deprecated static options|broken pipe|connection reset|context canceled|[Tt]imeout"
)
"""Errors that clients cause, those of an end that was asked for, and one of 3.1 about nothing."""

RESOLVER = re.compile(r"(.{1,100})\.(?:acme|tailscale)")
"""The provider of a certificate resolver."""

QUOTED_NAMESPACE = re.compile(r"['\"]([a-z0-9-]{1,63})/[a-z0-9.-]{1,253}['\"]")


def parse(line: str) -> LogEvent:
    """The event in one line, which may be any text; a line that is too long is not parsed."""
    if len(line) > LONGEST:
        return Irrelevant(LogReason.TOO_LONG)
    if not HINT.search(line):
        return _eventless(line)
    inner = unwrap(line)
    if event := access.common(inner):
        return event
    entry = read(inner)
    if event := access.structured(entry):
        return event
    for reader in READERS:
        if event := reader(entry):
            return event
    said = f"{entry.message} {entry.text('error')}"
    if entry.level in FAILING and not OF_CLIENTS.search(said):
        return Irrelevant(LogReason.UNKNOWN_ERROR)
    return _eventless(line)


def _eventless(line: str) -> LogEvent:
    """A line that tells of no trouble; one of an access log may tell of a good request."""
    if not line.strip():
        return Irrelevant(LogReason.BLANK)
    for sign, reason in NOISE:
        if sign in line:
            return Irrelevant(reason)
    if event := access.common(unwrap(line)):
        return event
    if NO_LINE.match(line) or not FRAME.search(line):
        return Irrelevant(LogReason.NO_LOG_LINE)
    return Irrelevant(LogReason.OTHER)


def _created(entry: Entry) -> LogEvent | None:
    """v1 and v2 have the address in the message, v3 in a field that changed its name once."""
    message = entry.message
    if not message.startswith("Creating "):
        return None
    if match := CREATED.match(message):
        url = match[1]
    elif message == "Creating server":
        url = entry.text("URL") or entry.text("target")
    elif match := CREATED_STREAM.match(message):
        url = f"{match[1].lower()}://{match[2]}"
    elif message in ("Creating TCP server", "Creating UDP server"):
        address = entry.text("serverAddress") or entry.text("address")
        url = f"{message.split()[1].lower()}://{address}" if address else ""
    else:
        return None
    if not url:
        return None
    return ServerCreated(url, entry.text("routerName"), entry.text("serviceName"), entry.time)


def _proxied(entry: Entry) -> LogEvent | None:
    """A request that failed: `'502 Bad Gateway' caused by: …`, or `502 Bad Gateway error=…`."""
    message, why = entry.message, entry.text("error")
    if match := QUOTED_STATUS.match(message):
        return _failed(entry, match[2], status=int(match[1]))
    if STATUS_ALONE.fullmatch(message) and why:
        return _failed(entry, why, status=int(message[:3]))
    if match := FORWARDING.match(message):
        return _failed(
            entry, match[2], address=match[1], status=STATUS_OF.get(cause_of(match[2]), 502)
        )
    if (match := FORWARD_AUTH.fullmatch(message)) and (cause := match[2] or why):
        return _failed(entry, cause, address=match[1], status=500)
    if (match := ROUND_TRIP.search(message)) and int(match[2]) in access.GATEWAY:
        return _failed(entry, "", address=match[1], status=int(match[2]))
    return None


def _streamed(entry: Entry) -> LogEvent | None:
    """A failed connection over TCP or UDP, or a failed health check."""
    message, why = entry.message, entry.text("error")
    if match := DIALLING.match(message):
        return _failed(entry, match[1] or why, origin=Origin.TCP)
    if match := IN_SERVICE.match(message):
        return _failed(entry, match[3], address=match[2], service=match[1], origin=Origin.TCP)
    if CHECKED.match(message):
        match = CHECKED_URL.search(message)
        url = match[1] if match else entry.text("targetURL")
        return _failed(entry, why or message, address=url, origin=Origin.HEALTH_CHECK)
    return None


def _failed(
    entry: Entry,
    why: str,
    *,
    status: int | None = None,
    address: str = "",
    service: str = "",
    origin: Origin = Origin.PROXY,
) -> UpstreamError:
    return UpstreamError(
        cause_of(why) if why else Cause.UNTOLD,
        status=status,
        address=address or address_of(why),
        router=entry.text("routerName"),
        service=service or entry.text("serviceName"),
        origin=origin,
        time=entry.time,
    )


def _unread(entry: Entry) -> LogEvent | None:
    """A kind of objects that Traefik can neither list nor watch."""
    why = entry.text("err") or entry.text("error")
    match = UNREAD.search(f"{entry.message} {why}")
    # Of nested messages, the innermost tells the cause.
    while match and (inner := UNREAD.search(match["why"])):
        match = inner
    if match:
        kind, why = match[1], match["why"]
    elif UNREAD_MESSAGE.search(entry.message) and (
        match := UNREAD_TYPE.fullmatch(entry.text("type"))
    ):
        kind = match[1]
    else:
        return None
    message = (
        f"Traefik cannot read this kind, so its servers grow stale: {redact(why)[:LONGEST_WHY]}"
    )
    return ProviderError(message.rstrip(': "'), kind=kind, unread=True, time=entry.time)


def _refused(entry: Entry) -> LogEvent | None:
    """An object that a provider or the router's builder does not accept."""
    if match := BEGINNING.match(entry.message):
        return ProviderError(match[1] or match[0], kind="traefik", time=entry.time)
    if match := NO_SERVICE.match(entry.message):
        return ProviderError(entry.message, namespace=match[1], name=match[2], time=entry.time)
    words = (entry.message, entry.text("error"), entry.text("certificateResolver"))
    message = ": ".join(word.rstrip(": ") for word in words if word)
    refuses = entry.level in REFUSING or UNRENEWED.match(message)
    refusal = _subject(entry, message) if refuses else None
    if refusal is None:
        return None
    if entry.level == "warn" and (DEPRECATED.search(message) or not LEFT_OUT.search(message)):
        return Irrelevant(LogReason.HARMLESS)
    return refusal


def _subject(entry: Entry, message: str) -> ProviderError | None:
    """What a message is about: a router, an object, or a certificate resolver."""
    owners = (entry.text(field).partition("@")[2] for field, _ in KIND_FIELDS)
    provider = entry.text("providerName") or next(filter(None, owners), "")
    router = entry.text("routerName")
    refusal = ProviderError(
        message,
        provider=provider,
        namespace=entry.text("namespace"),
        name=entry.text("ingress"),
        service=entry.text("serviceName"),
        router=router,
        time=entry.time,
    )
    if (match := NO_RESOLVER.search(message)) and not router:
        name = match[2] or entry.text("resolver")
        kind = "" if match[1] else "resolver"
        return replace(refusal, router=match[1] or "", kind=kind, name=name if kind else "")
    if router or (refusal.name and "kubernetes" in provider):
        return refusal
    if entry.level in FATAL or OWN_FAULT.match(message):
        return replace(refusal, kind="traefik")
    if twice := TWICE.match(message):
        return replace(refusal, kind=f"tls{twice[1].lower()}", name="default")
    if entry.level == "error" and PLUGIN.search(message) and not provider:
        named = PLUGIN_NAME.search(message)
        return replace(refusal, kind="plugin", name=named[1] if named else "")
    if entry.level == "error" and (unstarted := NO_PROVIDER.search(message)):
        return replace(refusal, kind="provider", name=unstarted[1])
    if entry.level == "error" and CERTIFICATE.search(message) and not provider:
        return replace(refusal, kind="certificate", name=entry.text("tlsStoreName"))
    if resolver := RESOLVER.fullmatch(provider):
        return replace(refusal, kind="resolver", name=resolver[1])
    if provider.startswith("kubernetes") or (provider and entry.level == "error"):
        return _other_kind(entry, refusal)
    return None


def _other_kind(entry: Entry, refusal: ProviderError) -> ProviderError:
    """An object of a kind other than a route, else the provider itself."""
    for field, kind in KIND_FIELDS:
        if name := entry.text(field).partition("@")[0]:
            namespace = refusal.namespace or _namespace(name, refusal.message)
            own = name.removeprefix(f"{namespace}-") if kind == "middleware" else name
            return replace(refusal, kind=kind, namespace=namespace, name=own)
    return replace(refusal, kind="provider", namespace="", name=refusal.provider)


def _namespace(identity: str, message: str) -> str:
    """The namespace in `namespace-name`, where the message names an object beside it."""
    match = QUOTED_NAMESPACE.search(message)
    return match[1] if match and identity.startswith(f"{match[1]}-") else ""


def cause_of(text: str) -> Cause:
    """The cause in an error message of Go's; OTHER if none is known."""
    return next((cause for cause, sign in CAUSES if sign.search(text)), Cause.OTHER)


def address_of(text: str) -> str:
    """The server's side of the connection, else the name that was looked up; empty for neither."""
    match = PEER.search(text) or LOOKED_UP.search(text)
    return match[1] if match else ""


READERS: tuple[Callable[[Entry], LogEvent | None], ...] = (
    _created,
    _proxied,
    _streamed,
    _unread,
    _refused,
)
"""The order counts: the first that knows the message reads it."""
