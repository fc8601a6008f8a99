"""What a digest reports beside findings: open items, expiring certificates, nodes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from bot.domain import conditions
from bot.domain.finding import Ref
from bot.domain.resources import cert_manager, core, flux
from bot.domain.resources.base import Object
from bot.domain.resources.flux import FluxObject
from bot.domain.snapshot import Gap, Snapshot
from bot.domain.temporary import left_behind
from bot.sites.domain.site import SOON

FLUX: tuple[type[Object], ...] = (
    flux.GitRepository, flux.OCIRepository, flux.HelmRepository, flux.HelmChart,
    flux.Bucket, flux.Kustomization, flux.HelmRelease,
)  # fmt: skip

READS: tuple[type[Object], ...] = (
    *FLUX, cert_manager.Certificate, core.Node, core.Pod, core.Service,
)  # fmt: skip
"""The kinds to read, in addition to those of the checks."""


class OpenItem(msgspec.Struct, frozen=True):
    """Something temporary that has not ended: what, and since when if known."""

    subject: Ref
    what: str
    since: datetime | None = None


class Expiring(msgspec.Struct, frozen=True):
    """A certificate and when it ends; `renews` is when cert-manager plans to renew it."""

    subject: Ref
    at: datetime
    renews: datetime | None = None


class Nodes(msgspec.Struct, frozen=True):
    """How many nodes exist, are ready, and are cordoned."""

    total: int
    ready: int
    cordoned: int


class StandingItem(msgspec.Struct, frozen=True):
    """All of these, the next certificate first. `unseen` are the gaps in what they rest on.

    `nodes` is None where nodes were not observed.
    """

    open: tuple[OpenItem, ...] = ()
    expiring: tuple[Expiring, ...] = ()
    nodes: Nodes | None = None
    unseen: tuple[Gap, ...] = ()


def standing(snapshot: Snapshot, namespace: str = "") -> StandingItem:
    """Collect them from a snapshot; `namespace` narrows objects that have one."""
    opened = (*_suspended(snapshot), *_left_behind(snapshot))
    ours = tuple(item for item in opened if namespace in ("", item.subject.namespace))
    ends = tuple(
        expiring
        for expiring in _expiring(snapshot)
        if namespace in ("", expiring.subject.namespace)
    )
    names = {kind.kind_name() for kind in READS}
    unseen = tuple(gap for gap in snapshot.gaps if gap.kind in names and not gap.why.by_choice)
    return StandingItem(
        ours, tuple(sorted(ends, key=lambda expiring: expiring.at)), _nodes(snapshot), unseen
    )


def _suspended(snapshot: Snapshot) -> Iterator[OpenItem]:
    for kind in FLUX:
        for resource in snapshot.of(kind):
            # The object does not record when it was suspended; its finding knows the first report.
            if isinstance(resource, FluxObject | flux.HelmRelease) and resource.spec.suspend:
                yield OpenItem(resource.ref, "suspended")


def _left_behind(snapshot: Snapshot) -> Iterator[OpenItem]:
    """Objects of tests, except of those that may still run."""
    for kind in (core.Pod, core.Service):
        for resource in snapshot.of(kind):
            if since := left_behind(resource, snapshot.taken_at):
                yield OpenItem(resource.ref, "left behind by a test", since)


def _expiring(snapshot: Snapshot) -> Iterator[Expiring]:
    for certificate in snapshot.of(cert_manager.Certificate):
        ends = certificate.status.not_after
        if ends and ends - snapshot.taken_at <= SOON:
            yield Expiring(certificate.ref, ends, certificate.status.renewal_time)


def _nodes(snapshot: Snapshot) -> Nodes | None:
    if core.Node not in snapshot.objects or not snapshot.sees(core.Node):
        return None
    every = snapshot.of(core.Node)
    ready = sum(conditions.is_true(node.status.conditions, "Ready") is not None for node in every)
    return Nodes(len(every), ready, sum(node.spec.unschedulable for node in every))
