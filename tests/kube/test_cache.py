"""The watch cache, through everything that happens to a connection."""

import asyncio
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.core import objects
from bot.core.kinds import KIND_OF
from bot.core.snapshot import Snapshot, Why
from bot.kube.cache import WatchCache
from bot.kube.reflector import State, Timing
from bot.sandbox.kubernetes_api import SERVED, SimulatedCluster, without
from tests.builders import a_certificate, a_pod

HASTY = Timing(
    watch=(30, 30), silence=0.4, first_delay=0.02, longest_delay=0.1, forbidden=0.2, absent=0.2
)
KINDS = (KIND_OF[objects.Pod], KIND_OF[objects.Certificate])


@asynccontextmanager
async def watching(api, timing: Timing = HASTY, **options):
    cache = WatchCache(api, timing=timing, kinds=KINDS, **options)
    await cache.start()
    try:
        yield cache
    finally:
        await cache.close()


async def snapshot(cache: WatchCache) -> Snapshot:
    return await cache.snapshot([objects.Pod, objects.Certificate])


async def until(cache: WatchCache, holds: Callable[[Snapshot], bool]) -> Snapshot:
    """Ask again and again, for five seconds at most."""
    end = time.monotonic() + 5
    while True:
        seen = await snapshot(cache)
        if holds(seen) or time.monotonic() > end:
            assert holds(seen), (seen, cache.states())
            return seen
        await asyncio.sleep(0.01)


def pods(seen: Snapshot) -> set[str]:
    return {each.name for each in seen.of(objects.Pod)}


def whys(seen: Snapshot) -> dict[str, Why]:
    return {gap.kind: gap.why for gap in seen.gaps}


async def test_changes_arrive_without_a_new_list(cluster: SimulatedCluster, api):
    """Added, modified and deleted objects are seen through the watch alone."""
    cluster.put(a_pod("one"))
    async with watching(api) as cache:
        assert pods(await snapshot(cache)) == {"one"}
        cluster.put(a_pod("two"))
        cluster.put(a_pod("one", waiting="CrashLoopBackOff"))
        seen = await until(cache, lambda seen: pods(seen) == {"one", "two"})
        one = seen.get(objects.Pod, "apps", "one")
        assert one is not None
        assert one.status.container_statuses[0].state.waiting is not None
        cluster.delete("Pod", "apps", "two")
        await until(cache, lambda seen: pods(seen) == {"one"})
        lists = [
            each
            for each in cluster.requests
            if each.path.endswith("/pods") and "limit" in each.query
        ]
        assert len(lists) == 1


async def test_an_expired_version_is_listed_again(cluster: SimulatedCluster, api):
    """410 costs one new list, and what went away in between is gone."""
    cluster.put(a_pod("old"))
    async with watching(api) as cache:
        await snapshot(cache)
        cluster.delete("Pod", "apps", "old")
        cluster.put(a_pod("new"))
        cluster.expire_history()
        seen = await until(cache, lambda seen: pods(seen) == {"new"} and not seen.gaps)
        assert not seen.gaps


async def test_an_outage_leaves_old_answers_that_are_marked_stale(cluster: SimulatedCluster, api):
    """While the server answers 500 the last state is shown as stale; then it is live again."""
    cluster.put(a_pod("one"))
    async with watching(api) as cache:
        await snapshot(cache)
        cluster.faults.status = 500
        cluster.drop_connections()
        seen = await until(cache, lambda seen: whys(seen).get("Pod") is Why.STALE)
        assert pods(seen) == {"one"}
        assert not seen.sees(objects.Pod)
        assert all(gap.since for gap in seen.gaps)
        cluster.faults.clear()
        cluster.put(a_pod("two"))
        await until(cache, lambda seen: not seen.gaps and pods(seen) == {"one", "two"})


async def test_a_half_open_connection_becomes_stale(cluster: SimulatedCluster, api):
    """A watch that falls silent without closing is noticed, and taken up again."""
    cluster.put(a_pod("one"))
    async with watching(api) as cache:
        await snapshot(cache)
        cluster.faults.silent_watches = True
        await until(cache, lambda seen: whys(seen).get("Pod") is Why.STALE)
        cluster.faults.clear()
        await until(cache, lambda seen: not seen.gaps)


async def test_bookmarks_keep_a_quiet_watch_live(cluster: SimulatedCluster, api):
    """Where nothing changes, bookmarks alone prove that the watch is heard."""
    async with watching(api) as cache:
        await snapshot(cache)
        for _ in range(8):
            await asyncio.sleep(0.1)
            cluster.bookmark()
        assert set(cache.states().values()) == {State.LIVE}


async def test_a_permission_that_is_given_later_is_noticed(cluster: SimulatedCluster, api):
    """Forbidden is a state that is tried again, not an end."""
    cluster.put(a_certificate())
    cluster.forbid("list", "certificates", "cert-manager.io")
    async with watching(api) as cache:
        assert whys(await snapshot(cache)) == {"Certificate": Why.FORBIDDEN}
        cluster.allow("list", "certificates", "cert-manager.io")
        await until(cache, lambda seen: not seen.gaps)


async def test_a_kind_that_is_installed_later_is_found(cluster: SimulatedCluster, api):
    """Discovery, called again, finds a new CRD and watches it."""
    cluster.served = without("cert-manager.io")
    async with watching(api) as cache:
        assert whys(await snapshot(cache)) == {"Certificate": Why.NOT_INSTALLED}
        cluster.served = SERVED
        cluster.put(a_certificate())
        await cache.rediscover()
        seen = await until(cache, lambda seen: not seen.gaps)
        assert len(seen.of(objects.Certificate)) == 1


async def test_a_kind_that_is_removed_is_not_shown_as_if_it_were_there(
    cluster: SimulatedCluster, api
):
    """After its CRD is gone, a kind is not installed and has no objects."""
    cluster.put(a_certificate())
    async with watching(api) as cache:
        await snapshot(cache)
        cluster.served = without("cert-manager.io")
        cluster.drop_connections()
        seen = await until(cache, lambda seen: whys(seen).get("Certificate") is Why.NOT_INSTALLED)
        assert not seen.of(objects.Certificate)


async def test_a_server_that_hangs_from_the_start_is_answered_about(cluster: SimulatedCluster, api):
    """A question never waits for a server that does not answer."""
    cluster.faults.hang = True
    async with watching(api, first_answer=0.2) as cache:
        began = time.monotonic()
        seen = await snapshot(cache)
        assert time.monotonic() - began < 2
        assert set(whys(seen).values()) == {Why.UNREACHABLE}


async def test_only_the_configured_namespaces_are_watched(cluster: SimulatedCluster, api):
    """Where the bot may not read the whole cluster, it asks for less and says what it sees."""
    cluster.forbid("list", "pods")
    cluster.allow("list", "pods", namespace="apps")
    cluster.put(a_pod("mine"))
    cluster.put(a_pod("theirs", namespace="other"))
    async with watching(api, namespaces=("apps",)) as cache:
        seen = await snapshot(cache)
        assert pods(seen) == {"mine"}
        assert seen.sees(objects.Pod, "apps")
        assert not seen.sees(objects.Pod, "other")


async def test_an_outage_costs_a_handful_of_requests(cluster: SimulatedCluster, api):
    """Back-off: a second of outage is no storm of requests."""
    timing = replace(HASTY, first_delay=0.1, longest_delay=5)
    async with watching(api, timing) as cache:
        await snapshot(cache)
        cluster.faults.status = 503
        cluster.drop_connections()
        before = len(cluster.requests)
        await asyncio.sleep(1)
        assert len(cluster.requests) - before <= 2 * 6


async def test_a_body_that_is_cut_off_is_an_outage_and_no_crash(cluster: SimulatedCluster, api):
    """A connection that breaks in the middle of an event loses nothing for good."""
    cluster.put(a_pod("one"))
    async with watching(api) as cache:
        await snapshot(cache)
        cluster.faults.truncate = True
        cluster.put(a_pod("two"))
        await asyncio.sleep(0.1)
        cluster.faults.clear()
        await until(cache, lambda seen: pods(seen) == {"one", "two"} and not seen.gaps)
