"""Scenarios in which the API server is what goes wrong, and one in which nothing is installed."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.scenarios.homelab import BUILT_IN, healthy
from bot.sandbox.scenarios.ordinary import homelab
from bot.sandbox.scenarios.plain import Calendar, an_object
from bot.sandbox.scenarios.scenario import Homelab


def forbidden(now: datetime) -> Homelab:
    """RBAC hides certificates, secrets and nodes."""
    lab = healthy(now)
    lab.forbidden = (("certificates", "cert-manager.io"), ("secrets", ""), ("nodes", ""))
    return lab


def slow(now: datetime) -> Homelab:
    """The ordinary bad day, each answer two seconds late."""
    lab = homelab(now)
    lab.faults.delay = 2.0
    return lab


def down(now: datetime) -> Homelab:
    """Every request is answered with 500."""
    lab = homelab(now)
    lab.faults.status = 500
    return lab


def empty(now: datetime) -> Homelab:
    """A cluster with nothing but the API: no node, no custom resource."""
    lab = Homelab(Calendar(now))
    born = lab.times.ago(minutes=1)
    lab.add(*(an_object("Namespace", name, born=born) for name in BUILT_IN))
    lab.served = tuple(resource for resource in lab.served if resource.builtin)
    return lab
