"""Every outcome, made by real sockets, and read as the bot reads it."""

import asyncio
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer, ProbeKind
from bot.probe import job as jobs
from bot.probe.listening import MOST_SOURCES, Listener, News, telling
from bot.probe.outcomes import Ended, TryProgress
from bot.probe.resolving import look_up
from bot.probe.trying import try_all
from tests.probe import servers


async def tried(probe: Probe, *more: Probe) -> list[ProbeAnswer]:
    """The answers, over the same JSON as on the wire."""
    answers: list[ProbeAnswer] = []
    body = {"id": "j", "expires": 9e9, "probes": [probe, *more]}
    job = jobs.read(msgspec.json.encode(body), now=0)

    def say(answer: dict[str, Any]) -> None:
        answers.append(msgspec.json.decode(msgspec.json.encode(answer), type=ProbeAnswer))

    await try_all(job.probes, say)
    return answers


def to(port: int, kind: ProbeKind = ProbeKind.TCP, **options: Any) -> Probe:
    given = {"seconds": 0.5, "again": 0, "address": "127.0.0.1", **options}
    return Probe(id="p", kind=kind, port=port, **given)


async def test_a_connection_tells_how_long_the_handshake_took() -> None:
    async with servers.serving(servers.silent) as port:
        (answer,) = await tried(to(port))
    assert answer.outcome is Outcome.OK
    assert answer.connected is not None
    assert answer.source == "127.0.0.1"


async def test_a_refusal_is_told_with_its_errno_and_the_time_it_took() -> None:
    async with servers.serving(servers.silent) as port:
        pass
    (answer,) = await tried(to(port))
    assert (answer.outcome, answer.errno) == (Outcome.REFUSED, 111)
    assert answer.connected is not None


async def test_a_new_target_is_waited_for_and_only_then_tried() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        asyncio.get_running_loop().call_later(0.4, reserved.listen)
        answers = await tried(to(port, tries=3, settle=5.0))
    assert [answer.outcome for answer in answers] == [Outcome.OK] * 3
    assert min(answer.at for answer in answers) >= 400
    assert not any(answer.unsettled for answer in answers)


async def test_a_new_target_that_never_answers_is_tried_all_the_same_and_said() -> None:
    async with servers.serving(servers.silent) as port:
        pass
    answers = await tried(to(port, tries=2, settle=0.3))
    assert [answer.outcome for answer in answers] == [Outcome.REFUSED] * 2
    assert all(answer.unsettled for answer in answers)


async def test_a_silent_new_target_is_not_given_a_second_try_besides() -> None:
    async with servers.full() as port:
        (answer,) = await tried(to(port, again=1, seconds=0.3, settle=0.5))
    assert (answer.outcome, answer.retried) == (Outcome.TIMEOUT, False)
    assert answer.unsettled


async def test_no_answer_to_the_handshake_is_a_timeout_and_is_tried_again() -> None:
    async with servers.full() as port:
        (answer,) = await tried(to(port, again=1, seconds=0.3))
    assert (answer.outcome, answer.retried) == (Outcome.TIMEOUT, True)
    assert answer.connected is None


@pytest.mark.parametrize(
    ("serve", "outcome"),
    [
        (servers.silent, Outcome.STALLED),
        (servers.resetting, Outcome.RESET),
        (servers.closing, Outcome.CLOSED),
        (servers.saying(b"SSH-2.0-OpenSSH\r\n\r\n"), Outcome.NOT_HTTP),
        (servers.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nhi"), Outcome.CLOSED),
        (servers.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), Outcome.OK),
    ],
)
async def test_each_way_to_fail_after_the_handshake_has_its_word(
    serve: servers.Serve, outcome: Outcome
) -> None:
    async with servers.serving(serve) as port:
        (answer,) = await tried(to(port, ProbeKind.HTTP))
    assert answer.outcome is outcome


async def test_an_error_status_is_an_answer() -> None:
    async with servers.serving(servers.saying(b"HTTP/1.1 503 No\r\n\r\n")) as port:
        (answer,) = await tried(to(port, ProbeKind.HTTP))
    assert (answer.outcome, answer.status) == (Outcome.OK, 503)


async def test_a_backend_is_known_by_its_own_name_or_else_by_its_answer() -> None:
    named = b"HTTP/1.1 200 OK\r\n\r\nHostname: web-1\nIP: 10.42.0.1\n"
    header = b"HTTP/1.1 200 OK\r\nX-Served-By: web-2\r\n\r\n"
    found = []
    for content in (named, header, b"HTTP/1.1 200 OK\r\n\r\na", b"HTTP/1.1 200 OK\r\n\r\nb"):
        async with servers.serving(servers.saying(content)) as port:
            found += [each.backend for each in await tried(to(port, ProbeKind.HTTP, tries=2))]
    assert found[:4] == ["web-1", "web-1", "web-2", "web-2"]
    assert found[4] == found[5] != found[6] == found[7]


async def test_the_request_carries_the_host_and_as_many_bytes_as_asked() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No\r\n\r\n")

    async with servers.serving(serve) as port:
        await tried(to(port, ProbeKind.HTTP, name="shop.example", path="/a?b", size=3000))
    assert asked[0].startswith(b"GET /a?b HTTP/1.1\r\nHost: shop.example\r\n")
    assert len(asked[0]) > 3000


@pytest.mark.parametrize("name", ["shop.example", "other.example", "10.42.0.9", ""])
async def test_tls_is_spoken_whoever_the_certificate_is_for(name: str) -> None:
    """Also where the answer is larger than a record, and more than one at a time."""
    async with servers.securely(b"x" * 60_000) as port:
        answers = await tried(to(port, ProbeKind.HTTP, tls=True, name=name, seconds=20, tries=20))
    assert {(each.outcome, each.status, each.size) for each in answers} == {
        (Outcome.OK, 200, 60_000)
    }
    assert len({each.backend for each in answers}) == 1


async def test_tls_that_the_other_end_does_not_end_properly_has_an_answer_all_the_same() -> None:
    async with servers.securely(b"cut off", rudely=True) as port:
        (answer,) = await tried(to(port, ProbeKind.HTTP, tls=True, seconds=20))
    assert (answer.outcome, answer.size) == (Outcome.OK, 7)


async def _plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 no plain text here, please\r\n\r\n")
    await writer.drain()


async def _closing_at_once(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read(2000)


@pytest.mark.parametrize(
    ("serve", "outcome"),
    [
        (_plain, Outcome.TLS),
        (_closing_at_once, Outcome.TLS),
        (servers.resetting, Outcome.TLS),
        (servers.silent, Outcome.STALLED),
    ],
)
async def test_a_handshake_of_tls_that_fails_is_told_apart(
    serve: servers.Serve, outcome: Outcome
) -> None:
    async with servers.serving(serve) as port:
        (answer,) = await tried(to(port, ProbeKind.HTTP, tls=True, name="shop.example"))
    assert answer.outcome is outcome
    assert answer.detail


def _loopback() -> list[str]:
    """The addresses of this machine's loopback, of both families where there are both."""
    with suppress(OSError), socket.socket(socket.AF_INET6) as made:
        made.bind(("::1", 0))
        return ["127.0.0.1", "::1"]
    return ["127.0.0.1"]


@pytest.mark.parametrize("address", _loopback())
async def test_a_listener_gives_back_what_it_got_and_says_whom_it_heard(address: str) -> None:
    listener, said = Listener("alpha"), list[dict[str, Any]]()
    async with listener.bound(0) as port, telling(listener, said.append, often=60):
        small, large, packet = (
            to(int(port), kind, size=size, seconds=5, address=address)
            for kind, size in ((ProbeKind.ECHO, 1), (ProbeKind.ECHO, 8192), (ProbeKind.UDP, 1400))
        )
        answers = await tried(small, large, packet)
    assert {(each.outcome, each.size, each.backend) for each in answers} == {
        (Outcome.OK, size, "alpha") for size in (1, 8192, 1400)
    }
    assert said == [{"heard": {"source": address, "tcp": 2, "udp": 1}}]


def test_a_flood_of_sources_makes_a_listener_forget_and_not_deaf() -> None:
    said: list[dict[str, Any]] = []
    news = News(said.append)
    for source in ("10.42.0.1", *(f"flood-{number}" for number in range(MOST_SOURCES))):
        news.hear(source, "udp")
    news.tell()
    assert len(said) == MOST_SOURCES
    news.hear("10.42.0.1", "udp")
    news.hear("10.42.0.1", "tcp")
    news.tell()
    news.tell()
    assert said[MOST_SOURCES:] == [{"heard": {"source": "10.42.0.1", "udp": 1, "tcp": 1}}]


async def test_a_listener_never_sends_more_than_it_got() -> None:
    listener = Listener("a" * 200)
    async with listener.bound(0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(b"MESHMEDIC 10 8192\n" + b"." * 10)
        head = await reader.readline()
        rest = await reader.readexactly(10)
        writer.close()
        assert await reader.read() == b""
    assert head.startswith(b"MESHMEDIC aaa")
    assert rest == b"." * 10
    for size in (10, 128, 1400):
        assert len(listener.answer(b"MESHMEDIC x\n".ljust(size, b".")) or b"") in (0, size)


@pytest.mark.parametrize("kind", [ProbeKind.ECHO, ProbeKind.UDP])
async def test_a_listener_that_is_not_ours_is_no_echo(kind: ProbeKind) -> None:
    async with servers.serving(servers.silent) as port:
        (answer,) = await tried(to(port, kind, size=10, seconds=0.3))
    assert answer.outcome in (Outcome.STALLED, Outcome.REFUSED)


class NameServer(asyncio.DatagramProtocol):
    """Knows `web.apps.svc.cluster.local` alone."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        known = b"\x03web\x04apps\x03svc\x07cluster\x05local\x00" in data
        fails = b"\x05fails" in data
        answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4) + bytes([10, 43, 0, 7])
        found = known and data[-3] == 1
        code = 2 if fails else 0 if known else 3
        head = data[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, int(found), 0, 0)
        self.transport.sendto(head + data[12:] + (answer if found else b""), addr)  # type: ignore[attr-defined]


async def test_a_name_server_that_answers_no_is_not_one_that_is_silent() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    names = ("web.apps.svc.cluster.local.", "no.such.name.", "fails.example.")
    well, absent, failing = [
        (await tried(to(port, ProbeKind.DNS, name=name, seconds=5)))[0] for name in names
    ]
    transport.close()
    (refused,) = await tried(to(port, ProbeKind.DNS, name=names[0]))
    assert (well.outcome, well.addresses) == (Outcome.OK, ("10.43.0.7",))
    assert (absent.outcome, absent.errno) == (Outcome.NAME, 3)
    assert (failing.outcome, failing.errno) == (Outcome.NAME, 2)
    assert refused.outcome is Outcome.REFUSED


async def test_names_are_completed_by_the_pods_search_domains(tmp_path: Path) -> None:
    """And of several failures the one that tells most is told."""
    (tmp_path / "resolv.conf").write_text(
        "nameserver 192.0.2.1\n"
        "search probe.svc.cluster.local svc.cluster.local cluster.local fails.example\n"
        "options ndots:5\n"
    )
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    seen, unseen = TryProgress(), TryProgress()
    probe, absent = (
        jobs.ProbeTask("p", "dns", "127.0.0.1", transport.get_extra_info("sockname")[1], name)
        for name in ("web.apps", "no.such")
    )
    async with asyncio.timeout(30):
        await look_up(probe, seen, tmp_path / "resolv.conf")
        with pytest.raises(Ended) as caught:
            await look_up(absent, unseen, tmp_path / "resolv.conf")
    transport.close()
    assert seen.addresses == ("10.43.0.7",)
    assert (caught.value.outcome, caught.value.number) == (Outcome.NAME, 2)


async def test_a_hopeless_probe_is_given_up_and_the_others_go_on() -> None:
    async with servers.full() as dead, servers.serving(servers.silent) as port:
        answers = await tried(
            to(dead, tries=40, seconds=0.2), msgspec.structs.replace(to(port, tries=40), id="q")
        )
    assert sum(each.id == "q" for each in answers) == 40
    assert 4 <= sum(each.id == "p" for each in answers) < 20
