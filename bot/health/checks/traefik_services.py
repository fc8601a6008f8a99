"""TraefikServices that lead nowhere. Source: bot.routing.backends."""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import core, traefik
from bot.domain.snapshot import Snapshot
from bot.routing import backends
from bot.routing import references as routing
from bot.routing.references import Rule
from bot.routing.secrets import WRITERS
from bot.routing.selected_workloads import BEHIND


def judge(service: traefik.TraefikService, snapshot: Snapshot) -> Judgement:
    """By the Services and TraefikServices that it leads to."""
    if gone := conditions.terminating(service, snapshot.taken_at):
        return gone
    defects = backends.service_defects(snapshot, service.ref)
    return routing.judgement((Rule("", defects),)) or HEALTHY


CHECK = Check(
    name="traefik-services",
    scope="routes",
    title="TraefikServices that refer to nothing, or to themselves.",
    judges={traefik.TraefikService: judge},
    documented_as="kubectl get traefikservice -A",
    advice="Correct the reference in Git.",
    needs=(core.Service, traefik.ServersTransport),
    refers_to=(*BEHIND, *WRITERS),
)
