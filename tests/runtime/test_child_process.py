"""Work in a process of its own ends at its limits, and each limit has its own words."""

import asyncio
import os
import sys
from ast import literal_eval
from dataclasses import replace
from pathlib import Path

import pytest

from bot.runtime.child_process import (
    ENVIRONMENT,
    MIB,
    ONE_THREAD,
    ChildProcesses,
    Program,
    Unfinished,
)

QUICK = Program((), seconds=20, cpu=10, memory=64 * MIB, answer=MIB)


def python(code: str, *arguments: str) -> Program:
    return replace(QUICK, command=(sys.executable, "-S", "-c", code, *arguments))


async def why(program: Program, request: bytes = b"x") -> str:
    answer = await ChildProcesses().run(program, request)
    assert isinstance(answer, Unfinished), answer
    return answer.why


async def test_a_request_has_its_answer() -> None:
    echo = python("import sys; sys.stdout.write(sys.stdin.read()[::-1])")
    assert await ChildProcesses().run(echo, b"abc") == b"cba"


ENDS = {
    "memory": ("b = bytearray(200 << 20)", "more than 64 MiB of memory"),
    "much in small pieces": (
        "b = []\nwhile True: b.append(b'x' * 4000 + str(len(b)).encode())",
        "more than 64 MiB of memory",
    ),
    "an answer without end": ("while True: print('x' * 4096)", "larger than 1 MiB"),
    "errors without end, and a crash": (
        "import sys, os\nfor _ in range(2000): sys.stderr.write('x' * 4096)\nos.abort()",
        "failed; the log says why",
    ),
    "a crash": ("import os; os.kill(os.getpid(), 11)", "failed; the log says why"),
    "the system's hand": ("import os; os.kill(os.getpid(), 9)", "The system ended it"),
    "no answer": ("", "failed; the log says why"),
    "an exit": ("raise SystemExit(3)", "failed; the log says why"),
}


@pytest.mark.parametrize(("code", "words"), ENDS.values(), ids=ENDS.keys())
async def test_what_goes_beyond_a_limit_is_ended_with_the_reason(code: str, words: str) -> None:
    """Each reads its request first, as its limits stand when it begins to answer."""
    assert words in await why(python("import sys; sys.stdin.read()\n" + code))


async def test_a_core_that_is_burnt_is_ended_by_the_system() -> None:
    burns = replace(python("while True: pass"), cpu=1)
    assert await why(burns) == "It took more than 1 s of CPU time."


async def test_a_process_that_hangs_is_gone_when_the_answer_comes(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    hangs = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(99)"
    assert "longer than 1 s" in await why(replace(python(hangs, str(told)), seconds=1))
    assert not running(int(told.read_text()))


async def test_whoever_waits_no_more_ends_the_process(tmp_path: Path) -> None:
    """A cancelled task, as at the end of leadership."""
    told = tmp_path / "pid"
    hangs = python(
        "import os, sys, time; open(sys.argv[1], 'w').write(f'{os.getpid()} '); time.sleep(99)",
        str(told),
    )
    task = asyncio.create_task(ChildProcesses().run(hangs, b""))
    pid = await first_pid(told)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not running(pid)


async def test_a_request_that_nobody_reads_is_no_trouble() -> None:
    assert await ChildProcesses().run(python("print('x')"), b"y" * 4 * MIB) == b"x\n"


async def test_what_cannot_be_started_was_never_run() -> None:
    missing = replace(QUICK, command=("/nonexistent",))
    answer = await ChildProcesses().run(missing, b"")
    assert isinstance(answer, Unfinished)
    assert not answer.started
    await ChildProcesses().prepare(missing)


async def test_no_secret_is_in_the_environment_of_a_process() -> None:
    """Nor can its memory be written to a disk."""
    tells = python(
        "import os, resource; print(sorted(os.environ), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    answer = await ChildProcesses().run(tells, b"")
    assert isinstance(answer, bytes)
    names, _, core = answer.decode().strip().partition("] ")
    allowed = {*ENVIRONMENT, *ONE_THREAD, "HOME", "LC_CTYPE"}
    assert set(literal_eval(names + "]")) <= allowed
    assert core == "(0, 0)"


async def test_one_process_runs_at_a_time(tmp_path: Path) -> None:
    """The second begins after the first has ended, whatever each of them does."""
    told = tmp_path / "order"
    code = (
        "import sys, time; out = open(sys.argv[1], 'ab', buffering=0); out.write(b'begin '); "
        "time.sleep(0.2); out.write(b'end '); print('x')"
    )
    processes = ChildProcesses()
    one, other = python(code, str(told)), replace(python(code, str(told)), seconds=21)
    await asyncio.gather(processes.run(one, b"a"), processes.run(other, b"b"))
    assert told.read_text() == "begin end begin end "


TELLS = (
    "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()} '); sys.stdin.read(); print('x')"
)


async def first_pid(told: Path) -> int:
    """The process, once it runs."""
    async with asyncio.timeout(30):
        while not (told.exists() and told.read_text().endswith(" ")):  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.01)
    return int(told.read_text().split()[-1])  # noqa: ASYNC240


async def test_a_prepared_process_does_the_next_work_and_no_other(tmp_path: Path) -> None:
    """However often somebody says that it will be wanted."""
    told = tmp_path / "pids"
    processes, tells = ChildProcesses(), python(TELLS, str(told))
    await processes.prepare(tells)
    await first_pid(told)
    await processes.prepare(tells)
    assert await processes.run(tells, b"a") == b"x\n"
    assert len(told.read_text().split()) == 1
    assert await processes.run(tells, b"a") == b"x\n"
    assert len(told.read_text().split()) == 2


async def test_other_work_ends_a_prepared_process(tmp_path: Path) -> None:
    """There is memory for one of them."""
    told = tmp_path / "pids"
    processes = ChildProcesses()
    await processes.prepare(python(TELLS, str(told)))
    waiting = await first_pid(told)
    assert await processes.run(python("print('y')"), b"a") == b"y\n"
    assert not running(waiting)


async def test_a_prepared_process_that_nobody_wants_ends(tmp_path: Path) -> None:
    """After a while, or with the bot; the next work has a process of its own."""
    told = tmp_path / "pids"
    tells = python(TELLS, str(told))
    brief = ChildProcesses(waits=0.1)
    await brief.prepare(tells)
    assert brief._prepared
    async with asyncio.timeout(30):
        await brief._prepared[1].wait()
    assert await brief.run(tells, b"a") == b"x\n"
    told.unlink()
    processes = ChildProcesses()
    await processes.prepare(tells)
    waiting = await first_pid(told)
    await processes.close()
    assert not running(waiting)


def running(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
