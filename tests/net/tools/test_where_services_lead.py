"""`/net tool` goes to a Service only where each address that it leads to may be asked."""

import pytest

from bot.domain.refusal import Refusal
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.net.tools.command import command
from bot.net.tools.options import Tool
from bot.net.tools.targets import allowed
from tests.fakes import snapshot_of
from tests.net.probing.test_admission import (
    API,
    LAN,
    LEADS_AWAY,
    LED,
    NODE,
    WITHOUT_SLICES,
    a_slice,
    cluster,
    service,
)

BARE = service("bare", "tenant", clusterIP="None")
VIP = service("lan", "tenant", clusterIP=LED, clusterIPs=[LED, "fd43::9"])
OF_VIP = ("tenant/lan", "lan.tenant", "lan.tenant.svc.cluster.local", LED, f"::ffff:{LED}")
OF_BARE = ("tenant/bare", "bare.tenant.svc")
TOOLS = (Tool.PING, Tool.TRACEPATH, Tool.MTR)
PUBLIC = "8.8.8.8"


def why_not(snapshot: Snapshot, target: str, *also: str) -> str:
    """Why no tool goes there; empty where each does."""
    url = f"[{target}]" if ":" in target else target
    answers = [
        *(command(snapshot, tool, target, "", allowed(also)) for tool in TOOLS),
        *(command(snapshot, Tool.CURL, asked, "", allowed(also)) for asked in (url, f"{url}/a")),
    ]
    (reason,) = {answer.detail if isinstance(answer, Refusal) else "" for answer in answers}
    return reason


def leading_to(*addresses: str) -> Snapshot:
    """Both Services have a slice of their tenant's with each of these addresses."""
    slices = [a_slice(name, "tenant", *addresses) for name in ("lan", "bare")]
    return cluster(VIP, BARE, *slices)


@pytest.mark.parametrize("target", [*OF_VIP, "fd43::9", *OF_BARE])
def test_a_service_is_a_target_only_if_each_of_its_endpoints_is(target: str) -> None:
    """By any of its names and addresses; DNS gives the slices' addresses of a headless one."""
    assert not why_not(leading_to("10.99.0.5", "10.42.1.200"), target)
    for address, said in LEADS_AWAY:
        reason = why_not(leading_to("10.99.0.5", address), target)
        assert (said in reason and "because of an endpoint" in reason) == (address != PUBLIC), (
            address
        )


@pytest.mark.parametrize("target", [*OF_VIP, *OF_BARE])
def test_the_settings_may_name_what_a_service_leads_to(target: str) -> None:
    assert "MESHMEDIC_NET_TARGETS" in why_not(leading_to(LAN), target)
    assert not why_not(leading_to(LAN), target, "192.168.1.0/28")
    assert why_not(leading_to(NODE), target, "192.168.1.0/24"), "a node is none of theirs"


@pytest.mark.parametrize("target", [*OF_VIP, *OF_BARE])
def test_where_a_service_leads_has_to_be_known(target: str) -> None:
    gap = Gap("EndpointSlice", Why.FORBIDDEN, "no right")
    assert "couldn't be read" in why_not(
        snapshot_of(*WITHOUT_SLICES, VIP, BARE, gaps=(gap,)), target
    )


def test_dig_asks_no_name_server_that_leads_away_and_looks_up_any_name() -> None:
    for address, asked in (("10.99.0.5", True), (LAN, False)):
        for server in (LED, "tenant/lan"):
            found = command(leading_to(address), Tool.DIG, "web.tenant", f"@{server}")
            assert isinstance(found, Refusal) != asked, (address, server)
    looked_up = command(leading_to(LAN), Tool.DIG, "tenant/lan")
    assert not isinstance(looked_up, Refusal)
    assert looked_up[-2:] == ("-q", "lan.tenant.svc.cluster.local")


@pytest.mark.parametrize("target", [NODE, "edge", API, "default/kubernetes", "tenant/web"])
def test_a_person_may_still_mean_a_node_and_the_api_server(target: str) -> None:
    seen = snapshot_of(*WITHOUT_SLICES, a_slice("kubernetes", "default", NODE))
    assert not why_not(seen, target)


def test_a_pod_that_has_ended_leaves_its_address_to_others() -> None:
    assert "outside the cluster" in why_not(cluster(), "tenant/done")
    assert not why_not(cluster(), "bank/ledger")


def test_an_external_name_leads_where_the_settings_say_and_not_its_slices() -> None:
    led = cluster(a_slice("out", "tenant", LAN))
    assert "leads out of the cluster" in why_not(led, "out.tenant")
    assert not why_not(led, "out.tenant", "metadata.example")


def test_dns_tells_of_a_headless_service_also_what_has_no_port_and_names() -> None:
    """kube-proxy sends nothing to either, so a VIP may have them."""
    without_port = [{**a_slice(name, "tenant", LAN), "ports": []} for name in ("lan", "bare")]
    assert "outside the cluster" in why_not(cluster(VIP, BARE, *without_port), "tenant/bare")
    own = {**a_slice("bare", "tenant", "10.99.0.5"), "ports": None}
    assert not why_not(cluster(VIP, BARE, own), "tenant/bare")
    named = leading_to("router.lan.example")
    assert "router.lan.example is a name" in why_not(named, "tenant/bare")
    assert not why_not(named, "tenant/lan")
