"""The program itself, as a pod runs it."""

import asyncio
import errno
import json
import os
import shutil
import signal
import sys
import time

import msgspec
import pytest

from bot.net.probing import output as lines
from bot.net.probing.protocol import Listen, Outcome, Probe, ProbeJob, ProbeKind
from bot.probe.listening import Listener
from tests.places import ROOT

COMMAND = (sys.executable, "-m", "bot.probe", "once")


async def started(job: ProbeJob | str) -> asyncio.subprocess.Process:
    text = job if isinstance(job, str) else msgspec.json.encode(job).decode()
    return await asyncio.create_subprocess_exec(*COMMAND, text, stdout=asyncio.subprocess.PIPE)


async def test_a_job_is_done_and_its_lines_end_with_done() -> None:
    probe = Probe(id="p", kind=ProbeKind.TCP, address="127.0.0.1", port=1, tries=2)
    running = await started(ProbeJob(id="j", expires=time.time() + 60, probes=(probe,)))
    out, _ = await asyncio.wait_for(running.communicate(), 30)
    found = list(lines.lines_of(out, "j"))
    assert running.returncode == 0
    assert [line.done for line in found] == [False, False, True]
    assert {each.outcome for each in lines.answers(iter(found))} == {Outcome.REFUSED}


async def test_a_job_that_is_over_is_refused_with_a_word() -> None:
    running = await started(ProbeJob(id="j", expires=1.0))
    out, _ = await asyncio.wait_for(running.communicate(), 30)
    assert running.returncode == 2
    assert "expired" in json.loads(out)["refused"]


async def test_a_listener_says_where_it_listens_and_ends_when_asked() -> None:
    """What was heard is said on the way out."""
    listen = Listen(name="alpha", port=0, seconds=60)
    running = await started(ProbeJob(id="j", expires=time.time() + 60, listen=listen))
    assert running.stdout
    first = json.loads(await asyncio.wait_for(running.stdout.readline(), 30))
    _, writer = await asyncio.open_connection("127.0.0.1", int(first["listening"]))
    writer.write(b"MESHMEDIC 0 0\n")
    writer.close()
    heard = json.loads(await asyncio.wait_for(running.stdout.readline(), 30))
    running.send_signal(signal.SIGTERM)
    await asyncio.wait_for(running.communicate(), 30)
    assert heard["heard"] == {"source": "127.0.0.1", "tcp": 1}
    assert running.returncode == 0


async def test_it_ends_by_itself_when_its_time_is_over() -> None:
    listen = Listen(name="alpha", port=0, seconds=600)
    running = await started(ProbeJob(id="j", expires=time.time() + 2, listen=listen))
    out, _ = await asyncio.wait_for(running.communicate(), 30)
    assert list(lines.lines_of(out, "j"))[-1].done


async def test_a_port_that_is_taken_is_said() -> None:
    listener = Listener("other")
    async with listener.bound(0) as port:
        listen = Listen(name="alpha", port=int(port))
        running = await started(ProbeJob(id="j", expires=time.time() + 60, listen=listen))
        out, _ = await asyncio.wait_for(running.communicate(), 30)
    assert running.returncode == 2
    assert "Address already in use" in json.loads(out)["refused"]


async def test_an_address_that_no_way_leads_to_is_no_route() -> None:
    """In a network namespace with nothing in it."""
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("a network namespace needs root and unshare (Debian: util-linux)")
    probes = tuple(
        Probe(id=kind, kind=kind, address="10.42.0.9", port=80)
        for kind in (ProbeKind.TCP, ProbeKind.UDP)
    )
    job = ProbeJob(id="j", expires=time.time() + 60, probes=probes)
    running = await asyncio.create_subprocess_exec(
        *("unshare", "--net", *COMMAND, msgspec.json.encode(job).decode()),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(running.communicate(), 30)
    answers = lines.answers(lines.lines_of(out, "j"))
    assert {(each.outcome, each.errno) for each in answers} == {
        (Outcome.NO_ROUTE, errno.ENETUNREACH)
    }
    assert len(answers) == 2


async def test_it_needs_nothing_but_the_standard_library() -> None:
    """Without any folder of packages, and with no other part of ours loaded."""
    said = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import bot.probe.serve; "
        "print(*(each for each in sys.modules if each.startswith('bot')))"
    )
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", said), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(running.communicate(), 30)
    assert running.returncode == 0
    loaded = out.decode().split()
    assert all(each == "bot" or each.startswith("bot.probe") for each in loaded)
