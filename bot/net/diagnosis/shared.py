"""What several diagnoses of one run ask alike: each question is asked once in each pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from bot.net.diagnosis.observation import (
    Aim,
    ListenerReport,
    Observation,
    PlannedProbe,
    ProbeTarget,
    VantagePoint,
)
from bot.net.diagnosis.subject import Native, Subject
from bot.net.probing.protocol import Heard, Probe, ProbeAnswer

OF_LISTENER = frozenset(
    {
        *(Aim.FAR, Aim.BACK, Aim.FAR_VIP),
        *(Aim.FAR_SMALL, Aim.FAR_LARGE, Aim.FAR_UDP),
    }
)
"""Tests of the way to a node: each diagnosis has listeners of its own there, and the same way."""

OF_ROUTE = frozenset({Aim.REQUEST, Aim.VIP_REQUEST})
"""Tests by the route's own request: what another host or path was answered says nothing of it."""

MOST = 20_000
"""Questions that are remembered; what is beyond that is asked again."""

Question = tuple[VantagePoint, Aim | None, ProbeTarget, Probe, int]
"""From where, to what end and whereto, where that is no lasting address, what, in which pass."""


@dataclass
class SharedAnswers:
    """The answers of one run by question, and what its listeners heard.

    What could not be asked is asked again.
    """

    _answers: dict[Question, tuple[ProbeAnswer, ...]] = field(default_factory=dict)
    _heard: dict[str, dict[str, Heard]] = field(default_factory=dict)

    def of(self, planned: PlannedProbe, number: int) -> Sequence[ProbeAnswer]:
        """The answers to the same question in the same pass; none where it was not asked yet."""
        return self._answers.get(_question(planned, number), ())

    def keep(self, observations: Iterable[Observation]) -> None:
        """Remember what was answered."""
        for seen in observations:
            if seen.answers and len(self._answers) < MOST:
                self._answers.setdefault(_question(seen.question, seen.round), seen.answers)

    def joined(self, report: ListenerReport) -> ListenerReport:
        """What was heard on a node in all of the run: an answer that is shared was heard before."""
        known = self._heard.setdefault(report.node, {})
        for heard in report.heard or ():
            before = known.get(heard.source, Heard(source=heard.source))
            tcp, udp = max(before.tcp, heard.tcp), max(before.udp, heard.udp)
            known[heard.source] = replace(before, tcp=tcp, udp=udp)
        unread = report.heard is None and not known
        return report if unread else replace(report, heard=tuple(known.values()))


def tests_alike(subject: Subject) -> Subject:
    """What a test of a subject is about: the same for all routes to one port of one Service."""
    return replace(
        subject,
        name="",
        route=None,
        match="",
        host="",
        path="/",
        native=Native.OFF,
        native_because="",
    )


def seen_by(
    subject: Subject, tested: Subject, observations: tuple[Observation, ...]
) -> tuple[Observation, ...]:
    """Of what was seen of a subject that is tested alike, what holds for this one too."""
    if (subject.host, subject.path) == (tested.host, tested.path):
        return observations
    return tuple(seen for seen in observations if seen.question.aim not in OF_ROUTE)


def _question(planned: PlannedProbe, number: int) -> Question:
    probe, aim = replace(planned.probe, id=""), planned.aim
    if aim in OF_LISTENER:
        towards = Aim.FAR if aim is Aim.BACK else aim
        node = ProbeTarget(planned.target.node)
        return planned.source, towards, node, replace(probe, address="", port=0), number
    if aim is Aim.SOLE_VIP:
        return planned.source, aim, planned.target, replace(probe, address=""), number
    return planned.source, None, ProbeTarget(), probe, number
