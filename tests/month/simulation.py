"""Thirty days of objects that break and mend, of restarts and outages, by a seed."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.alerting.delivery import AlertDelivery
from bot.alerting.domain.incident import ALERTS, Alerts, Incident, Moment
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.service import AlertService
from bot.chat.lost_channels import LostChannels
from bot.domain.election import Leadership
from bot.domain.finding import Ref
from bot.domain.record import Store
from bot.domain.verdict import Verdict
from tests.led import Led
from tests.month.channel import FakeChannel, FakeStore, Killed, Said
from tests.month.homelab import (
    LOOPER,
    NODES,
    PODS,
    PROBE,
    RETRIED,
    CrashLoop,
    Retry,
    World,
    recorded,
)
from tests.month.witness import Witness, subject_key

DEFAULT, BOARD, OWNER, DATABASES = 1, 2, 3, 4
ROLE, DATABASE_ROLE = 7, 8
RULES = Rules(
    routes=(
        AlertRoute(DATABASES, Verdict.FAILED, frozenset({"db"}), role=DATABASE_ROLE),
        AlertRoute(DATABASES, namespaces=frozenset({"db"})),
        AlertRoute(DEFAULT, Verdict.FAILED, role=ROLE),
        AlertRoute(DEFAULT),
    )
)


def a_delivery(
    store: Store,
    channel: FakeChannel,
    clock: Callable[[], datetime],
    leadership: Leadership | None = None,
    rules: Rules = RULES,
) -> AlertDelivery:
    """The delivery of a process that remembers nothing."""
    lost = LostChannels(store, channel, OWNER, clock)
    return AlertDelivery(store, channel, leadership or Led(), rules, lost, clock)


@dataclass
class Month:
    """One run, minute by minute, and every incident that there was."""

    seed: int
    minutes: int = 30 * 24 * 60
    world: World = field(default_factory=World)
    channel: FakeChannel = field(default_factory=FakeChannel)
    store: FakeStore = field(default_factory=FakeStore)
    incidents: dict[str, Incident] = field(default_factory=dict)
    witness: Witness = field(default_factory=Witness)
    lines: dict[str, list[Moment]] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311  # a simulation that can be repeated
        self.until: dict[str, datetime] = {}
        self.mends: dict[Ref, datetime] = {}
        self.leaves: dict[int, datetime] = {}
        self.flaps: Ref | None = None
        self.retries: list[tuple[datetime, datetime]] = []
        self.loops: list[tuple[datetime, datetime]] = []

    async def run(self) -> None:
        """The month, and two quiet hours in which all is caught up."""
        for _ in range(self.minutes):
            self._happen()
            await self._turn()
        self.world.broken.clear()
        self.world.recorded.clear()
        self.mends.clear()
        self.leaves.clear()
        self.flaps = self.world.retry = self.world.looping = None
        self.world.probe = False
        self.world.stale.clear()
        self.world.blind = self.store.away = self.channel.away = self.channel.lost = False
        self.channel.kill = ""
        self.channel.closed.clear()
        for _ in range(150):
            self.world.now += timedelta(minutes=1)
            await self._turn()

    async def _turn(self) -> None:
        # Every turn by a process that remembers nothing: a restart between any two.
        delivery = a_delivery(self.store, self.channel, lambda: self.world.now)
        try:
            await AlertService(self.world, delivery, BOARD).turn()
        except Killed:
            self.events["killed in the middle of sending"] += 1
        if not self.store.away:
            kept = await self.store.read(ALERTS) or Alerts()
            for each in kept.incidents:
                lines = self.lines.setdefault(each.id, [])
                lines += each.between(len(lines) + 1, each.revision)
                self.incidents[each.id] = each
            self.witness.look(self.world, kept)
        else:
            self.witness.look(self.world, None)

    def _happen(self) -> None:
        self.world.now += timedelta(minutes=1)
        now = self.world.now
        for ref in [ref for ref, at in self.mends.items() if at <= now]:
            del self.mends[ref]
            self.world.broken.pop(ref, None)
        self._outages(now)
        self._breaks(now)
        self._retries(now)
        self._loops(now)
        self._goes_stale(now)
        self._probes(now)
        self._replays(now)

    def _outages(self, now: datetime) -> None:
        for name, chance, longest in (("api", 2000, 60), ("discord", 2000, 300)):
            if self.dice.randrange(chance) == 0:
                self.events[f"outage of {name}"] += 1
                self.until[name] = now + timedelta(minutes=self.dice.randrange(1, longest))
        away = {name for name, at in self.until.items() if at > now}
        self.world.blind = self.store.away = "api" in away
        self.channel.away = "discord" in away
        self._closes(now)
        if self.dice.randrange(300) == 0:
            self.channel.lost = True
        if self.dice.randrange(300) == 0:
            self.channel.kill = self.dice.choice(("before", "after"))

    def _closes(self, now: datetime) -> None:
        """Somebody takes the bot's permissions away, of a channel or of its threads."""
        if self.dice.randrange(8000) == 0:
            channel = self.dice.choice((DEFAULT, BOARD, DATABASES))
            self.events["a channel that was lost for a while"] += 1
            self.channel.closed.add(channel)
            self.until["closed"] = now + timedelta(minutes=self.dice.randrange(20, 600))
        if self.until.get("closed", now) <= now:
            self.channel.closed.clear()
        if self.dice.randrange(4000) == 0:
            self.channel.threadless ^= {self.dice.choice((DEFAULT, DATABASES))}

    def _breaks(self, now: datetime) -> None:
        roll = self.dice.randrange(3000)
        if roll < 10:
            self._break(self.dice.choice(PODS), "a pod breaks", now, 240)
        elif roll < 12:
            self._break(self.dice.choice(NODES), "a node goes away with 60 pods", now, 60)
        elif roll == 12:
            self.events["a storm of 40 pods"] += 1
            for pod in self.dice.sample(PODS, 40):
                self._break(pod, "", now, 90)
        elif roll == 13:
            self.events["a pod begins to flap"] += 1
            self.flaps = self.dice.choice(PODS)
            self.until["flaps"] = now + timedelta(hours=6)
        elif roll < 44:
            for ref in [r for r, verdict in self.world.broken.items() if verdict != Verdict.FAILED]:
                self.events["something gets worse"] += 1
                self.world.broken[ref] = Verdict.FAILED
        if self.flaps and self.until["flaps"] > now and now.minute % 10 == 0:
            self._break(self.flaps, "", now, 6)

    def _retries(self, now: datetime) -> None:
        """A health check does not pass for some hours: it waits and fails in turn."""
        if self.world.retry and self.until["retry"] <= now:
            self.world.retry = None
            self.retries[-1] = (self.retries[-1][0], now)
            # A quiet while, so that what ends is told from what begins.
            self.until["retry"] = now + timedelta(hours=2)
        elif self.until.get("retry", now) <= now and self.dice.randrange(600) == 0:
            self.events["a health check that never passes"] += 1
            waits, fails = self.dice.choice(((5, 1), (5, 2), (5, 4), (9, 9), (2, 10), (1, 1)))
            longest = self.dice.choice((600, 600, 5 * 24 * 60))
            # Times that change with every look make a day of the simulation long.
            renewed = longest == 600 and self.dice.random() < 0.5
            self.world.retry = Retry(now, waits, fails, renewed=renewed)
            self.events["of them for days, it may be"] += longest > 600
            self.until["retry"] = now + timedelta(minutes=self.dice.randrange(60, longest))
            self.retries.append((now, self.until["retry"]))

    def _loops(self, now: datetime) -> None:
        """A container crashes for hours, and is well for a minute between two crashes."""
        if self.world.looping and self.until["loop"] <= now:
            self.world.looping = None
            self.loops[-1] = (self.loops[-1][0], now)
            self.until["loop"] = now + timedelta(hours=2)
        elif self.until.get("loop", now) <= now and self.dice.randrange(900) == 0:
            self.events["a crash loop with moments of health"] += 1
            waits, runs = self.dice.choice(((5, 1), (2, 1), (1, 1), (4, 2)))
            self.world.looping = CrashLoop(now, waits, runs)
            self.until["loop"] = now + timedelta(minutes=self.dice.randrange(60, 2000))
            self.loops.append((now, self.until["loop"]))

    def _goes_stale(self, now: datetime) -> None:
        """A watch hears nothing more, and hears again after a while."""
        if self.world.stale and self.until["stale"] <= now:
            self.world.stale.clear()
        elif not self.world.stale and self.dice.randrange(900) == 0:
            self.events["a watch that goes stale"] += 1
            self.world.goes_stale(self.dice.choice(("Pod", "Node", "Kustomization", "Service")))
            self.until["stale"] = now + timedelta(minutes=self.dice.randrange(1, 200))

    def _probes(self, now: datetime) -> None:
        """A test of the bot's own makes a pod, which is in trouble for as long as it is there."""
        if self.world.probe and self.until["probe"] <= now:
            self.world.probe = False
        elif not self.world.probe and self.dice.randrange(300) == 0:
            self.events["a test of the bot's own"] += 1
            self.world.probe = True
            self.until["probe"] = now + timedelta(minutes=self.dice.randrange(1, 40))

    def _replays(self, now: datetime) -> None:
        """An object that was recorded in a real cluster is there for a while."""
        for number in [each for each, at in self.leaves.items() if at <= now]:
            del self.leaves[number]
            self.world.recorded.discard(number)
        if recorded() and self.dice.randrange(300) == 0:
            number = self.dice.randrange(len(recorded()))
            self.events["a recorded object comes"] += number not in self.leaves
            self.world.recorded.add(number)
            self.leaves[number] = now + timedelta(minutes=self.dice.randrange(5, 400))

    def _break(self, ref: Ref, name: str, now: datetime, longest: int) -> None:
        if name:
            self.events[name] += 1
        verdict = self.dice.choice((Verdict.DEGRADED, Verdict.FAILED))
        self.world.broken[ref] = verdict
        self.mends[ref] = now + timedelta(minutes=self.dice.randrange(4, longest + 4))

    def broken_invariants(self) -> list[str]:
        """Each in one line; empty where all hold."""
        starts = Counter(one.id for each in self._of("start", "summary") for one in each.incidents)
        ends = Counter(one.id for each in self._of("end") for one in each.incidents)
        found = [f"{key} has no message" for key in self.incidents if not starts[key]]
        found += [f"{key} has {n} messages" for key, n in starts.items() if n > 1]
        found += [f"{key} has {n} ends" for key, n in ends.items() if n > 1]
        found += [f"{key} is no incident" for key in starts | ends if key not in self.incidents]
        for said in self._of("start"):
            one = self.incidents[said.incidents[0].id]
            if one.ended and said.incidents[0].ended is None:
                found.append(f"the message of {one.id} does not say that it is over")
            if one.ended and not ends[one.id] and said.edits:
                found.append(f"{one.id} has no end")
        found += [f"{one.id} never ended" for one in self.incidents.values() if not one.ended]
        found += self._retold()
        found += self.witness.false_recoveries + self.witness.missed
        own = [one.id for one in self.incidents.values() if one.head.subject == PROBE]
        found += [f"{id_} is about the bot's own test" for id_ in own]
        found += self._wrong_timelines()
        closed = self.events["a channel that was lost for a while"]
        if len(self.channel.complaints) > closed:
            found.append(f"{len(self.channel.complaints)} words to the owner of {closed} losses")
        if len(self._of("board")) != 1:
            found.append(f"{len(self._of('board'))} boards")
        return found

    def _retold(self) -> list[str]:
        """What fails and tries in turn is one incident, however often it does."""
        told = []
        for subject, times in ((RETRIED, self.retries), (LOOPER, self.loops)):
            key = subject_key(subject)
            opened = [one.opened for one in self.incidents.values() if key in one.keys]
            counts = [sum(began <= at <= end for at in opened) for began, end in times]
            told += [f"{count} incidents of one {subject}" for count in counts if count > 1]
        return told

    def _wrong_timelines(self) -> list[str]:
        """In the threads every line stands once, in order, and nobody is called twice."""
        found = []
        for start in self._of("start"):
            (shown,) = start.incidents
            told = [each for each in self._of("line") if each.incidents[0].id == shown.id]
            lines = [line for each in told for line in each.lines]
            whole, upto = self.lines[shown.id], self.incidents[shown.id].thread.told - 1
            if told and lines != whole[upto - len(lines) : upto]:
                found.append(f"the thread of {shown.id} tells {len(lines)} other lines")
            if told and upto < len(whole) and not self.incidents[shown.id].thread.refused:
                found.append(f"the thread of {shown.id} ends too early")
            if len({each.mark for each in told}) != len(told):
                found.append(f"the thread of {shown.id} says something twice")
            called = [each.role for each in (start, *told) if each.role]
            if len(called) != len(set(called)):
                found.append(f"{shown.id} calls a role twice")
        return found

    def table(self) -> str:
        """What happened, what was an incident, what was said."""
        held = sum(len(each.incidents) for each in self._of("summary"))
        rows = [(name, count) for name, count in sorted(self.events.items())]
        rows += [
            ("incidents", len(self.incidents)),
            ("false recoveries", len(self.witness.false_recoveries)),
            ("missed incidents", len(self.witness.missed)),
            ("failures that were to be told", self.witness.to_be_told),
            ("of them flapping", sum(each.flapping for each in self.incidents.values())),
            ("messages: start", len(self._of("start"))),
            ("messages: end", len(self._of("end"))),
            ("messages: summary", len(self._of("summary"))),
            ("incidents in summaries", held),
            ("messages: timeline, in threads", len(self._of("line"))),
            ("mentions of a role", sum(bool(each.role) for each in self.channel.messages.values())),
            ("words to the owner", len(self.channel.complaints)),
            ("edits in place", sum(each.edits for each in self._of("start"))),
            ("boards", len(self._of("board"))),
        ]
        return "\n".join(f"{name:<34}{count:>8,}" for name, count in rows)

    def _of(self, *kinds: str) -> list[Said]:
        return [each for each in self.channel.messages.values() if each.kind in kinds]
