"""One task: JSON of a `Task` on standard input, JSON of its outcome on standard output.

The libraries are loaded before the input is read, so that a process may wait for it.
"""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

import msgspec

from bot.gitops.task import Task
from bot.gitops.worker.work import carry_out


def _without_messages(
    kind: type[BaseException], _error: BaseException, at: TracebackType | None
) -> None:
    """Say where an error happened and what kind it is: its message may hold the token."""
    sys.stderr.writelines((*traceback.format_tb(at, limit=-8), kind.__name__, "\n"))


if __name__ == "__main__":
    sys.excepthook = _without_messages
    if text := sys.stdin.buffer.read():
        outcome = carry_out(msgspec.json.decode(text, type=Task))
        sys.stdout.buffer.write(msgspec.json.encode(outcome))
