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
from bot.routing.references import Defect, Provider


def services(
    named: Sequence[traefik.StreamService], here: str, provider: Provider, snapshot: Snapshot
) -> Iterator[Defect]:
    """The defects of a rule's Services: failed where all fail, degraded where some do."""
    if not named:
        yield Defect("NoServices", "It leads to no Service.")
    defects = [
        defect for service in named if (defect := _service(service, here, provider, snapshot))
    ]
    failed = sum(defect.verdict is Verdict.FAILED for defect in defects)
    for defect in defects:
        partly = defect.verdict is Verdict.FAILED and failed < len(named)
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
