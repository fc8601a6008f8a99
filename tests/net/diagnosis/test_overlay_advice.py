"""Advice about the overlay names the one that is really there."""

import pytest

from bot.net.diagnosis.overlay_kind import OverlayFacts, OverlayKind, facts_of
from bot.net.diagnosis.rules import RULES
from bot.net.diagnosis.subject import NodeAt

OTHERS = {
    OverlayKind.VXLAN: ("flannel-wg", "51820", "autoApprovers"),
    OverlayKind.WIREGUARD: ("flannel.1", "8472", "autoApprovers"),
    OverlayKind.HOST_GW: ("flannel.1", "flannel-wg", "8472", "51820", "autoApprovers"),
    OverlayKind.VPN: ("flannel.1", "flannel-wg", "8472", "51820"),
}
"""Words of other overlays."""


def steps(overlay: OverlayFacts) -> str:
    """The advice of every row."""
    return "\n".join(step for rule in RULES for step in rule.steps(overlay))


@pytest.mark.parametrize("kind", OTHERS)
def test_no_row_speaks_of_an_overlay_that_is_not_there(kind: OverlayKind) -> None:
    """Neither its device nor its port."""
    text = steps(OverlayFacts(kind, tailnet=kind is OverlayKind.VPN))
    assert [word for word in OTHERS[kind] if word in text] == []


@pytest.mark.parametrize("kind", [kind for kind in OverlayKind if kind is not OverlayKind.VPN])
def test_no_row_speaks_of_tailscale_where_there_is_none(kind: OverlayKind) -> None:
    """Nodes of one house are joined by a switch."""
    text = steps(OverlayFacts(kind)).lower()
    assert [word for word in ("tailscale", "tailnet", "derp", "41641") if word in text] == []


def test_subnet_routes_are_named_where_tailscale_carries_the_pods() -> None:
    """k3s's vpn-auth: the routes have to be approved and accepted."""
    text = steps(OverlayFacts(OverlayKind.VPN, tailnet=True))
    assert "autoApprovers" in text
    assert "accept-routes" in text


@pytest.mark.parametrize(
    ("backends", "kind"),
    [
        (("vxlan", "vxlan"), OverlayKind.VXLAN),
        (("wireguard",), OverlayKind.WIREGUARD),
        (("host-gw",), OverlayKind.HOST_GW),
        (("extension",), OverlayKind.VPN),
        (("vxlan", "extension"), OverlayKind.UNKNOWN),
        (("", ""), OverlayKind.UNKNOWN),
        ((), OverlayKind.UNKNOWN),
    ],
)
def test_the_overlay_is_what_all_nodes_announce(
    backends: tuple[str, ...], kind: OverlayKind
) -> None:
    """Nodes that differ, or that have no flannel, say nothing."""
    nodes = [NodeAt(f"n{i}", ("192.168.1.1",), backend=b) for i, b in enumerate(backends)]
    assert facts_of(nodes).kind is kind


def test_a_tailnet_is_known_by_its_addresses() -> None:
    """Of either family; what is no address is passed over."""
    for address, tailnet in (
        ("100.64.10.1", True),
        ("fd7a:115c:a1e0::1", True),
        ("192.168.1.5", False),
        ("no address", False),
    ):
        assert facts_of([NodeAt("a", (address,), backend="vxlan")]).tailnet is tailnet
