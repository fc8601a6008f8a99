"""The two ways to run the bot: on Discord with a real cluster, and in the sandbox."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot import log_setup as logs
from bot import settings
from bot.alerting.domain.rules import NO_ALERTS, Rules
from bot.alerting.silences import Silences
from bot.app import alerts as alerting
from bot.app import digests as digesting
from bot.app.gitops import configured
from bot.app.leader_tasks import Takeover, refusals_explained
from bot.app.leadership import Post, post
from bot.app.metrics import Metrics, Sources
from bot.app.probes import Vitals
from bot.app.remediation import build_remediation, clock, nobody_asks
from bot.charts.process import Artist
from bot.chat.client import Client
from bot.digest.domain.config import DigestPlan
from bot.doctor.domain.facts import Use
from bot.domain.authorization import Circles
from bot.domain.election import Alone, Leadership
from bot.domain.resources.core import Namespace
from bot.domain.state import Store
from bot.errors import MeshmedicError, SettingsError
from bot.gitops.service import PullRequests
from bot.health.report_store import Memory
from bot.health.service import Health
from bot.kube.cache import WatchCache
from bot.kube.change_store import NoChangeStore
from bot.kube.connect import connect, own_namespace
from bot.kube.flux_objects import FluxObjects
from bot.kube.flux_reconcile import FluxRequest
from bot.kube.own_image import OwnImage
from bot.kube.prober_daemonset import ProbeAgents
from bot.kube.prober_exec import ProbeInside
from bot.kube.prober_jobs import ProbeJobs
from bot.kube.tool_jobs import ToolJobs
from bot.net.diagnosis.service import Diagnose
from bot.net.mesh.monitor import EVERY as ROUNDS
from bot.net.mesh.monitor import Reader, Rounds
from bot.net.mesh.service import Mesh
from bot.net.ports import Prober
from bot.net.probing import agent_keys, agent_peers
from bot.net.request.service import Reach
from bot.net.tools import targets
from bot.net.tools.service import Netshoot
from bot.remediation.change.approval import Policy
from bot.remediation.change.pending import waiting
from bot.remediation.notifier import ChangeNotifier
from bot.remediation.pull_request_flow import AskFlux
from bot.remediation.reconciler import TICK
from bot.runbook import service as runbook
from bot.runtime import http_server as endpoints
from bot.runtime.memory_store import Unkept
from bot.runtime.scheduler import REDISCOVER, Schedule
from bot.traefik.service import Traefik
from commands import registry as everything
from commands.dependencies import Context
from commands.digest import refresh_button as button

if TYPE_CHECKING:  # the package belongs to an extra that production lacks
    from bot.sandbox.stage import Stage

log = logging.getLogger(__name__)

HOME = Policy()
SANDBOX = "meshmedic"
"""Where the sandbox keeps Changes."""


def run() -> int:
    """Answer on Discord until SIGTERM or SIGINT. Returns the exit code."""
    read = settings.load()
    logs.configure(read.log_level, read.log_format)
    token, guild_id = read.for_discord()
    # What was imported is never garbage: looking through it would hold the event loop up.
    gc.collect()
    gc.freeze()
    return asyncio.run(_run(read, token, guild_id))


@dataclass(frozen=True, slots=True)
class Parts:
    """The bot, wired to a cluster; `takeover` and `memory` where it has a post there."""

    client: Client
    vitals: Vitals
    metrics: Metrics
    takeover: Takeover | None = None
    memory: Memory | None = None


def make_client(stage: Stage) -> Client:
    """The bot alone, for the sandbox."""
    return wire(
        stage.cache,
        stage.circles,
        stage.guild_id,
        prober=stage.prober,
        netshoot=Netshoot(stage.cache, stage.tools),
        state_namespace=SANDBOX,
        store=stage.store,
        plan=stage.plan,
        rules=stage.rules,
        board=stage.board,
        pace=alerting.Pace(stage.look, stage.look) if stage.look else alerting.USUAL,
        reader=stage.reader,
    ).client


def wire(
    cache: WatchCache,
    circles: Circles,
    guild_id: int,
    *,
    post: Post | None = None,
    prober: Prober | None = None,
    netshoot: Netshoot | None = None,
    policy: Policy = HOME,
    audit_channel: int | None = None,
    state_namespace: str = "",
    repository: PullRequests | None = None,
    ask: AskFlux = nobody_asks,
    regularly: Mapping[str, tuple[int, Callable[[], Awaitable[None]]]] = MappingProxyType({}),
    plan: DigestPlan | None = None,
    rules: Rules = NO_ALERTS,
    board: int | None = None,
    uses: frozenset[Use] = frozenset(),
    pace: alerting.Pace = alerting.USUAL,
    store: Store | None = None,
    reader: Reader | None = None,
) -> Parts:
    """The bot, wired to a cluster: the same in production, sandbox and tests.

    Without a post it is alone: it always acts, and keeps nothing. Without a prober a diagnosis
    rests on the objects. `regularly` is what else to do every so many seconds, by name; `plan` what
    the settings say of digests; `reader` reads the rounds of agents. `state_namespace` is where
    Changes are kept where there is no post, `store` where the rest is.
    """
    kept_in = post.namespace if post else state_namespace
    leadership: Leadership = post.elector if post else Alone()
    metrics = Metrics()
    traefik = Traefik(cache, cache.traefik)
    diagnose = Diagnose(cache, prober, traefik)
    health = Health(cache, around=metrics.around, diagnosed=lambda: diagnose.remembered)
    memory = Memory(post.state, health, diagnose, post.elector) if post else None
    health.told = memory.note if memory else None
    diagnose.on_proofs = memory.note_proofs if memory else None
    store = post.state if post else store or Unkept()
    rounds = Rounds(cache, reader, store) if reader else None
    if rounds:
        health.rounds = lambda: rounds.links
    silences = Silences(store, health, lambda: cache.names(Namespace))
    plan = plan or DigestPlan()
    watch = alerting.Watch(
        health,
        store,
        leadership,
        rules,
        board,
        fallback=plan.fallback,
        told=metrics.alert,
        pace=pace,
    )
    notifier = ChangeNotifier([cache.change_events.tell])
    remediation = build_remediation(
        cache,
        diagnose,
        traefik,
        prober,
        store=cache.changes(kept_in, leadership) if kept_in else NoChangeStore(),
        writer=cache.writer(leadership.may_act),
        circles=circles,
        policy=policy,
        may_act=leadership.may_act,
        notifier=notifier,
        pulls=repository,
        ask=ask,
    )
    artist, late, health_now = Artist(), digesting.LateClient(), button.button(health)

    async def waits() -> tuple[str, ...]:
        return waiting(await remediation.every(), clock())

    digests = digesting.digests(
        plan,
        health=health,
        store=store,
        leadership=leadership,
        draw=artist.draw,
        prepare=artist.prepare,
        client=late.get,
        rows=lambda carried: button.rows(health_now, carried),
        told=metrics.digest,
        muted=silences.muted,
        approvals=waits,
    )
    context = Context(
        health=health,
        diagnose=diagnose,
        mesh=Mesh(cache, prober),
        reach=Reach(cache, prober, cache.inside),
        netshoot=netshoot or Netshoot(cache),
        draw=artist.draw,
        traefik=traefik,
        runbook=runbook.load(),
        remediation=remediation,
        notifier=notifier,
        digests=digests,
        health_now=health_now,
        namespaces=lambda: cache.names(Namespace),
        cluster=cache.access,
        silences=silences,
        watched=cache.watched,
        secret_inventory=cache.secret_inventory,
        state_namespace=kept_in,
        audit_channel=audit_channel,
        repository=repository,
        uses=uses,
    )
    schedule = Schedule()

    async def began() -> None:
        await cache.start()
        schedule.every(REDISCOVER, "look for new kinds", cache.rediscover)
        if kept_in:
            schedule.every(TICK, "go on with changes", remediation.reconciler.go_on)
        if rounds:
            schedule.every(ROUNDS, "read the agents' rounds", rounds.look, at_once=True)
        for name, (seconds, call) in regularly.items():
            schedule.every(seconds, name, call)
        digesting.regularly(schedule, digests)
        watch.regularly(schedule, client, silences)
        schedule.start()

    async def ended() -> None:
        schedule.stop()
        remediation.reconciler.stop()
        await artist.close()
        await cache.close()

    client = Client(
        circles,
        guild_id,
        lambda client: everything.register(client, context),
        began=began,
        ended=ended,
        told=metrics.answered,
        leadership=leadership,
    )
    late.client = client
    vitals = Vitals(client, cache, schedule, post.ended if post else tuple)
    tally = post.changes.tally if post else dict
    metrics.read_from(
        Sources(client, cache.watches, lambda: health.latest, leadership.may_act, tally)
    )
    takeover = Takeover(post.elector, client, post.state, memory) if post and memory else None
    return Parts(client, vitals, metrics, takeover, memory)


async def _run(read: settings.Settings, token: str, guild_id: int) -> int:
    async with connect(kubeconfig=read.kubeconfig, context=read.context) as api:
        cache = WatchCache(api, secret_inventory=read.secret_inventory, namespaces=read.namespaces)
        place = read.state_namespace or own_namespace(read.kubeconfig, read.context)
        posted = post(api, place) if place else None
        image = OwnImage(api, read.probe_image)
        jobs = ProbeJobs(api, image, host_network=read.probe_host_network)
        agents = ProbeAgents(api, jobs)
        allowed = targets.allowed(read.net_targets)
        flux = FluxObjects(api)
        beginning = asyncio.create_task(agents.begin())
        parts = wire(
            cache,
            read.circles,
            guild_id,
            post=posted,
            prober=ProbeInside(api, agents),
            netshoot=Netshoot(cache, ToolJobs(api, read.tool_image), allowed),
            policy=read.policy,
            audit_channel=read.audit_channel,
            repository=configured(read, flux),
            ask=FluxRequest(api, flux).ask,
            regularly={
                "publish the key of probes": (int(agent_keys.AGAIN), agents.refresh),
                "tell agents their peers": (int(agent_peers.AGAIN), agents.peers.publish),
            },
            plan=read.digests,
            rules=read.alert_rules,
            board=read.board_channel,
            uses=read.uses,
            reader=agents.rounds,
        )
        async with AsyncExitStack() as stack:
            stopped = await stack.enter_async_context(_signals())
            await stack.enter_async_context(_answering_machines(read.http_port, parts))
            if posted and parts.memory:
                await stack.enter_async_context(posted.held(parts.memory))
            stack.callback(beginning.cancel)
            return await _serve(parts, token, stopped)


def _answering_machines(port: int, parts: Parts) -> AbstractAsyncContextManager[None]:
    return endpoints.serving(
        port,
        healthz=parts.vitals.ailments,
        readyz=parts.vitals.obstacles,
        metrics=parts.metrics.exposition,
    )


async def _serve(parts: Parts, token: str, stopped: asyncio.Event) -> int:
    """Connect, and leave in good order when asked to.

    Raises:
        SettingsError: Discord refuses the token or the server: asking again would not help.
    """
    client = parts.client
    working = {asyncio.create_task(_connected(client, token))}
    if parts.takeover:
        working.add(asyncio.create_task(parts.takeover.run()))
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({*working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.done() and not any(task.done() for task in working):
            log.info("asked to stop")
            await client.stop()
        for task in working:
            task.cancel()
        for task in working:
            with suppress(asyncio.CancelledError):
                await task
    finally:
        stopping.cancel()
        if not client.is_closed():
            await client.close()
    return 0


async def _connected(client: Client, token: str) -> None:
    """Log in, however long the network is away, and stay connected."""
    delay = FIRST_DELAY
    while True:
        try:
            with refusals_explained():
                await client.login(token)
            break
        except discord.LoginFailure as error:
            raise SettingsError(REFUSED) from error
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("Discord cannot be reached, trying again in %.0f s: %s", delay, error)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)
    await _stay(client)


async def _stay(client: Client) -> None:
    """Stay connected to the gateway, however long it is away."""
    delay = FIRST_DELAY
    while not client.is_closed():
        try:
            await client.connect(reconnect=True)
        except AttributeError:
            # The library tries again by itself, but trips where it was never connected before.
            if client.ws is not None:
                raise
            log.warning("Discord's gateway cannot be reached, trying again in %.0f s", delay)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)
        except (discord.PrivilegedIntentsRequired, discord.ConnectionClosed) as error:
            if isinstance(error, discord.ConnectionClosed) and error.code == TOKEN_REFUSED:
                raise SettingsError(REFUSED) from error
            msg = f"Discord does not let the bot connect: {error}"
            raise MeshmedicError(msg) from error


REFUSED = "MESHMEDIC_DISCORD_TOKEN is refused by Discord. Make a new one in its portal."
TOKEN_REFUSED = 4004
"""The gateway's close code. Source: Discord, Gateway close event codes."""

FIRST_DELAY = 2.0
LONGEST_DELAY = 300.0
"""Seconds between two attempts to log in: an address is banned for too many refused ones."""


@asynccontextmanager
async def _signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set: the library's own runner ignores SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def sandbox(scenario: str, kubeconfig: Path | None, port: int) -> int:
    """The bot in a browser, against a scenario or a real cluster. Returns the exit code."""
    try:
        from bot.sandbox import opening  # noqa: PLC0415  # needs an extra that production lacks
    except ModuleNotFoundError as error:
        msg = f"The sandbox needs the package {error.name}: run `make setup`."
        raise MeshmedicError(msg) from error
    logs.configure("info")
    with suppress(KeyboardInterrupt):
        asyncio.run(opening.open_sandbox(scenario, kubeconfig, port, make_client))
    return 0
