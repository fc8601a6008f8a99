"""Services of IngressRouteTCPs and IngressRouteUDPs.

Source: Traefik's provider kubernetescrd. Of several Services of a rule, Traefik leaves out those
that it cannot use, so the others go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.domain.resources import traefik
from bot.domain.resources.base import Reference
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import references as routing
from bot.routing.references import NOTHING_ANSWERS, Defect, Provider


def services(
    named: Sequence[traefik.StreamService], here: str, provider: Provider, snapshot: Snapshot
) -> Iterator[Defect]:
    """The defects of a rule's Services: degraded where nothing answers for some, but not all."""
    if not named:
        yield Defect("NoServices", "It leads to no Service.")
    defects = [
        defect for service in named if (defect := _service(service, here, provider, snapshot))
    ]
    down = sum(defect.verdict in NOTHING_ANSWERS for defect in defects)
    for defect in defects:
        partly = defect.verdict in NOTHING_ANSWERS and down < len(named)
        yield replace(defect, verdict=Verdict.DEGRADED) if partly else defect


def _service(
    service: traefik.StreamService, here: str, provider: Provider, snapshot: Snapshot
) -> Defect | None:
    reference = Reference(name=service.name, namespace=service.namespace)
    return routing.other_namespace(provider, here, "Service", reference) or routing.service(
        snapshot,
        service.namespace or here,
        service.name,
        service.port,
        provider,
        native=service.native_lb,
    )
