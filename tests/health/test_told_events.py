"""Events are read for the findings that they explain, and remembered as long as those last."""

from datetime import timedelta

from bot.domain.finding import Ref
from bot.domain.story import Event
from bot.errors import ClusterError
from bot.health.report_store import recalled, remembered
from bot.health.service import Health
from bot.health.told_events import ToldEvents
from tests.builders import Plain
from tests.fakes import FakeCluster
from tests.health.checks.conditioned import ESO, a_thing, said

SUBJECT = Ref("ExternalSecret", "apps", "env")
STORE = {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault"}}
DENIED = Event(type="Warning", reason="UpdateFailed", message="permission denied")


def external(status: str = "False") -> Plain:
    reason = "SecretSyncedError" if status == "False" else "SecretSynced"
    condition = said("Ready", status, reason=reason, message="could not get secret data")
    return a_thing("ExternalSecret", "env", ESO, condition, spec=STORE)


def a_cluster(*plain: Plain) -> FakeCluster:
    cluster = FakeCluster()
    cluster.set(plain)
    return cluster


async def message(health: Health) -> str:
    report = await health.check()
    return next(f.message for f in report.findings if f.subject == SUBJECT)


async def test_a_report_tells_the_reason_that_an_event_told() -> None:
    """In the same answer, although it is read after the objects."""
    cluster = a_cluster(external())
    cluster.story[SUBJECT] = (DENIED,)
    assert await message(Health(cluster)) == "could not get secret data: permission denied"


async def test_the_reason_outlives_its_event() -> None:
    """Kubernetes forgets events after an hour."""
    cluster = a_cluster(external())
    cluster.story[SUBJECT] = (DENIED,)
    health = Health(cluster)
    await health.check()
    cluster.story.clear()
    cluster.later = timedelta(hours=2)
    assert "permission denied" in await message(health)


async def test_the_reason_outlives_a_restart() -> None:
    """It stands in the stored report, and the next process takes it up."""
    cluster = a_cluster(external())
    cluster.story[SUBJECT] = (DENIED,)
    stored = recalled(remembered(await Health(cluster).check()))
    cluster.story.clear()
    successor = Health(cluster)
    successor.restore(stored)
    assert "permission denied" in await message(successor)


async def test_a_reason_is_forgotten_once_its_object_does_well() -> None:
    """Its next failure may have another one."""
    cluster = a_cluster(external())
    cluster.story[SUBJECT] = (DENIED,)
    health = Health(cluster)
    await health.check()
    cluster.story.clear()
    cluster.set([external("True")])
    await health.check()
    cluster.set([external()])
    assert await message(health) == "could not get secret data"


async def test_events_are_read_again_after_a_while_and_not_before() -> None:
    """An answer is not slower for an object that has been wrong for days."""
    cluster = a_cluster(external())
    health = Health(cluster)
    await health.check()
    cluster.story[SUBJECT] = (DENIED,)
    assert await message(health) == "could not get secret data"
    cluster.later = timedelta(minutes=6)
    assert "permission denied" in await message(health)


async def test_events_that_cannot_be_read_are_done_without() -> None:
    """The report is none the worse."""
    cluster = a_cluster(external())
    cluster.details_fail = ClusterError("events is forbidden")
    assert await message(Health(cluster)) == "could not get secret data"


async def test_only_events_that_may_explain_a_finding_are_remembered() -> None:
    """However many others are newer."""
    cluster = a_cluster(external())
    others = (Event(reason="Updated", message="secret updated"),) * 30
    cluster.story[SUBJECT] = (*others, DENIED)
    assert "permission denied" in await message(Health(cluster))


async def test_an_expired_event_is_remembered_only_for_the_finding_that_it_explains() -> None:
    """Another event of the same object explains nothing that stands."""
    cluster = a_cluster(external())
    elder = Event(reason="UpdateFailed", message="no such path")
    cluster.story[SUBJECT] = (DENIED, elder)
    told = ToldEvents()
    report = await Health(cluster).check()
    await told.learn(report.findings, report.taken_at, cluster.events)
    cluster.story.clear()
    later = report.taken_at + timedelta(hours=2)
    await told.learn(report.findings, later, cluster.events)
    (kept,) = told.reasons.by_subject[SUBJECT]
    assert kept.message == "permission denied"
