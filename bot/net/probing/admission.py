"""What a prober may ask. There is one rule, for every prober, at the last moment.

An address is asked where it is a running pod's, in a node's pod range, a VIP of this cluster, or
named by `MESHMEDIC_NET_TARGETS`. The API server and the nodes are never asked by the word of a
route, a Service or a slice, of which anybody may write some. What means another machine everywhere
is never asked. A VIP is asked only if each of its endpoints is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import unquote

import msgspec

from bot.domain.refusal import Refusal
from bot.domain.resources import core, discovery
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot
from bot.net import topology
from bot.net.address_owners import API_SERVER, declared, foreign, leads_to, owners, slices_of
from bot.net.entrances import entrances_of
from bot.net.probing.protocol import CONTROL_NAME, CheckedProbe, Probe, ProbeKind
from bot.net.request.destination import NAME
from bot.net.tools.targets import SETTING, Allowed
from bot.routing.addresses import IP, is_of_one_host, named_service, parse, parsed, vips

READS: tuple[type[Object], ...] = (core.Node, core.Pod, core.Service, discovery.EndpointSlice)
"""What must be read for it."""

KUBELET = 10250
"""A port that every node has open or refuses: our own test connects to it, and says nothing."""

MOST_BEHIND = 1000
"""Endpoints behind a VIP that are looked at; one with more is not asked."""

LONGEST_PATH = 1000
"""Characters of a path that is asked for."""

WEB = (ProbeKind.HTTP, ProbeKind.ROUTE_HEAD, ProbeKind.ROUTE_GET)
STEPS = re.compile(r"(?:^|[/\\])\.{1,2}(?:[/\\;]|$)")
"""A part of a path that leads to another."""


@dataclass(frozen=True, slots=True)
class ProbeAdmission:
    """The rule, over a snapshot.

    also: Targets outside of the cluster, by the settings.
    own: Addresses that the prober made itself, such as those of its listeners.
    by_person: Whether a person named the target, who may also mean nodes and the internet.
    """

    snapshot: Snapshot
    also: Allowed = field(default_factory=Allowed)
    own: frozenset[str] = frozenset()
    by_person: bool = False

    def check(self, probe: Probe, *, by_name: bool = False) -> CheckedProbe | Refusal:
        """The probe as it may be made, or why it is not made.

        `by_name`: a name is not only looked up, but asked where it leads.
        """
        if probe.kind is ProbeKind.DNS and not probe.address:
            return self._named(probe) if by_name else _checked(probe)
        ip = parse(probe.address)
        if ip is None or "%" in probe.address:
            return Refusal("It has no address that could be asked.")
        if why := self.why_not(ip, probe.port, knocks=probe.kind is ProbeKind.TCP):
            return Refusal(why)
        if probe.kind not in WEB:
            return _checked(probe, address=str(ip))
        if probe.name and not NAME.fullmatch(probe.name) and parse(probe.name) is None:
            return Refusal("The rule's host is not a name that can be requested.")
        path = asked_path(probe.path)
        if isinstance(path, Refusal):
            return path
        return _checked(probe, address=str(ip), path=path)

    def why_not(self, ip: IP, port: int, *, knocks: bool = False) -> str:
        """Why an address is not asked; empty where it is. `knocks`: it is only connected to."""
        if not is_of_one_host(ip):
            return f"{ip} is not asked: it means another machine everywhere."
        if str(ip) in self.own:
            return ""
        known = owners(self.snapshot)
        if ip in known.api_server and not self.by_person:
            return f"{ip} is the API server's: it is not asked."
        if any(self._serves(pod, port) for pod in known.pods.get(ip, ())):
            return ""
        if ip in known.nodes:
            if self.by_person or (knocks and port == KUBELET):
                return ""
            return f"{ip} is a node's own address: it is not asked."
        if ip in known.vips:
            # Many probes ask one VIP.
            key = f"network.vip {ip} {self.by_person} {self.also}"
            return self.snapshot.once(key, lambda: self._why_not_vip(ip, known.vips[ip]))
        named = any(ip in range_ for range_ in self.also.ranges)
        if named or known.in_pod_range(ip) or (self.by_person and ip.is_global):
            return ""
        return self._outside(str(ip))

    def why_not_led_by(self, service: core.Service, text: str) -> str:
        """Why a Service's VIP or name is not asked; empty if each of its endpoints is.

        kube-proxy passes a request on to whatever a slice names, as DNS does for a headless
        Service, and a tenant may write its slices. `text` names the target in the refusal.
        """
        seen = self.snapshot.sees(discovery.EndpointSlice, service.namespace)
        if not seen or any(part.malformed for part in slices_of(service, self.snapshot)):
            return f"{text} is not asked: its endpoints could not be read."
        behind = list(islice(leads_to(service, self.snapshot), MOST_BEHIND + 1))
        if len(behind) > MOST_BEHIND:
            return f"{text} is not asked: it leads to more than {MOST_BEHIND:,} endpoints."
        for address, port in behind:
            if why := self._why_not_behind(service, address, port):
                return f"{text} is not asked because of an endpoint: {why}"
        return ""

    def _why_not_vip(self, ip: IP, services: Iterable[core.Service]) -> str:
        reasons = (self.why_not_led_by(service, str(ip)) for service in services)
        return next(filter(None, reasons), "")

    def _why_not_behind(self, service: core.Service, address: str, port: int) -> str:
        """Why the bot does not send to an endpoint of a Service; empty if it does."""
        target = parse(address)
        if target is None:
            # kube-proxy leaves names aside, and the cluster's DNS does not.
            return "" if any(parsed(vips(service))) else f"{address} is a name."
        if (service.namespace, service.name) != API_SERVER and (
            why := foreign(self.snapshot, service.namespace, address, port)
        ):
            return f"{why}."
        if target in owners(self.snapshot).vips:
            return f"{target} is a VIP itself."
        return self.why_not(target, port)

    def _serves(self, pod: core.Pod, port: int) -> bool:
        """Whether an address is the pod's own, or its node's with a port that the pod serves."""
        if not pod.spec.host_network or port in declared(pod):
            return True
        traefik = [at for at in topology.traefik(self.snapshot) if at.pod == pod.name]
        return any(
            at.namespace == pod.namespace and entrance.port == port
            for at in traefik
            for entrance in entrances_of(at, self.snapshot)
        )

    def _named(self, probe: Probe) -> CheckedProbe | Refusal:
        """A name, where it leads to a VIP of this cluster and nowhere else."""
        ref = named_service(probe.name)
        service = self.snapshot.get(core.Service, ref.namespace, ref.name) if ref else None
        own = tuple(parsed(vips(service))) if service else ()
        if probe.name == CONTROL_NAME:
            return _checked(probe)
        if service is None or service.spec.type == "ExternalName" or not own:
            return Refusal(f"{probe.name} does not name a VIP: it could lead out of the cluster.")
        why = next(filter(None, (self.why_not(ip, probe.port) for ip in own)), "")
        return Refusal(why) if why else _checked(probe)

    def _outside(self, text: str) -> str:
        if unseen := self.snapshot.unseen(READS[:3]):
            return f"{text} is not asked: these could not be read: {', '.join(unseen)}."
        return f"{text} lies outside of the cluster: it is not asked. {SETTING} may name it."


def _checked(probe: Probe, **changes: str) -> CheckedProbe:
    return CheckedProbe(**(msgspec.structs.asdict(probe) | changes))


def asked_path(path: str) -> str | Refusal:
    """The path of a rule as it is asked for: without its query, and of plain characters."""
    path = re.split(r"[?#]", path, maxsplit=1)[0] or "/"
    if len(path) > LONGEST_PATH:
        return Refusal("The rule's path is too long to be asked for.")
    read = unquote(unquote(path))
    plain = path.startswith("/") and path.isprintable() and read.isprintable() and " " not in path
    if not plain or STEPS.search(read) or "?" in read or "#" in read:
        return Refusal("The rule's path is none that could be asked for.")
    return path
