"""Ask about every field report and every object of the controllers: `make field`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.field.asking import FIELD, answer, faults
from tests.field.cases import CASES, HEALTHY
from tests.field.controllers import situations


def main() -> int:
    """Print the table; 0 where all is right."""
    return asyncio.run(_main())


async def _main() -> int:
    right = falsely_healthy = 0
    for case in CASES:
        wrong: list[str] = []
        for ask in case.asks:
            with tempfile.TemporaryDirectory() as folder:
                done = await answer(ask.front, FIELD / case.file, Path(folder))
            wrong += faults(ask, done)
            if done.code == HEALTHY and ask.codes and HEALTHY not in ask.codes:
                falsely_healthy += 1
        right += not wrong
        sys.stdout.write(f"{'right' if not wrong else 'WRONG'}  {case.file}  {'; '.join(wrong)}\n")
    judged = tuple(situations())
    fitting = [each for each in judged if str(each.verdict) in each.right]
    for situation in set(judged) - set(fitting):
        wanted = " or ".join(sorted(situation.right))
        sys.stdout.write(f"WRONG  {situation.name}  {situation.verdict}, and not {wanted}\n")
    sys.stdout.write(
        f"field reports {right} of {len(CASES)}, falsely healthy {falsely_healthy}; "
        f"objects of controllers {len(fitting)} of {len(judged)}\n"
    )
    return 0 if right == len(CASES) and len(fitting) == len(judged) else 1


if __name__ == "__main__":
    sys.exit(main())
