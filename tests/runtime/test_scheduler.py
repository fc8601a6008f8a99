"""What runs by the clock ends with the process, and says nothing of it."""

import asyncio
import logging

import pytest

from bot.runtime.scheduler import Schedule

LONG = 100.0


async def test_a_job_that_is_cut_short_by_the_end_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its library would log a trace: whoever presses Ctrl-C at once would see it."""
    begun = asyncio.Event()

    async def waits() -> None:
        begun.set()
        await asyncio.sleep(LONG)

    schedule = Schedule()
    schedule.every(1, "waits", waits)
    before = asyncio.all_tasks()
    with caplog.at_level(logging.INFO):
        schedule.start()
        async with asyncio.timeout(20):
            await begun.wait()
        schedule.stop()
        rest = asyncio.all_tasks() - before
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
