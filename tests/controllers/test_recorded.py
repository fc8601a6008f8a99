"""What real controllers wrote is judged rightly: `make test-controllers ARGS=--record` wrote it."""

import gzip
from pathlib import Path

import pytest

from bot.domain.verdict import Verdict
from bot.health.offline import judge
from tests.controllers import recording, routes
from tests.controllers.judging import SITUATIONS, meant, rows
from tests.controllers.reading import report
from tests.controllers.watching import PLACE, Watching


async def test_each_situation_has_its_verdict_and_its_cause() -> None:
    """When it was written, and two hours later; no broken one is healthy, and no healthy one not.

    A row is also wrong where the recording lacks what its controller is to have written.
    """
    recorded = recording.objects()
    objects = recorded.cluster.objects
    judged = await rows(recorded.cluster, objects, recorded.served, recorded.parts)
    assert len(judged) > 80
    assert [(row.name, row.wrong) for row in judged if row.wrong] == []


def test_judge_calls_none_of_the_broken_ones_healthy() -> None:
    """The same objects as files: an absence proves nothing there, and all else stays as it is."""
    recorded = recording.objects()
    objects = recorded.cluster.objects
    verdicts = judge(objects, now=recorded.cluster.taken_at, timely=True)
    said = {(each.kind, each.namespace, each.name): each.verdict for each in verdicts}
    wrong = [
        situation.name
        for part in recorded.parts
        for situation in SITUATIONS.get(part, ())
        for found in meant(objects, situation.subject)
        if (said[found.kind, found.namespace, found.name] is Verdict.HEALTHY)
        is not (Verdict.HEALTHY in situation.now.verdicts)
    ]
    assert wrong == []


def test_the_routes_that_traefik_does_not_serve_are_those_its_log_refuses() -> None:
    """As the bot reads that log: all of them, and no other."""
    assert routes.refused(recording.objects().log) == routes.unserved()


async def test_a_health_check_that_fails_for_long_is_one_incident() -> None:
    """Ready is Unknown and False in turn; it is over when the workload is well, and only then."""
    watching = Watching()
    for step in recording.steps():
        watching.see(await report(step.cluster, namespace=PLACE), failing=step.failing)
    assert watching.judged() == []


@pytest.mark.parametrize("path", [recording.OBJECTS, recording.WATCHED], ids=lambda path: path.stem)
def test_a_recording_is_of_no_machine_and_small(path: Path) -> None:
    """No folder of whoever made it, no certificate and no key."""
    packed = path.read_bytes()
    text = gzip.decompress(packed).decode()
    for here in ("/root/", "/work/", "/tmp/meshmedic", "BEGIN ", "managedFields"):  # noqa: S108
        assert here not in text
    assert len(packed) < 200_000
