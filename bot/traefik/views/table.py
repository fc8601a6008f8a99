"""Traefik's routes as a table: one line a route."""

from __future__ import annotations

import re

from bot.render import text as words
from bot.render.table import Column, Screen, TableRow, TextPage
from bot.traefik.domain.answers import RoutesAnswer, RouteView
from bot.traefik.views import text as traefik_text

MOST = 1000
"""Routes that are listed; JSON has them all."""

COLUMNS = (
    Column("NAMESPACE", 9),
    Column("NAME", 12),
    Column("HOST", 18),
    Column("SERVER", 10),
    Column("VIA", 7),
    Column("STATUS"),
)

HOSTS = re.compile(r"Host(?:Header|SNI)?\(([^()]{1,2000})\)")
PLAIN = re.compile(r"[a-z0-9*][a-z0-9.-]{0,252}(?=/|$)")
HOST = re.compile(r"[`\"]([^`\"]{1,253})[`\"]")


def routes(answer: RoutesAnswer, screen: Screen) -> str:
    """The answer to `meshmedic traefik routes`."""
    page = TextPage(screen)
    style = words.LOOK[answer.verdict].style
    word = traefik_text.word_of(answer.verdict).upper()
    page.headline(word, f"bold {style}", traefik_text.headline(answer))
    page.space()
    shown = traefik_text.ordered(answer)
    if shown:
        page.table(COLUMNS, [_row(view) for view in shown[:MOST]])
    if rest := words.rest_in_json(len(shown) - MOST):
        page.line(rest)
    page.space()
    for line in traefik_text.explained(shown):
        page.line(line, "dim")
    for gap in answer.unseen:
        page.line(gap, "magenta", label="not seen")
    return page.text()


def _row(view: RouteView) -> TableRow:
    hosts = dict.fromkeys(host for rule in view.rules for host in hosts_of(rule.match))
    servers = dict.fromkeys(backend.name for backend in view.backends)
    via = dict.fromkeys(mode.replace(" ", "-") for mode in view.modes)
    cells = (
        view.ref.namespace,
        view.ref.name,
        ",".join(hosts) or "*",
        ",".join(servers),
        ",".join(via),
        _status(view),
    )
    return TableRow(cells)


def _status(view: RouteView) -> str:
    """The word for the route, and what is wrong with it or known of it."""
    if view.unread:
        return f"not read: {view.unread}"
    facts = "; ".join((*view.problems, *view.notes))
    word = traefik_text.word_of(view.verdict)
    return f"{word}: {facts}" if facts else word


def hosts_of(rule: str) -> list[str]:
    """The hosts that a rule names, or the path of an Ingress begins with."""
    plain = PLAIN.match(rule)
    return (
        [plain[0]] if plain else [h for names in HOSTS.findall(rule) for h in HOST.findall(names)]
    )
