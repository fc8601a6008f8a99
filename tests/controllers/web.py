"""Servers on loopback that the controllers fetch from: Git, a Helm repository, and a webhook.

They run in threads of this process, on free ports.
"""

from __future__ import annotations

import base64
import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import trustme

READER = ("reader", "correct horse")
"""Whom Git lets read what lies under `private/`."""

UPLOAD_PACK = "git-upload-pack"
DENIED = "no objects without an owner label"


class Handler(BaseHTTPRequestHandler):
    """What the servers have in common: an answer with its length, and no log."""

    def answer(self, code: int, body: bytes = b"", kind: str = "text/plain", **more: str) -> None:
        """Send it whole."""
        self.send_response(code)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> bytes:
        """All that was sent, in one piece or in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        read = b""
        while size := int(self.rfile.readline(), 16):
            read += self.rfile.read(size)
            self.rfile.readline()
        return read

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Nobody reads it."""


class Files(Handler):
    """`/helm/` holds plain files, everything else bare repositories, by Git's smart protocol."""

    def __init__(self, root: Path, *rest: object) -> None:
        self.root = root
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """A file, or the branches of a repository."""
        path = urlsplit(self.path).path
        if path.startswith("/helm/"):
            file = self.root / path[1:]
            self.answer(200, file.read_bytes()) if file.is_file() else self.answer(404)
        elif repository := self._repository(path.removesuffix("/info/refs")):
            head = f"# service={UPLOAD_PACK}\n".encode()
            head = b"%04x%s0000" % (len(head) + 4, head)
            self._packed(repository, "advertisement", head, b"", "--advertise-refs")

    def do_POST(self) -> None:
        """The objects of a repository."""
        if repository := self._repository(self.path.removesuffix(f"/{UPLOAD_PACK}")):
            self._packed(repository, "result", b"", self.body())

    def _repository(self, path: str) -> Path | None:
        """The repository that is asked for; where it may not be read, that is answered."""
        wanted = "Basic " + base64.b64encode(":".join(READER).encode()).decode()
        if path.startswith("/private/") and self.headers.get("Authorization") != wanted:
            self.answer(401, WWW_Authenticate='Basic realm="git"')
            return None
        found = self.root / path[1:]
        if not (found / "HEAD").is_file():
            self.answer(404)
            return None
        return found

    def _packed(self, at: Path, kind: str, head: bytes, given: bytes, *options: str) -> None:
        git = shutil.which("git") or "git"
        command = (git, "upload-pack", "--stateless-rpc", *options, str(at))
        done = subprocess.run(command, input=given, capture_output=True, check=False)  # noqa: S603
        self.answer(200, head + done.stdout, f"application/x-{UPLOAD_PACK}-{kind}")


class Admission(Handler):
    """A webhook that lets nothing in."""

    def do_POST(self) -> None:
        """Refuse what is reviewed."""
        review = json.loads(self.body())
        status = {"code": 403, "message": DENIED}
        response = {"uid": review["request"]["uid"], "allowed": False, "status": status}
        said = {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}
        self.answer(200, json.dumps(said).encode(), "application/json")


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[str]:
    """The server's HOST:PORT, while it runs in a thread."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield "{}:{}".format(*server.server_address[:2])
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def files(root: Path) -> Iterator[str]:
    """The URL of the server for Git and Helm."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, root))) as at:
        yield f"http://{at}"


@contextmanager
def admission(authority: trustme.CA) -> Iterator[str]:
    """The URL of the webhook, with a certificate of this authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Admission)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server) as at:
        yield f"https://{at}/"
