"""`make lab`: every scenario, the confusion table, and the totals. Exit code 1 where it fails.

`python -m tests.lab one NUMBER` runs one scenario and prints it as JSON; the others run those, each
in a process of its own, so that their namespaces and their event loops are their own too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence

import msgspec

from tests.lab import namespaces, scoring
from tests.lab.running import Result, run
from tests.lab.scenarios import SCENARIOS

AT_ONCE = 3
LONGEST = 180.0


async def _one(number: int, room: asyncio.Semaphore) -> scoring.Scored | str:
    """One scenario in a process of its own; what went wrong where it failed."""
    async with room:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.lab", "one", str(number)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Its probers and its mesh are its own group, so that none outlives it.
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(LONGEST):
                out, err = await process.communicate()
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            return "it took too long"
    if process.returncode:
        return err.decode(errors="replace").strip().splitlines()[-1][:200] if err else "it failed"
    return msgspec.json.decode(out, type=scoring.Scored)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


async def _all(numbers: Sequence[int], at_once: int) -> int:
    room = asyncio.Semaphore(at_once)
    running = [asyncio.create_task(_one(number, room)) for number in numbers]
    done: list[scoring.Scored] = []
    failed = 0
    _say(scoring.HEAD)
    for number, task in zip(numbers, running, strict=True):
        scored = await task
        if isinstance(scored, str):
            failed += 1
            _say(f"FAILED  {SCENARIOS[number].name}: {scored}")
        else:
            done.append(scored)
            _say(*scoring.lines(scored))
    _say("", *scoring.confusion(done), "", scoring.totals(done, failed))
    return int(failed > 0 or not scoring.passes(done))


def _scored(number: int) -> bytes:
    result: Result = asyncio.run(run(SCENARIOS[number]))
    return msgspec.json.encode(scoring.scored(number, result))


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="make lab")
    parser.add_argument("mode", choices=("one", "all"), nargs="?", default="all")
    parser.add_argument("number", type=int, nargs="?")
    parser.add_argument("--only", default="", help="only scenarios whose name has these words")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    asked = parser.parse_args()
    if asked.mode == "one":
        sys.stdout.buffer.write(_scored(asked.number))
        return 0
    try:
        namespaces.check()
    except namespaces.CannotMakeLab as missing:
        _say(f"lab: not run: {missing}")
        return int(os.environ.get("CI") == "true")
    numbers = [index for index, each in enumerate(SCENARIOS) if asked.only in each.name]
    return asyncio.run(_all(numbers, asked.at_once))


if __name__ == "__main__":
    sys.exit(main())
