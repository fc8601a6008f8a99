"""Measure and print a table: `make bench`, or `make bench ARGS=--quick`.

With --strict a missed target is an error; without, the table says it, since machines are noisy.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from rich.console import Console

from tests.bench import (
    cached,
    checked,
    cold,
    diagnosed,
    digested,
    drawn,
    eventful,
    figures,
    hostile,
    prober,
    started,
    whole_bot,
)
from tests.bench.figures import Figure
from tests.bench.homelab import Size
from tests.bench.server import started as serving


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the size, once")
    parser.add_argument("--output", choices=("text", "json"), default="text")
    parser.add_argument("--strict", action="store_true", help="end with 1 where a target is missed")
    parser.add_argument("--write", type=Path, help="write the table as Markdown, too")
    asked = parser.parse_args()
    gc.freeze()  # As the bot does, once all is imported.
    share = 0.05 if asked.quick else 1.0
    measured = asyncio.run(_measure(share, quick=asked.quick))
    size = Size().scaled(share)
    title = (
        f"{size.pods:,} pods, {size.services:,} Services and EndpointSlices, {size.flux:,} Flux "
        f"objects, {size.certificates:,} Certificates on a local API; {figures.machine()}."
    )
    if asked.output == "json":
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(measured)) + b"\n")
    else:
        Console(width=80).print(figures.terminal(measured, title))
    if asked.write:
        asked.write.write_text(figures.markdown(measured, title))
    missed = [each for each in measured if each.met is False]
    return 1 if missed and asked.strict else 0


async def _measure(share: float, *, quick: bool) -> list[Figure]:
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="meshmedic-bench-") as folder:
        async with serving(str(share), Path(folder)) as server:
            parts: tuple[AsyncIterator[Figure], ...] = (
                cold.measure(server.kubeconfig, 1 if quick else 5),
                started.measure(1 if quick else 7),
                cached.measure(server, 5 if quick else 40),
                whole_bot.measure(server, Path(folder), 15 if quick else 100),
                digested.measure(server, 1 if quick else 5, str(Path(folder) / "digest-memory")),
                # The last on this server: many pods are ill after it.
                eventful.measure(server, 6 if quick else 60),
                drawn.measure(1 if quick else 5, str(Path(folder) / "memory")),
                prober.measure((5,) if quick else (5, 30)),
                diagnosed.measure(1 if quick else 3),
                checked.measure(),
                hostile.measure(share),
            )
            for part in parts:
                async for figure in part:
                    print(f"{figure.name}: {figure.shown}", file=sys.stderr)  # noqa: T201
                    found.append(figure)
    return found


if __name__ == "__main__":
    sys.exit(main())
