"""Middlewares and MiddlewareTCPs that Traefik cannot build. Source: bot.routing.middlewares."""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import core, traefik
from bot.domain.snapshot import Snapshot
from bot.routing import middlewares
from bot.routing import references as routing
from bot.routing.references import Rule
from bot.routing.secrets import WRITERS
from bot.routing.selected_workloads import BEHIND
from bot.routing.traefik_word import TRAEFIK_WORD


def judge(middleware: traefik.Middleware, snapshot: Snapshot) -> Judgement:
    """By its values and by what it refers to."""
    if gone := conditions.terminating(middleware, snapshot.taken_at):
        return gone
    defects = middlewares.defects(snapshot, middleware.ref)
    return routing.judgement((Rule("", defects),)) or HEALTHY


def judge_tcp(middleware: traefik.MiddlewareTCP, snapshot: Snapshot) -> Judgement:
    """By its values."""
    if gone := conditions.terminating(middleware, snapshot.taken_at):
        return gone
    defects = tuple(middlewares.tcp_defects(middleware))
    return routing.judgement((Rule("", defects),)) or HEALTHY


CHECK = Check(
    name="traefik-middlewares",
    scope="routes",
    title="Middlewares that Traefik cannot build: it refuses every route with one.",
    judges={traefik.Middleware: judge, traefik.MiddlewareTCP: judge_tcp},
    documented_as="kubectl get middleware -A",
    advice="Correct the Middleware in Git. Its routes come back by themselves.",
    needs=(core.Service, traefik.TraefikService, traefik.ServersTransport),
    refers_to=(*BEHIND, *WRITERS),
    facts=(TRAEFIK_WORD,),
)
