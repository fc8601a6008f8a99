"""By which addresses a kubelet is known."""

from pathlib import Path

import pytest

from bot.probe.node_addresses import kubelet_addresses

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

IN_A_POD = (
    f"{HEAD}eth0\t00000000\t01012A0A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "eth0\t00002A0A\t01012A0A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "eth0\t00012A0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
)
"""A pod of flannel on a little-endian machine: 10.42.1.1 is `cni0` of its node."""

NO_HOP = "0" * 32
IN_A_POD_6 = (
    f"fd000042000000010000000000000000 40 {NO_HOP} 00 {NO_HOP} 00000100 0 0 00000001 eth0\n"
    f"{NO_HOP} 00 {NO_HOP} 00 fd000042000000010000000000000001 00000400 0 0 00000003 eth0\n"
    f"{NO_HOP} 00 {NO_HOP} 00 {NO_HOP} ffffffff 0 0 00200200 lo\n"
)


@pytest.mark.parametrize(
    ("route", "route_6", "told", "known"),
    [
        (IN_A_POD, IN_A_POD_6, (), {"10.42.1.1", "fd00:42:0:1::1"}),
        (IN_A_POD, None, ("10.0.0.7", "fd00::0007"), {"10.42.1.1", "10.0.0.7", "fd00::7"}),
        (HEAD, "", ("", "$(NODE_ADDRESSES)", "::"), set()),
        (None, None, (" 10.0.0.7",), {"10.0.0.7"}),
        (f"{HEAD}ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n", None, (), set()),
    ],
    ids=["gateways", "node", "neither", "no Linux", "no gateway"],
)
def test_the_kubelet_comes_from_the_gateway_or_from_the_node(
    tmp_path: Path,
    route: str | None,
    route_6: str | None,
    told: tuple[str, ...],
    known: set[str],
) -> None:
    """Other routes and what is no address make nobody known."""
    for name, text in (("route", route), ("ipv6_route", route_6)):
        if text is not None:
            (tmp_path / name).write_text(text)
    assert kubelet_addresses(told, routes=tmp_path) == known
