"""The next step of a fault between nodes names the overlay that is there, and no other."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.domain.finding import Finding
from bot.domain.report import examine
from bot.health.checks import CHECKS
from bot.health.next_steps.steps import next_step
from bot.net.mesh.matrix import By
from bot.net.mesh.rounds import Links
from tests.builders import Plain, an_object
from tests.fakes import snapshot_of
from tests.net.mesh.witnesses import NOW, links, witnesses

NAMES = ("attic", "cellar", "hut")

ONE_NODE = frozenset(pair for other in NAMES[1:] for pair in ((NAMES[0], other), (other, NAMES[0])))
PAIR = frozenset({("attic", "cellar"), ("cellar", "attic")})
DIRECTION = frozenset({("attic", "cellar")})


def a_node(name: str, backend: str, address: str) -> Plain:
    node = an_object(
        "Node",
        name,
        namespace="",
        status={
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": address}],
        },
    )
    if backend:
        node["metadata"]["annotations"] = {"flannel.alpha.coreos.com/backend-type": backend}
    return node


def found(
    bad: frozenset[tuple[str, str]], backend: str, *tests: By, net: str = "10.0.0"
) -> Finding:
    """The finding on three nodes between which these tests fail."""
    nodes = [a_node(name, backend, f"{net}.{number}") for number, name in enumerate(NAMES, start=1)]
    told = witnesses(set(bad), names=NAMES, tests=tests)
    rounds: Mapping[type, object] = {Links: links(*told, names=NAMES)}
    report = examine(replace(snapshot_of(*nodes, now=NOW), supplements=rounds), CHECKS)
    return next(one for one in report.findings if one.check == "connectivity")


TELLS = {
    "vxlan": ("flannel.1", "8472"),
    "wireguard-native": ("flannel-wg", "51820"),
    "host-gw": ("ip route", "pod subnet"),
    "extension": ("tailscale", "accept-routes"),
}
"""The words of each overlay, by flannel's backend."""

OWN = {"flannel.1", "8472", "flannel-wg", "51820", "accept-routes"}
"""Words that are of one overlay alone."""


@pytest.mark.parametrize("bad", [ONE_NODE, PAIR, DIRECTION], ids=["node", "pair", "direction"])
@pytest.mark.parametrize("backend", TELLS)
def test_a_break_is_looked_for_in_the_overlay_that_is_there(
    bad: frozenset[tuple[str, str]], backend: str
) -> None:
    """Its device and port, and not those of another."""
    step = next_step(found(bad, backend, By.POD))
    shown = " ".join((step.text, *step.commands))
    assert all(word in shown for word in TELLS[backend])
    assert not any(word in shown for word in OWN - set(TELLS[backend]))
    assert step.commands
    assert "/net matrix of node attic" in step.text


@pytest.mark.parametrize(
    ("net", "number"), [("10.0.0", "must be 50 less"), ("100.64.0", "1230 over Tailscale")]
)
def test_what_large_payloads_need_depends_on_what_is_below(net: str, number: str) -> None:
    """By the addresses of the nodes."""
    finding = found(ONE_NODE, "vxlan", By.LARGE, net=net)
    assert finding.reason == "Mtu"
    step = next_step(finding)
    assert number in step.text
    assert step.commands == ("ip link show flannel.1",)


@pytest.mark.parametrize("backend", ["", "ipip"])
def test_where_the_overlay_is_not_known_the_step_says_how_to_find_out(backend: str) -> None:
    """No flannel, or one of a backend that nobody heard of: nothing is assumed."""
    finding = found(ONE_NODE, backend, By.POD)
    step = next_step(finding)
    assert "Find out which overlay carries the pod network" in step.text
    assert not any(word in step.text for word in OWN)
    assert "vxlan" not in finding.message


def test_lost_datagrams_are_no_matter_of_the_overlay() -> None:
    """Connections pass by the same one."""
    step = next_step(found(ONE_NODE, "vxlan", By.UDP))
    assert "UDP of pods" in step.text
    assert "8472" not in step.text
