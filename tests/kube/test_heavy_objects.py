"""What is heavy in a cluster is read in small pages, and what is not kept is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from bot.domain.report import examine
from bot.domain.resources import core, traefik
from bot.domain.resources.decode import decode_object
from bot.domain.resources.registry import KIND_OF
from bot.domain.snapshot import Snapshot, Why
from bot.domain.verdict import Verdict
from bot.errors import TooHeavy
from bot.health.checks import CHECKS
from bot.kube import answers
from bot.kube.bodies import MOST
from bot.kube.cache import WatchCache
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.discovery import Source, discover
from bot.kube.listing import HEAVIEST, PAGE, pages
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.paths import path
from bot.kube.reflector import Reflector
from bot.kube.shares import Load, Shares
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.scenarios.plain import Plain
from tests.kube.test_cache import HASTY
from tests.turns import SOME, counted_turns

KINDS = (KIND_OF[core.Service], KIND_OF[traefik.IngressRoute])


def a_service(name: str, heavy: int = 0, namespace: str = "tenant") -> Plain:
    """A Service with an annotation of so many bytes, which nothing reads."""
    metadata = {"name": name, "namespace": namespace, "annotations": {"a.example/b": "a" * heavy}}
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


@asynccontextmanager
async def served(
    folder: Path, objects: Iterable[Plain]
) -> AsyncIterator[tuple[Api, SimulatedCluster]]:
    """A connection to a cluster with these objects."""
    cluster = SimulatedCluster(objects)
    async with serve(cluster) as url:
        write_kubeconfig(folder / "kubeconfig", url)
        async with connect(kubeconfig=folder / "kubeconfig") as api:
            yield api, cluster


@asynccontextmanager
async def watching(api: Api) -> AsyncIterator[WatchCache]:
    """A watch cache of the two kinds."""
    cache = WatchCache(api, timing=replace(HASTY, silence=30), kinds=KINDS)
    await cache.start()
    try:
        yield cache
    finally:
        await cache.close()


async def seen_by(cache: WatchCache) -> Snapshot:
    """What it shows of both kinds."""
    return await cache.snapshot([kind.type for kind in KINDS])


async def test_heavy_pages_are_asked_for_again_with_a_quarter(tmp_path: Path):
    """Nothing is lost, no page is heavier than its limit, and light ones grow again."""
    heavy = [a_service(f"heavy-{n:03}", 400_000) for n in range(30)]
    light = [a_service(f"light-{n:03}") for n in range(300)]
    async with served(tmp_path, [*heavy, *light]) as (api, cluster):
        (source,) = (await discover(api, KINDS)).sources(KINDS[0])
        read = [page async for page in pages(api, source)]
        names = [service.name for page in read for service in page.items]
        assert names == [resource["metadata"]["name"] for resource in (*heavy, *light)]
        assert all(len(page.items) * 400_000 <= HEAVIEST for page in read[:3])
        assert max(len(page.items) for page in read) > 60
        limits = [
            asked.query.get("limit") for asked in cluster.requests if asked.query.get("limit")
        ]
        assert limits[:4] == [str(PAGE), "62", "15", "3"]


async def test_an_object_that_is_too_heavy_alone_is_known_by_its_name(tmp_path: Path):
    """It is unknown and told as a gap of its namespace; all others are read as ever."""
    too_heavy = a_service("heavy", 0)
    too_heavy["spec"]["externalName"] = "a" * (MOST + 1)
    async with served(tmp_path, [a_service("a"), too_heavy, a_service("z")]) as (api, _):
        async with watching(api) as cache:
            seen = await seen_by(cache)
        once = await ClusterReader(api).snapshot([core.Service])
    for shown in (seen, once):
        names = [service.name for service in shown.of(core.Service)]
        assert names == ["a", "heavy", "z"]
        assert [bool(service.malformed) for service in shown.of(core.Service)] == [0, 1, 0]
    (gap,) = seen.gaps
    assert (gap.kind, gap.why, gap.part_of) == ("Service in tenant", Why.IN_PART, "Service")
    assert "heavy" in gap.detail
    assert not seen.sees(core.Service, "tenant")
    assert seen.sees(core.Service, "bank")
    report = examine(seen, CHECKS)
    assert report.verdict is Verdict.UNKNOWN or report.verdict.rank > Verdict.UNKNOWN.rank
    assert gap in report.unseen


async def test_an_answer_without_an_end_is_cut_off(tmp_path: Path):
    """Whatever is asked for: one object, or what has no pages."""
    heavy = a_service("heavy", MOST + 1)
    async with served(tmp_path, [heavy]) as (api, _):
        with pytest.raises(TooHeavy, match="more than"):
            await api.get(path("/api/v1/namespaces", "tenant", "services", "heavy"))


async def test_a_heavy_event_of_a_watch_is_read_by_a_list(tmp_path: Path):
    """The watch gives up such a line; the next list knows the object, and later changes come."""
    async with served(tmp_path, [a_service("a")]) as (api, cluster), watching(api) as cache:
        await seen_by(cache)
        too_heavy = a_service("heavy", 0)
        too_heavy["spec"]["externalName"] = "a" * (MOST + 1)
        cluster.put(too_heavy)
        cluster.put(a_service("b"))
        shown = await until_seen(cache, {"a", "b", "heavy"})
        (watch,) = (one for one in cache.watches() if one.source.kind.type is core.Service)
        assert watch.lists == 2
        assert [gap.detail for gap in shown.gaps] == ["too heavy to be read: heavy"]
        cluster.put(a_service("c"))
        await until_seen(cache, {"a", "b", "c", "heavy"})


async def test_megabytes_of_an_event_cost_only_what_is_kept(tmp_path: Path):
    """An event may be as heavy as an object: what is read of it is small."""
    async with served(tmp_path, [a_service("a")]) as (api, cluster), watching(api) as cache:
        await seen_by(cache)
        for number in range(5):
            cluster.put(a_service("a", 3_000_000 + number))
        cluster.put(a_service("b"))
        shown = await until_seen(cache, {"a", "b"})
        assert not shown.gaps
        assert all(service.metadata.annotations is None for service in shown.of(core.Service))


async def test_deep_json_of_a_tenant_hides_no_kind(tmp_path: Path):
    """Neither in a list nor in an event: what is nested deep is in no field that is read."""
    deep = msgspec.Raw(b'[{"a":' * 2000 + b"1" + b"}]" * 2000)
    route = {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute"}
    names = {"name": "a", "namespace": "tenant"}
    plain = {**route, "metadata": names, "spec": {"routes": [], "x": deep}}
    async with served(tmp_path, [plain]) as (api, cluster), watching(api) as cache:
        seen = await seen_by(cache)
        assert [one.name for one in seen.of(traefik.IngressRoute)] == ["a"]
        cluster.put({**plain, "metadata": {**names, "name": "b"}})
        for _ in range(500):
            seen = await seen_by(cache)
            if len(seen.of(traefik.IngressRoute)) > 1:
                break
            await asyncio.sleep(0.01)
        assert [one.name for one in seen.of(traefik.IngressRoute)] == ["a", "b"]
        assert not seen.gaps


async def test_deep_json_is_cut_beside_the_event_loop(tmp_path: Path):
    """It takes half a second for a MiB, and an acknowledgement has to be sent meanwhile."""
    wide = b"[" + b"[" * 2000 + b"]" * 2000 + b",[]" * 200_000 + b"]"
    title = {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute"}
    names = {"name": "a", "namespace": "tenant"}
    route = msgspec.json.encode({**title, "metadata": names, "spec": {"x": msgspec.Raw(wide)}})
    event = b'{"type":"ADDED","object":' + route + b"}"
    async with served(tmp_path, []) as (api, _), counted_turns() as turns:
        reflector = Reflector(api, Source(KIND_OF[traefik.IngressRoute], "traefik.io", "v1alpha1"))
        at = path("/apis/traefik.io/v1alpha1/namespaces", "tenant", "ingressroutes", "a")
        confirmed = await answers.confirmed(at, route)
        of_answer = turns.count
        await reflector._take_any(bytearray(event))
    assert len(confirmed) < len(route)
    assert decode_object(confirmed, traefik.IngressRoute).name == "a"
    assert list(reflector.objects) == [("tenant", "a")]
    assert of_answer > SOME
    assert turns.count - of_answer > SOME


async def until_seen(cache: WatchCache, names: set[str]) -> Snapshot:
    """Ask until exactly these Services are there."""
    for _ in range(1000):
        shown = await seen_by(cache)
        if {service.name for service in shown.of(core.Service)} == names:
            return shown
        await asyncio.sleep(0.01)
    raise AssertionError(names)


def a_route(name: str, namespace: str, weight: int) -> traefik.IngressRoute:
    """A decoded route of about so many bytes."""
    rules = (traefik.Route(match="m" * 1000),) * (weight // 1000)
    metadata = type(traefik.IngressRoute().metadata)(name=name, namespace=namespace)
    return traefik.IngressRoute(metadata=metadata, spec=traefik.IngressRouteSpec(routes=rules))


def names_in(load: Load) -> set[str]:
    """The objects that it keeps."""
    return {name for _, name in load.objects}


def test_a_namespace_keeps_no_more_than_its_share():
    """What is beyond it is a gap of that namespace; all others are not touched."""
    shares = Shares(most=100_000)
    routes, services = Load(shares), Load(shares)
    for number in range(20):
        routes.put(a_route(f"r{number}", "tenant", 10_000))
    routes.put(a_route("ours", "bank", 10_000))
    services.put(core.Service(metadata=a_route("web", "bank", 0).metadata))
    services.put(core.Service(metadata=a_route("web", "tenant", 0).metadata))
    assert names_in(routes) == {*(f"r{number}" for number in range(9)), "ours"}
    assert shares.taken["tenant"] <= 100_000
    (gap,) = routes.gaps("IngressRoute")
    assert (gap.namespace, gap.part_of) == ("tenant", "IngressRoute")
    assert "and 8 more" in gap.detail
    assert not tuple(services.gaps("Service"))


def test_what_has_no_namespace_has_no_limit():
    """Nodes are the owner's."""
    load = Load(Shares(most=100))
    load.put(core.Node(metadata=a_route("node", "", 0).metadata))
    assert names_in(load) == {"node"}


def test_the_shares_are_those_of_what_is_kept_through_lists_and_changes():
    """After any sequence the count is what the objects weigh, and room that was made is used."""
    shares = Shares(most=60_000)
    load = Load(shares)
    for number in range(10):
        load.put(a_route(f"r{number}", "tenant", 10_000))
    kept = shares.taken["tenant"]
    # A list that fails in the middle changes nothing.
    fresh = load.follow()
    fresh.put(a_route("other", "tenant", 50_000))
    fresh.abandon()
    assert shares.taken["tenant"] == kept
    # The same again takes no further room.
    fresh = load.follow()
    for number in range(10):
        fresh.put(a_route(f"r{number}", "tenant", 10_000))
    load = fresh.settled()
    assert (shares.taken["tenant"], len(load.objects)) == (kept, 5)
    assert not load.may_fit
    for number in range(4):
        load.drop(("tenant", f"r{number}"))
    assert load.may_fit
    load.put(a_route("r9", "tenant", 10_000))
    assert names_in(load) == {"r4", "r9"}
    for key in tuple(load.objects):
        load.drop(key)
    assert shares.taken["tenant"] == 0
    assert load.follow().settled().shares.taken["tenant"] == 0


def test_an_object_of_many_short_texts_is_known_by_its_name():
    """No text of it is too long, and it is too heavy all the same."""
    load = Load(Shares())
    load.put(a_route("wide", "tenant", 400_000))
    (kept,) = load.objects.values()
    assert kept.malformed == ("$: heavier than 262,144 bytes",)
    (gap,) = load.gaps("IngressRoute")
    assert gap.detail == "too heavy to be read: wide"
