"""The bot's own account with the component `remediation`, and `/fix` wired as in production."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.app.remediation import build_remediation
from bot.domain.authorization import Members, Roles
from bot.domain.election import Alone
from bot.kube.cache import WatchCache
from bot.kube.change_events import ChangeEvents
from bot.kube.change_store import KubernetesChangeStore
from bot.kube.change_writer import KubernetesStepWriter
from bot.kube.connect import connect
from bot.kube.traefik_reader import TraefikReader
from bot.net.diagnosis.service import Diagnose
from bot.net.ports import Prober
from bot.remediation.change.approval import Click, Policy
from bot.remediation.journal import ChangeNotifier
from bot.remediation.loading import LoadingProbe
from bot.remediation.service import RemediationService
from bot.remediation.verification import Verifier
from bot.sandbox.kubernetes_api import write_kubeconfig
from bot.traefik.service import Traefik
from tests.cluster import asking, deployed
from tests.clusters.real import RealCluster

KEPT_IN = "meshmedic"
REQUESTER, APPROVER, STRANGER = 100000000000000001, 100000000000000002, 100000000000000003
ROLES = Roles(approvers=Members(users=frozenset({APPROVER})))
COMPONENTS = ("remediation", "traefik-api")


def install(real: RealCluster, data: Path, folder: Path) -> Path:
    """The bot's account with its rights in `apps` and `media`, as a kubeconfig with its token."""
    deployed.install_kinds(real, data)
    deployed.install(
        real,
        deployed.built(
            real, deployed.overlay(folder / "overlay", COMPONENTS, bindings=deployed.LISTED)
        ),
    )
    token = real.kubectl("create", "token", "meshmedic", "-n", "meshmedic").strip()
    url, authority = asking.where(real)
    path = folder / "kubeconfig"
    write_kubeconfig(path, url, token, ca=authority)
    return path


def click(user: int = APPROVER) -> Click:
    """Somebody presses a button now."""
    return Click(user, frozenset(), datetime.now(UTC))


@asynccontextmanager
async def fixing(
    kubeconfig: Path, prober: Prober, *, reload: float, sleep: float
) -> AsyncIterator[RemediationService]:
    """The use case over the watch cache, as `bot.app.bootstrap` wires it; pauses are shorter."""
    async with connect(kubeconfig=kubeconfig) as api:
        cache = WatchCache(api)
        traefik = Traefik(cache, TraefikReader(cache.api))
        leadership = Alone()
        writer = KubernetesStepWriter(cache.api, leadership.may_act)
        made = build_remediation(
            cache,
            Diagnose(cache, prober, traefik),
            traefik,
            prober,
            store=KubernetesChangeStore(cache.api, KEPT_IN, leadership),
            writer=writer,
            roles=ROLES,
            policy=Policy(),
            may_act=leadership.may_act,
            notifier=ChangeNotifier((ChangeEvents(cache.api).record,)),
        )
        verifier = Verifier(cache, prober, sleep=_shorter(sleep), reload=reload)
        loading = LoadingProbe(writer, cache, prober, _shorter(1.0))
        executor = dataclasses.replace(made.executor, verifier=verifier, loading=loading)
        pull_requests = dataclasses.replace(made.reconciler.pull_requests, executor=executor)
        reconciler = dataclasses.replace(
            made.reconciler, executor=executor, pull_requests=pull_requests
        )
        await cache.start()
        try:
            yield dataclasses.replace(
                made, verifier=verifier, executor=executor, reconciler=reconciler
            )
        finally:
            await cache.close()


def _shorter(seconds: float) -> Callable[[float], Awaitable[None]]:
    async def sleep(_: float) -> None:
        await asyncio.sleep(seconds)

    return sleep
