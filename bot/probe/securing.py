"""TLS on a connection, with small buffers.

asyncio's own TLS holds 256 KiB for each connection: too much for many of them in a small pod.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from bot.probe.connecting import RECORD, Connection
from bot.probe.outcomes import CLOSED, RESET, TLS, Ended

T = TypeVar("T")


class Untrusted(Ended):
    """A certificate was not accepted; `number` is OpenSSL's verify code."""


class Secured(Connection):
    """By TLS, whatever the certificate says: the question is whether anything answers.

    `verified` refuses a certificate that no authority of this machine vouches for, or that is not
    valid now. The name is not compared.
    """

    def __init__(self, sock: socket.socket, name: str, *, verified: bool = False) -> None:
        super().__init__(sock)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _context(verified=verified).wrap_bio(
            self._incoming, self._outgoing, server_hostname=name or None
        )

    @property
    def certificate(self) -> bytes:
        """The certificate that was served, as DER; empty where there was none."""
        return self._tls.getpeercert(binary_form=True) or b""

    async def shake_hands(self) -> None:
        """Do the TLS handshake.

        Raises:
            Untrusted: The certificate was not accepted.
            Ended: The other end does not speak TLS, or refuses.
        """
        try:
            await self._until_done(self._tls.do_handshake)
        except ssl.SSLCertVerificationError as error:
            raise Untrusted(TLS, error.verify_message, error.verify_code) from error
        except ssl.SSLEOFError as error:
            raise Ended(TLS, "the connection was closed in the handshake") from error
        except ssl.SSLError as error:
            raise Ended(TLS, error.reason or "the handshake failed") from error
        except Ended as end:
            if end.outcome == RESET:
                raise Ended(TLS, "the connection was reset in the handshake", end.number) from end
            raise

    async def send(self, content: bytes) -> None:
        """Send all of it."""
        try:
            await self._until_done(lambda: self._tls.write(content))
        except ssl.SSLError as error:
            raise Ended(CLOSED, error.reason or "TLS ended") from error

    async def receive(self) -> bytes:
        """The next bytes; empty at the end, also where the other end closes without a notice."""
        try:
            return await self._until_done(lambda: self._tls.read(RECORD))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        except ssl.SSLError as error:
            raise Ended(TLS, error.reason or "TLS broke") from error

    async def _until_done(self, act: Callable[[], T]) -> T:
        while True:
            try:
                done = act()
            except ssl.SSLWantReadError:
                await super().send(self._outgoing.read())
                part = await super().receive()
                if part:
                    self._incoming.write(part)
                else:
                    self._incoming.write_eof()
            else:
                await super().send(self._outgoing.read())
                return done


def knows_authorities() -> bool:
    """Whether this machine has any authorities by which a certificate could be verified."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(os.scandir(paths.capath))))


@cache
def _context(*, verified: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if verified:
        context.set_default_verify_paths()
    else:
        context.verify_mode = ssl.CERT_NONE
    return context
