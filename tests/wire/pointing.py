"""Points the unchanged library at a local Discord, and never by half: a token must not leak."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.wire.discord_server import DiscordServer

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class WouldReachDiscordError(Exception):
    """One of the two addresses is not a local one over TLS."""


@dataclass(frozen=True, slots=True)
class Pointed:
    """What an in-process client needs beside the two addresses: trust in the server's CA."""

    trust: ssl.SSLContext

    def connector(self) -> aiohttp.TCPConnector:
        """For `discord.Client(connector=...)`; one for each client, which closes it."""
        return aiohttp.TCPConnector(limit=0, ssl=self.trust)

    def equip(self, client: discord.Client) -> None:
        """Give the connector to a client that was made elsewhere, before it starts."""
        client.http.connector = self.connector()


@contextmanager
def pointing_at(server: DiscordServer) -> Iterator[Pointed]:
    """In this block, every client of this process speaks to `server`."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    try:
        point(server.rest_base, server.gateway.url)
        yield Pointed(ssl.create_default_context(cafile=server.ca_file))
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


def point(rest_base: str, gateway: str) -> None:
    """Set both addresses for the rest of the process.

    Raises:
        WouldReachDiscordError: One of them is not local, so neither was set.
    """
    _require_local("REST base", rest_base, "https")
    _require_local("gateway", gateway, "wss")
    Route.BASE = rest_base
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


def _require_local(what: str, address: str, scheme: str) -> None:
    url = yarl.URL(address)
    if url.scheme != scheme or url.host not in LOCAL:
        msg = f"the {what} {address!r} is not a local address over TLS"
        raise WouldReachDiscordError(msg)
