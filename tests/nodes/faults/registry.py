"""A read-only registry on the LAN that serves one image from its archive.

Source: the OCI distribution specification, "Pull".
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tests.nodes.faults.archive import CHUNK, MANIFEST, Archive, Blob, digest_of
from tests.nodes.place import LAN_ADDRESS

PORT = 5000
URL = f"http://{LAN_ADDRESS}:{PORT}"


@contextmanager
def serving(archive: Archive, address: str = LAN_ADDRESS, port: int = PORT) -> Iterator[str]:
    """The URL of a registry with this image, while the block runs."""
    handler = type("Handler", (_Handler,), {"archive": archive})
    server = ThreadingHTTPServer((address, port), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{address}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    archive: ClassVar[Archive]

    def do_GET(self) -> None:
        """A manifest by its tag or digest, or a blob."""
        self._answer()

    def do_HEAD(self) -> None:
        """The same without its content."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
        """Print nothing."""

    def _answer(self) -> None:
        *_, kind, reference = self.path.partition("?")[0].split("/")
        if self.path == "/v2/":
            self._send("application/json", b"{}")
        elif kind == "manifests" and reference in self._references():
            self._send(MANIFEST, self.archive.manifest)
        elif kind == "blobs" and (blob := self._blob(reference)):
            self._send_blob(blob)
        else:
            self.send_error(404)

    def _references(self) -> tuple[str, str]:
        return self.archive.tag.rpartition(":")[2], _digest(self.archive.manifest)

    def _blob(self, digest: str) -> Blob | None:
        return next((blob for blob in self.archive.blobs if blob.digest == digest), None)

    def _send(self, kind: str, content: bytes) -> None:
        self._head(kind, len(content), _digest(content))
        if self.command == "GET":
            self.wfile.write(content)

    def _send_blob(self, blob: Blob) -> None:
        self._head("application/octet-stream", blob.size, blob.digest)
        if self.command != "GET":
            return
        with self.archive.path.open("rb") as opened:
            opened.seek(blob.begin)
            left = blob.size
            while left:
                part = opened.read(min(CHUNK, left))
                self.wfile.write(part)
                left -= len(part)

    def _head(self, kind: str, size: int, digest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.send_header("Docker-Content-Digest", digest)
        self.end_headers()


def _digest(content: bytes) -> str:
    return digest_of(hashlib.sha256(content))
