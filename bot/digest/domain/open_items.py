"""What is no finding and yet to be known: what is still open, what expires, how many nodes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from bot.domain import conditions
from bot.domain.finding import Ref
from bot.domain.resources import cert_manager, core, flux
from bot.domain.resources.base import Object
from bot.domain.resources.flux import FluxObject
from bot.domain.snapshot import Gap, Snapshot
from bot.domain.temporary import temporary

SOON = timedelta(days=21)
"""cert-manager renews a certificate of 90 days 30 days before its end: this one is overdue."""

LONGEST = timedelta(minutes=15)
"""No test takes as long: what it made and is older was left behind."""

FLUX: tuple[type[Object], ...] = (
    flux.GitRepository, flux.OCIRepository, flux.HelmRepository, flux.HelmChart,
    flux.Bucket, flux.Kustomization, flux.HelmRelease,
)  # fmt: skip

READS: tuple[type[Object], ...] = (
    *FLUX, cert_manager.Certificate, core.Node, core.Pod, core.Service,
)  # fmt: skip
"""What must be read for it, beside what the checks read."""


class OpenItem(msgspec.Struct, frozen=True):
    """Something that somebody changed and has not ended: what, and since when where it is told."""

    subject: Ref
    what: str
    since: datetime | None = None


class Expiring(msgspec.Struct, frozen=True):
    """A certificate and when it ends; `renews` is when cert-manager means to renew it."""

    subject: Ref
    at: datetime
    renews: datetime | None = None


class Nodes(msgspec.Struct, frozen=True):
    """How many there are, ready, and cordoned; None where they were not seen."""

    total: int
    ready: int
    cordoned: int


class StandingItem(msgspec.Struct, frozen=True):
    """All of it. `expiring` is soonest first; `unseen` is what was not seen of what it reads."""

    open: tuple[OpenItem, ...] = ()
    expiring: tuple[Expiring, ...] = ()
    nodes: Nodes | None = None
    unseen: tuple[Gap, ...] = ()


def standing(seen: Snapshot, namespace: str = "") -> StandingItem:
    """Read it off a snapshot; `namespace` narrows what has one."""
    opened = (*_suspended(seen), *_left_behind(seen))
    ours = tuple(item for item in opened if namespace in ("", item.subject.namespace))
    ends = tuple(
        expiring for expiring in _expiring(seen) if namespace in ("", expiring.subject.namespace)
    )
    names = {kind.kind_name() for kind in READS}
    unseen = tuple(gap for gap in seen.gaps if gap.kind in names and not gap.why.by_choice)
    return StandingItem(ours, tuple(sorted(ends, key=lambda each: each.at)), _nodes(seen), unseen)


def _suspended(seen: Snapshot) -> Iterator[OpenItem]:
    for kind in FLUX:
        for resource in seen.of(kind):
            # Nothing of these objects tells when it was suspended: the finding knows since when
            # it was seen so.
            if isinstance(resource, FluxObject | flux.HelmRelease) and resource.spec.suspend:
                yield OpenItem(resource.ref, "suspended")


def _left_behind(seen: Snapshot) -> Iterator[OpenItem]:
    """A test that runs while the digest is made is nobody's concern."""
    for kind in (core.Pod, core.Service):
        for made in filter(temporary, seen.of(kind)):
            since = made.metadata.creation_timestamp
            if since and seen.taken_at - since > LONGEST:
                yield OpenItem(made.ref, "left behind by a test", since)


def _expiring(seen: Snapshot) -> Iterator[Expiring]:
    for certificate in seen.of(cert_manager.Certificate):
        ends = certificate.status.not_after
        if ends and ends - seen.taken_at <= SOON:
            yield Expiring(certificate.ref, ends, certificate.status.renewal_time)


def _nodes(seen: Snapshot) -> Nodes | None:
    if core.Node not in seen.objects or not seen.sees(core.Node):
        return None
    every = seen.of(core.Node)
    ready = sum(conditions.is_true(node.status.conditions, "Ready") is not None for node in every)
    return Nodes(len(every), ready, sum(node.spec.unschedulable for node in every))
