"""The options of `serve`, each with its value after a space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.probe.rounds import SHORTEST

USAGE = """usage: python -m bot.probe once JOB
       python -m bot.probe serve --name NODE --keys PATH [--port 8473]
                                 [--round SECONDS --peers FILE]
"""

PORT = 8473
MOST_PORT = 65534
"""The listener has the next one."""


class Wrong(Exception):  # said to whoever typed it
    """The command line cannot be understood."""


@dataclass(frozen=True, slots=True)
class Options:
    """What an agent is told. `keys` is a file or a folder, `round` seconds (0: no round)."""

    name: str
    keys: Path
    port: int = PORT
    round: float = 0.0
    peers: Path | None = None


def read(arguments: Sequence[str]) -> Options:
    """The options of a command line.

    Raises:
        Wrong: One is unknown, or missing, or its value is not possible.
    """
    given = dict(zip(arguments[::2], arguments[1::2], strict=False))
    unknown = given.keys() - {"--name", "--keys", "--port", "--round", "--peers"}
    if unknown or len(given) * 2 != len(arguments):
        raise Wrong(f"what is {min(unknown) if unknown else arguments[-1]}?")
    if not given.get("--name") or not given.get("--keys"):
        raise Wrong("--name and --keys are needed")
    if ("--round" in given) != ("--peers" in given):
        raise Wrong("--round and --peers belong together")
    peers = given.get("--peers")
    return Options(
        name=given["--name"],
        keys=Path(given["--keys"]),
        port=int(_number(given, "--port", PORT, 0, MOST_PORT)),
        round=_number(given, "--round", 0.0, SHORTEST, 86400.0),
        peers=Path(peers) if peers else None,
    )


def _number(given: dict[str, str], name: str, otherwise: float, least: float, most: float) -> float:
    if name not in given:
        return otherwise
    try:
        number = float(given[name])
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise Wrong(f"{name} is a number from {least:g} to {most:g}")
    return number
