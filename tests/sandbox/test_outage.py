"""What is broken and mended by a word, and the week that is made up."""

from datetime import UTC, datetime, timedelta

from bot.digest.domain.diff import BASES, difference
from bot.digest.domain.records import UTC_ZONE
from bot.digest.domain.schedule import due, following
from bot.domain.report import Report, examine
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.health.service import Health
from bot.history.domain.record import HISTORY, areas, noted
from bot.history.domain.trends import trends
from bot.kube.traefik_reader import TraefikReader
from bot.runtime.memory_store import Unkept
from bot.sandbox import outage
from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.outage import Outage
from bot.sandbox.scenarios import SCENARIOS, Homelab
from bot.sandbox.scenarios.past import DAILY, timetable
from bot.traefik.word import WordReader
from tests.fakes import TYPES, snapshot_of
from tests.sandbox.test_scenarios import BY_NAME, NOW, built, played


def report_of(lab: Homelab, cluster: SimulatedCluster, now: datetime) -> Report:
    """By what the cluster serves, not by what the homelab holds."""
    seen = [
        cluster.get(each["kind"], meta.get("namespace", ""), meta["name"], group=_group(each))
        for each in lab.objects
        for meta in [each["metadata"]]
        if each["kind"] in TYPES
    ]
    return examine(snapshot_of(*seen, now=now), CHECKS)


def _group(each: dict) -> str:
    return each["apiVersion"].rpartition("/")[0]


def an_outage(name: str = "healthy") -> Outage:
    lab = built(name)
    return Outage(lab, SimulatedCluster(lab.objects, clock=lambda: NOW))


def test_one_word_breaks_an_app_and_another_mends_it_as_often_as_one_likes():
    """The crash, and what follows from it; afterwards all is well, and the restarts are counted."""
    world = an_outage()
    for times in (1, 2, 3):
        assert world.hear(" Break ") == outage.BROKEN
        report = report_of(world.lab, world.cluster, NOW)
        (root,) = report.roots
        assert (root.subject.kind, root.reason) == ("Pod", "CrashLoopBackOff")
        kinds = {each.subject.kind for each in report.downstream[root.key]}
        assert kinds == {"Deployment", "Service", "IngressRoute"}
        assert world.hear("break") == outage.BROKEN_ALREADY
        world.lab.refresh(world.cluster, NOW)
        assert len(report_of(world.lab, world.cluster, NOW).roots) == 1
        assert world.hear("`mend`") == outage.MENDED
        assert report_of(world.lab, world.cluster, NOW).verdict is Verdict.HEALTHY
        assert world.hear("mend") == outage.MENDED_ALREADY
        (container,) = world.lab.pod_of("jellyfin")["status"]["containerStatuses"]
        assert container["restartCount"] == times


def test_other_words_are_nobodys_and_a_scenario_without_the_app_says_so():
    """The sandbox answers only what is meant for it, in every scenario."""
    assert an_outage().hear("what does break do?") is None
    assert an_outage("empty").hear("break") == outage.ABSENT
    for each in SCENARIOS:
        world = an_outage(each.name)
        assert (world.hear("break"), world.hear("mend")) in (
            (outage.BROKEN, outage.MENDED),
            (outage.ABSENT, outage.ABSENT),
        )


async def test_the_made_up_week_agrees_with_what_is_wrong_now(tmp_path):
    """What is there goes on, and nothing ends or begins at the first look, by Traefik's log too."""
    now = datetime.now(UTC)
    past = built("homelab", now).past
    assert past
    store = Unkept()
    await past.keep(store, now)
    async with played("homelab", tmp_path, now) as (_, reader):
        word = WordReader(reader, TraefikReader(reader.api))
        report = await Health(reader, traefik=word.read).check()
    history = await store.read(HISTORY)
    assert history
    assert history.points[-1].areas == areas(report)
    assert noted(history, report).incidents == history.incidents
    told = trends(history, now, timedelta(days=7))
    assert (told.hours, told.unseen, told.incidents) == (168, 5, 20)
    bases = await store.read(BASES)
    assert bases
    found = difference(bases.by_name[DAILY], report, Verdict.PROGRESSING)
    assert [len(part) for part in (found.new, found.same, found.fixed)] == [12, 2, 2]
    assert found.worse == found.better == found.lost == ()


def test_no_digest_is_owed_when_the_sandbox_begins_at_any_hour():
    """The last one is 22 hours old, and the next one two hours away."""
    for minutes in range(0, 24 * 60, 97):
        now = datetime(2026, 3, 29, tzinfo=UTC) + timedelta(minutes=minutes, seconds=31)
        lab = BY_NAME["homelab"].build(now)
        assert lab.past
        done = lab.past.book(now).over(DAILY)
        assert due(timetable(now), UTC_ZONE, now, began=now - timedelta(days=30), done=done) is None
        ahead = following(timetable(now), UTC_ZONE, now).at - now
        assert timedelta(hours=1, minutes=58) < ahead <= timedelta(hours=2)
