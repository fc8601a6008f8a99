"""`meshmedic doctor`: what is set up wrongly, and how to fix it."""

from __future__ import annotations

import argparse
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot import log_setup as logs
from bot import settings
from bot.app.chosen import plan_of, setup_of
from bot.app.gitops import build_pull_requests
from bot.cli.answer import Views, show
from bot.cli.connection import in_event_loop
from bot.cli.parser import Parser, add_answer
from bot.cli.progress import ProgressLine
from bot.digest.domain.records import DIGESTS, DigestFacts, DigestPlan, DigestState
from bot.doctor.discord_facts import FromTerminal
from bot.doctor.domain.diagnostic import Area, DiagnosticOutcome, DiagnosticReport, Topic
from bot.doctor.domain.facts import ClusterFacts, Right, Setup
from bot.doctor.service import Doctor, DoctorCluster
from bot.doctor.views import json, terminal
from bot.domain.election import Alone
from bot.domain.record import Store
from bot.domain.refusal import NotObserved
from bot.errors import ClusterError, SettingsError
from bot.kube.agents_facts import AgentsExaminer
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.connect import connect, own_namespace
from bot.kube.doctor_facts import AccessReader
from bot.runtime.child_process import ChildProcesses
from bot.runtime.memory_store import Unkept
from bot.settings import Settings
from bot.setup.service import ServerSetup
from commands import registry

VIEWS = Views(json.report, terminal.report)

EXIT = {
    DiagnosticOutcome.OK: 0,
    DiagnosticOutcome.NOTE: 0,
    DiagnosticOutcome.WARNING: 0,
    DiagnosticOutcome.FAILED: 1,
    DiagnosticOutcome.UNOBSERVED: 3,
}


def add_arguments(parser: Parser) -> None:
    """The cluster."""
    parser.explain(
        "meshmedic doctor",
        "meshmedic doctor -o json | jq -r '.diagnostics[] | select(.outcome == \"failed\") | .fix'",
        codes="Exit code: 0 nothing failed, 1 something did, 3 not everything could be seen.",
    )
    add_answer(parser, wide=False)
    parser.set_defaults(command=run)


@in_event_loop
async def run(arguments: argparse.Namespace) -> int:
    """Print what is set up wrongly, and how to fix it."""
    try:
        progress = ProgressLine("Checking the setup")
        progress.begin()
        try:
            report = await _examine(settings.load(), arguments)
        finally:
            progress.end()
    except SettingsError as error:
        fix = "Set it right; nothing else was examined."
        wrong = Topic(Area.SETTINGS, "settings").failed(str(error), fix)
        report = DiagnosticReport((wrong,))
    show(arguments, report, VIEWS)
    return EXIT[report.outcome]


async def _examine(read: Settings, arguments: argparse.Namespace) -> DiagnosticReport:
    logs.configure("error")
    # The library's warnings while it retries would only repeat what the report says.
    logging.getLogger("discord").setLevel(logging.ERROR)
    token = read.discord_token.get_secret_value().strip() if read.discord_token else None
    kubeconfig = arguments.kubeconfig or read.kubeconfig
    context = arguments.context or read.context
    namespace = read.state_namespace
    store: Store = Unkept()
    agents: AgentsExaminer | None = None
    async with AsyncExitStack() as stack:
        try:
            namespace = namespace or own_namespace(kubeconfig, context)
            connection = connect(kubeconfig=kubeconfig, context=context)
            api = await stack.enter_async_context(connection)
            cluster: DoctorCluster = AccessReader(api, read.traefik_namespaces)
            agents = AgentsExaminer(api)
            if namespace:
                store = ConfigMapStore(api, namespace, Alone())
        except ClusterError as error:
            cluster = store = _NoCluster(error)
        setup = Setup(
            guild_id=read.guild_id,
            roles=read.roles,
            commands=registry.definitions(),
            namespaces=read.namespaces,
            secret_inventory=read.secret_inventory,
            state_namespace=namespace,
            uses=read.uses,
            channels=read.channels,
            probe_image=read.probe_image,
            prober_settings=read.of_prober,
            route_checks=read.checks_of_routes is not None,
            heartbeat=read.heartbeat_url is not None,
        )
        setup_service = ServerSetup(store, read.choices)
        digests = partial(_digests, setup_service, read.digests)
        flux = _NoCluster(ClusterError("No cluster is asked."))
        repository = build_pull_requests(read, flux, ChildProcesses())
        doctor = Doctor(
            cluster,
            setup,
            digests,
            repository=repository,
            agents=agents,
            choices=setup_service.read,
            chosen=setup_of,
        )
        return await doctor.examine(FromTerminal(token))


async def _digests(setup: ServerSetup, plan: DigestPlan) -> DigestFacts:
    """What the bot stores about its digests; without a state namespace, nothing."""
    try:
        plan = plan_of(plan, await setup.read())
        state: DigestState | NotObserved = await setup.store.read(DIGESTS) or DigestState()
    except ClusterError as error:
        state = NotObserved(str(error))
    return DigestFacts(state, plan.schedules(), plan.zone, datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class _NoCluster:
    """Stands in for a cluster without a usable configuration."""

    error: ClusterError

    async def look(self, rights: tuple[Right, ...], *, lease_in: str = "") -> ClusterFacts:
        """Nothing is observed, for this reason."""
        del rights, lease_in
        return ClusterFacts.unobserved("", str(self.error))

    async def _fail(self, *_: Any, **__: Any) -> Any:
        raise self.error

    kustomization = git_repository = read = change = _fail
