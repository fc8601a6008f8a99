"""The diagnosis of all routes: which of them, in what order, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.shares import shared
from bot.domain.snapshot import Snapshot
from bot.domain.tenancy import party_of
from bot.domain.typed import unknown
from bot.domain.verdict import Verdict, worst
from bot.net import route_resolution as resolving
from bot.net.diagnosis.diagnosis import Diagnosed, Diagnosis, Row
from bot.net.diagnosis.shared import tests_alike
from bot.net.diagnosis.subject import Subject, Unresolved
from bot.routing.candidates import candidates
from bot.routing.site_state import SiteState

ALL = "all"
"""What people type for every route; `all shop` for those of the namespace shop."""

MOST_ROUTES = 50
"""Routes that are diagnosed at once: fewer than are remembered."""

BEYOND = f"only {MOST_ROUTES} routes are tested at once: name a namespace"

CHANGED = "it changed while others were tested"

URGENT = (SiteState.FAILS, SiteState.NOT_TESTED, SiteState.ANSWERS)
"""The order in which routes are tested."""


class Unreached(msgspec.Struct, frozen=True):
    """A route that was not tested, and why."""

    route: str
    why: str


class CommonCause(msgspec.Struct, frozen=True, kw_only=True):
    """Routes of which a test showed the same: one row, at the same places.

    diagnosis: That of the first route, which describes them all.
    """

    diagnosis: Diagnosis
    verdict: Verdict
    routes: tuple[Diagnosed, ...]


class DiagnosedRoutes(msgspec.Struct, frozen=True):
    """The diagnoses of all routes, or of one namespace, and what was not tested."""

    diagnosed: tuple[Diagnosed, ...] = ()
    untested: tuple[Unreached, ...] = ()
    namespace: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst; what was not tested is never healthy."""
        verdicts = [one.diagnosis.verdict for one in self.diagnosed]
        return worst([*verdicts, *([Verdict.UNKNOWN] if self.untested else [])])

    @property
    def causes(self) -> tuple[CommonCause, ...]:
        """The routes by what was found, the worst first, then what concerns most of them."""
        groups = grouped((_common(one.diagnosis), one) for one in self.diagnosed)
        causes = [
            CommonCause(
                diagnosis=own[0].diagnosis,
                verdict=worst([one.diagnosis.verdict for one in own]),
                routes=tuple(own),
            )
            for own in groups.values()
        ]
        return tuple(sorted(causes, key=lambda cause: (-cause.verdict.rank, -len(cause.routes))))

    @property
    def failing(self) -> int:
        """How many of the routes that were tested do not work, or not wholly."""
        bad = (Verdict.DEGRADED, Verdict.FAILED)
        return sum(one.diagnosis.verdict in bad for one in self.diagnosed)


def namespace_of(typed: str) -> str | None:
    """The namespace whose routes are all meant, empty for every one; None where one is meant.

    Whatever is called `all` itself is meant by its full name, such as `service/default/all`.
    """
    words = typed.split()
    if not words or words[0].casefold() != ALL or len(words) > 2:  # noqa: PLR2004  # all, and where
        return None
    return words[1] if len(words) > 1 else ""


def every_route(
    snapshot: Snapshot, namespace: str, states: Mapping[Ref, SiteState]
) -> tuple[tuple[Subject, ...], tuple[Unreached, ...]]:
    """The routes to diagnose, the most urgent first, and those that cannot be or are too many.

    Of too many, namespaces have equal shares.
    """
    labels: dict[str, Ref] = {}
    for candidate in candidates(snapshot):
        if candidate.kind != "Service" and namespace in ("", candidate.namespace):
            labels.setdefault(candidate.label, candidate.ref)
    urgent = sorted(
        labels, key=lambda label: URGENT.index(states.get(labels[label], SiteState.NOT_TESTED))
    )
    chosen = set(shared(urgent, MOST_ROUTES, lambda label: party_of(labels[label])))
    subjects: list[Subject] = []
    untested: list[Unreached] = []
    for label in urgent:
        fits = label in chosen
        subject = resolving.resolve(snapshot, label) if fits else Unresolved(BEYOND)
        if isinstance(subject, Subject):
            subjects.append(subject)
        else:
            untested.append(Unreached(label, str(subject)))
    return tuple(subjects), tuple(untested)


def no_route(snapshot: Snapshot, namespace: str) -> str:
    """Why there is nothing to diagnose, with the namespaces that have routes."""
    if not namespace:
        return "No route was found in this cluster."
    routes = (one for one in candidates(snapshot) if one.kind != "Service")
    return unknown("namespace with routes", namespace, sorted({one.namespace for one in routes}))


def still_alike(
    subjects: Iterable[Subject], snapshot: Snapshot
) -> tuple[tuple[Subject, ...], tuple[Unreached, ...]]:
    """The subjects as they are by now, and those that lead elsewhere since."""
    now = {subject: resolving.resolve(snapshot, subject.name) for subject in subjects}
    same = tuple(
        after
        for before, after in now.items()
        if isinstance(after, Subject) and tests_alike(after) == tests_alike(before)
    )
    names = {subject.name for subject in same}
    gone = (subject.name for subject in now if subject.name not in names)
    return same, tuple(Unreached(name, CHANGED) for name in gone)


def _common(diagnosis: Diagnosis) -> tuple[object, ...]:
    """What makes two diagnoses one cause; what was not determined has none in common."""
    fault = diagnosis.by_objects
    if diagnosis.row is Row.INCONCLUSIVE:
        return diagnosis.row, diagnosis.because
    beside: Sequence[str] = (fault.reason, fault.message) if fault else ()
    return diagnosis.row, frozenset(diagnosis.places), diagnosis.worked_around, tuple(beside)
