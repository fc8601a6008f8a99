"""What a tool prints on the simulated homelab's network: shaped as the real one prints it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from bot.net.probing.protocol import Outcome, Probe, ProbeAnswer, ProbeKind
from bot.sandbox.network import CLUSTER_DOMAIN, Network, round_trip

NEVER = 28
"""curl's exit code for a timeout, and REFUSED, UNRESOLVED for those."""

REFUSED = 7
UNRESOLVED = 6

Said = tuple[str, int]
"""Output and exit code."""


def run(network: Network, node: str, argv: Sequence[str]) -> Said:
    """The output and the exit code of one tool on a node."""
    match argv[0]:
        case "dig":
            return _dig(network, argv)
        case "curl":
            return _curl(network, node, argv[-1])
        case _:
            return _packets(network, node, argv)


def _dig(network: Network, argv: Sequence[str]) -> Said:
    name = argv[-1].rstrip(".")
    found = _resolved(network, name)
    if "+short" in argv:
        return f"{found}\n" if found else "", 0
    status = "NOERROR" if found else "NXDOMAIN"
    head = f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: 4711\n\n"
    question = f";; QUESTION SECTION:\n;{name}.\t\tIN\tA\n\n"
    answer = f";; ANSWER SECTION:\n{name}.\t5\tIN\tA\t{found}\n\n" if found else ""
    return f"{head}{question}{answer};; Query time: 14 msec\n", 0


def _curl(network: Network, node: str, url: str) -> Said:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    address = host if _is_address(host) else _resolved(network, host)
    if not address:
        return f"curl: (6) Could not resolve host: {host}\n", UNRESOLVED
    probe = Probe(id="curl", kind=ProbeKind.HTTP, address=address, port=port)
    (answer,) = network.answers(node, probe, host=False)
    match answer.outcome:
        case Outcome.OK:
            return _page(answer, address), 0
        case Outcome.REFUSED:
            took = max(1, round(answer.took))
            why = f"Failed to connect to {host} port {port} after {took} ms: Connection refused"
            return f"curl: (7) {why}\n", REFUSED
        case _:
            return "curl: (28) Connection timed out after 10001 milliseconds\n", NEVER


def _page(answer: ProbeAnswer, address: str) -> str:
    connected, took = (answer.connected or 0) / 1000, answer.took / 1000
    head = f"HTTP/1.1 {answer.status} OK\r\nContent-Type: text/plain\r\n\r\n"
    body = f"Hello from {answer.backend}\n"
    times = f"connected {connected:.6f} s, first byte {took:.6f} s, all {took:.6f} s"
    return f"{head}{body}\n{answer.status} from {address}: name 0.000031 s, {times}\n"


def _packets(network: Network, node: str, argv: Sequence[str]) -> Said:
    """ping, tracepath and mtr: one hop within a node, else over the other node."""
    address = argv[-1]
    probe = Probe(id="icmp", kind=ProbeKind.TCP, address=address, port=1)
    (answer,) = network.answers(node, probe, host=False)
    place = network.places.get(address)
    reached = place is not None and answer.outcome is not Outcome.TIMEOUT
    trip = round_trip(node, place.node) if place else 0.0
    match argv[0]:
        case "ping":
            return _ping(address, trip if reached else None)
        case "mtr":
            loss = "  0.0%" if reached else "100.0%"
            return (
                f"HOST: {node}\tLoss%   Snt   Avg\n  1.|-- {address}\t{loss}     5  {trip:.1f}\n",
                0,
            )
        case _:
            hop = f" 1:  {address}  {trip:.3f}ms reached" if reached else " 1:  no reply"
            return f" 1?: [LOCALHOST]  pmtu 1230\n{hop}\n", 0


def _ping(address: str, trip: float | None) -> Said:
    head = f"PING {address} ({address}) 56(84) bytes of data.\n"
    end = f"\n--- {address} ping statistics ---\n4 packets transmitted, "
    if trip is None:
        return f"{head}{end}0 received, 100% packet loss, time 3060ms\n", 1
    each = "".join(
        f"64 bytes from {address}: icmp_seq={number} ttl=62 time={trip:.1f} ms\n"
        for number in range(1, 5)
    )
    return f"{head}{each}{end}4 received, 0% packet loss, time 3004ms\n", 0


def _resolved(network: Network, name: str) -> str:
    for host in (name, f"{name}{CLUSTER_DOMAIN}", f"{name}.cluster.local"):
        if found := network.names.get(host):
            return found
    return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
