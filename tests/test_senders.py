"""Every place of the code that sends something is known, and asks before it writes."""

import ast
from pathlib import Path

from tests.places import ROOT

AUTHORIZED = "asks the principal before it writes"
BY_API = "carries what client.py sends, which asks before it writes"

SENDERS = {
    "bot/kube/packaged_transport.py: self._client.call_api": BY_API,
    "bot/kube/plain_transport.py: asyncio.open_connection": BY_API,
    "bot/kube/exec.py: WsApiClient": AUTHORIZED,
    "bot/kube/exec.py: client.call_api": AUTHORIZED,
    "bot/kube/agents.py: aiohttp.ClientSession": AUTHORIZED,
    "bot/gitops/rest.py: aiohttp.ClientSession": AUTHORIZED,
    "bot/gitops/transport.py: urllib3.PoolManager": "in the process of Git, which service.py "
    "starts with a push after it asked",
    "bot/runtime/heartbeat.py: aiohttp.ClientSession": "a request without a body to the "
    "owner's own address, which says that the bot works and nothing else",
    "bot/kube/strict_tls.py: asyncio.open_connection": "a handshake, and no request",
    "bot/kube/packaged_connect.py: ApiClient": "the one that packaged_transport.py sends by",
}
"""Each call that opens a way out. A new one asks the principal, or says here why it need not."""

SENDING = {
    *("call_api", "ClientSession", "WsApiClient", "ApiClient", "PoolManager", "HTTPConnectionPool"),
    *("HTTPConnection", "HTTPSConnection", "urlopen", "AsyncClient", "open_connection"),
    *("open_unix_connection", "create_connection", "ws_connect"),
}
"""Functions and classes by which requests are sent: aiohttp, kubernetes, urllib3, http.client."""

ELSEWHERE = ("bot/probe/", "bot/sandbox/")
"""The prober is in pods of its own, and the sandbox on a developer's machine."""


def calls(path: Path) -> list[ast.Call]:
    walked = ast.walk(ast.parse(path.read_text()))
    return [node for node in walked if isinstance(node, ast.Call)]


def sources() -> dict[str, list[ast.Call]]:
    """The calls of each file of the bot's process."""
    files = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "commands").rglob("*.py")]
    named = {str(path.relative_to(ROOT)): path for path in files}
    return {name: calls(path) for name, path in named.items() if not name.startswith(ELSEWHERE)}


def test_every_way_out_is_known() -> None:
    found = {
        f"{name}: {ast.unparse(call.func)}"
        for name, called in sources().items()
        for call in called
        if ast.unparse(call.func).rpartition(".")[2] in SENDING
    }
    assert found == SENDERS.keys()


def test_every_file_that_sends_writes_asks_first() -> None:
    """Each of them calls `principal.authorize`, and nobody else sends by `Api.stream`."""
    by_file = sources()
    for sender, why in SENDERS.items():
        asked = {ast.unparse(call.func) for call in by_file[sender.partition(":")[0]]}
        assert ("principal.authorize" in asked) == (why == AUTHORIZED), sender
    writing = {
        name
        for name, called in by_file.items()
        for call in called
        if ast.unparse(call.func).endswith(".stream")
        and any(keyword.arg == "method" for keyword in call.keywords)
    }
    assert writing == {"bot/kube/client.py"}
    sent = {
        name
        for name, called in by_file.items()
        for call in called
        if ast.unparse(call.func).endswith("transport.send")
    }
    assert sent == {"bot/kube/client.py"}
    assert "principal.authorize" in {
        ast.unparse(call.func) for call in by_file["bot/kube/client.py"]
    }
