"""Uptime of sites: of each host, the requests of a day (UTC) and those that it did not answer.

A day on which nobody asked is never counted as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import dropwhile

import msgspec

from bot.domain.record import RecordType
from bot.domain.shares import shared
from bot.net.route_checks.checks import CheckedHost

WINDOWS = (7, 30)
"""The whole days that uptime looks back on, beside the day that has begun."""

DAYS = max(WINDOWS) + 1
HOSTS = 500
"""The most that are stored: as many as route checks ask."""

BATCHES = 12
"""The latest batches of which the ids are kept: those of an hour."""

SECONDS_OF_A_DAY = 86_400


class RequestCount(msgspec.Struct, frozen=True, array_like=True):
    """Requests of which it was seen whether the site answered, and those that it did not answer."""

    seen: int = 0
    failed: int = 0

    @property
    def answered(self) -> int:
        """The requests that the site answered."""
        return self.seen - self.failed

    def __add__(self, other: RequestCount) -> RequestCount:
        """Both together."""
        return RequestCount(self.seen + other.seen, self.failed + other.failed)


Totals = Mapping[str, RequestCount]
"""What was counted of each host since the process began; the hosts that matter most come first."""


class RequestBatch(msgspec.Struct, frozen=True):
    """What was counted since the batch before, by host. Its `id` keeps it from counting twice.

    owners: The namespaces whose routes name the hosts.
    """

    id: str
    at: datetime
    counts: Totals
    owners: Mapping[str, str] = {}


class UptimeRecord(msgspec.Struct, frozen=True):
    """Counts by host, one a day, the last one of `day` (since 1970); `batches` are the latest ids.

    The days before a host was first seen are left out. `owners` are the namespaces that named the
    hosts first: whoever names a host of somebody else does not take it over.
    """

    day: int = 0
    hosts: dict[str, tuple[RequestCount, ...]] = {}
    batches: tuple[str, ...] = ()
    owners: dict[str, str] = {}

    def owner(self, host: str) -> str:
        """With whom a host shares the room; records of earlier versions do not tell."""
        return self.owners.get(host, "")


class UptimeWindow(msgspec.Struct, frozen=True):
    """The requests of the last `days` whole days and of today, seen on `days_seen` of them."""

    days: int
    days_seen: int
    requests: RequestCount


class SiteUptime(msgspec.Struct, frozen=True):
    """A host, with a window for each of WINDOWS."""

    host: str
    windows: tuple[UptimeWindow, ...]


def of_route_checks(hosts: Iterable[CheckedHost]) -> Totals:
    """What route checks counted."""
    return {item.host: RequestCount(item.asked, item.asked - item.answered) for item in hosts}


def owners_of(hosts: Iterable[CheckedHost]) -> Mapping[str, str]:
    """Whose route names each host."""
    return {item.host: item.route.namespace for item in hosts}


def since(totals: Totals, before: Totals) -> dict[str, RequestCount]:
    """What was counted between two totals. A count that fell began anew."""
    counts = {host: _since(total, before.get(host)) for host, total in totals.items()}
    return {host: count for host, count in counts.items() if count.seen}


def _since(total: RequestCount, before: RequestCount | None) -> RequestCount:
    if before is None or total.failed < before.failed or total.answered < before.answered:
        return total
    return RequestCount(total.seen - before.seen, total.failed - before.failed)


def noted(before: UptimeRecord | None, batch: RequestBatch) -> UptimeRecord:
    """The record with a batch, unless it has that already.

    Where there are too many hosts, whoever has the most loses some: those stay that the batch names
    first, then those of which most was seen.
    """
    record = before or UptimeRecord()
    if batch.id in record.batches:
        return record
    day = _day(batch.at, record)
    moved = _moved(record, day)
    added = {host: _added(moved.get(host, ()), count) for host, count in batch.counts.items()}
    others = sorted(moved.keys() - added, key=lambda host: (-_total(moved[host]).seen, host))
    hosts = moved | added
    owners = {**batch.owners, **record.owners}
    kept = sorted(shared((*added, *others), HOSTS, lambda host: owners.get(host, "")))
    ids = (*record.batches, batch.id)[-BATCHES:]
    known = {host: owners[host] for host in kept if host in owners}
    return UptimeRecord(day, {host: hosts[host] for host in kept}, ids, known)


def uptime(record: UptimeRecord | None, now: datetime) -> tuple[SiteUptime, ...]:
    """The uptime of every host that was seen, the worst of the last days first."""
    if record is None:
        return ()
    moved = _moved(record, _day(now, record))
    sites = (
        SiteUptime(host, tuple(_window(counts, days) for days in WINDOWS))
        for host, counts in moved.items()
    )
    return tuple(sorted(sites, key=lambda site: (*map(_rank, site.windows), site.host)))


def _rank(window: UptimeWindow) -> tuple[bool, float]:
    requests = window.requests
    return not requests.seen, -requests.failed / max(1, requests.seen)


def _window(counts: tuple[RequestCount, ...], days: int) -> UptimeWindow:
    last = counts[-days - 1 :]
    return UptimeWindow(days, sum(count.seen > 0 for count in last), _total(last))


def _day(at: datetime, record: UptimeRecord) -> int:
    """The day of a moment. At midnight two clocks differ by a day, and the later one counts."""
    day = int(at.timestamp()) // SECONDS_OF_A_DAY
    return record.day if day == record.day - 1 else day


def _moved(record: UptimeRecord, day: int) -> dict[str, tuple[RequestCount, ...]]:
    """The counts up to another day, without hosts of which nothing is left.

    What is of a day that has not come is dropped: a clock was wrong.
    """
    days = day - record.day
    none = (RequestCount(),) * min(max(0, days), DAYS)
    moved = {
        host: _begun((counts[:days] if days < 0 else counts + none)[-DAYS:])
        for host, counts in record.hosts.items()
    }
    return {host: counts for host, counts in moved.items() if counts}


def _begun(counts: tuple[RequestCount, ...]) -> tuple[RequestCount, ...]:
    return tuple(dropwhile(lambda count: not count.seen, counts))


def _added(counts: tuple[RequestCount, ...], count: RequestCount) -> tuple[RequestCount, ...]:
    return (*counts[:-1], counts[-1] + count) if counts else (count,)


def _total(counts: Iterable[RequestCount]) -> RequestCount:
    return sum(counts, RequestCount())


def _spare(record: UptimeRecord) -> UptimeRecord | None:
    """A record without the oldest day of whoever has the most; at last without a host of them."""
    days: Counter[str] = Counter()
    for host, counts in record.hosts.items():
        days[record.owner(host)] += len(counts)
    if not days:
        return None
    loudest = max(days, key=lambda owner: (days[owner], owner))
    own = {
        host: len(counts) for host, counts in record.hosts.items() if record.owner(host) == loudest
    }
    fewer = max(own.values()) - 1
    hosts = {
        host: _begun(counts[-fewer:]) if host in own else counts
        for host, counts in record.hosts.items()
    }
    if fewer < 1:
        del hosts[max(own)]
    left = {host: counts for host, counts in hosts.items() if counts}
    owners = {host: owner for host, owner in record.owners.items() if host in left}
    return UptimeRecord(record.day, left, record.batches, owners)


UPTIME: RecordType[UptimeRecord] = RecordType("uptime", UptimeRecord, spare=_spare)
