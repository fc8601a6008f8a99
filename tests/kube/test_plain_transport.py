"""A terminal's own way to the API server: the same answers as by the package, no fault hidden."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.resources import core
from bot.domain.snapshot import Snapshot, Why
from bot.errors import ClusterError, ServerError, Unreachable
from bot.kube import plain_kubeconfig
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.paths import path
from bot.kube.plain_kubeconfig import PlainServer
from bot.kube.plain_transport import PlainTransport
from bot.sandbox.kubernetes_api import SimulatedCluster, kubeconfig, serve, write_kubeconfig
from tests.builders import a_pod

TYPES = (core.Pod, core.Node, core.Service)
ServeOne = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def snapshot(file: Path, *, once: bool) -> Snapshot:
    async with connect(kubeconfig=file, once=once) as api:
        assert isinstance(api.transport, PlainTransport) == once
        return await ClusterReader(api).snapshot(TYPES)


async def test_a_cluster_looks_the_same_by_both_ways(tmp_path: Path):
    """Several pages of pods, over TLS, with a token."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    cluster = SimulatedCluster([a_pod(f"pod-{number}") for number in range(600)])
    cluster.token = "the-token-of-this-test"
    async with serve(cluster, ssl=context) as url:
        ca = authority.cert_pem.bytes()
        write_kubeconfig(tmp_path / "kubeconfig", url, cluster.token, ca=ca)
        plain = await snapshot(tmp_path / "kubeconfig", once=True)
        packaged = await snapshot(tmp_path / "kubeconfig", once=False)
    assert len(plain.objects[core.Pod]) == 600
    assert plain.objects == packaged.objects
    assert plain.gaps == packaged.gaps


async def test_a_certificate_of_somebody_else_is_refused(tmp_path: Path):
    """The CA of the kubeconfig counts, and that of the system does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with serve(SimulatedCluster(), ssl=context) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url, ca=trustme.CA().cert_pem.bytes())
        (gap, *_) = (await snapshot(tmp_path / "kubeconfig", once=True)).gaps
    assert gap.why is Why.UNREACHABLE
    assert "CERTIFICATE_VERIFY_FAILED" in gap.detail


async def test_a_client_certificate_is_shown_to_the_server(tmp_path: Path):
    """As k3s writes it: both halves as base64 in the file."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    client = authority.issue_cert("admin@example.org")
    async with serve(SimulatedCluster([a_pod("web")]), ssl=context) as url:
        config = kubeconfig(url, ca=authority.cert_pem.bytes())
        chain = b"".join(blob.bytes() for blob in client.cert_chain_pems)
        config["users"][0]["user"] = {
            "client-certificate-data": base64.b64encode(chain).decode(),
            "client-key-data": base64.b64encode(client.private_key_pem.bytes()).decode(),
        }
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
        seen = await snapshot(tmp_path / "kubeconfig", once=True)
    assert len(seen.objects[core.Pod]) == 1


async def test_an_expired_token_and_a_server_that_is_gone_are_said(tmp_path: Path):
    """And the token is not repeated."""
    cluster = SimulatedCluster()
    cluster.token = "the-new-token-of-today"
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url, "the-old-token-of-yesterday")
        (gap, *_) = (await snapshot(tmp_path / "kubeconfig", once=True)).gaps
    assert "401" in gap.detail
    assert "yesterday" not in gap.detail
    (gone, *_) = (await snapshot(tmp_path / "kubeconfig", once=True)).gaps
    assert gone.why is Why.UNREACHABLE
    assert url in gone.detail


async def no_package() -> Any:
    """The package's configuration, which these tests never need."""
    raise ClusterError("nobody asks")


@asynccontextmanager
async def plain_api(serve_one: ServeOne, base: str = "") -> AsyncIterator[Api]:
    """The plain transport to a server that serves each connection by this function."""
    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = PlainTransport(PlainServer(f"http://127.0.0.1:{port}{base}"), no_package)
    try:
        yield Api(transport)
    finally:
        await transport.close()
        server.close()


@asynccontextmanager
async def answering(*answers: bytes, hold: bool = False) -> AsyncIterator[tuple[Api, list[bytes]]]:
    """A server that answers each request with the next of these bytes, and what it was sent."""
    sent: list[bytes] = []
    left = list(answers)
    held = asyncio.Event()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while left:
                sent.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(left.pop(0))
                await writer.drain()
                if hold:
                    await held.wait()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    async with plain_api(serve_one, "/base") as api:
        try:
            yield api, sent
        finally:
            held.set()


VERSION = path("/version")
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


async def test_an_answer_in_chunks_is_put_together():
    """As the API server sends a list whose length it does not know."""
    chunked = b'Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\n\r\n'
    async with answering(b"HTTP/1.1 200 OK\r\n" + chunked) as (api, sent):
        assert await api.get(VERSION, [("limit", 5), ("continue", "a b/&")]) == b'{"a":1}'
    assert sent[0].startswith(b"GET /base/version?limit=5&continue=a%20b%2F%26 HTTP/1.1\r\n")


async def test_a_connection_carries_the_next_request_and_a_closed_one_is_no_failure():
    """The server has room for both on one connection; then it closes it between two answers."""
    async with answering(WHOLE, WHOLE, WHOLE) as (api, sent):
        for _ in range(3):
            assert await api.get(VERSION) == b"{}"
    assert len(sent) == 3


FORGED = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"forged":1}'


@asynccontextmanager
async def sending(*parts: bytes) -> AsyncIterator[tuple[Api, list[int]]]:
    """A server that answers each request with all of these, and its connections' requests."""
    requests: list[int] = []
    connections: list[asyncio.StreamWriter] = []

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = len(requests)
        requests.append(0)
        connections.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                requests[place] += 1
                for part in parts:
                    writer.write(part)
                    await asyncio.sleep(0.02)

    async with plain_api(serve_one) as api:
        try:
            yield api, requests
        finally:
            for connection in connections:
                connection.transport.abort()
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("parts", [(WHOLE + FORGED,), (WHOLE, FORGED)], ids=["at once", "later"])
async def test_bytes_after_a_whole_answer_are_never_the_next_answer(parts: tuple[bytes, ...]):
    """Whether they came with it, or while nobody asked for anything."""
    async with sending(*parts) as (api, requests):
        for _ in range(3):
            assert await api.get(VERSION) == b"{}"
            await asyncio.sleep(0.04)
    assert requests == [1, 1, 1]


@pytest.mark.parametrize(
    ("answer", "requests"),
    [
        (WHOLE, [2]),
        (WHOLE.replace(b"\r\n", b"\r\nConnection: Keep-Alive, Close\r\n", 1), [1, 1]),
        (WHOLE.replace(b"1.1", b"1.0"), [1, 1]),
    ],
    ids=["open", "close", "HTTP/1.0"],
)
async def test_a_connection_that_the_server_gives_up_is_not_used_again(
    answer: bytes, requests: list[int]
):
    """Even while it is still open."""
    async with sending(answer) as (api, seen):
        for _ in range(2):
            assert await api.get(VERSION) == b"{}"
    assert seen == requests


@pytest.mark.parametrize("ca", [b"\xff\xfe", b"\xff no PEM", b"\n"])
def test_a_ca_that_cannot_be_read_never_means_the_ca_of_the_system(ca: bytes):
    """Anyone with a certificate of a public CA would be believed."""
    with pytest.raises((OSError, ValueError)):
        PlainTransport(PlainServer("https://10.0.0.1:6443", ca=ca), no_package)


BAD = {
    "cut off": b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}",
    "cut off in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}",
    "no end of chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "a length below zero": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "nothing": b"",
    "an endless line": b"HTTP/1.1 200 " + b"x" * 100_000,
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500,
    "a switch that nobody asked for": b"HTTP/1.1 101 Switching\r\n\r\n",
    "an encoding that nobody asked for": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
async def test_a_broken_answer_is_never_half_an_answer(answer: bytes):
    """A list that ends too soon must not look like a shorter list."""
    async with answering(answer) as (api, _):
        with pytest.raises(Unreachable):
            await api.get(VERSION)


async def test_a_redirect_is_not_followed():
    """The token goes to the server of the kubeconfig alone."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    async with answering(moved) as (api, sent):
        with pytest.raises(ServerError, match="302"):
            await api.get(VERSION)
    assert len(sent) == 1


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
async def test_a_server_that_falls_silent_is_given_up(begun: bytes):
    """Before its headers, or in the middle of a body."""
    async with answering(begun, hold=True) as (api, _):
        with pytest.raises(Unreachable, match="did not answer in time"):
            await api.get(VERSION, total=0.2)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", WHOLE[:-2]]))
def test_hostile_bytes_end_in_an_answer_or_a_known_error(tail: bytes, head: bytes):
    """Whatever a server sends."""

    async def ask() -> None:
        async with answering(head + tail) as (api, _):
            with suppress(ClusterError):
                assert isinstance(await api.get(VERSION, total=5.0), bytes)

    asyncio.run(ask())


NOT_PLAIN: dict[str, Callable[[dict[str, Any]], object]] = {
    "a credential plugin": lambda config: config["users"][0]["user"].update(
        exec={"command": "aws", "apiVersion": "client.authentication.k8s.io/v1"}
    ),
    "no verification": lambda config: config["clusters"][0]["cluster"].update(
        {"insecure-skip-tls-verify": True}
    ),
    "another name in the certificate": lambda config: config["clusters"][0]["cluster"].update(
        {"tls-server-name": "kubernetes"}
    ),
    "a proxy": lambda config: config["clusters"][0]["cluster"].update({"proxy-url": "socks5://a"}),
    "a token in a file": lambda config: config["users"][0]["user"].update(tokenFile="/token"),
    "a context that is not there": lambda config: config.update({"current-context": "none"}),
    "a user that is not there": lambda config: config["users"].clear(),
    "a CA that is not base64": lambda config: config["clusters"][0]["cluster"].update(
        {"certificate-authority-data": "***"}
    ),
    "another scheme": lambda config: config["clusters"][0]["cluster"].update(server="ftp://a"),
    "a password in the address": lambda config: config["clusters"][0]["cluster"].update(
        server="https://me:word@10.0.0.1:6443"
    ),
    "no clusters": lambda config: config.pop("clusters"),
}


@pytest.mark.parametrize("change", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_is_not_plain_is_left_to_the_package(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
):
    """So is what is wrong, since the package says what it is."""
    config = kubeconfig("https://10.0.0.1:6443", token="a-token-of-a-test")
    (tmp_path / "plain").write_bytes(msgspec.json.encode(config))
    assert plain_kubeconfig.read(tmp_path / "plain", None)
    change(config)
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    assert plain_kubeconfig.read(tmp_path / "kubeconfig", None) is None


def test_files_next_to_the_kubeconfig_are_read_from_its_folder(tmp_path: Path):
    """As kubectl resolves them."""
    config = kubeconfig("https://10.0.0.1:6443")
    config["clusters"][0]["cluster"]["certificate-authority"] = "ca.pem"
    (tmp_path / "ca.pem").write_bytes(b"PEM")
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    server = plain_kubeconfig.read(tmp_path / "kubeconfig", None)
    assert server
    assert server.ca == b"PEM"
