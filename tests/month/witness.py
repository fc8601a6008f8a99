"""Who sees everything, and holds what the alerts say against what is the case."""

from dataclasses import dataclass, field
from datetime import timedelta

from bot.alerting.domain.incident import Alerts
from bot.alerting.domain.visibility import WATCH
from bot.domain.finding import Ref
from bot.domain.verdict import INCIDENT
from tests.month.homelab import LOOPER, RETRIED, World

CHECK_OF = {"Pod": "pods", "Node": "nodes", "Kustomization": "flux-kustomizations"}

PATIENCE = 8
"""Minutes within which a failure that can be seen is an incident: its grace and some looks."""


def subject_key(subject: Ref) -> str:
    """The key of the finding about one of the month's objects."""
    return f"{CHECK_OF[subject.kind]}/{subject.kind}/{subject.namespace}/{subject.name}"


@dataclass
class Witness:
    """Counts recoveries of what still fails, and failures of which nobody was told.

    What fails and tries in turn fails all the time from its first failure on.
    """

    false_recoveries: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    to_be_told: int = 0
    _failing: dict[str, int] = field(default_factory=dict)
    """Since how many looks that saw everything something fails."""
    _stale: int = 0
    _over: set[str] = field(default_factory=set)
    _lasting: set[str] = field(default_factory=set)

    def look(self, world: World, state: Alerts | None) -> None:
        """Compare, a minute later; without a state nobody could look."""
        now_failing = self._truth(world)
        sees = state is not None and not world.stale
        looks = {key: (self._failing.get(key, 0) + 1) * sees for key in now_failing}
        self._stale = self._stale + 1 if state is not None and world.stale else 0
        if state is not None:
            self._compare(state, looks, world)
        self._failing = looks

    def _truth(self, world: World) -> set[str]:
        failing = {
            finding.key
            for finding in world.truth().findings
            if finding.verdict.rank >= INCIDENT.rank
        }
        for subject, active in ((RETRIED, world.retry), (LOOPER, world.looping)):
            key = subject_key(subject)
            if not active:
                self._lasting.discard(key)
            elif key in failing:
                self._lasting.add(key)
        return failing | self._lasting

    def _compare(self, state: Alerts, looks: dict[str, int], world: World) -> None:
        for incident in state.incidents:
            if incident.ended and incident.id not in self._over:
                self._over.add(incident.id)
                wrong = [key for key in incident.own if key in looks]
                if wrong or (world.stale and incident.head.subject == WATCH):
                    self.false_recoveries.append(f"{incident.id} is over, and {wrong} fails")
        known = {finding.key for finding in state.known}
        for key, number in looks.items():
            # Said once, when its time is over.
            if number == self._patience(key, world):
                self.to_be_told += 1
                # What was wrong at the first look is known, and no news.
                if state.holding(key) is None and key not in known:
                    self.missed.append(f"{world.now:%d %H:%M}: {key} fails, and nobody was told")
        if self._stale == PATIENCE:
            self.to_be_told += 1
            if state.holding(f"visibility/{WATCH.kind}//{WATCH.name}") is None:
                self.missed.append(f"{world.now:%d %H:%M}: a watch is stale, and nobody was told")

    def _patience(self, key: str, world: World) -> int:
        """What tries or runs meanwhile is told at its next failure after the grace."""
        turn = timedelta()
        if world.retry and key == subject_key(RETRIED):
            turn = timedelta(minutes=2 * world.retry.waits + world.retry.fails)
        if world.looping and key == subject_key(LOOPER):
            turn = timedelta(minutes=2 * (world.looping.waits + world.looping.runs))
        return PATIENCE + int(turn / timedelta(minutes=1))
