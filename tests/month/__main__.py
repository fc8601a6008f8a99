"""Print a simulated month of alerts: `make month`. Ends with 1 where an invariant breaks."""

import asyncio
import os
import sys
import time

from tests.month.homelab import DATA, recorded
from tests.month.simulation import Month


def main() -> int:
    """A month for each seed that is named (1 where none is); the exit code."""
    count = len(recorded())
    print(f"{count} recorded objects of real clusters, from {DATA / 'status'}")  # noqa: T201
    failed = not count and os.environ.get("CI") == "true"
    for seed in map(int, sys.argv[1:] or ("1",)):
        month, began = Month(seed), time.monotonic()
        asyncio.run(month.run())
        broken = month.broken_invariants()
        took = time.monotonic() - began
        print(f"== 30 days, seed {seed}, {took:.1f} s\n{month.table()}")  # noqa: T201
        print("\n".join(broken) or "every invariant holds")  # noqa: T201
        failed = failed or bool(broken)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
