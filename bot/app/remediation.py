"""Builds `/fix`, in the same way for production, sandbox and tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bot.domain.authorization import Roles
from bot.domain.snapshot import SnapshotReader
from bot.gitops.domain.ownership import ObjectOwner
from bot.net.diagnosis.service import Diagnose
from bot.net.ports import Prober
from bot.remediation.change.approval import Policy
from bot.remediation.change.change import Change
from bot.remediation.change.states import ChangeState
from bot.remediation.context import ContextReader
from bot.remediation.executor import Executor
from bot.remediation.journal import ChangeJournal, ChangeNotifier
from bot.remediation.loading import LoadingProbe
from bot.remediation.planner import Planner
from bot.remediation.ports import ChangeStore, PullRequestHost, StepWriter
from bot.remediation.pull_request_flow import AskFlux, PullRequestFlow
from bot.remediation.reconciler import Reconciler
from bot.remediation.service import RemediationService
from bot.remediation.traefik_view import TraefikConfirmation
from bot.remediation.verification import Verifier
from bot.traefik.service import Traefik


def clock() -> datetime:
    """The present time."""
    return datetime.now(UTC)


async def nobody_asks(_owner: ObjectOwner) -> None:
    """Without a cluster's Flux to ask, it reads Git at its own interval."""


def build_remediation(
    cluster: SnapshotReader,
    diagnose: Diagnose,
    traefik: Traefik,
    prober: Prober | None,
    *,
    store: ChangeStore,
    writer: StepWriter,
    roles: Roles,
    policy: Policy,
    may_act: Callable[[], bool],
    notifier: ChangeNotifier,
    pulls: PullRequestHost | None = None,
    ask: AskFlux = nobody_asks,
) -> RemediationService:
    """Build planner, executor, verifier and reconciler, and hand them to the service."""

    async def on_move(change: Change) -> None:
        if change.state is ChangeState.DONE:
            diagnose.note_worked(change.plan.asked, clock())
        await notifier.notify(change)

    context_reader = ContextReader(cluster, diagnose, writer, traefik)
    planner = Planner(context_reader, pulls, policy.untouchable)
    journal = ChangeJournal(store, clock, on_move)
    verifier = Verifier(cluster, prober)
    loading = LoadingProbe(writer, cluster, prober)
    confirmation = TraefikConfirmation(cluster, traefik)
    executor = Executor(writer, verifier, loading, journal, clock, confirmation)
    pull_requests = PullRequestFlow(pulls, cluster, writer, executor, journal, ask)
    reconciler = Reconciler(store, journal, executor, pull_requests, planner.replan, clock, may_act)
    return RemediationService(
        planner,
        store,
        journal,
        executor,
        verifier,
        reconciler,
        roles,
        policy,
        clock,
    )
