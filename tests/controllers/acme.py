"""What an ACME server looks at: names, and the solver's answer to an HTTP-01 challenge.

No kubelet runs cert-manager's solver pods, so a web server answers in their place with what the
Challenges say. Every name under `home.test` is one address of loopback.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from tests.controllers.web import Handler, serving

ADDRESS = "127.0.0.80"
"""Self checks ask port 80, which on 127.0.0.1 may be taken."""

HTTP = 80
ZONE = b"\x04home\x04test"
ABSENT = b"\x06absent"
"""A host that begins with this label does not exist."""

HEAD = 12
A, IN = 1, 1
Keys = Callable[[], Mapping[str, str]]
"""The key of each Challenge by its token."""


def resolved(query: bytes) -> bytes:
    """The answer to a DNS query: the one address, no record of that type, or no such name."""
    end = query.index(b"\0", HEAD)
    name = query[HEAD:end].lower()
    (kind,) = struct.unpack_from("!H", query, end + 1)
    exists = name.endswith(ZONE) and not name.startswith(ABSENT)
    answers = exists and kind == A
    code = 0 if exists else 3
    # It is an answer, with authority, and recursion is available.
    head = query[:2] + struct.pack("!5H", 0x8580 | code, 1, answers, 0, 0)
    record = struct.pack("!3HIH", 0xC00C, A, IN, 5, 4) + socket.inet_aton(ADDRESS)
    return head + query[HEAD : end + 5] + (record if answers else b"")


class Datagram(socketserver.BaseRequestHandler):
    """A query in one packet, as cert-manager asks."""

    def handle(self) -> None:
        """Answer it."""
        query, back = self.request
        back.sendto(resolved(query), self.client_address)


class Stream(socketserver.StreamRequestHandler):
    """Queries with their length before them, as pebble asks."""

    def handle(self) -> None:
        """Answer them until the other side ends."""
        while length := self.rfile.read(2):
            answer = resolved(self.rfile.read(int.from_bytes(length)))
            self.wfile.write(len(answer).to_bytes(2) + answer)


class Solver(Handler):
    """Answers as the solver would; rightly not for hosts that begin with `closed` or `wrong`."""

    keys: Keys = dict

    def do_GET(self) -> None:  # noqa: N802  # the base's name
        """The key that belongs to the token."""
        host = str(self.headers.get("Host"))
        key = type(self).keys().get(self.path.rpartition("/")[2])
        if key is None or host.startswith("closed"):
            self.answer(404)
        # cert-manager looks itself before the ACME server does.
        elif host.startswith("wrong") and "cert-manager" not in self.headers["User-Agent"]:
            self.answer(200, b"this is another web server")
        else:
            self.answer(200, key.encode())


@contextmanager
def names() -> Iterator[str]:
    """A name server by UDP and by TCP on one free port, as HOST:PORT."""
    with (
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stream) as by_tcp,
        socketserver.ThreadingUDPServer(by_tcp.server_address, Datagram) as by_udp,
    ):
        by_tcp.daemon_threads = True
        for server in (by_tcp, by_udp):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield "{}:{}".format(*by_tcp.server_address)
        finally:
            by_tcp.shutdown()
            by_udp.shutdown()


@contextmanager
def solver(keys: Keys) -> Iterator[None]:
    """The web server of every host under `home.test`."""
    answering = type("AnsweringSolver", (Solver,), {"keys": staticmethod(keys)})
    with serving(ThreadingHTTPServer((ADDRESS, HTTP), answering)):
        yield
