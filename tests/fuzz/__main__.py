"""`make fuzz`: every target for a while, and a table of what was tried and found."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.fuzz.fuzzing import FuzzingResult, fuzz, keep
from tests.fuzz.target import CORPUS
from tests.fuzz.targets import TARGETS


def main(arguments: Sequence[str]) -> int:
    """Fuzz the named targets, or all. 1 where a text did harm: it is kept in the corpus."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    names = [target.name for target in TARGETS]
    parser.add_argument("target", nargs="*", choices=[*names, []], help="all, if none is named")
    parser.add_argument("--seconds", type=float, default=60, help="for each target (60)")
    parser.add_argument("--seed", type=int, default=0, help="another seed tries other texts")
    given = parser.parse_args(arguments)
    write = sys.stdout.write
    write(f"{'target':<14}{'cases':>9}{'seconds':>9}{'ways':>7}{'slowest':>10}{'crashes':>9}\n")
    found: list[FuzzingResult] = []
    for target in TARGETS:
        if not given.target or target.name in given.target:
            found.append(fuzz(target, given.seconds, given.seed))
            write(f"{row(found[-1])}\n")
            sys.stdout.flush()
    total = FuzzingResult("all")
    for result in found:
        total.cases += result.cases
        total.seconds += result.seconds
        total.ways += result.ways
        total.slowest = max(total.slowest, result.slowest)
        total.crashes |= {f"{result.target}: {fault}": t for fault, t in result.crashes.items()}
        for fault, text in result.crashes.items():
            path = keep(CORPUS / result.target, text)
            write(f"\n{result.target}: {fault}\n  {text[:200]!r}\n  kept as {path}\n")
    write(f"{row(total)}\n")
    return 1 if total.crashes else 0


def row(result: FuzzingResult) -> str:
    """A line of the table. Times are seconds, those of the slowest text of CPU."""
    return (
        f"{result.target:<14}{result.cases:>9,}{result.seconds:>9.1f}{result.ways:>7,}"
        f"{result.slowest:>10.3f}{len(result.crashes):>9}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
