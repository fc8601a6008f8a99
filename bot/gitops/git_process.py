"""Tasks of the repository, each in a process of its own with limits."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bot.domain.redaction.known import HIDDEN
from bot.gitops.refusals import FileReason
from bot.gitops.task import Failed, Outcome, Stopped, Task
from bot.runtime.child_process import MIB, ChildProcesses, Program, Unfinished

READS = Program(
    (sys.executable, "-m", "bot.gitops.worker"),
    seconds=120,  # the conversation with the host has 60 for each of fetch and push
    cpu=60,
    memory=96 * MIB,  # beside the bot, within the container's limit
    answer=4 * MIB,
)


@dataclass(frozen=True, slots=True)
class GitProcess:
    """Carries out tasks. The token goes to the process by its standard input alone."""

    processes: ChildProcesses = field(default_factory=ChildProcesses)
    program: Program = READS

    async def carry_out(self, task: Task) -> Outcome:
        """The outcome of a task; a process that was ended at a limit is one, too."""
        answer = await self.processes.run(self.program, msgspec.json.encode(task, enc_hook=_plain))
        if isinstance(answer, Unfinished):
            if not answer.started:
                return Failed(f"{task.at.page}: it cannot be read. {answer.why} Try again later.")
            return Stopped(FileReason.ENDED, answer.why.rstrip("."))
        answer = answer.replace(task.token.encode(), HIDDEN.encode())
        try:
            outcome: Outcome = msgspec.json.decode(answer, type=Outcome)
        except (msgspec.MsgspecError, RecursionError):
            return Stopped(FileReason.ENDED, "its answer cannot be read")
        return outcome


def _plain(value: Any) -> str:
    """What JSON has no word for, such as a time in an object of the cluster, as text."""
    return str(value)
