"""The agent as a process, asked over real sockets as the bot does it."""

import asyncio
import json
import sys
import time
from pathlib import Path

import msgspec
import pytest

from bot.net.probing import output as lines
from bot.net.probing import signed_job
from bot.net.probing.protocol import Heard, Listen, Outcome, Probe, ProbeJob, ProbeKind, ProberLine
from bot.probe.agent import MOST_JOBS
from tests.probe import agents, servers, signing


def a_job(name: str = "j", *probes: Probe, listen: Listen | None = None) -> ProbeJob:
    return ProbeJob(id=name, expires=time.time() + 60, probes=probes, listen=listen)


def to(port: int, kind: ProbeKind = ProbeKind.TCP, **options: object) -> Probe:
    given = {"id": f"{kind}", "address": "127.0.0.1", "seconds": 5.0, **options}
    return Probe(kind=kind, port=port, **given)  # type: ignore[arg-type]


def listening(seconds: float) -> Listen:
    return Listen(name="asked", seconds=seconds)


async def test_a_signed_job_is_done_and_its_lines_go_back_and_to_the_log(tmp_path: Path) -> None:
    """The log is read by the API server where the pod network does not carry the answer."""
    async with agents.running(agents.known(tmp_path)) as agent:
        kinds = [
            to(agent.listener, kind, size=900)
            for kind in (ProbeKind.TCP, ProbeKind.ECHO, ProbeKind.UDP)
        ]
        status, back = await agent.asked(signing.signed(a_job("j", *kinds)))
        assert await agent.ended("j") == back
    assert status == 200
    assert back[-1] == ProberLine(job="j", done=True)
    answers = lines.answers(iter(back))
    assert {(each.id, each.outcome) for each in answers} == {
        (kind, Outcome.OK) for kind in ("tcp", "echo", "udp")
    }
    assert {each.backend for each in answers} == {"", "alpha"}


async def test_a_job_that_is_not_to_be_done_is_refused_with_a_word(tmp_path: Path) -> None:
    async with agents.running(agents.known(tmp_path)) as agent:
        sent = signing.signed(a_job("j", to(agent.listener)))
        await agent.asked(sent)
        tampered = msgspec.structs.replace(sent, body=sent.body.replace(b"127.", b"126."))
        unsigned = signed_job.SignedRequest({}, sent.body)
        huge = signed_job.SignedRequest(sent.headers, b" " * 1_000_000)
        tried = {
            409: sent,
            403: tampered,
            421: signing.signed(a_job("k"), "beta"),
            400: signing.signed(ProbeJob(id="l", expires=time.time() - 1)),
            413: huge,
        }
        for status, each in tried.items():
            got, (line,) = await agent.asked(each)
            assert (got, bool(line.refused)) == (status, True)
        assert (await agent.asked(unsigned))[0] in (403, 421)
        assert (await agent.asked(signing.signed(a_job("m"), by=signing.key("theirs"))))[0] == 403
        assert [line.job for line in agent.so_far("m") + agent.so_far("k")] == []


async def test_answers_come_while_the_job_is_under_way(tmp_path: Path) -> None:
    """A person who waits sees something in the first second."""
    async with agents.running(agents.known(tmp_path)) as agent:
        sent = signing.signed(a_job("j", to(agent.listener), listen=listening(30)))
        reader, writer = await asyncio.open_connection("127.0.0.1", agent.port)
        writer.write(_raw(sent))
        answer = b""
        async with asyncio.timeout(agents.LIMIT):
            while b'"answer"' not in answer:
                answer += await reader.readline()
        writer.close()
    assert b'"done"' not in answer


async def test_a_job_goes_on_when_who_asked_is_gone(tmp_path: Path) -> None:
    """The pod network may break while the answers are on their way: the log has them all."""
    async with (
        agents.running(agents.known(tmp_path), "--loopback", "yes") as agent,
        servers.serving(servers.silent) as to_,
    ):
        probe = to(to_, ProbeKind.HTTP, tries=3, seconds=0.5, again=0)
        _, writer = await asyncio.open_connection("127.0.0.1", agent.port)
        writer.write(_raw(signing.signed(a_job("j", probe))))
        await writer.drain()
        writer.transport.abort()
        found = await agent.ended("j")
    assert [each.outcome for each in lines.answers(iter(found))] == [Outcome.STALLED] * 3


async def test_the_standing_listener_tells_whom_it_heard_by_job_and_in_all(tmp_path: Path) -> None:
    async with agents.running(agents.known(tmp_path)) as agent:
        first = signing.signed(a_job("i", to(agent.listener, tries=2)))
        await agent.asked(first)
        both = a_job("j", to(agent.listener, tries=3), listen=listening(1))
        _, back = await agent.asked(signing.signed(both))
        assert back[0].listening == str(agent.listener)
        async with asyncio.timeout(agents.LIMIT):
            while lines.heard(iter(agent.so_far("standing"))) != (Heard("127.0.0.1", tcp=5),):
                await agent.printed("standing", len(agent.so_far("standing")) + 1)
    assert lines.heard(iter(back)) == (Heard("127.0.0.1", tcp=3),)


async def test_only_so_many_jobs_are_done_at_a_time(tmp_path: Path) -> None:
    """And one that was refused for that may be sent again as it is."""
    async with agents.running(agents.known(tmp_path)) as agent:
        jobs = [signing.signed(a_job(f"{n}", listen=listening(3))) for n in range(MOST_JOBS)]
        async with asyncio.TaskGroup() as group:
            under_way = [group.create_task(agent.asked(each)) for each in jobs]
            for number in range(MOST_JOBS):
                await agent.printed(str(number))
            sent = signing.signed(a_job("more"))
            status, (line,) = await agent.asked(sent)
        assert (status, line.refused) == (503, f"{MOST_JOBS} jobs are under way")
        assert [each.result()[0] for each in under_way] == [200] * MOST_JOBS
        assert (await agent.asked(sent))[0] == 200


async def test_a_key_is_known_as_soon_as_the_volume_has_it(tmp_path: Path) -> None:
    """As a ConfigMap's volume changes: a new folder, and one link is swapped."""
    for folder, key in (("old", "theirs"), ("new", "ours")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "replica-1").write_bytes(signing.line(signing.key(key)))
    keys = tmp_path / "mounted"
    keys.mkdir()
    (keys / "..data").symlink_to("../old")
    (keys / "replica-1").symlink_to("..data/replica-1")
    async with agents.running(keys) as agent:
        sent = signing.signed(a_job())
        assert (await agent.asked(sent))[0] == 403
        (keys / "..swap").symlink_to("../new")
        (keys / "..swap").rename(keys / "..data")
        assert (await agent.asked(sent))[0] == 200


async def test_health_is_answered_and_nothing_else_is_there(tmp_path: Path) -> None:
    async with agents.running(agents.known(tmp_path)) as agent:
        healthy = await _said(agent, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        other = await _said(agent, b"GET /jobs HTTP/1.1\r\nHost: a\r\n\r\n")
    assert healthy.startswith(b"HTTP/1.1 200 ")
    assert healthy.endswith(b"\r\n\r\nok\n")
    assert other.startswith(b"HTTP/1.1 404 ")


async def test_who_is_slow_is_cut_off(tmp_path: Path) -> None:
    """Half a head, half a body, and a head without an end."""
    async with agents.running(agents.known(tmp_path)) as agent:
        half_a_job = _raw(signing.signed(a_job()))[:-1]
        slow, cut, endless = await asyncio.gather(
            _said(agent, b"POST /jobs HTTP/1.1\r\n"),
            _said(agent, half_a_job),
            _said(agent, b"GET / HTTP/1.1\r\n" + b"A: a\r\n" * 2000),
        )
        assert (await agent.asked(signing.signed(a_job())))[0] == 200
    assert b" 408 " in slow
    assert b" 408 " in cut
    assert b" 431 " in endless


async def test_agents_try_their_peers_in_the_background(tmp_path: Path) -> None:
    """Two agents, and a peer that is away."""
    peers = tmp_path / "peers"
    keys = agents.known(tmp_path)
    async with agents.running(keys, name="beta") as beta:
        given = [
            {"node": "alpha", "address": "127.0.0.1", "port": 1},
            {"node": "beta", "address": "127.0.0.1", "port": beta.listener},
            {"node": "gamma", "address": "127.0.0.1", "port": 1},
        ]
        peers.write_text(json.dumps(given))
        async with agents.running(keys, "--round", "10", "--peers", str(peers)) as alpha:
            found = await alpha.ended(signed_job.ROUND)
    assert {(each.id, each.outcome.value, each.backend) for each in lines.answers(iter(found))} == {
        ("tcp/beta", "ok", ""),
        ("udp/beta", "ok", "beta"),
        ("echo/beta", "ok", "beta"),
        ("tcp/gamma", "refused", ""),
        ("udp/gamma", "refused", ""),
        ("echo/gamma", "refused", ""),
    }


async def test_it_ends_at_once_when_asked_also_in_the_middle_of_a_job(tmp_path: Path) -> None:
    async with agents.running(agents.known(tmp_path)) as agent:
        sent = signing.signed(a_job("j", listen=listening(50)))
        asking = asyncio.create_task(agent.asked(sent))
        await agent.printed("j")
        agent.process.terminate()
        assert await asyncio.wait_for(agent.process.wait(), agents.LIMIT) == 0
        _, back = await asking
    assert not any(line.done for line in back), "what was cut off does not look whole"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--keys", "k"], "--name and --keys are needed"),
        (["--name", "a", "--keys", "k", "--sudo", "1"], "what is --sudo?"),
        (["--name", "a", "--keys", "k", "--port"], "what is --port?"),
        (["--name", "a", "--keys", "k", "--node-addresses"], "what is --node-addresses?"),
        (["--name", "a", "--keys", "k", "--port", "x"], "--port is a number from 0 to 65534"),
        (["--name", "a", "--keys", "k", "--round", "60"], "belong together"),
        (["--name", "a", "--keys", "k", "--round", "1", "--peers", "p"], "from 10 to"),
    ],
)
async def test_a_wrong_command_line_is_explained(options: list[str], why: str) -> None:
    code, said = await _run(*options)
    assert code == 64
    assert why in said
    assert "usage:" in said


async def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    async with agents.running(agents.known(tmp_path)) as agent:
        code, said = await _run("--name", "b", "--keys", "k", "--port", f"{agent.listener - 1}")
    assert code == 2
    assert f"port {agent.listener}: Address already in use" in said


async def _run(*options: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot.probe", "serve", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), agents.LIMIT)
    return process.returncode, said.decode()


def _raw(sent: signed_job.SignedRequest) -> bytes:
    headers = {**sent.headers, "Content-Length": str(len(sent.body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /jobs HTTP/1.1\r\n{head}\r\n".encode() + sent.body


async def _said(agent: agents.Running, content: bytes) -> bytes:
    """What comes back until the agent closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", agent.port)
    writer.write(content)
    try:
        async with asyncio.timeout(agents.LIMIT):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()
