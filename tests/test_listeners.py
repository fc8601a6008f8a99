"""Every place of the code that listens is known, and says what bounds what strangers may hold."""

import ast
import inspect
from pathlib import Path

from bot.sandbox import kubernetes_api
from tests.places import ROOT

LISTENERS = {
    "bot/probe/accepting.py: loop.create_server": "the limits themselves",
    "bot/probe/accepting.py: sock.listen": "the queue in the kernel",
    "bot/probe/listening.py: sock.bind": "for the ports of an agent, and its datagrams",
    "bot/probe/listening.py: sock.listen": "the same; served by accepting.py",
    "bot/probe/listening.py: loop.create_datagram_endpoint": "keeps nothing of a datagram but a "
    "count by source, of MOST_SOURCES at most; an answer is no larger than what was asked",
    "bot/runtime/http_server.py: socket.create_server": "served by accepting.py",
    "bot/sandbox/kubernetes_api/server.py: web.TCPSite": "loopback, on the developer's machine",
    "bot/sandbox/discord_page.py: LivePreview": "loopback, on the developer's machine",
}
"""Each call that listens, and what bounds it. A new one belongs to `bot.probe.accepting`."""

LISTENING = {
    *("bind", "listen", "accept", "sock_accept", "connect_accepted_socket", "serve_forever"),
    *("create_server", "create_unix_server", "start_server", "start_unix_server"),
    *("create_datagram_endpoint", "TCPSite", "UnixSite", "SockSite", "NamedPipeSite", "run_app"),
    *("HTTPServer", "ThreadingHTTPServer", "TCPServer", "UDPServer", "ThreadingTCPServer"),
    *("start_http_server", "start_wsgi_server", "make_server", "WSGIServer", "LivePreview"),
}
"""Functions and classes that listen or accept: sockets, asyncio, http.server, aiohttp, Prometheus,
and simcord's page.
"""


def listeners(path: Path) -> set[str]:
    """The calls in a file that listen."""
    text = path.read_text()
    if not any(name in text for name in LISTENING):
        return set()
    called = (
        ast.unparse(node.func) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)
    )
    where = path.relative_to(ROOT)
    return {f"{where}: {call}" for call in called if call.rpartition(".")[2] in LISTENING}


def test_every_listener_is_known_and_bounded() -> None:
    """Whoever adds one has to say here what bounds it."""
    files = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "commands").rglob("*.py")]
    found = set[str]().union(*map(listeners, files))
    assert found == LISTENERS.keys()


def test_the_simulated_api_server_listens_on_loopback() -> None:
    """Unless a test says otherwise; the sandbox does not."""
    assert inspect.signature(kubernetes_api.serve).parameters["host"].default == "127.0.0.1"
    sandbox = [path.read_text() for path in (ROOT / "bot").rglob("*.py")]
    calls = [
        node
        for text in sandbox
        if "serve" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("serve", "kubernetes_api.serve")
    ]
    assert calls
    assert not any(word.arg == "host" for call in calls for word in call.keywords)
