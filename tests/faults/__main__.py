"""Make each fault happen to the whole bot, and print what it costs: `make faults`.

--quick shortens the long ones; what was shortened stands in the table.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.faults import FAULTS, STRIKES, Fault, Strike
from tests.faults.posts import Posts, posted
from tests.faults.stage import Stage, faketime, staged
from tests.wire.pair import TAKEOVER

RECOVERY = 60.0
"""Seconds within which everything must be whole again after a fault's end."""

LONG_RECOVERY = 330.0
"""The same after an outage of minutes: attempts to reach Discord have become rare by then."""

WIDTH = 96
"""Characters of the table."""

AT_ONCE = 2
"""Faults that are played at the same time; more would measure the machine."""


PAIRS_AT_ONCE = 3
"""The same for a leader and a standby: they mostly wait for a Lease to expire."""


@dataclass(frozen=True)
class Outcome:
    """What one fault did.

    Seconds, None for never: `recovery` until a person has a whole answer again, `acts` until
    another process leads.
    """

    fault: Fault | Strike
    lasted: float
    saw: str
    recovery: float | None
    lost: int
    twice: int
    acts: float | None = None

    @property
    def as_wanted(self) -> bool:
        """Whole again in time, nothing twice, nothing lost but what the fault costs by nature."""
        told = self.recovery is not None and self.lost <= self.fault.costs and not self.twice
        hands_over = isinstance(self.fault, Strike) and self.fault.hands_over
        return told and (self.acts is not None or not hands_over)


async def played(fault: Fault, *, quick: bool) -> Outcome:
    """Play one fault on a stage of its own."""
    with tempfile.TemporaryDirectory(prefix="meshmedic-faults-") as made:
        folder = Path(made)
        clock = folder / "clock"
        clock.write_text("+0")
        environment = {}
        if fault.needs is faketime:
            environment = {
                "LD_PRELOAD": faketime() or "",
                "FAKETIME_TIMESTAMP_FILE": str(clock),
                "FAKETIME_NO_CACHE": "1",
                "DONT_FAKE_MONOTONIC": "1",
            }
        async with staged(folder, real=fault.real, environment=environment) as stage:
            return await _played(fault, stage, lasts=fault.duration(quick=quick))


async def _played(fault: Fault, stage: Stage, *, lasts: float) -> Outcome:
    began = time.monotonic()
    await fault.begin(stage)
    saw = _in_words(stage, await stage.told()) if fault.asks else "–"
    await asyncio.sleep(max(0.0, lasts - (time.monotonic() - began)))
    if fault.asks and lasts > 60:  # long enough for another picture
        saw = _in_words(stage, await stage.told())
    lasted = time.monotonic() - began
    remediation = time.monotonic()
    await fault.end(stage)
    patience = LONG_RECOVERY if lasts > RECOVERY else RECOVERY
    recovery = await stage.recovered(patience, since=remediation)
    saw = "; ".join(filter(None, (saw, stage.noted)))
    return Outcome(fault, lasted, saw, recovery, stage.lost, stage.twice)


async def struck(strike: Strike, *, quick: bool) -> Outcome:
    """Strike a leader whose standby is alive."""
    with tempfile.TemporaryDirectory(prefix="meshmedic-faults-") as made:
        async with posted(Path(made), strike.environment(quick=quick)) as stage:
            await strike.begin(stage)
            text = await stage.told()
            if lasts := strike.duration(quick=quick):
                return await _struck_for_long(strike, stage, text, lasts)
            recovery: float | None = time.monotonic() - stage.struck
            if not stage.whole(text):
                recovery = await stage.recovered(RECOVERY, since=stage.struck)
            acts = await stage.led_again(TAKEOVER) if strike.hands_over else None
            await strike.end(stage)
            lasted = time.monotonic() - stage.struck
            await strike.proves(stage)
            await stage.all_told()
            saw = _in_words(stage, text)
            return Outcome(strike, lasted, saw, recovery, stage.lost, stage.twice, acts)


async def _struck_for_long(strike: Strike, stage: Posts, text: str, lasts: float) -> Outcome:
    await asyncio.sleep(max(0.0, lasts - (time.monotonic() - stage.struck)))
    lasted, ended = time.monotonic() - stage.struck, time.monotonic()
    await strike.end(stage)
    recovery = await stage.recovered(RECOVERY, since=ended)
    await strike.proves(stage)
    await stage.all_told()
    return Outcome(strike, lasted, _in_words(stage, text), recovery, stage.lost, stage.twice)


def _in_words(stage: Stage, text: str) -> str:
    if not text:
        return "no answer"
    if stage.whole(text):
        return "whole answer"
    words = [word for word in ("unreachable", "stale") if f"{word}:" in text]
    known = ", the last known" if stage.marker in text else ""
    return " and ".join(words) + known or text.splitlines()[0][:40]


async def _all(faults: Sequence[Fault | Strike], *, quick: bool) -> list[Outcome | BaseException]:
    turns, pairs = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(PAIRS_AT_ONCE)

    async def one(fault: Fault | Strike) -> Outcome:
        if isinstance(fault, Strike):
            async with pairs:  # it mostly waits for a lease to expire
                print(f"faults: {fault.name}", file=sys.stderr, flush=True)  # noqa: T201
                return await struck(fault, quick=quick)
        if fault.long and not quick:
            return await played(fault, quick=quick)  # it mostly waits
        async with turns:
            print(f"faults: {fault.name}", file=sys.stderr, flush=True)  # noqa: T201
            return await played(fault, quick=quick)

    return await asyncio.gather(*(one(each) for each in faults), return_exceptions=True)


def main() -> int:
    """Play them; the exit code."""
    parser = argparse.ArgumentParser(prog="tests.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorten the faults of minutes")
    parser.add_argument("--only", default="", help="only faults with this in their name")
    asked = parser.parse_args()
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)  # cut wires are the point
    every: tuple[Fault | Strike, ...] = (*FAULTS, *STRIKES)
    chosen = [each for each in every if asked.only in each.name]
    able = [
        each for each in chosen if isinstance(each, Strike) or each.needs is None or each.needs()
    ]
    outcomes = asyncio.run(_all(able, quick=asked.quick))
    title = f"{len(able)} faults, each on a bot of its own; those of a leader with a standby"
    table = Table(title=title, width=WIDTH)
    for name, justify in (("fault", "left"), ("lasts", "right"), ("a person sees", "left")):
        table.add_column(name, justify=justify)
    for name in ("whole again", "another acts", "lost", "twice"):
        table.add_column(name, justify="right")
    wrong = 0
    for fault, outcome in zip(able, outcomes, strict=True):
        if isinstance(outcome, BaseException):
            wrong += 1
            table.add_row(fault.name, "", f"[red]failed: {outcome!r}"[:200], "", "", "", "")
            traceback.print_exception(outcome)
            continue
        wrong += not outcome.as_wanted
        again = "never" if outcome.recovery is None else f"{outcome.recovery:.1f} s"
        acts = "–" if outcome.acts is None else f"{outcome.acts:.1f} s"
        style = None if outcome.as_wanted else "red"
        cells = (f"{outcome.lasted:.0f} s", outcome.saw, again, acts, outcome.lost, outcome.twice)
        table.add_row(fault.name, *map(str, cells), style=style)
    Console(width=WIDTH).print(table)
    skipped = [each.name for each in chosen if each not in able]
    for name in skipped:
        print(f"not tried, since faketime is not installed: {name}")  # noqa: T201
    return 1 if wrong or (skipped and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main())
