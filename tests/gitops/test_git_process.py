"""The repository is read by a process of its own, which ends at its limits and keeps the token."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.gitops.git_process import READS, GitProcess
from bot.gitops.refusals import FileReason
from bot.gitops.task import BranchRead, Failed, Outcome, Preview, Stopped, Task, Work
from bot.gitops.worker.work import MOST_DETAIL
from bot.runtime.child_process import MIB
from tests.gitops.git_server import TOKEN, Repository, git, repository, served
from tests.gitops.trees import ANNOTATE, WEB, a_kustomization

pytestmark = pytest.mark.slow

LIVE = {"kind": "Service", "metadata": {"namespace": "apps", "name": "web"}}
WORK = Work(edit=ANNOTATE, live=LIVE, kustomization=a_kustomization())


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Repository]:
    made = repository(tmp_path)
    made.commit({"apps/web.yaml": WEB})
    async with served(made) as one:
        yield one


def a_task(home: Repository, work: Work | None = WORK, token: str = TOKEN) -> Task:
    return Task(at=home.at, branch="main", token=token, work=work)


async def test_a_file_is_found_and_edited_by_another_process(home: Repository) -> None:
    outcome = await GitProcess().carry_out(a_task(home))
    assert isinstance(outcome, Preview), outcome
    assert outcome.path == "apps/web.yaml"
    assert "+  annotations:" in outcome.diff


async def test_a_blob_of_zeros_is_refused_by_its_size_where_the_server_sends_it(
    home: Repository,
) -> None:
    """And left out by a server that can, so that the rest is read."""
    home.commit({"large.bin": "\0" * 3 * MIB})
    outcome = await GitProcess().carry_out(a_task(home))
    assert isinstance(outcome, Stopped), outcome
    assert outcome.reason is FileReason.TOO_LARGE
    assert "an object of 3 MiB, and 1 MiB is read" in outcome.detail
    git(home.bare, "config", "uploadpack.allowFilter", "true")
    assert isinstance(await GitProcess().carry_out(a_task(home)), Preview)


async def test_what_takes_too_much_memory_is_ended_with_words(home: Repository) -> None:
    """A hundred thousand empty lists: small in the file, and large in Python."""
    home.commit({"apps/large.yaml": "a: [" + "[]," * 100_000 + "]\n"})
    small = replace(READS, memory=32 * MIB)
    outcome = await GitProcess(program=small).carry_out(a_task(home))
    assert outcome == Stopped(FileReason.ENDED, "It needed more than 32 MiB of memory")


def pretends(code: str) -> GitProcess:
    program = replace(READS, command=(sys.executable, "-S", "-c", code), seconds=20)
    return GitProcess(program=program)


ECHO = """
import json, sys
task = sys.stdin.read()
print(json.dumps({"type": "failed", "message": "it said " + json.loads(task)["token"]}))
"""
RAISES = """
import sys
from bot.gitops.worker import __main__ as worker
sys.excepthook = worker._without_messages
raise ValueError(sys.stdin.read())
"""


async def test_the_token_is_in_no_answer_argument_environment_or_log(
    home: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the process says, or dies of."""
    outcome = await pretends(ECHO).carry_out(a_task(home))
    assert isinstance(outcome, Failed)
    assert TOKEN not in outcome.message
    tells = "import os, sys; sys.stdin.read(); raise SystemExit(repr((os.environ, sys.argv)))"
    dies = replace(READS, command=(sys.executable, "-c", RAISES))
    for process in (pretends(tells), GitProcess(program=dies)):
        outcome = await process.carry_out(a_task(home))
        assert isinstance(outcome, Stopped)
        assert outcome.reason is FileReason.ENDED
    assert "ValueError" in caplog.text
    assert TOKEN not in caplog.text + repr(a_task(home))


@pytest.mark.parametrize(
    "answer", ["", "hello", "{}", '{"type": "stopped", "reason": "x"}', "[" * 9999]
)
async def test_an_answer_that_is_none_is_a_refusal(home: Repository, answer: str) -> None:
    outcome = await pretends(f"print({answer!r})").carry_out(a_task(home))
    assert isinstance(outcome, Stopped)
    assert outcome.reason is FileReason.ENDED


async def test_the_event_loop_goes_on_meanwhile(home: Repository) -> None:
    """And the branch is only looked at where nothing is to be edited."""
    loop, longest = asyncio.get_running_loop(), 0.0

    async def ticks() -> None:
        nonlocal longest
        while True:
            before = loop.time()
            await asyncio.sleep(0.01)
            longest = max(longest, loop.time() - before)

    ticking = asyncio.create_task(ticks())
    outcome: Outcome = await GitProcess().carry_out(a_task(home, None))
    ticking.cancel()
    assert outcome == BranchRead(exists=True)
    assert longest < 1


async def test_what_a_branch_says_of_itself_is_told_in_one_short_line(home: Repository) -> None:
    """A key of a hundred thousand letters does not fill the answer, nor a chat."""
    home.commit({"apps/kustomization.yaml": f'? "x{"@everyone" * 10_000}"\n: b\n'})
    outcome = await GitProcess().carry_out(a_task(home))
    assert isinstance(outcome, Stopped), outcome
    assert outcome.reason is FileReason.UNKNOWN_FIELD
    assert len(outcome.detail) <= MOST_DETAIL


async def test_a_file_whose_name_is_no_utf8_hides_no_other(home: Repository) -> None:
    home.commit({"apps/\udcff.yaml": "a: ["})
    assert isinstance(await GitProcess().carry_out(a_task(home)), Preview)
