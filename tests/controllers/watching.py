"""A health check that fails for a quarter of an hour, as alerts see it: one incident, no recovery.

kustomize-controller shows it as Ready=Unknown while it waits and as Ready=False until it tries
again, in turn. All times are a tenth: those of the Kustomization, and those of the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.alerting.domain.incident import Alerts, Incident
from bot.alerting.domain.rules import GRACE, AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.domain.report import Report

TEMPO = 10
FAILING = timedelta(minutes=15) / TEMPO
PLACE = "watched"
DEFAULT = Rules()

RULES = Rules(
    routes=(AlertRoute(channel=1),),
    grace={check: grace / TEMPO for check, grace in GRACE.items()},
    grace_else=DEFAULT.grace_else / TEMPO,
    steady=DEFAULT.steady / TEMPO,
    flap_window=DEFAULT.flap_window / TEMPO,
    calm=DEFAULT.calm / TEMPO,
)


class Watching:
    """Feeds reports to the rules of alerts, and keeps what was wrong about their answers."""

    def __init__(self) -> None:
        self.state: Alerts | None = None
        self.faults: list[str] = []
        self.verdicts: list[str] = []

    def see(self, report: Report, *, failing: bool) -> None:
        """One report; while it is failing, nothing that began may end."""
        self.state = advance(self.state, report, RULES)
        shown = str(max((each.verdict for each in report.findings), key=_rank, default="healthy"))
        if self.verdicts[-1:] != [shown]:
            self.verdicts.append(shown)
        if failing and any(incident.ended for incident in self.incidents):
            self.faults.append(f"{report.taken_at:%H:%M:%S}: said to be over while it fails")

    @property
    def incidents(self) -> Sequence[Incident]:
        """All incidents so far."""
        return self.state.incidents if self.state else ()

    def judged(self) -> list[str]:
        """What is wrong about the whole, in words."""
        subjects = [f"{each.head.subject} {each.opened:%H:%M:%S}" for each in self.incidents]
        wrong = list(self.faults)
        if len(subjects) != 1:
            wrong.append(f"{len(subjects)} incidents, and not one: {subjects}")
        if not all(incident.ended for incident in self.incidents):
            wrong.append("it recovered, and the incident is not over")
        if not {"healthy", "progressing"} & set(self.verdicts) or len(self.verdicts) < 3:
            wrong.append(f"it did not change as it should have: {self.verdicts}")
        return wrong


def _rank(verdict: object) -> int:
    return int(getattr(verdict, "rank", 0))
