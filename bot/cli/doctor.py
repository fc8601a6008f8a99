"""`meshmedic doctor`: what is set up wrongly, and how to fix it."""

from __future__ import annotations

import argparse
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from bot import log_setup as logs
from bot import settings
from bot.app.gitops import configured
from bot.cli.connection import in_event_loop
from bot.cli.parser import Parser, add_cluster
from bot.digest.domain.config import DigestFacts, DigestPlan
from bot.digest.domain.records import DIGESTS, DigestState
from bot.doctor.discord_facts import FromTerminal
from bot.doctor.domain.diagnostic import Area, Diagnostic, DiagnosticOutcome, DiagnosticReport
from bot.doctor.domain.facts import ClusterFacts, Right, Setup
from bot.doctor.service import Doctor, DoctorCluster
from bot.doctor.views import terminal as terminal_report
from bot.domain.election import Alone
from bot.domain.refusal import NotObserved
from bot.errors import ClusterError, SettingsError
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.connect import connect, own_namespace
from bot.kube.doctor_facts import AccessReader
from bot.render import terminal
from commands import registry

EXIT = {
    DiagnosticOutcome.OK: 0,
    DiagnosticOutcome.NOTE: 0,
    DiagnosticOutcome.WARNING: 0,
    DiagnosticOutcome.FAILED: 1,
    DiagnosticOutcome.UNOBSERVED: 3,
}


def add_arguments(parser: Parser) -> None:
    """Which cluster is examined."""
    parser.epilog = "exit code: 0 nothing failed, 1 something did, 3 not everything could be seen"
    add_cluster(parser)
    parser.set_defaults(command=run)


@in_event_loop
async def run(arguments: argparse.Namespace) -> int:
    """Print what is set up wrongly, and how to fix it."""
    check_up = await _examine(arguments)
    terminal.show(terminal.console(), terminal_report.report(check_up))
    return EXIT[check_up.outcome]


async def _examine(arguments: argparse.Namespace) -> DiagnosticReport:
    try:
        read = settings.load()
    except SettingsError as error:
        fix = "Set it right; nothing else was examined."
        wrong = Diagnostic(Area.SETTINGS, "settings", DiagnosticOutcome.FAILED, str(error), fix)
        return DiagnosticReport((wrong,))
    logs.configure("error")
    # What the library says while it tries again stands in the answer, where it matters.
    logging.getLogger("discord").setLevel(logging.ERROR)
    token = read.discord_token.get_secret_value().strip() if read.discord_token else None
    kubeconfig = arguments.kubeconfig or read.kubeconfig
    context = arguments.context or read.context
    async with AsyncExitStack() as stack:
        where = connect(kubeconfig=kubeconfig, context=context)
        place = read.state_namespace
        state: ConfigMapStore | ClusterError | None = None
        try:
            place = place or own_namespace(kubeconfig, context)
            api = await stack.enter_async_context(where)
            cluster: DoctorCluster = AccessReader(api)
            state = ConfigMapStore(api, place, Alone()) if place else None
        except ClusterError as error:
            cluster, state = _NoCluster(error), error
        setup = Setup(
            guild_id=read.guild_id,
            circles=read.circles,
            commands=registry.definitions(),
            namespaces=read.namespaces,
            secret_inventory=read.secret_inventory,
            state_namespace=place,
            uses=read.uses,
        )
        kept = partial(_kept, state, read.digests)
        git = configured(read, _NoCluster(ClusterError("No cluster is asked.")))
        checked = Doctor(FromTerminal(token), cluster, setup, kept, repository=git)
        return await checked.examine()


async def _kept(state: ConfigMapStore | ClusterError | None, plan: DigestPlan) -> DigestFacts:
    """What the bot keeps of its digests; a process that is alone keeps nothing."""
    book: DigestState | NotObserved = (
        NotObserved(str(state)) if isinstance(state, ClusterError) else DigestState()
    )
    if isinstance(state, ConfigMapStore):
        try:
            book = await state.read(DIGESTS) or DigestState()
        except ClusterError as error:
            book = NotObserved(str(error))
    return DigestFacts(book, plan.schedules(), plan.zone, datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class _NoCluster:
    """A cluster to which no configuration leads."""

    error: ClusterError

    async def look(self, rights: tuple[Right, ...], *, lease_in: str = "") -> ClusterFacts:
        """Nothing is observed, for this reason."""
        del rights, lease_in
        return ClusterFacts.unobserved("", str(self.error))

    async def kustomization(self, namespace: str, name: str) -> None:
        """Never answers.

        Raises:
            ClusterError: Always.
        """
        del namespace, name
        raise self.error

    git_repository = kustomization
