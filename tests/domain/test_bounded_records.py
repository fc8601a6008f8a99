"""Every record that is full: a tenant of 600 objects takes nothing from those who have one."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.digest.domain.diff import BASES, Base, Bases, KnownEntry
from bot.domain.event_reasons import wanted
from bot.domain.finding import Finding, Ref
from bot.domain.record import RecordType, read, written
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from bot.health.report_store import REPORT, Remembered
from bot.health.told_events import ToldEvents
from bot.history.domain.record import HISTORY, INCIDENTS, History, noted
from bot.history.domain.uptime import HOSTS, UPTIME, RequestBatch, RequestCount, UptimeRecord
from bot.history.domain.uptime import noted as with_batch
from bot.net.route_checks.checks import RouteChecks
from bot.net.route_checks.record import CHECKS as ROUTE_CHECKS
from tests.net.route_checks.checked import GOOD, SILENT, a_check, a_host

T = TypeVar("T")
START = datetime(2026, 11, 1, tzinfo=UTC)
NODE = Ref("Node", "", "one")
LEDGER = Ref("Service", "bank", "ledger")
LOUD = tuple(Ref("Service", "loud", f"web-{number}") for number in range(600))


def failed(subject: Ref, message: str = "") -> Finding:
    return Finding(
        check="some", subject=subject, verdict=Verdict.FAILED, reason="Broken", message=message
    )


def kept(record_type: RecordType[T], value: T) -> T:
    """What a process reads that comes later."""
    later = read(record_type, str(written(record_type, value)))
    assert isinstance(later, record_type.type)
    return later


def keys(entries: Iterable[object]) -> set[str]:
    return {getattr(entry, "key", str(entry)) for entry in entries}


def test_the_history_keeps_the_node_that_failed_before_a_storm_of_a_tenant():
    """Also what is over, and also where the storm goes on for days under new names."""
    quiet = [failed(NODE), failed(LEDGER)]
    history = noted(None, Report(START, tuple(quiet), (), {"Node": 1, "Service": 1}))
    for day in range(4):
        storm = [Ref("Service", "loud", f"web-{day}-{number}") for number in range(450)]
        at = START + timedelta(days=1 + day)
        report = Report(at, tuple(map(failed, storm)), (), {"Node": 1, "Service": 1})
        history = noted(history, report)
    assert {finding.key for finding in quiet} <= keys(history.incidents)
    assert len(history.incidents) == INCIDENTS
    smaller = HISTORY.spare(history)
    assert isinstance(smaller, History)
    assert {finding.key for finding in quiet} <= keys(smaller.incidents)


def test_uptime_keeps_the_hosts_of_others_though_nobody_asked_them_just_now():
    """A tenant has six hundred Ingresses, and makes new ones every hour."""
    first = RequestBatch("0", START, {"bank.example": RequestCount(9, 1)}, {"bank.example": "bank"})
    record = with_batch(None, first)
    for hour in range(3):
        names = [f"{hour}-{number}.example" for number in range(600)]
        owners = {**dict.fromkeys(names, "loud"), "bank.example": "loud"}
        counts = dict.fromkeys(names, RequestCount(99))
        record = with_batch(record, RequestBatch(f"{hour}x", START, counts, owners))
    assert record.hosts["bank.example"] == (RequestCount(9, 1),)
    assert record.owner("bank.example") == "bank"
    assert len(record.hosts) == HOSTS


def test_long_names_of_a_tenant_cost_its_own_days_and_hosts_of_uptime():
    """Though each of its names is as long as a name may be."""
    days = (RequestCount(1440, 2),) * 31
    loud = {f"{number:03}" + "x" * 250: days for number in range(499)}
    owners = {**dict.fromkeys(loud, "loud"), "bank.example": "bank"}
    record = kept(UPTIME, UptimeRecord(20_000, {**loud, "bank.example": days}, (), owners))
    assert record.hosts["bank.example"] == days


def test_a_kept_report_and_the_base_of_a_digest_keep_what_is_not_the_tenants():
    """A mild finding of somebody else stays, too."""
    loud = [failed(subject, "x" * 600) for subject in LOUD]
    report = kept(REPORT, Remembered(START, (*loud, failed(LEDGER), failed(NODE)), (), {}, ()))
    assert {failed(LEDGER), failed(NODE)} <= set(report.findings)
    known = {
        **{
            f"some/Service/loud/{number}{'x' * 200}": entry(Verdict.FAILED)
            for number in range(1500)
        },
        failed(LEDGER).key: entry(Verdict.DEGRADED),
    }
    bases = kept(BASES, Bases({"daily": Base(START, known)}))
    assert failed(LEDGER).key in bases.by_name["daily"].known


def entry(verdict: Verdict) -> KnownEntry:
    return KnownEntry(verdict, "Broken", START)


def test_route_checks_are_kept_of_everybody_who_has_some():
    """Those of a tenant fail, which is what they are kept for; the other one answers."""
    loud = [
        a_host(SILENT, check=a_check(f"{number}{'x' * 240}", LOUD[number])) for number in range(500)
    ]
    quiet = a_host(GOOD, check=a_check("bank.example", Ref("Ingress", "bank", "bank")))
    checks = kept(ROUTE_CHECKS, RouteChecks(interval=timedelta(minutes=1), hosts=(*loud, quiet)))
    assert len(checks.hosts) < 501
    assert quiet in checks.hosts


async def test_the_events_of_a_single_failure_are_read_beside_those_of_hundreds():
    """They say why it fails, and are read of some objects at a time."""
    asked: list[Ref] = []

    async def ask(ref: Ref) -> tuple[()]:
        asked.append(ref)
        return ()

    pending = [Ref("PersistentVolumeClaim", "loud", f"data-{number}") for number in range(100)]
    claims = [*pending, Ref("PersistentVolumeClaim", "bank", "data")]
    found = [failed(subject) for subject in claims]
    assert all(map(wanted, found))
    await ToldEvents().learn(found, START, ask)
    assert Ref("PersistentVolumeClaim", "bank", "data") in asked
