"""The rules of Traefik's routers, and the regular expressions in them and in Middlewares."""

from bot.health import offline
from bot.net import route_resolution
from bot.net.route_checks import roots
from bot.routing import go_regexp, rules, unmatched
from bot.routing.candidates import candidates
from bot.routing.rules import RuleError, Syntax
from bot.sites.domain.hosts import site_rules
from bot.traefik.domain import router_names
from bot.traefik.domain.routes import read_routes
from tests.builders import an_object
from tests.fuzz.target import Target
from tests.net.networks import TRAEFIK, WEB, a_route, a_rule, a_service, a_snapshot


def run(text: str) -> object:
    """Parsed in each syntax, and judged in a route and a Middleware, as the cluster has them."""
    ways = [_parsed(text, syntax, tcp=tcp) for syntax in Syntax for tcp in (False, True)]
    rules.server_names(text)
    roots.of_rule(text)
    router_names.of_route("apps", "site", text)
    why = go_regexp.why_invalid(text)
    elsewhere = a_service("elsewhere", type="ExternalName", externalName=text, ports=())
    route = a_route({**a_rule(), "match": text}, a_rule({"name": "elsewhere", "port": text}))
    middleware = an_object("Middleware", "m", TRAEFIK, spec={"stripPrefixRegex": {"regex": [text]}})
    snapshot = a_snapshot(route, middleware, elsewhere, *WEB)
    for candidate in candidates(snapshot):
        route_resolution.resolve(snapshot, candidate.label)
    tuple(site_rules(snapshot).rules)
    read_routes(snapshot, ())
    judged = offline.judge([route, middleware, elsewhere, *WEB])
    return (*ways, why[:12], *(verdict.reason for verdict in judged))


def _parsed(text: str, syntax: Syntax, *, tcp: bool) -> object:
    read = rules.parse(text, syntax, tcp=tcp)
    if isinstance(read, RuleError):
        return str(read)[:12]
    rules.matchers(read)
    tuple(rules.affirmed(read))
    return type(read), unmatched.can_match(read, syntax, wildcards=False)


TARGET = Target(
    "rules",
    run,
    words=(
        *("Host(`", "HostRegexp(`", "Path(`", "PathPrefix(`", "PathRegexp(`", "`)", "Header(`"),
        *("HostSNI(`*`)", "ClientIP(`10.0.0.0/8`)", "Method(`GET`)", "Query(`a`, `b`)", "`, `"),
        *(" && ", " || ", "!", "(", ")", "a.example", "^(?:a+)+$", "(.*)*x", "{name:[a-z]+}", '"'),
        *(
            "// ",
            "/* ",
            "*/",
            "[[:alpha:]]",
            "(?P<n>",
            "(?i)",
            "\\pL",
            "{2,1000}",
            "a{1001}",
            "\\Q",
        ),
    ),
    longest=16 * 1024,
    per_character=50e-6,
)
