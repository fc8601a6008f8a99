"""Route checks against real sockets, and whatever a backend may answer."""

import asyncio
import datetime as dt
import os
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from bot.net.probing import output as lines
from bot.net.probing.protocol import (
    CertificateFault,
    Outcome,
    Probe,
    ProbeAnswer,
    ProbeJob,
    ProbeKind,
    WebFacts,
)
from bot.probe import certificates
from bot.probe.checking import MOST_HOST, MOST_TEXT, check
from bot.probe.job import ProbeTask
from bot.probe.outcomes import Ended, TryProgress
from tests.probe import servers
from tests.probe.test_trying import to, tried

PAGE = (
    b"HTTP/1.1 301 Moved Permanently\r\nServer: shop\r\nContent-Type: text/html\r\n"
    b"Location: https://user@Login.example:8443/x?next=secret\r\nContent-Length: 5\r\n"
    b"Set-Cookie: session=secret\r\nRetry-After: 120\r\nWWW-Authenticate: Basic\r\n\r\nhello"
)


def a_check(port: int, kind: ProbeKind = ProbeKind.ROUTE_HEAD, **options: Any) -> Probe:
    """A route check of `a.example` by loopback."""
    return to(port, kind, name="a.example", seconds=options.pop("seconds", 2.0), **options)


@asynccontextmanager
async def recording(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server, and the heads of the requests that it got."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()

    async with servers.serving(serve) as port:
        yield port, heads


@pytest.mark.parametrize(
    ("kind", "first"),
    [(ProbeKind.ROUTE_HEAD, b"HEAD / HTTP/1.1"), (ProbeKind.ROUTE_GET, b"GET / HTTP/1.1")],
)
async def test_one_request_of_the_root_is_made_by_its_own_name_and_no_redirect_followed(
    kind: ProbeKind, first: bytes
) -> None:
    """The backend's own record is the witness."""
    async with recording(PAGE) as (port, heads):
        (answer,) = await tried(a_check(port, kind))
    assert answer.status == 301
    (head,) = heads
    assert head.split(b"\r\n")[:3] == [
        first,
        b"Host: a.example",
        b"User-Agent: meshmedic-route-check",
    ]


async def test_of_an_answer_the_facts_of_the_list_come_back_and_nothing_else() -> None:
    """No cookie, path, query, credentials or body: none of it tells who answered."""
    async with recording(PAGE) as (port, _):
        (answer,) = await tried(a_check(port))
    assert answer.web
    assert msgspec.structs.replace(answer.web, latency=None) == WebFacts(
        server="shop",
        content_type="text/html",
        length=5,
        login=True,
        location="login.example",
        retry_after="120",
    )
    assert b"secret" not in msgspec.json.encode(answer)


async def test_early_hints_are_not_taken_for_the_answer() -> None:
    """Traefik passes interim answers on."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    async with recording(hints + b"HTTP/1.1 204 No Content\r\n\r\n") as (port, _):
        (answer,) = await tried(a_check(port))
    assert (answer.outcome, answer.status) == (Outcome.OK, 204)


async def test_a_body_that_never_ends_does_not_hide_the_answer() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nbegun")
        await reader.read()

    async with servers.serving(endless) as port:
        (answer,) = await tried(a_check(port, ProbeKind.ROUTE_GET, seconds=0.4))
    assert (answer.outcome, answer.status) == (Outcome.STALLED, 200)
    assert answer.web
    assert answer.web.latency is not None


async def test_the_fingerprint_tells_answers_by_the_order_of_their_headers() -> None:
    """Go writes `Date` before `Content-Length` in its own answers, and sorts those it passes on."""
    prints = set()
    for head in (b"Date: now\r\nContent-Length: 19\r\n", b"Content-Length: 19\r\nDate: then\r\n"):
        async with recording(b"HTTP/1.1 404 Not Found\r\n" + head + b"\r\n") as (port, _):
            prints |= {answer.backend for answer in await tried(a_check(port), a_check(port))}
    assert len(prints) == 2


async def test_checks_of_one_job_are_made_one_after_the_other() -> None:
    """Nobody is to feel them."""
    at_once: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_once.append(1)
        await reader.readuntil(b"\r\n\r\n")
        assert len(at_once) == 1
        await asyncio.sleep(0.05)
        at_once.pop()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

    async with servers.serving(serve) as port:
        answers = await tried(a_check(port), a_check(port), a_check(port))
    assert [answer.status for answer in answers] == [200] * 3


@given(st.binary(max_size=400), st.sampled_from([b"", PAGE, b"HTTP/1.1 200 OK\r\nServer: "]))
def test_whatever_is_answered_the_facts_stay_within_their_limits(rest: bytes, head: bytes) -> None:
    """Headers are anybody's: no text is longer than its limit, or more than plain characters."""

    async def answer() -> TryProgress:
        progress = TryProgress()
        async with recording(head + rest) as (port, _):
            task = ProbeTask("p", "route-head", "127.0.0.1", port, "a.example", again=0)
            try:
                async with asyncio.timeout(2):
                    await check(task, progress)
            except (Ended, TimeoutError):
                pass
        return progress

    progress = asyncio.run(answer())
    facts = msgspec.convert(progress.web or {}, WebFacts)
    for text in (facts.server, facts.content_type, facts.retry_after):
        assert len(text) <= MOST_TEXT
        assert text == "" or (text.isascii() and text.isprintable())
    assert len(facts.location) <= MOST_HOST
    assert len(msgspec.json.encode(facts)) < 1024


async def served(
    folder: Path, authority: trustme.CA | None, server: ssl.SSLContext
) -> tuple[ProbeAnswer, int]:
    """The answer of a check by TLS as a pod makes it, and how many requests the server got."""
    requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        try:
            await reader.readuntil(b"\r\n\r\n")
            requests += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    known = folder / "known.pem"
    known.write_bytes(authority.cert_pem.bytes() if authority else b"")
    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server)
    async with listening:
        probe = a_check(listening.sockets[0].getsockname()[1], tls=True)
        job = ProbeJob(id="j", expires=time.time() + 60, probes=(probe,))
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.probe", "once", msgspec.json.encode(job).decode()),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "SSL_CERT_FILE": str(known), "SSL_CERT_DIR": str(folder / "none")},
        )
        out, _ = await asyncio.wait_for(running.communicate(), 30)
    (answer,) = lines.answers(lines.lines_of(out, "j"))
    return answer, requests


def a_server(authority: trustme.CA, name: str = "a.example", days: int = 1) -> ssl.SSLContext:
    """A server's context with a certificate for a name that ends in so many days."""
    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    begin = end - dt.timedelta(days=9)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_before=begin, not_after=end).configure_cert(context)
    return context


@pytest.mark.slow
@pytest.mark.parametrize(
    ("known", "name", "days", "faults"),
    [
        (True, "a.example", 1, ()),
        (True, "*.example", 1, ()),
        (True, "b.example", 1, (CertificateFault.WRONG_NAME,)),
        (True, "a.example", -1, (CertificateFault.EXPIRED,)),
        (True, "a.example", 10, (CertificateFault.NOT_YET,)),
        (False, "a.example", 1, (CertificateFault.UNKNOWN_ISSUER,)),
        (
            False,
            "b.example",
            -1,
            (
                CertificateFault.EXPIRED,
                CertificateFault.UNKNOWN_ISSUER,
                CertificateFault.WRONG_NAME,
            ),
        ),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_told_and_the_request_is_made_once(
    tmp_path: Path, known: bool, name: str, days: int, faults: tuple[CertificateFault, ...]
) -> None:
    """All that is wrong with it, where OpenSSL names one thing only."""
    authority = trustme.CA()
    trusted = authority if known else trustme.CA()
    answer, requests = await served(tmp_path, trusted, a_server(authority, name, days))
    assert (answer.outcome, answer.status, requests) == (Outcome.OK, 200, 1)
    assert answer.web
    assert answer.web.certificate
    assert answer.web.certificate.faults == faults
    assert answer.web.certificate.ends
    assert abs(answer.web.certificate.ends - time.time() - days * 86400) < 120


@given(st.data())
def test_no_bytes_make_the_reading_of_a_certificate_do_more_than_say_unreadable(
    data: st.DataObject,
) -> None:
    """Also a real one with some bytes changed: a server may serve anything."""
    der = bytearray(REAL)
    for at, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(der) - 1), st.integers(0, 255)))
    ):
        der[at] = byte
    raw = data.draw(st.sampled_from([bytes(der)]) | st.binary(max_size=200))
    said = certificates.examine(raw, "a.example", 0.0, 0)
    assert set(said["faults"]) <= set(CertificateFault)


REAL = ssl.PEM_cert_to_DER_cert(
    trustme.CA().issue_cert("a.example").cert_chain_pems[0].bytes().decode()
)


def test_a_self_signed_certificate_is_told_from_one_of_an_unknown_issuer() -> None:
    """Traefik's own default certificate is of the first sort."""
    root = ssl.PEM_cert_to_DER_cert(trustme.CA().cert_pem.bytes().decode())
    for code in (18, None):
        assert "self-signed" in certificates.examine(root, "a.example", time.time(), code)["faults"]
    unknown = certificates.examine(REAL, "a.example", time.time(), 20)
    assert unknown["faults"] == ["unknown issuer"]
    assert certificates.examine(REAL, "a.example", time.time(), None)["faults"] == [
        "issuer not checked"
    ]


def test_both_ends_have_the_same_words_for_what_is_wrong_with_a_certificate() -> None:
    words = {
        value
        for name, value in vars(certificates).items()
        if name.isupper() and isinstance(value, str)
    }
    assert words == set(CertificateFault)
