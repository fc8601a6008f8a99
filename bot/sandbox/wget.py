"""The `wget` of a simulated container: busybox's words for what the made-up network does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer, ProbeKind
from bot.routing.addresses import parse
from bot.sandbox.kubernetes_api.streams import Shell, StreamEnded
from bot.sandbox.network import Network

WORDS = {
    Outcome.REFUSED: "can't connect to remote host ({}): Connection refused",
    Outcome.NO_ROUTE: "can't connect to remote host ({}): Host is unreachable",
    Outcome.TIMEOUT: "download timed out",
}
OTHER = "error getting response"


def busybox(network: Network, node: str, learn: Callable[[], None]) -> Shell:
    """What runs commands in a container on that node; `learn` is called before each."""

    def run(argv: Sequence[str]) -> StreamEnded:
        if not argv or argv[0] != "wget":
            return StreamEnded(
                refused=f'exec: "{argv[0] if argv else ""}": executable file not found'
            )
        learn()
        return _wget(network, node, argv[-1])

    return run


def _wget(network: Network, node: str, url: str) -> StreamEnded:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    address = host if parse(host) else _looked_up(network, node, host)
    if not address:
        return _failed(f"bad address '{host}'")
    probe = Probe(id="", kind=ProbeKind.HTTP, address=address, port=port, name=host)
    answer = network.answers(node, probe, host=False)[0]
    said = f"Connecting to {host}:{port} ({address}:{port})\n"
    if answer.outcome is Outcome.OK:
        return StreamEnded(b"", f"{said}  HTTP/1.1 {answer.status} OK\n".encode())
    return _failed(WORDS.get(answer.outcome, OTHER).format(address), said)


def _looked_up(network: Network, node: str, name: str) -> str:
    found: ProbeAnswer = network.answers(
        node, Probe(id="", kind=ProbeKind.DNS, name=name), host=False
    )[0]
    return found.addresses[0] if found.addresses else ""


def _failed(said: str, before: str = "") -> StreamEnded:
    return StreamEnded(b"", f"{before}wget: {said}\n".encode(), 1)
