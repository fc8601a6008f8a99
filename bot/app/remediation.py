"""The wiring of `/fix`, the same in production, sandbox and tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bot.domain.authorization import Circles
from bot.domain.resources.reference import Target
from bot.errors import ClusterError
from bot.gitops.domain.ownership import Owner
from bot.kube.change_store import NOWHERE, Nowhere
from bot.net.diagnosis.service import Diagnose
from bot.net.ports import Prober
from bot.remediation.change.approval import Policy
from bot.remediation.change.fields import Manifest
from bot.remediation.change.step import Step
from bot.remediation.context import Cluster, Survey
from bot.remediation.executor import Carrier, Writer
from bot.remediation.loading import Loading
from bot.remediation.notifier import Herald
from bot.remediation.pull_request_flow import Ask, Merging, Pulls
from bot.remediation.reconciler import Store
from bot.remediation.service import Remedy
from bot.remediation.traefik_view import Sighting
from bot.remediation.verification import Proving
from bot.traefik.service import Traefik


def clock() -> datetime:
    """Now."""
    return datetime.now(UTC)


async def nobody_asks(_owner: Owner) -> None:
    """Flux looks at Git at its own interval."""


def remedy(
    cluster: Cluster,
    diagnose: Diagnose,
    traefik: Traefik,
    prober: Prober | None,
    *,
    store: Store,
    writer: Writer,
    circles: Circles,
    policy: Policy,
    may_act: Callable[[], bool],
    herald: Herald,
    pulls: Pulls | None = None,
    ask: Ask = nobody_asks,
) -> Remedy:
    """The use case over these parts."""
    proving = Proving(cluster, prober)
    sighting = Sighting(cluster, traefik)
    loading = Loading(writer, cluster, prober)
    carrier = Carrier(store, writer, proving, loading, clock, herald.tell, sighting)
    return Remedy(
        survey=Survey(cluster, diagnose, writer, traefik),
        store=store,
        carrier=carrier,
        proving=proving,
        merging=Merging(pulls, cluster, carrier, ask),
        circles=circles,
        policy=policy,
        clock=clock,
        may_act=may_act,
    )


def idle(cluster: Cluster, diagnose: Diagnose, traefik: Traefik) -> Remedy:
    """The use case of a process without a place in the cluster: it says so when it is asked."""
    return remedy(
        cluster,
        diagnose,
        traefik,
        None,
        store=Nowhere(),
        writer=_NoWriter(),
        circles=Circles(),
        policy=Policy(),
        may_act=lambda: False,
        herald=Herald(),
    )


class _NoWriter:
    """Writes nothing."""

    async def live(self, _target: Target, /) -> Manifest | None:
        raise ClusterError(NOWHERE)

    async def write(
        self, _step: Step, _live: Manifest | None, _change: str, _by: str, /, *, dry_run: bool
    ) -> None:
        del dry_run
        raise ClusterError(NOWHERE)
