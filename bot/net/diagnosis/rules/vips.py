"""CHECKSUM_OFFLOAD, VIP_BROKEN and KUBE_PROXY_STALE: the pod IP works, and a VIP does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.net.diagnosis import overlay_advice
from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.observation import Aim, ExecutionContext, VantagePoint
from bot.net.diagnosis.results import Result, ResultState
from bot.net.diagnosis.rule import DecisionRule, Match

STALLS = 900.0
"""Milliseconds: a VIP that takes this much longer than the pod IP lost packets on the way."""


MADE = (Aim.FAR_VIP, Aim.SOLE_VIP)
"""VIPs that are made for the test: of our listeners, and of one endpoint alone."""


@dataclass(frozen=True)
class View:
    """What the pods of one Traefik node see of VIPs, and of the pods behind them."""

    evidence: RouteEvidence
    ingress: str

    @property
    def place(self) -> VantagePoint:
        """Where from."""
        return self.evidence.stand(self.ingress)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The ways from here."""
        return self.evidence.paths_from(self.ingress)

    @property
    def pods_ok(self) -> bool:
        """Whether every endpoint answers by its own address."""
        return bool(self.paths) and all(self.evidence.beside(path).clean for path in self.paths)

    @property
    def across(self) -> tuple[Result, ...]:
        """VIPs that lead over the overlay for sure: to one remote endpoint, or to our listener."""
        soles = [self.evidence.sole(p) for p in self.paths if p.crosses]
        homes = dict.fromkeys(path.endpoint.node for path in self.paths if path.crosses)
        fars = [self.evidence.far(self.place, node, Aim.FAR_VIP) for node in homes]
        return tuple(result for result in (*soles, *fars) if result.seen)

    @property
    def here(self) -> tuple[Result, ...]:
        """VIPs that lead to this very node for sure."""
        soles = [self.evidence.sole(p) for p in self.paths if not p.crosses]
        own = self.evidence.far(self.place, self.ingress, Aim.FAR_VIP)
        return tuple(result for result in (*soles, own) if result.seen)

    @property
    def new(self) -> tuple[Result, ...]:
        """All VIPs that were made for the test."""
        return (*self.across, *self.here)

    @property
    def vip(self) -> Result:
        """The Service's own VIP."""
        return self.evidence.vip_beside(self.ingress)


def find_checksum(evidence: RouteEvidence) -> Iterator[Match]:
    """Every VIP that crosses the overlay stalls, and those that stay on the node do not.

    Seen: From Traefik's node every endpoint and our listeners answer by their own addresses;
        every VIP that leads to another node times out or takes seconds; every VIP that leads to
        the same node works.
    Unlike: Broken kube-proxy rules fail on the same node too, and MTU spares small
        payloads.
    """
    for view in _views(evidence):
        if _stalls(view):
            yield Match(
                because=(
                    f"From `{view.ingress}`, pods on other nodes answer at their own addresses, "
                    "but by a VIP they don't, or only after seconds. VIPs to pods on the same node "
                    "work."
                ),
                proven=sum(result.repeated for result in view.across) > 1,
                places=(view.ingress,),
                bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR_VIP, Aim.VIP, Aim.FAR),
            )


def find_broken(evidence: RouteEvidence) -> Iterator[Match]:
    """The Service's VIP fails, and not only where it crosses the overlay.

    Seen: From Traefik's node every endpoint answers by its own address, and the Service's VIP
        fails: also where it leads to the same node, or although VIPs of our own to the same
        endpoints work, or by a refusal.
    Unlike: Checksum offload spares VIPs that stay on the node.
    """
    for view in _views(evidence):
        if not _fails(view):
            continue
        others = [
            evidence.vip_from(place)
            for place in evidence.places(Aim.VIP)
            if place.node != view.ingress and place.context is ExecutionContext.POD
        ]
        where = "on every tested node" if others else f"on `{view.ingress}`"
        if others and all(result.ok for result in others):
            where = f"only on `{view.ingress}`"
        failed = view.vip.tries - view.vip.successes
        failures = "every time" if view.vip.fails else f"{failed} of {view.vip.tries} times"
        yield Match(
            because=(
                f"kube-proxy's rules for the Service's VIP are broken {where}. From "
                f"`{view.ingress}` every endpoint answers at its own address, but the VIP fails "
                f"{failures}."
            ),
            proven=view.vip.repeated and view.vip.fails and bool(others),
            places=(view.ingress,),
            bears=(Aim.VIP, Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR_VIP),
        )


def find_stale(evidence: RouteEvidence) -> Iterator[Match]:
    """A node on which the Service's VIP works, and no VIP that was made for the test.

    Seen: From Traefik's node every endpoint answers by its own address, and so does the Service's
        VIP. Every VIP of our own, made a moment before for the same endpoints or for our
        listeners, fails on this node and works on another.
    Unlike: Broken rules fail for the Service's own VIP too. A cluster that takes long to
        programme any new Service fails on every node.
    """
    works = (evidence.matching(place, (aim,)).ok for aim in MADE for place in evidence.places(aim))
    if not any(works):
        return
    for view in _views(evidence):
        new = view.new
        if not (view.vip.ok and new and all(result.fails for result in new)):
            continue
        yield Match(
            because=(
                f"kube-proxy on `{view.ingress}` has stopped applying changes. From there every "
                "endpoint and the Service's VIP answer, but no VIP that the test has just created. "
                "VIPs keep sending requests to their old endpoints."
            ),
            proven=all(result.repeated for result in new),
            places=(view.ingress,),
            bears=(Aim.VIP, Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR_VIP),
        )


def _views(evidence: RouteEvidence) -> Iterator[View]:
    for node in evidence.points.ingress_nodes:
        view = View(evidence, node)
        if view.pods_ok:
            yield view


def _stalls(view: View) -> bool:
    across, here = view.across, view.here
    if not across or not here or not all(result.clean for result in here):
        return False
    usual = max(view.evidence.beside(path).typical or 0.0 for path in view.paths)
    return all(_slow(result, usual) for result in across)


def _slow(result: Result, usual: float) -> bool:
    late = result.ok and result.fastest is not None and result.fastest >= usual + STALLS
    return late or (result.fails and result.state in (ResultState.SILENT, ResultState.BROKEN))


def _fails(view: View) -> bool:
    """Failing here too, or failing while the way that it takes works."""
    if not view.vip.seen or _stalls(view):
        return False
    if view.vip.fails:
        local = bool(view.here) and any(result.fails for result in view.here)
        works = bool(view.across) and all(result.ok for result in view.across)
        return local or works or view.vip.state is ResultState.REFUSED
    sharp = view.vip.state is ResultState.MIXED
    complete = len(view.evidence.points.endpoints) == len(view.evidence.subject.endpoints)
    covered = bool(view.across) or not any(path.crosses for path in view.paths)
    return sharp and complete and covered and all(result.clean for result in view.new)


CHECKSUM = DecisionRule(
    row=Row.CHECKSUM_OFFLOAD,
    find=find_checksum,
    effect=Effect.HARMS,
    effect_because="The VIP is what fails. By pod IP the route works.",
    advice=overlay_advice.checksum_offload,
)

BROKEN = DecisionRule(
    row=Row.VIP_BROKEN,
    find=find_broken,
    effect=Effect.HARMS,
    effect_because="The VIP is what fails. By pod IP the route works.",
    advice=(
        "On that node, look for the rules with `iptables-save -t nat | grep VIP` (or "
        "`nft list ruleset`), and in k3s's log for kube-proxy. If the rules are missing or old, "
        "restart k3s there.",
    ),
)

STALE = DecisionRule(
    row=Row.KUBE_PROXY_STALE,
    find=find_stale,
    effect=Effect.HARMS,
    effect_because="By the VIP, the route would fail as soon as its pod moves.",
    advice=(
        "On that node, check that kube-proxy runs, and its log. In k3s it's part of the agent: "
        "`journalctl -u k3s-agent | grep -i proxy` (or `-u k3s`). Restart it there.",
    ),
)
