"""Every row of the table against a report, live or recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain

from bot.domain.finding import Ref
from bot.domain.report import Report
from bot.domain.snapshot import SnapshotReader
from bot.domain.verdict import Verdict
from tests.controllers import certificates, flux, routes
from tests.controllers.expected import Said, Situation, faults
from tests.controllers.reading import Answer, Plain, answer, report
from tests.controllers.world import fits

LATER = timedelta(hours=2)
FLUX, CERTIFICATES, ROUTES = PARTS = ("flux", "certificates", "routes")
SITUATIONS: Mapping[str, tuple[Situation, ...]] = {
    FLUX: flux.SITUATIONS,
    CERTIFICATES: certificates.SITUATIONS,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row, judged: what is wrong about it, and whether it was called healthy falsely."""

    name: str
    answer: Answer
    wrong: tuple[str, ...]

    @property
    def falsely_healthy(self) -> bool:
        """Whether what is wrong is that it was called healthy."""
        return self.answer.verdict is Verdict.HEALTHY and bool(self.wrong)


async def rows(
    cluster: SnapshotReader,
    objects: tuple[Plain, ...],
    served: Mapping[str, bool],
    parts: Collection[str] = PARTS,
) -> list[Row]:
    """All rows of these parts, now and two hours later."""
    now, later = await report(cluster), await report(cluster, later=LATER)
    situations = chain.from_iterable(SITUATIONS.get(part, ()) for part in parts)
    judged = [*situation_rows(situations, now, later, objects)]
    for route in routes.ROUTES if ROUTES in parts else ():
        oracle = (
            [] if served.get(route.subject.name, False) is route.served else ["Traefik differs"]
        )
        judged.append(_row(str(route.subject), route.said, route.subject, now, oracle))
    return judged


def situation_rows(
    situations: Iterable[Situation], now: Report, later: Report, objects: tuple[Plain, ...]
) -> Iterator[Row]:
    """The rows of Flux and of cert-manager."""
    for situation in situations:
        subject = next(meant(objects, situation.subject), situation.subject)
        written = any(
            situation.written.stands(plain) for plain in objects if _fits(plain, situation.subject)
        )
        oracle = [] if written else [f"its controller did not write {situation.written}"]
        yield _row(situation.name, situation.now, subject, now, oracle)
        if situation.later:
            yield _row(f"{situation.name}, 2 h later", situation.later, subject, later, oracle)


def meant(objects: Iterable[Plain], subject: Ref) -> Iterator[Ref]:
    """The objects that a subject stands for, whose name may end with `*`."""
    for plain in objects:
        if _fits(plain, subject):
            yield Ref(subject.kind, subject.namespace, plain["metadata"]["name"])


def _fits(plain: Plain, subject: Ref) -> bool:
    meta = plain["metadata"]
    place = meta.get("namespace", "")
    right = (plain["kind"], place) == (subject.kind, subject.namespace)
    return right and fits(meta["name"], subject.name)


def _row(name: str, said: Said, subject: Ref, report: Report, oracle: list[str]) -> Row:
    given = answer(report, subject)
    cause = said.cause
    if cause and given.cause and cause.name.endswith("*"):
        close = (cause.kind, cause.namespace) == (given.cause.kind, given.cause.namespace)
        if close and fits(given.cause.name, cause.name):
            said = replace(said, cause=given.cause)
    wrong = (*oracle, *faults(said, given.verdict, given.cause, given.text))
    return Row(name, given, wrong)
