"""`python -m bot.probe once JOB`, and `python -m bot.probe serve …`."""

from __future__ import annotations

import signal
import sys

# asyncio loads ssl if it can: 4 MB that only a TLS probe needs, which loads it by itself.
sys.modules["ssl"] = None  # type: ignore[assignment]
import asyncio  # noqa: E402

del sys.modules["ssl"]

from bot.probe import once, serve  # noqa: E402

USAGE = 64


async def _run(arguments: list[str]) -> int:
    task = asyncio.current_task()
    assert task  # noqa: S101  # we are inside of one
    # The results so far are printed already; the last lines are printed on the way out.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    match arguments:
        case ["once", job]:
            return await once.main(job)
        case ["serve", *given]:
            return await serve.main(serve.read_options(given))
        case _:
            raise serve.UsageError("once or serve?")


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(_run(sys.argv[1:])))
    except serve.UsageError as error:
        sys.stderr.write(f"{error}\n{serve.USAGE}")
        sys.exit(USAGE)
    except (asyncio.CancelledError, KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)
