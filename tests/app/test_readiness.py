"""How a process says that it cannot work: once for each reason, and as the last line of the log."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.app.readiness import LastLogger, Readiness, ReadinessTiming, following_the_log
from bot.errors import Unreachable

TIMING = ReadinessTiming()
REFUSED = "The token is refused. It is tried again at {} UTC."


@dataclass
class FakeProbes:
    """Says what a test wants."""

    problems: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()

    def readiness_problems(self) -> tuple[str, ...]:
        return self.problems

    def degradations(self) -> tuple[str, ...]:
        return self.worse


@dataclass
class FakeEvents:
    """Keeps Events; `away` is an API server that takes none."""

    away: bool = False
    tries: int = 0
    recorded: list[tuple[str, str, bool]] = field(default_factory=list)

    async def record(self, reason: str, message: str, *, warning: bool) -> None:
        self.tries += 1
        if self.away:
            raise Unreachable("It is away.")
        self.recorded.append((reason, message, warning))


@dataclass
class Scene:
    probes: FakeProbes
    events: FakeEvents
    readiness: Readiness
    following: LastLogger
    now: float = 0.0

    async def passes(self, seconds: float) -> None:
        """Let so many seconds pass, with a look in each."""
        for _ in range(round(seconds)):
            self.now += 1
            await self.readiness.look(self.following)


@pytest.fixture
def scene(caplog: pytest.LogCaptureFixture) -> Iterator[Scene]:
    caplog.set_level(logging.INFO)
    probes, events = FakeProbes(), FakeEvents()
    whatever: Any = probes
    with following_the_log() as following:
        made = Scene(probes, events, Readiness(whatever, events), following)
        made.readiness.clock = lambda: made.now
        yield made


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{each.levelname} {each.message}" for each in caplog.records]


async def test_a_start_that_goes_well_is_one_line_and_no_event(
    scene: Scene, caplog: pytest.LogCaptureFixture
):
    """What is missing in its first seconds is nobody's business."""
    scene.probes.problems = ("There is no session yet.",)
    await scene.passes(3)
    scene.probes.problems = ()
    await scene.passes(60)
    assert told(caplog) == ["INFO Ready."]
    assert scene.events.tries == 0


async def test_a_reason_that_lasts_is_told_once_in_one_line_and_by_an_event(
    scene: Scene, caplog: pytest.LogCaptureFixture
):
    """With all reasons; and its end too."""
    scene.probes.problems = ("One.", "Two.")
    await scene.passes(100)
    scene.probes.problems = ()
    await scene.passes(100)
    assert told(caplog) == ["ERROR Not ready. One. Two.", "INFO Ready."]
    assert scene.events.recorded == [
        ("NotReady", "Not ready. One. Two.", True),
        ("Ready", "Ready.", False),
    ]


async def test_it_is_the_last_line_though_others_log(
    scene: Scene, caplog: pytest.LogCaptureFixture
):
    """Whoever reads the end of the log reads the reason; a line each ten seconds at most."""
    scene.probes.problems = ("One.",)
    await scene.passes(10)
    for _ in range(40):
        logging.getLogger("bot.other").warning("noise")
        await scene.passes(1)
    await scene.passes(TIMING.repeat)
    lines = told(caplog)
    assert lines[-1] == "ERROR Not ready. One."
    assert 4 <= lines.count("ERROR Not ready. One.") <= 6


async def test_one_that_is_ready_leaves_the_last_word_to_others(
    scene: Scene, caplog: pytest.LogCaptureFixture
):
    """Else each line of a healthy bot would be followed by that."""
    await scene.passes(10)
    logging.getLogger("bot.other").warning("noise")
    await scene.passes(60)
    assert told(caplog) == ["INFO Ready.", "WARNING noise"]


async def test_the_next_attempt_is_a_new_line_and_no_new_event(
    scene: Scene, caplog: pytest.LogCaptureFixture
):
    """When it tries again is said each time, and the reason is the same."""
    for at in ("10:00:00", "10:05:00"):
        scene.probes.problems = (REFUSED.format(at),)
        await scene.passes(60)
    assert [line[-13:] for line in told(caplog)] == ["10:00:00 UTC.", "10:05:00 UTC."]
    assert scene.events.recorded == [("NotReady", "Not ready. The token is refused.", True)]


async def test_an_event_that_was_not_taken_is_sent_again_with_pauses(scene: Scene):
    """The API server was away, and answers later."""
    scene.events.away = True
    scene.probes.problems = ("One.",)
    await scene.passes(100)
    assert 3 <= scene.events.tries <= 4
    scene.events.away = False
    await scene.passes(TIMING.again)
    assert len(scene.events.recorded) == 1


async def test_an_event_that_still_holds_is_recorded_anew_before_it_is_forgotten(scene: Scene):
    """The API server keeps one for an hour."""
    scene.probes.problems = ("One.",)
    await scene.passes(2 * TIMING.renew)
    assert len(scene.events.recorded) == 2


async def test_a_degradation_is_a_warning_in_the_log_and_no_event(
    scene: Scene, caplog: pytest.LogCaptureFixture
):
    """The pod is Ready."""
    scene.probes.worse = ("The API server was last heard of at 10:00:00 UTC.",)
    await scene.passes(10)
    expected = "WARNING Ready. The API server was last heard of at 10:00:00 UTC."
    assert told(caplog) == [expected]
    assert scene.events.tries == 0
