"""A site's backend, which prints each request that it hears as a line of JSON.

It runs in a pod by itself, on the standard library alone. SIGUSR1 closes its port for good.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<h1>A site</h1>\n"


class Site(BaseHTTPRequestHandler):
    """Answers every path with the status that it was started with."""

    status, of_head, wait, headers_too = 200, 0, 0.0, ()

    def answer(self) -> None:
        """Note the request, and answer it."""
        path, _, query = self.path.partition("?")
        heard = {
            "at": time.time(),
            "method": self.command,
            "host": self.headers.get("Host", ""),
            "path": path,
            "query": query,
            "agent": self.headers.get("User-Agent", ""),
        }
        sys.stdout.write(f"{json.dumps(heard)}\n")
        sys.stdout.flush()
        time.sleep(self.wait)
        is_head = self.command == "HEAD"
        self.send_response(self.of_head if is_head and self.of_head else self.status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        for header in self.headers_too:
            name, _, value = header.partition(":")
            self.send_header(name, value.strip())
        self.end_headers()
        if not is_head:
            self.wfile.write(PAGE)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Print nothing else."""


def main() -> None:
    """Serve until the port is closed, and then stay, as a process that hangs does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--status", type=int, default=200)
    parser.add_argument("--head", type=int, default=0, help="the status of HEAD, if another")
    parser.add_argument("--wait", type=float, default=0.0, help="seconds before an answer")
    parser.add_argument("--header", action="append", default=[])
    arguments = parser.parse_args()
    Site.status, Site.of_head, Site.wait = arguments.status, arguments.head, arguments.wait
    Site.headers_too = tuple(arguments.header)
    server = ThreadingHTTPServer(("", arguments.port), Site)
    sys.stdout.write(f"serving {server.server_port}\n")
    sys.stdout.flush()
    closing = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: closing.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    closing.wait()
    server.shutdown()
    server.server_close()
    signal.pause()


if __name__ == "__main__":
    main()
