"""The output of tools on the simulated homelab's network, shaped as the real ones print it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer, ProbeKind
from bot.routing.addresses import parse
from bot.sandbox.kubernetes_api.streams import Shell, StreamEnded
from bot.sandbox.network import Network, round_trip

CURL_UNRESOLVED, CURL_REFUSED, CURL_TIMEOUT = 6, 7, 28
"""Exit codes of curl."""

WGET_ERRORS = {
    Outcome.REFUSED: "can't connect to remote host ({}): Connection refused",
    Outcome.NO_ROUTE: "can't connect to remote host ({}): Host is unreachable",
    Outcome.TIMEOUT: "download timed out",
}

ToolResult = tuple[str, int]
"""Output and exit code."""


def run(network: Network, node: str, argv: Sequence[str]) -> ToolResult:
    """The output and the exit code of one tool on a node."""
    match argv[0]:
        case "dig":
            return _dig(network, argv), 0
        case "curl":
            return _curl(network, node, argv[-1])
        case tool:
            return _trace(network, node, tool, argv[-1])


def busybox(network: Network, node: str, learn: Callable[[], None]) -> Shell:
    """A shell that runs `wget` in a container on that node; `learn` is called before each run."""

    def shell(argv: Sequence[str]) -> StreamEnded:
        command = argv[0] if argv else ""
        if command not in ("wget", "env"):
            return StreamEnded(refused=f'exec: "{command}": executable file not found')
        learn()
        asked = argv[1].removeprefix("http_proxy=") if command == "env" else argv[-1]
        output, code = _wget(network, node, asked)
        return StreamEnded(b"", output.encode(), code)

    return shell


def _dig(network: Network, argv: Sequence[str]) -> str:
    name = argv[-1].rstrip(".")
    address = network.resolve(name)
    if "+short" in argv:
        return f"{address}\n" if address else ""
    status = "NOERROR" if address else "NXDOMAIN"
    head = f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: 4711\n\n"
    question = f";; QUESTION SECTION:\n;{name}.\t\tIN\tA\n\n"
    answer = f";; ANSWER SECTION:\n{name}.\t5\tIN\tA\t{address}\n\n" if address else ""
    return f"{head}{question}{answer};; Query time: 14 msec\n"


def _request(network: Network, node: str, url: str) -> tuple[str, int, str, ProbeAnswer | None]:
    """The host and port of a URL, its address, and the answer; none of a name without address."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    address = host if parse(host) else network.resolve(host)
    if not address:
        return host, port, "", None
    probe = Probe(id="", kind=ProbeKind.HTTP, address=address, port=port, name=host)
    return host, port, address, network.answers(node, probe, host=False)[0]


def _curl(network: Network, node: str, url: str) -> ToolResult:
    host, port, address, answer = _request(network, node, url)
    if answer is None:
        return f"curl: (6) Could not resolve host: {host}\n", CURL_UNRESOLVED
    match answer.outcome:
        case Outcome.OK:
            return _page(answer, address), 0
        case Outcome.REFUSED:
            took = max(1, round(answer.took))
            why = f"Failed to connect to {host} port {port} after {took} ms: Connection refused"
            return f"curl: (7) {why}\n", CURL_REFUSED
        case _:
            return "curl: (28) Connection timed out after 10001 milliseconds\n", CURL_TIMEOUT


def _page(answer: ProbeAnswer, address: str) -> str:
    connected, took = (answer.connected or 0) / 1000, answer.took / 1000
    head = f"HTTP/1.1 {answer.status} OK\r\nContent-Type: text/plain\r\n\r\n"
    body = f"Hello from {answer.backend}\n"
    times = f"connected {connected:.6f} s, first byte {took:.6f} s, all {took:.6f} s"
    return f"{head}{body}\n{answer.status} from {address}: name 0.000031 s, {times}\n"


def _wget(network: Network, node: str, url: str) -> ToolResult:
    host, port, address, answer = _request(network, node, url)
    if answer is None:
        return f"wget: bad address '{host}'\n", 1
    connecting = f"Connecting to {host}:{port} ({address}:{port})\n"
    if answer.outcome is Outcome.OK:
        return f"{connecting}  HTTP/1.1 {answer.status} OK\n", 0
    error = WGET_ERRORS.get(answer.outcome, "error getting response").format(address)
    return f"{connecting}wget: {error}\n", 1


def _trace(network: Network, node: str, tool: str, address: str) -> ToolResult:
    """ping, tracepath and mtr: one hop within a node, else over the other node."""
    probe = Probe(id="icmp", kind=ProbeKind.TCP, address=address, port=1)
    (answer,) = network.answers(node, probe, host=False)
    place = network.places.get(address)
    reached = place is not None and answer.outcome is not Outcome.TIMEOUT
    trip = round_trip(node, place.node) if place else 0.0
    match tool:
        case "ping":
            return _ping(address, trip if reached else None)
        case "mtr":
            loss = "  0.0%" if reached else "100.0%"
            hop = f"  1.|-- {address}\t{loss}     5  {trip:.1f}\n"
            return f"HOST: {node}\tLoss%   Snt   Avg\n{hop}", 0
        case _:
            hop = f" 1:  {address}  {trip:.3f}ms reached" if reached else " 1:  no reply"
            return f" 1?: [LOCALHOST]  pmtu 1230\n{hop}\n", 0


def _ping(address: str, trip: float | None) -> ToolResult:
    head = f"PING {address} ({address}) 56(84) bytes of data.\n"
    end = f"\n--- {address} ping statistics ---\n4 packets transmitted, "
    if trip is None:
        return f"{head}{end}0 received, 100% packet loss, time 3060ms\n", 1
    replies = "".join(
        f"64 bytes from {address}: icmp_seq={number} ttl=62 time={trip:.1f} ms\n"
        for number in range(1, 5)
    )
    return f"{head}{replies}{end}4 received, 0% packet loss, time 3004ms\n", 0
