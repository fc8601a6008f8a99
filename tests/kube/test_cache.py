"""The watch cache, through everything that happens to a connection."""

import asyncio
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.domain.resources import cert_manager, core
from bot.domain.resources.registry import KIND_OF
from bot.domain.snapshot import Snapshot, Why
from bot.kube.cache import WatchCache
from bot.kube.reflector import WatchState, WatchTiming
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.builders import a_certificate, a_pod
from tests.clusters import Cluster

HASTY = WatchTiming(
    watch=(30, 30), silence=0.4, first_delay=0.02, longest_delay=0.1, forbidden=0.2, absent=0.2
)
KINDS = (KIND_OF[core.Pod], KIND_OF[cert_manager.Certificate])


@asynccontextmanager
async def watching(api, timing: WatchTiming = HASTY, **options):
    cache = WatchCache(api, timing=timing, kinds=KINDS, **options)
    await cache.start()
    try:
        yield cache
    finally:
        await cache.close()


async def snapshot(cache: WatchCache) -> Snapshot:
    return await cache.snapshot([core.Pod, cert_manager.Certificate])


async def until(cache: WatchCache, holds: Callable[[Snapshot], bool]) -> Snapshot:
    """Ask again and again, for fifteen seconds at most."""
    end = time.monotonic() + 15
    while True:
        seen = await snapshot(cache)
        if holds(seen) or time.monotonic() > end:
            assert holds(seen), (seen, [watch.state for watch in cache.watches()])
            return seen
        await asyncio.sleep(0.01)


def pods(seen: Snapshot) -> set[str]:
    return {each.name for each in seen.of(core.Pod)}


def waits(seen: Snapshot, name: str) -> bool:
    """Whether a pod's container waits for something."""
    pod = seen.get(core.Pod, "apps", name)
    assert pod is not None
    return any(each.state.waiting for each in pod.status.container_statuses)


def lists(cache: WatchCache) -> int:
    """How often pods were listed."""
    (reflector,) = (watch for watch in cache.watches() if watch.source.kind.type is core.Pod)
    return reflector.lists


def whys(seen: Snapshot) -> dict[str, Why]:
    return {gap.kind: gap.why for gap in seen.gaps}


async def test_changes_arrive_without_a_new_list(cluster: Cluster, api):
    """Added, modified and deleted objects are seen through the watch alone."""
    await cluster.put(a_pod("one"))
    async with watching(api) as cache:
        assert pods(await snapshot(cache)) == {"one"}
        await cluster.put(a_pod("two"))
        await cluster.put(a_pod("one", waiting="CrashLoopBackOff"))
        await until(cache, lambda seen: pods(seen) == {"one", "two"} and waits(seen, "one"))
        await cluster.delete("Pod", "apps", "two")
        await until(cache, lambda seen: pods(seen) == {"one"})
        assert lists(cache) == 1


async def test_an_expired_version_is_listed_again(cluster: Cluster, api):
    """410 costs one new list, and what went away in between is gone."""
    await cluster.put(a_pod("old"))
    async with watching(api) as cache:
        await snapshot(cache)
        await cluster.delete("Pod", "apps", "old")
        await cluster.put(a_pod("new"))
        await cluster.expire_history()
        seen = await until(cache, lambda seen: pods(seen) == {"new"} and not seen.gaps)
        assert not seen.gaps


async def test_an_outage_leaves_old_answers_that_are_marked_stale(cluster: Cluster, api):
    """While the server answers 500 the last state is shown as stale; then it is live again."""
    await cluster.put(a_pod("one"))
    async with watching(api) as cache:
        await snapshot(cache)
        await cluster.leave()
        seen = await until(cache, lambda seen: whys(seen).get("Pod") is Why.STALE)
        assert pods(seen) == {"one"}
        assert not seen.sees(core.Pod)
        assert all(gap.since for gap in seen.gaps)
        await cluster.come_back()
        await cluster.put(a_pod("two"))
        await until(cache, lambda seen: not seen.gaps and pods(seen) == {"one", "two"})


async def test_a_half_open_connection_becomes_stale(cluster: Cluster, api):
    """A watch that falls silent without closing is noticed, and taken up again."""
    await cluster.put(a_pod("one"))
    async with watching(api) as cache:
        await snapshot(cache)
        await cluster.hang()
        await until(cache, lambda seen: whys(seen).get("Pod") is Why.STALE)
        await cluster.come_back()
        await until(cache, lambda seen: not seen.gaps)


async def test_bookmarks_keep_a_quiet_watch_live(simulation: SimulatedCluster, api):
    """Where nothing changes, bookmarks alone prove that the watch is heard."""
    async with watching(api) as cache:
        await snapshot(cache)
        for _ in range(8):
            await asyncio.sleep(0.1)
            simulation.bookmark()
        assert {watch.state for watch in cache.watches()} == {WatchState.LIVE}


async def test_a_permission_that_is_given_later_is_noticed(cluster: Cluster, api):
    """Forbidden is a state that is tried again, not an end."""
    await cluster.put(a_certificate())
    await cluster.forbid("list", "certificates", "cert-manager.io")
    async with watching(api) as cache:
        assert whys(await snapshot(cache)) == {"Certificate": Why.FORBIDDEN}
        await cluster.allow("list", "certificates", "cert-manager.io")
        await until(cache, lambda seen: not seen.gaps)


async def test_a_kind_that_is_installed_later_is_found(cluster: Cluster, api):
    """Discovery, called again, finds a new CRD and watches it."""
    await cluster.uninstall("cert-manager.io")
    async with watching(api) as cache:
        assert whys(await snapshot(cache)) == {"Certificate": Why.NOT_INSTALLED}
        await cluster.install()
        await cluster.put(a_certificate())
        await cache.rediscover()
        seen = await until(cache, lambda seen: not seen.gaps)
        assert len(seen.of(cert_manager.Certificate)) == 1


async def test_a_kind_that_is_removed_is_not_shown_as_if_it_were_there(cluster: Cluster, api):
    """After its CRD is gone, a kind is not installed and has no objects."""
    await cluster.put(a_certificate())
    async with watching(api) as cache:
        await snapshot(cache)
        await cluster.uninstall("cert-manager.io")
        await cluster.cut()
        seen = await until(cache, lambda seen: whys(seen).get("Certificate") is Why.NOT_INSTALLED)
        assert not seen.of(cert_manager.Certificate)


async def test_a_server_that_hangs_from_the_start_is_answered_about(cluster: Cluster, api):
    """A question never waits for a server that does not answer."""
    await cluster.hang()
    async with watching(api, first_answer=0.2) as cache:
        began = time.monotonic()
        seen = await snapshot(cache)
        assert time.monotonic() - began < 2
        assert set(whys(seen).values()) == {Why.UNREACHABLE}


async def test_only_the_configured_namespaces_are_watched(cluster: Cluster, api):
    """Where the bot may not read the whole cluster, it asks for less and says what it sees."""
    await cluster.forbid("list", "pods")
    await cluster.allow("list", "pods", namespace="apps")
    await cluster.put(a_pod("mine"))
    await cluster.put(a_pod("theirs", namespace="other"))
    async with watching(api, namespaces=("apps",)) as cache:
        seen = await snapshot(cache)
        assert pods(seen) == {"mine"}
        assert seen.sees(core.Pod, "apps")
        assert not seen.sees(core.Pod, "other")


async def test_an_outage_costs_a_handful_of_requests(simulation: SimulatedCluster, api):
    """Back-off: a second of outage is no storm of requests."""
    timing = replace(HASTY, first_delay=0.1, longest_delay=5)
    async with watching(api, timing) as cache:
        await snapshot(cache)
        simulation.faults.status = 503
        simulation.drop_connections()
        before = len(simulation.requests)
        await asyncio.sleep(1)
        assert len(simulation.requests) - before <= 2 * 6


async def test_a_body_that_is_cut_off_is_an_outage_and_no_crash(simulation: SimulatedCluster, api):
    """A connection that breaks in the middle of an event loses nothing for good."""
    simulation.put(a_pod("one"))
    async with watching(api) as cache:
        await snapshot(cache)
        simulation.faults.truncate = True
        simulation.put(a_pod("two"))
        await asyncio.sleep(0.1)
        simulation.faults.clear()
        await until(cache, lambda seen: pods(seen) == {"one", "two"} and not seen.gaps)
