"""A database of advisories on loopback, in which one package of the lock is vulnerable.

Source: OSV API, `POST /v1/query`, and the OSV schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PACKAGE = "aiohttp"
ADVISORY = "PYSEC-0000-1"


class _Planted(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # http.server's name
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = [_advisory()] if asked["package"]["name"] == PACKAGE else []
        body = json.dumps({"vulns": found} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is the audit's."""


def _advisory() -> dict[str, object]:
    versions = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999"}]}]
    package = {"name": PACKAGE, "ecosystem": "PyPI"}
    return {
        "id": ADVISORY,
        "modified": "2026-01-01T00:00:00Z",
        "summary": "planted",
        "affected": [{"package": package, "ranges": versions}],
    }


@contextmanager
def planted() -> Iterator[str]:
    """The address of its queries."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Planted)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        server.server_close()
