"""Scenarios in which the API server is what goes wrong, and one in which nothing is installed."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.scenarios.homelab import BUILT_IN, healthy
from bot.sandbox.scenarios.ordinary import homelab
from bot.sandbox.scenarios.plain import Calendar, an_object
from bot.sandbox.scenarios.scenario import Homelab


def forbidden(now: datetime) -> Homelab:
    """RBAC hides certificates, secrets and nodes."""
    lab = healthy(now)
    lab.setup.append(_forbid)
    return lab


def _forbid(cluster: SimulatedCluster) -> None:
    cluster.forbid("*", "certificates", "cert-manager.io")
    cluster.forbid("*", "secrets")
    cluster.forbid("*", "nodes")


def slow(now: datetime) -> Homelab:
    """The ordinary bad day, told two seconds late each time."""
    lab = homelab(now)
    lab.setup.append(_delay)
    return lab


def _delay(cluster: SimulatedCluster) -> None:
    cluster.faults.delay = 2.0


def down(now: datetime) -> Homelab:
    """Every request is answered with 500."""
    lab = homelab(now)
    lab.setup.append(_fail)
    return lab


def _fail(cluster: SimulatedCluster) -> None:
    cluster.faults.status = 500


def empty(now: datetime) -> Homelab:
    """A cluster of which there is only the API: no node, no custom resource."""
    times = Calendar(now)
    lab = Homelab(times)
    lab.add(*(an_object("Namespace", name, born=times.ago(minutes=1)) for name in BUILT_IN))
    lab.setup.append(_built_in_alone)
    return lab


def _built_in_alone(cluster: SimulatedCluster) -> None:
    cluster.served = tuple(resource for resource in cluster.served if resource.builtin)
