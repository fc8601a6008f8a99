"""What is kept of a proven fault is enough for its finding."""

import pytest

from bot.domain.record import read, written
from bot.domain.resources.networking import Ingress
from bot.health.checks import routes_ingress
from bot.net.diagnosis.diagnosis import Diagnosed
from bot.net.diagnosis.proofs import PROOFS, Proofs, diagnosed, proof
from tests.net.diagnosis.test_recent import PROVEN, remembered, with_tests
from tests.net.mesh.around import notes_of_links, proven, report
from tests.net.test_route_resolution import a_cluster, an_ingress


@pytest.mark.parametrize("hours", [2, 50])
def test_a_finding_is_the_same_after_a_restart(hours: float):
    before = remembered(PROVEN, hours=hours)
    text = written(PROOFS, Proofs((proof(before),)))
    assert isinstance(text, str)
    kept = read(PROOFS, text)
    assert isinstance(kept, Proofs)
    (after,) = map(diagnosed, kept.proofs)
    assert judged(after) == judged(before)
    assert judged(after).reason == "NativeLBHelps"


def test_a_link_is_worked_around_after_a_restart_too():
    """What the test named is kept with it; a proof of an earlier version names nothing."""
    before = proven("web", repaired=1)
    text = written(PROOFS, Proofs((proof(before),)))
    assert isinstance(text, str)
    kept = read(PROOFS, text)
    assert isinstance(kept, Proofs)
    (after,) = map(diagnosed, kept.proofs)
    assert notes_of_links(report(after)) == notes_of_links(report(before)) != []
    earlier = read(PROOFS, text.replace(',"places":["edge"]', ""))
    assert isinstance(earlier, Proofs)
    assert notes_of_links(report(*map(diagnosed, earlier.proofs))) == []


def judged(test: Diagnosed):
    """What a check says of the route in a cluster that is as it was when it was tested."""
    now = a_cluster(an_ingress())
    return routes_ingress.judge(now.of(Ingress)[0], with_tests(now, test))
