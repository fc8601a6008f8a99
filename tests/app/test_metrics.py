"""The metrics: named by the book, documented, and few."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prometheus_client import Metric

from bot.alerting.delivery import AlertOutcome
from bot.app.metrics import Metrics, Sources
from bot.chat.interactions import Answered, InteractionOutcome
from bot.digest.ports import DigestOutcome
from bot.domain.report import examine
from bot.domain.resources.registry import KINDS
from bot.health.checks import CHECKS
from bot.health.service import Health
from bot.kube.discovery import Source
from bot.kube.reflector import Reflector, WatchState
from tests.builders import a_pod
from tests.fakes import FakeCluster, snapshot_of
from tests.places import ROOT

README = (ROOT / "README.md").read_text()
NO_API: Any = None
"""For a watch that is never begun."""


@dataclass
class FakeGateway:
    connected: bool = True
    reconnects: int = 2
    latency: float = 0.05


def a_watch(number: int = 0, namespace: str | None = None, **state: Any) -> Reflector:
    kind = KINDS[number]
    source = Source(kind, kind.groups[0], kind.versions[0])
    return Reflector(NO_API, source, namespace, **state)


def metrics_of(*watches: Reflector, gateway: FakeGateway | None = None) -> Metrics:
    """Everything has happened once."""
    made = Metrics()
    report = examine(snapshot_of(a_pod(waiting="CrashLoopBackOff")), CHECKS, around=made.around)
    made.answered(Answered("health all", InteractionOutcome.ANSWERED, 0.3, 0.1))
    made.digest(DigestOutcome.SENT)
    made.alert(AlertOutcome.START)
    made.read_from(
        Sources(
            gateway or FakeGateway(),
            lambda: watches,
            lambda: report,
            leads=lambda: True,
            changes=lambda: {"Proposed": 2, "Done": 0},
        )
    )
    return made


def ours(made: Metrics) -> list[Metric]:
    return [each for each in made.registry.collect() if not each.name.startswith("process_")]


def title(family: Metric) -> str:
    return family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")


def labels(family: Metric) -> str:
    return ", ".join(
        dict.fromkeys(name for s in family.samples for name in s.labels if name != "le")
    )


def value(made: Metrics, name: str, **told: str) -> float | None:
    return made.registry.get_sample_value(name, told)


def test_the_readme_lists_every_metric_with_its_labels_and_words():
    """The table is the registry, and the registry the table."""
    table = re.findall(r"^\| `(meshmedic_\w+)` \| (.*?) ?\| (.*) \|$", README, re.MULTILINE)
    made = metrics_of(a_watch(heard_at=datetime.now(UTC)))
    assert sorted(table) == sorted(
        (title(each), labels(each), each.documentation) for each in ours(made)
    )


def test_names_follow_prometheus_practice():
    """Base units at the end, counters with _total, and help that is a sentence."""
    for each in ours(metrics_of()):
        assert re.fullmatch(r"meshmedic_[a-z_]+", each.name)
        assert not re.search(r"(milli|micro|minutes|hours|kilo|percent)", each.name)
        assert each.documentation.endswith(".")
        if each.type == "histogram":
            assert each.name.endswith("_duration_seconds")


def test_each_process_has_a_registry_of_its_own():
    """Two of them in one interpreter, as in the tests, do not meet."""
    first, second = Metrics(), Metrics()
    first.answered(Answered("why", InteractionOutcome.FAILED, 1, None))
    assert value(first, "meshmedic_commands_total", command="why", outcome="failed") == 1
    assert value(second, "meshmedic_commands_total", command="why", outcome="failed") is None
    assert value(first, "meshmedic_acknowledgement_duration_seconds_count") == 0


def test_the_watches_of_several_namespaces_are_one_kind_without_names():
    """A namespace's name is no label; the oldest word counts, and states are counted."""
    now = datetime.now(UTC)
    old = now.replace(year=now.year - 1)
    made = metrics_of(
        a_watch(namespace="secret-plans", state=WatchState.LIVE, heard_at=now, lists=1, watches=3),
        a_watch(namespace="apps", state=WatchState.STALE, heard_at=old, lists=2, relists=1),
        a_watch(1, state=WatchState.FORBIDDEN),
    )
    (first, second) = (a_watch(number).source.title for number in (0, 1))
    assert value(made, "meshmedic_watch_state", resource=first, state="live") == 1
    assert value(made, "meshmedic_watch_state", resource=first, state="stale") == 1
    assert value(made, "meshmedic_watch_lists_total", resource=first) == 3
    assert value(made, "meshmedic_watch_relists_total", resource=first) == 1
    assert (value(made, "meshmedic_watch_age_seconds", resource=first) or 0) > 300 * 86400
    assert value(made, "meshmedic_watch_age_seconds", resource=second) is None
    assert value(made, "meshmedic_watch_state", resource=second, state="forbidden") == 1
    assert "secret-plans" not in made.exposition("")[0].decode()


def test_a_digest_is_counted_by_how_it_ended_and_only_a_good_one_has_a_time():
    """An alert on its age sees also the day on which the channel was lost."""
    made = Metrics()
    made.digest(DigestOutcome.LOST)
    assert value(made, "meshmedic_digests_total", outcome="lost") == 1
    assert value(made, "meshmedic_digest_timestamp_seconds") == 0
    made.digest(DigestOutcome.LATE)
    assert (value(made, "meshmedic_digest_timestamp_seconds") or 0) > 0


def test_what_is_not_known_is_no_number():
    """No heartbeat yet: no latency, rather than infinity."""
    made = metrics_of(gateway=FakeGateway(connected=False, latency=float("inf")))
    assert value(made, "meshmedic_discord_latency_seconds") is None
    assert value(made, "meshmedic_discord_connected") == 0


async def test_a_report_times_every_check_once():
    """Measured around the core, which asks no clock."""
    made = Metrics()
    await Health(FakeCluster(), around=made.around).check(("pods",))
    for check in CHECKS:
        name = "meshmedic_check_duration_seconds_count"
        assert value(made, name, check=check.name) == 1
