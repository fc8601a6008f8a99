"""The wiring of `/fix`, the same in production, sandbox and tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bot.domain.authorization import Circles
from bot.domain.snapshot import SnapshotReader
from bot.gitops.domain.ownership import ObjectOwner
from bot.net.diagnosis.service import Diagnose
from bot.net.ports import Prober
from bot.remediation.change.approval import Policy
from bot.remediation.context import ContextReader
from bot.remediation.executor import Executor
from bot.remediation.loading import LoadingProbe
from bot.remediation.notifier import ChangeNotifier
from bot.remediation.ports import ChangeStore, StepWriter
from bot.remediation.pull_request_flow import AskFlux, PullRequestFlow, PullRequestHost
from bot.remediation.service import RemediationService
from bot.remediation.traefik_view import TraefikConfirmation
from bot.remediation.verification import Verifier
from bot.traefik.service import Traefik


def clock() -> datetime:
    """Now."""
    return datetime.now(UTC)


async def nobody_asks(_owner: ObjectOwner) -> None:
    """Flux looks at Git at its own interval."""


def build_remediation(
    cluster: SnapshotReader,
    diagnose: Diagnose,
    traefik: Traefik,
    prober: Prober | None,
    *,
    store: ChangeStore,
    writer: StepWriter,
    circles: Circles,
    policy: Policy,
    may_act: Callable[[], bool],
    notifier: ChangeNotifier,
    pulls: PullRequestHost | None = None,
    ask: AskFlux = nobody_asks,
) -> RemediationService:
    """The use case over these parts."""
    verifier = Verifier(cluster, prober)
    confirmation = TraefikConfirmation(cluster, traefik)
    loading = LoadingProbe(writer, cluster, prober)
    executor = Executor(store, writer, verifier, loading, clock, notifier.tell, confirmation)
    return RemediationService(
        context_reader=ContextReader(cluster, diagnose, writer, traefik),
        store=store,
        executor=executor,
        verifier=verifier,
        pull_requests=PullRequestFlow(pulls, cluster, store, writer, executor, ask),
        circles=circles,
        policy=policy,
        clock=clock,
        may_act=may_act,
    )
