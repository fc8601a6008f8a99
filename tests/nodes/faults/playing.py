"""Plays faults one after the other: made, asked about, mended, and asked about again."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.nodes.bot import Bot, Told
from tests.nodes.cluster import RealNodes
from tests.nodes.commands import CommandFailed
from tests.nodes.faults.confusion import Confusion, Score, scored
from tests.nodes.faults.fault import REACHED, WORKS, Fault
from tests.nodes.processes import DidNotStart
from tests.nodes.table import Table

ROUTE = "apps/web"
PAUSE = 5.0
"""Seconds until a mend that is not told yet is asked about again."""

MENDED = {"matrix": REACHED, "diagnose": WORKS}


@dataclass
class Player:
    """Whoever plays the faults of one mode."""

    cluster: RealNodes
    bot: Bot
    table: Table
    mode: str
    confusion: Confusion

    async def play(self, faults: Iterable[Fault]) -> None:
        """Each in turn; what cannot be made here is named."""
        for fault in faults:
            if self.mode not in fault.modes:
                continue
            if why := await asyncio.to_thread(fault.left_out, self.cluster):
                self.confusion.left_out[fault.name] = why
                self.table.row(fault.name, why, seconds=0, want="left out")
                continue
            try:
                await self._one(fault)
            except (CommandFailed, DidNotStart, TimeoutError) as error:
                self.table.broken(fault.name, error)
                self.confusion.add(fault.name, Score.WRONG)

    async def _one(self, fault: Fault) -> None:
        mend = await asyncio.to_thread(fault.make, self.cluster)
        wanted = fault.wanted(self.mode)
        try:
            await asyncio.sleep(fault.settle)
            for question, want in wanted.items():
                told = await self._ask(question)
                self._count(fault, f"{fault.name}: {question}", told, want)
        finally:
            await asyncio.to_thread(mend)
        for question, want in self._when_mended(fault, wanted).items():
            told = await self._until(question, want, fault.recovers)
            self._count(fault, f"{fault.name}, mended: {question}", told, want)

    def _when_mended(self, fault: Fault, wanted: Mapping[str, str]) -> Mapping[str, str]:
        """What was asked is asked again; of the health report the fault alone must be gone."""
        fault_gone = (
            {"health": rf"\A(?!(?s:.*)({fault.health}))"} if fault.is_told_by_health else {}
        )
        again = MENDED | fault_gone
        return {question: again[question] for question in wanted if question in again}

    def _count(self, fault: Fault, what: str, told: Told, want: str) -> None:
        self.table.row(what, told.text, seconds=told.seconds, want=want)
        self.confusion.add(fault.name, scored(told.text, want))

    async def _until(self, question: str, want: str, seconds: float) -> Told:
        end = time.monotonic() + seconds
        told = await self._ask(question)
        while not re.search(want, told.text) and time.monotonic() < end:
            await asyncio.sleep(PAUSE)
            told = await self._ask(question)
        return told

    async def _ask(self, question: str) -> Told:
        if question == "health":
            return await self.bot.ask("health", "all")
        if question == "matrix":
            return await self.bot.ask("net", "matrix")
        return await self.bot.ask("net", "diagnose", route=ROUTE)
