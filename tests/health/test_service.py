"""What every answer is judged by: the objects, and all that is known beside them."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.resources.base import Object
from bot.domain.resources.core import Pod
from bot.domain.snapshot import Snapshot
from bot.errors import InputError
from bot.health.service import Health
from bot.net.route_checks.checks import RouteChecks
from bot.routing.running import NAMESPACES, TraefikNamespaces, namespaces_elsewhere, traefik_pods
from tests.builders import a_pod, an_object, kept
from tests.fakes import FakeCluster
from tests.net.networks import labelled


class NarrowCluster(FakeCluster):
    """A cluster whose snapshots say where Traefik runs, as the watch cache says it."""

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        seen = await super().snapshot(types, namespace)
        return replace(seen, supplements={TraefikNamespaces: TraefikNamespaces(NAMESPACES)})


async def test_the_checks_know_where_traefik_runs() -> None:
    """Else the pod of a tenant that calls itself Traefik decides how routes are judged."""
    cluster = NarrowCluster()
    places = ("kube-system", "tenant")
    cluster.set(
        kept(labelled(a_pod("edge", namespace=place), **{"app.kubernetes.io/name": "traefik"}))
        for place in places
    )
    snapshot = await Health(cluster).snapshot((Pod,))
    assert [pod.namespace for pod in traefik_pods(snapshot)] == ["kube-system"]
    assert namespaces_elsewhere(snapshot) == ("tenant",)


async def test_what_route_checks_say_stands_beside_the_objects_and_nothing_where_they_are_off() -> (
    None
):
    """As one more source of evidence for every view."""
    assert (await Health(FakeCluster()).snapshot((Pod,))).supplement(RouteChecks) is None
    checks = RouteChecks(interval=timedelta(minutes=1))
    snapshot = await Health(FakeCluster(), route_checks=lambda: checks).snapshot((Pod,))
    assert snapshot.supplement(RouteChecks) is checks


async def test_a_namespace_that_was_mistyped_gets_a_choice():
    """Where a person asks; a digest of a namespace that is gone goes on."""
    cluster = FakeCluster()
    cluster.set(
        [
            an_object("Namespace", "media", namespace=""),
            an_object("Namespace", "home", namespace=""),
            a_pod("web", namespace="media"),
        ]
    )
    health = Health(cluster)
    with pytest.raises(InputError, match=r"No namespace `medai`\. Did you mean `media`"):
        await health.ask(("pods",), "medai")
    assert (await health.ask(("pods",), "media")).counts["Pod"] == 1
    assert not (await health.ask(("pods",), "home")).findings
    assert not (await health.check(("pods",), "medai")).findings


async def test_suggestions_of_what_is_wrong_now_share_a_look():
    """Each keystroke asks: six at once cost one look, and an old one is made anew."""
    cluster = FakeCluster()
    cluster.set([a_pod("web", waiting="CrashLoopBackOff")])
    health = Health(cluster)
    shown = await asyncio.gather(*(health.present("web", 25) for _ in range(6)))
    assert all(len(findings) == 1 for findings in shown)
    assert cluster.asked == 1
    health.fresh = 0
    await health.present("web", 25)
    assert cluster.asked == 2
