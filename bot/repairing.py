"""The wiring of `/fix`, the same in production, sandbox and tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bot.carrying import Carrier, Writer
from bot.core.access import Circles
from bot.core.change.approval import Policy
from bot.core.change.places import Manifest
from bot.core.change.step import Step, Target
from bot.core.gitops.ownership import Owner
from bot.diagnose import Diagnose
from bot.errors import ClusterError
from bot.herald import Herald
from bot.kube.change_store import NOWHERE, Nowhere
from bot.loading import Loading
from bot.merging import Ask, Merging, Pulls
from bot.prober import Prober
from bot.proving import Proving
from bot.remedy import Remedy
from bot.sighting import Sighting
from bot.surveying import Cluster, Survey
from bot.traefik import Traefik
from bot.underway import Store


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
