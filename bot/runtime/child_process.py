"""Work in a process of its own, with limits of time, CPU, memory and answer, beyond which it ends.

The system holds the limits, so they hold for whatever the process does with what strangers wrote.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
import tempfile
import weakref
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

MIB = 1024 * 1024
ERRORS = 4096
"""Bytes of a process's last words that are kept for the log."""

ENVIRONMENT = (
    *("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
"""The environment variables that a process gets. None of them is a secret."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy's library takes memory for each core of the node."""

WAITS = 150.0
"""Seconds that a prepared process waits for its work."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of one request on standard input and one answer on standard output.

    `seconds` are of time from the request on, `cpu` of CPU time, `memory` the bytes of its private
    memory, `answer` the bytes of its answer.
    """

    command: tuple[str, ...]
    seconds: float
    cpu: int
    memory: int
    answer: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Why there is no answer, in a sentence. `started` is False where the process never ran."""

    why: str
    started: bool = True


@dataclass(slots=True, weakref_slot=True)
class ChildProcesses:
    """Runs one process at a time, so that memory for one is enough."""

    waits: float = WAITS
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _prepared: tuple[Program, asyncio.subprocess.Process] | None = None
    _ending: asyncio.Task[None] | None = None
    _folder: str = ""

    async def run(self, program: Program, request: bytes) -> bytes | Unfinished:
        """The answer to a request; the process has ended when this returns or is cancelled."""
        async with self._lock:
            try:
                process = await self._taken(program)
            except OSError as error:
                log.warning("%s cannot be started: %s", program.command[-1], error)
                return Unfinished("Its process could not be started.", started=False)
            try:
                async with asyncio.timeout(program.seconds):
                    return await _answer(process, program, request)
            except TimeoutError:
                return Unfinished(f"It took longer than {program.seconds:.0f} s.")
            finally:
                await _end(process)

    async def prepare(self, program: Program) -> None:
        """Let a process load its libraries, for a request that comes within a minute or two."""
        if self._lock.locked() or self._ready(program):
            return
        async with self._lock:
            with suppress(OSError):
                process = await self._taken(program)
                self._prepared = program, process
                self._ending = asyncio.create_task(self._end_unused(process))

    async def close(self) -> None:
        """End a prepared process."""
        if self._ending:
            self._ending.cancel()
        if self._prepared:
            await _end(self._prepared[1])
        self._prepared = None

    def _ready(self, program: Program) -> bool:
        return (
            self._prepared is not None
            and self._prepared[0] == program
            and self._prepared[1].returncode is None
        )

    async def _taken(self, program: Program) -> asyncio.subprocess.Process:
        """The prepared process, or a new one; one that was prepared for other work ends first."""
        if self._prepared is not None and self._ready(program):
            process = self._prepared[1]
            self._prepared = None
            if self._ending:
                self._ending.cancel()
            return process
        await self.close()
        return await self._start(program)

    async def _start(self, program: Program) -> asyncio.subprocess.Process:
        if not self._folder:
            # matplotlib keeps a list of fonts at home. The folder stays for the next process.
            self._folder = tempfile.mkdtemp(prefix="meshmedic-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment | {"HOME": self._folder} | ONE_THREAD,
        )
        try:
            _limit(process.pid, program)
        except OSError:
            await _end(process)
            raise
        return process

    async def _end_unused(self, process: asyncio.subprocess.Process) -> None:
        await asyncio.sleep(self.waits)
        await _end(process)


def _limit(pid: int, program: Program) -> None:
    """Set the limits of a process that has read nothing yet.

    Other systems than Linux cannot limit another process: there, time and answer are the limits.
    """
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415  # not on every system

    limits = {
        resource.RLIMIT_CPU: (program.cpu, program.cpu + 1),  # first told, then killed
        resource.RLIMIT_DATA: (program.memory, program.memory),
        resource.RLIMIT_CORE: (0, 0),  # its memory may hold a token
    }
    with suppress(ProcessLookupError):
        for limit, most in limits.items():
            resource.prlimit(pid, limit, most)
    with suppress(OSError):
        # Where the container has no memory left, this process is the one to end.
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")


async def _answer(
    process: asyncio.subprocess.Process, program: Program, request: bytes
) -> bytes | Unfinished:
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    if not (stdin and stdout and stderr):
        return Unfinished("Its process has no pipes.")

    async def answered() -> bytes | None:
        """What it writes; None where that is more than allowed, and it is ended."""
        answer = bytearray()
        while piece := await stdout.read(65536):
            answer += piece
            if len(answer) > program.answer:
                process.kill()
                return None
        return bytes(answer)

    answer, errors, _ = await asyncio.gather(answered(), _last(stderr), _give(stdin, request))
    code = await process.wait()
    if answer is None:
        return Unfinished(f"Its answer is larger than {program.answer // MIB} MiB.")
    if code == 0 and answer:
        return answer
    last_words = errors.decode("utf-8", "replace")
    log.warning("%s ended with code %s: %s", program.command[-1], code, last_words)
    return Unfinished(_why(code, errors, program))


async def _last(stream: asyncio.StreamReader) -> bytes:
    """The end of what it writes as errors."""
    errors = b""
    while piece := await stream.read(65536):
        errors = (errors + piece)[-ERRORS:]
    return errors


async def _give(stream: asyncio.StreamWriter, request: bytes) -> None:
    with suppress(ConnectionError):
        stream.write(request)
        await stream.drain()
        stream.close()
        await stream.wait_closed()


def _why(code: int, errors: bytes, program: Program) -> str:
    match -code:
        case signal.SIGXCPU:
            return f"It took more than {program.cpu} s of CPU time."
        case signal.SIGKILL:
            return "The system ended it, for want of memory or at its limit of CPU time."
    if errors.rstrip().endswith(b"MemoryError"):
        return f"It needed more than {program.memory // MIB} MiB of memory."
    return "Its process failed; the log says why."


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill a process that still runs, also after a cancellation."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
