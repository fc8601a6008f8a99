"""One scenario a row: what is broken, and the verdicts that are right."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.net.diagnosis.diagnosis import Row
from tests.lab import faults
from tests.lab.faults import DROP_VXLAN, REJECT, RESET, Fault, both, healing, nothing, on, policy


@dataclass(frozen=True, slots=True)
class Scenario:
    """A homelab with a fault. `right` are the rows that name it rightly.

    `open_because` says, beforehand, why it may also be inconclusive. `where` are the web servers'
    nodes. `advice` does what the advice says, where that can be done here. `lies` are the public
    addresses that flannel announces, by node.
    """

    name: str
    fault: Fault
    right: tuple[Row, ...]
    where: tuple[str, ...] = ("attic",)
    open_because: str = ""
    nodes: int = 3
    delay: float = 0.004
    host_network: bool = False
    dns_on: str = "cellar"
    advice: Fault | None = None
    lies: dict[str, str] = field(default_factory=dict)


BOTH = ("edge", "attic")
TWO_REMOTE = ("attic", "cellar")
LARGE = "-p udp --dport 8472 -m length --length 1200:65535 -j DROP"
SOME = "-p udp --dport 8472 -m statistic --mode random --probability 0.3 -j DROP"
DNATED = "-o flannel.1 -p tcp -m conntrack --ctstate DNAT -j DROP"
NO_HOST = "from Traefik's own network only the VIP's mixed answers are to be had"

SCENARIOS = (
    Scenario("healthy, one remote pod", nothing, (Row.HEALTHY,)),
    Scenario("healthy, local and remote pods", nothing, (Row.HEALTHY,), BOTH),
    Scenario("healthy, one local pod", nothing, (Row.HEALTHY,), ("edge",)),
    Scenario("healthy, five nodes", nothing, (Row.HEALTHY,), ("attic", "shed"), nodes=5),
    Scenario("healthy, Traefik in the host's network", nothing, (Row.HEALTHY,), host_network=True),
    Scenario(
        "flannel.1 gone on Traefik's node",
        faults.vxlan_gone("edge"),
        (Row.OVERLAY_DOWN, Row.NO_ROUTE),
        advice=lambda world: _rebuilt(world, "edge"),
    ),
    Scenario(
        "overlay down, a local pod hides it", faults.vxlan_gone("attic"), (Row.OVERLAY_DOWN,), BOTH
    ),
    Scenario(
        "UDP 8472 dropped on the way back",
        on("edge", "filter", f"-A INPUT -s 100.64.0.2/32 {DROP_VXLAN}"),
        (Row.ONE_WAY, Row.OVERLAY_DOWN),
        advice=faults.mended,
    ),
    Scenario(
        "large packets lost in the overlay",
        on("*", "filter", f"-A OUTPUT {LARGE}"),
        (Row.MTU,),
        advice=faults.mended,
    ),
    Scenario(
        "large packets lost on the way back",
        on("attic", "filter", f"-A OUTPUT {LARGE}"),
        (Row.MTU,),
        advice=faults.mended,
    ),
    Scenario(
        "wrong public IP of the pod's node",
        faults.wrong_address("attic"),
        (Row.NODE_ADDRESS, Row.OVERLAY_DOWN),
        lies={"attic": "100.64.0.250"},
    ),
    Scenario(
        "a gateway resets what has no route",
        on("edge", "filter", f"-A FORWARD -d 10.42.1.0/24 {RESET}"),
        (Row.NO_ROUTE, Row.POLICY),
        open_because="a reset from the way looks like one from the pod, wherever it is sent",
    ),
    Scenario(
        "VIP rules missing on the pod's node",
        faults.vips_gone("attic"),
        (Row.HEALTHY, Row.VIP_BROKEN),
    ),
    Scenario(
        "checksum offload: only VIP traffic stalls",
        on("edge", "filter", f"-A FORWARD {DNATED}"),
        (Row.CHECKSUM_OFFLOAD, Row.VIP_BROKEN),
        advice=faults.mended,
    ),
    Scenario("the overlay of CoreDNS's node down", faults.vxlan_gone("cellar"), (Row.DNS,)),
    Scenario("NetworkPolicy rejects", policy(REJECT), (Row.POLICY,)),
    Scenario(
        "NetworkPolicy drops",
        policy("-j DROP"),
        (Row.POLICY,),
        open_because="a drop at the pod looks like a pod that hangs",
    ),
    Scenario(
        "port 80 redirected on the edge (the runbook's)",
        faults.redirect(),
        (Row.REDIRECT,),
        advice=both(faults.mended, faults.redirect(interface="tailscale0")),
    ),
    Scenario(
        "port 80 redirected, a local pod beside",
        faults.redirect(),
        (Row.REDIRECT,),
        BOTH,
        advice=both(faults.mended, faults.redirect(interface="tailscale0")),
    ),
    Scenario(
        "port 80 redirected, nodes in one room",
        faults.redirect(),
        (Row.REDIRECT,),
        delay=0.0,
        open_because="no round trip between the nodes tells where the refusal comes from",
    ),
    Scenario(
        "port 443 redirected, which the route does not use", faults.redirect(443), (Row.HEALTHY,)
    ),
    Scenario(
        "a redirect that names its interface",
        faults.redirect(interface="tailscale0"),
        (Row.HEALTHY,),
    ),
    Scenario("stale address in Traefik", faults.stale, (Row.STALE_ENDPOINTS,)),
    Scenario("wrong targetPort", faults.wrong_target_port, (Row.TARGET_PORT, Row.APPLICATION)),
    Scenario("the application has ended", faults.stopped, (Row.APPLICATION,)),
    Scenario(
        "the application listens on 127.0.0.1",
        faults.on_loopback,
        (Row.APPLICATION, Row.TARGET_PORT),
    ),
    Scenario(
        "one of two pods has ended",
        faults.only_web_stopped,
        (Row.APPLICATION, Row.TARGET_PORT),
        TWO_REMOTE,
    ),
    Scenario("everything is refused", faults.stopped, (Row.APPLICATION,), BOTH),
    Scenario("no endpoint", faults.no_endpoint, (Row.NO_ENDPOINTS,)),
    Scenario("ExternalName", faults.external, (Row.OUTSIDE,)),
    Scenario("headless, healthy", faults.headless, (Row.HEALTHY,)),
    Scenario(
        "headless, port 80 redirected", both(faults.headless, faults.redirect()), (Row.REDIRECT,)
    ),
    Scenario(
        "Traefik in the host's network, overlay down",
        faults.vxlan_gone("attic"),
        (Row.OVERLAY_DOWN,),
        host_network=True,
    ),
    Scenario(
        "policy lets nodes in, VIPs are masqueraded",
        policy(REJECT, masquerade=True),
        (Row.SOURCE_ADDRESS, Row.POLICY),
        open_because="whether the source or a stale route decides is not seen from outside",
    ),
    Scenario(
        "30% of the overlay's packets lost",
        on("*", "filter", f"-A OUTPUT {SOME}"),
        (Row.LOSS,),
        open_because="by chance the few packets of a test may all arrive",
    ),
    Scenario("slow: everything by a relay", faults.slow(0.25), (Row.SLOW_PATH,)),
    Scenario(
        "two faults: port 80 redirected, CoreDNS dead",
        both(faults.redirect(), faults.dns_dead),
        (Row.REDIRECT,),
        open_because="two faults at once",
    ),
    Scenario(
        "two faults: overlay down, the application ended",
        both(faults.vxlan_gone("attic"), faults.stopped),
        (Row.OVERLAY_DOWN,),
        open_because="two faults at once",
    ),
    Scenario(
        "one of two remote nodes broken",
        faults.vxlan_gone("cellar"),
        (Row.OVERLAY_DOWN,),
        TWO_REMOTE,
        dns_on="edge",
    ),
    Scenario(
        "it heals during the test",
        healing(faults.redirect()),
        (Row.INCONCLUSIVE,),
        open_because="it changed while it was tested",
    ),
)


async def _rebuilt(world: faults.World, name: str) -> None:
    """What restarting k3s on a node does: flannel.1 is made anew."""
    world.lab.overlay(world.lab.node(name))
