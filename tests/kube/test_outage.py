"""Why an API server cannot be worked with, on real connections to one that is broken."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from bot.kube.cache import WatchCache
from bot.kube.connect import connect
from bot.kube.outage import outage
from bot.kube.reflector import WatchTiming
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from tests.builders import a_pod
from tests.wire.scraping import free_port

HASTY = WatchTiming(first_delay=0.02, longest_delay=0.1, forbidden=0.1)
TOKEN = "the-token-of-today"
UNTRIED = "The watches have not been tried yet."


@asynccontextmanager
async def watching(
    folder: Path, url: str, *, token: str = TOKEN, ca: bytes | None = None
) -> AsyncIterator[WatchCache]:
    write_kubeconfig(folder / "kubeconfig", url, token, ca=ca)
    async with connect(kubeconfig=folder / "kubeconfig") as api:
        cache = WatchCache(api, timing=HASTY)
        await cache.start()
        yield cache
        await cache.close()


async def becomes(cache: WatchCache, fits: Callable[[str | None], object]) -> str | None:
    """Look again and again until the reason fits."""
    async with asyncio.timeout(10):
        while True:
            if fits(reason := outage(cache)):
                return reason
            await asyncio.sleep(0.01)


async def first_reason(cache: WatchCache) -> str | None:
    return await becomes(cache, lambda reason: reason != UNTRIED)


def a_certificate(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    return context


async def test_a_certificate_that_nobody_trusts_is_named_until_it_is_another(
    tmp_path: Path,
) -> None:
    """As where the CA is too old for this Python, or another cluster's; later it is ready."""
    trusted, other = trustme.CA(), trustme.CA()
    pem = trusted.cert_pem.bytes()
    cluster, port = SimulatedCluster([a_pod()], token=TOKEN), free_port()
    async with watching(tmp_path, f"https://127.0.0.1:{port}", ca=pem) as cache:
        async with serve(cluster, port=port, ssl=a_certificate(other, "127.0.0.1")):
            reason = await becomes(cache, lambda reason: reason and "certificate" in reason)
        assert re.fullmatch(
            r"The bot has not reached the API server yet: "
            r"its certificate is not trusted \([\w -]+\)\.",
            str(reason),
        )
        async with serve(cluster, port=port, ssl=a_certificate(trusted, "127.0.0.1")):
            assert await becomes(cache, lambda reason: not reason) is None


async def test_a_certificate_for_another_name_is_said_without_the_name(tmp_path: Path) -> None:
    """The name is one of the cluster."""
    ca = trustme.CA()
    context = a_certificate(ca, "kubernetes.example")
    async with (
        serve(SimulatedCluster(), ssl=context) as url,
        watching(tmp_path, url, ca=ca.cert_pem.bytes()) as cache,
    ):
        reason = await first_reason(cache)
    assert reason == (
        "The bot has not reached the API server yet: "
        "its certificate is not trusted (IP address mismatch)."
    )


async def test_a_port_where_nobody_listens_is_said_until_somebody_does(tmp_path: Path) -> None:
    """And an outage after that is none: what is old is said to be."""
    port = free_port()
    async with watching(tmp_path, f"http://127.0.0.1:{port}") as cache:
        assert (
            await first_reason(cache)
            == "The bot has not reached the API server yet: Connection refused."
        )
        async with serve(SimulatedCluster([a_pod()]), port=port):
            assert await becomes(cache, lambda reason: not reason) is None
        await becomes(cache, lambda _: all(watch.error for watch in cache.watches()))
        assert outage(cache) is None


async def test_a_name_that_leads_nowhere_is_not_repeated(tmp_path: Path) -> None:
    """Names of hosts are nobody's business who asks for `/readyz`."""
    async with watching(tmp_path, "http://nowhere.invalid:6443") as cache:
        reason = await first_reason(cache)
    assert reason == "The bot has not reached the API server yet: its name cannot be resolved."


async def test_one_that_hangs_up_or_speaks_no_tls_is_said(tmp_path: Path) -> None:
    """Something listens, and is no API server."""

    async def rude(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"rude\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        async with watching(tmp_path, f"http://{host}") as cache:
            assert "it cuts connections off" in str(await first_reason(cache))
        async with watching(tmp_path, f"https://{host}") as cache:
            assert "no connection by TLS can be made" in str(await first_reason(cache))


async def test_a_refused_token_is_said_from_the_start_and_later(tmp_path: Path) -> None:
    """At the start, and when it is taken away from one that has worked."""
    cluster = SimulatedCluster([a_pod()], token=TOKEN)

    def refused(reason: str | None) -> bool:
        return str(reason).startswith("The API server refuses the bot's credentials.")

    async with serve(cluster) as url, watching(tmp_path, url, token="yesterday's") as cache:
        assert "yesterday" not in str(await becomes(cache, refused))
        cluster.token = "yesterday's"
        await becomes(cache, lambda reason: not reason)
        cluster.token = TOKEN
        cluster.drop_connections()
        await becomes(cache, refused)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (
            403,
            "The bot can't read anything from the cluster: forbidden. Check the bot's roles.",
        ),
        (
            500,
            "The bot can't read anything from the cluster: the API server answers with errors.",
        ),
        (
            404,
            "The bot can't read anything from the cluster: the API server answers with errors.",
        ),
    ],
)
async def test_answers_that_give_nothing_are_said(tmp_path: Path, status: int, reason: str) -> None:
    """What one kind alone refuses keeps nobody from reading the others."""
    cluster = SimulatedCluster([a_pod()])
    cluster.faults.status = status
    async with serve(cluster) as url, watching(tmp_path, url) as cache:
        assert await first_reason(cache) == reason
        cluster.faults.plurals = frozenset({"pods"})
        await becomes(cache, lambda reason: not reason)
