"""A namespace that takes long to judge is cut off, which is told, and costs nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.domain.transitions import AlertView
from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement, Ref, key_of
from bot.domain.judging_budget import RUN, SHARE, JudgingBudget
from bot.domain.report import Report, examine
from bot.domain.resources import core
from bot.domain.resources.base import Meta
from bot.domain.snapshot import Snapshot, Why
from bot.domain.verdict import Verdict

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """CPU time that goes on as a judge says."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_service(name: str, namespace: str) -> core.Service:
    """Nothing but its name counts here."""
    return core.Service(metadata=Meta(name=name, namespace=namespace))


def report(
    cost: Callable[[core.Service], float], *services: core.Service, **more: object
) -> Report:
    """What is found where judging each object takes so many seconds. All are broken."""
    clock = Clock()

    def judge(service: core.Service, _: Snapshot) -> Judgement:
        clock.now += cost(service)
        return Judgement(Verdict.FAILED, "Broken", "It is broken.")

    check = Check(
        "endpoints", "Services.", {core.Service: judge}, "kubectl", "Mend it.", "endpoints"
    )
    snapshot = Snapshot(NOW, {core.Service: services})
    return examine(snapshot, (check,), budget=JudgingBudget(clock, **more))  # type: ignore[arg-type]


TENANT = [a_service(f"t{number:04}", "tenant") for number in range(400)]
BANK = [a_service(f"b{number:04}", "bank") for number in range(400)]


def slow(service: core.Service) -> float:
    """The tenant's objects are slow to judge."""
    return 0.01 if service.namespace == "tenant" else 0.000_01


def test_what_was_not_judged_is_a_gap_of_its_namespace_alone():
    """Also where the objects of others come later, or between."""
    mixed = [service for pair in zip(TENANT, BANK, strict=True) for service in pair]
    for services in ([*TENANT, *BANK], mixed):
        seen = report(slow, *services)
        judged = {finding.subject.name for finding in seen.findings}
        assert {service.name for service in BANK} <= judged
        assert len(judged) - len(BANK) <= round(SHARE / 0.01) + RUN
        (gap,) = seen.gaps
        assert (gap.kind, gap.why) == ("Service in tenant", Why.IN_PART)
        assert gap.detail.startswith("checking stopped after 0.15 s")
        assert seen.counts == {"Service": len(judged)}
        assert seen.unseen == (gap,)


def test_one_pause_of_the_process_uses_up_no_namespaces_time():
    """A garbage collection takes longer than a share, and says nothing of who is judged."""
    seen = report(lambda service: 3 * SHARE if service.name == "t0200" else 0.000_01, *TENANT)
    assert len(seen.findings) == len(TENANT)
    assert not seen.gaps


def test_a_report_that_was_cut_off_is_not_healthy():
    """Nothing wrong was found in what was judged, and that is not all."""
    clock = Clock()

    def judge(_: core.Service, __: Snapshot) -> Judgement:
        clock.now += 0.01
        return HEALTHY

    check = Check(
        "endpoints", "Services.", {core.Service: judge}, "kubectl", "Mend it.", "endpoints"
    )
    snapshot = Snapshot(NOW, {core.Service: tuple(TENANT)})
    assert examine(snapshot, (check,)).verdict is Verdict.HEALTHY
    assert examine(snapshot, (check,), budget=JudgingBudget(clock)).verdict is Verdict.UNKNOWN


def test_nodes_flux_and_traefik_are_judged_to_the_end():
    """And the namespaces that the owner names as Traefik's."""
    places = ("kube-system", "flux-system", "", "ingress")
    services = [a_service(f"a{number}", place) for place in places for number in range(100)]
    seen = report(lambda _: 0.1, *services, to_the_end=("ingress",))
    assert len(seen.findings) == len(services)
    assert not seen.gaps


def test_an_incident_of_what_was_not_judged_is_not_over():
    """That its finding is missing means nothing; that of another namespace's does."""
    view = AlertView(report(slow, *TENANT))
    assert not view.observes(key_of("endpoints", Ref("Service", "tenant", "t0399")))
    assert view.observes(key_of("endpoints", Ref("Service", "bank", "gone")))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 0.2)), max_size=60))
def test_everything_is_judged_or_told(objects: list[tuple[str, float]]):
    """Whatever each object takes, none is lost."""
    services = [a_service(str(number), place) for number, (place, _) in enumerate(objects)]
    seen = report(lambda service: objects[int(service.name)][1], *services)
    told = sum(int(gap.detail.rsplit(": ", 1)[1].split()[0]) for gap in seen.gaps)
    assert len(seen.findings) + told == len(services)
