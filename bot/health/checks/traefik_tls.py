"""TLSOptions, TLSStores and ServersTransports. Source: bot.routing.tls_settings."""

from __future__ import annotations

from bot.domain import conditions
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import traefik
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.routing import references as routing
from bot.routing import tls_settings
from bot.routing.references import Defect
from bot.routing.secrets import WRITERS
from bot.routing.traefik_word import TRAEFIK_WORD


def judge_option(option: traefik.TLSOption, snapshot: Snapshot) -> Judgement:
    """By its values, its CA Secrets, and others of its name."""
    return _judged(option, tls_settings.option_defects(option, snapshot), snapshot)


def judge_store(store: traefik.TLSStore, snapshot: Snapshot) -> Judgement:
    """By its Secrets, and others of its name."""
    return _judged(store, tls_settings.store_defects(store, snapshot), snapshot)


def judge_transport(
    transport: traefik.ServersTransport | traefik.ServersTransportTCP, snapshot: Snapshot
) -> Judgement:
    """By its Secrets."""
    return _judged(transport, tls_settings.transport_defects(transport, snapshot), snapshot)


def _judged(resource: Object, defects: tuple[Defect, ...], snapshot: Snapshot) -> Judgement:
    gone = conditions.terminating(resource, snapshot.taken_at)
    return gone or routing.judgement((), defects) or HEALTHY


CHECK = Check(
    name="traefik-tls",
    scope="routes",
    title="TLSOptions, TLSStores and ServersTransports with values or Secrets that do not exist.",
    judges={
        traefik.TLSOption: judge_option,
        traefik.TLSStore: judge_store,
        traefik.ServersTransport: judge_transport,
        traefik.ServersTransportTCP: judge_transport,
    },
    documented_as="kubectl get tlsoption,tlsstore,serverstransport -A",
    advice="Correct the value, or create the Secret, in Git.",
    refers_to=WRITERS,
    facts=(TRAEFIK_WORD,),
)
