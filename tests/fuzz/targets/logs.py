"""Traefik's log and access log, line by line and as they come from the API server."""

import msgspec

from bot.net.probing import wget
from bot.net.probing.protocol import Probe, ProbeKind
from bot.net.probing.wget import CommandOutput
from bot.traefik.domain import log_report
from bot.traefik.domain.log_parser import parse
from bot.traefik.domain.log_summary import LogSummarizer
from bot.traefik.domain.routes import read_routes
from bot.traefik.logged_refusals import logged_refusals
from bot.traefik.missing_secrets import missing_secrets
from tests.fuzz.target import Target
from tests.net.networks import WEB, a_route, a_rule, a_snapshot

SNAPSHOT = a_snapshot(a_route(a_rule()), *WEB)
ROUTES = read_routes(SNAPSHOT, ())
PROBE = Probe(id="a", kind=ProbeKind.HTTP, address="10.42.0.5", port=80)
CHUNK = 1000


def run(text: str) -> object:
    """Each line, and the whole in chunks; what wget writes is a log of somebody else's, too."""
    lines = text.split("\n")[:200]
    ways = {(type(event), getattr(event, "cause", "")) for event in map(parse, lines)}
    body = text.encode(errors="replace")
    summarizer = LogSummarizer()
    for start in range(0, len(body), CHUNK):
        summarizer.feed(body[start : start + CHUNK])
    summary = summarizer.summary()
    msgspec.json.encode(summary.failures)
    log_report.shows_failures(summary)
    logged_refusals({"traefik": summary}, SNAPSHOT, ROUTES)
    missing_secrets([summary], SNAPSHOT)
    answer = wget.read_probe(PROBE, CommandOutput(text, 1))
    return (*sorted(map(str, ways)), answer.outcome)


TARGET = Target(
    "logs",
    run,
    words=(
        *("2026-11-23T12:00:00Z ", "ERR ", "level=error ", 'msg="', '" ', "error=", "{", '"msg":"'),
        *(
            "Service not found for apps/web",
            "502 Bad Gateway",
            "caused by: ",
            "dial tcp 10.42.0.5:80",
        ),
        *(": connect: connection refused", "no such host", "lookup web on 10.43.0.10:53: ", "EOF"),
        *('10.0.0.1 - - [23/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 502 11 "-" "-" 7 ', "12ms"),
        *(
            '"apps-site@kubernetescrd" ',
            '"http://10.42.0.5:80" ',
            "\\ud800",
            "\\x1b",
            "\n",
            "providerName=",
        ),
        *(
            "Creating server ",
            "Health check failed, ",
            "x509: ",
            "HTTP/1.1 200 OK",
            "Connecting to ",
        ),
    ),
)
