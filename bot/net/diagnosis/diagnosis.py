"""What follows from the observations: one row of the decision table, and what helps.

The rules, with the reason of each, are in docs/diagnosis.md.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from bot.domain.finding import Ref
from bot.domain.verdict import Verdict, worst
from bot.net.diagnosis.subject import Native, Subject

DIAGNOSES = "diagnoses"
"""The name of the gap where nobody knows what tests have proven."""


class Row(StrEnum):
    """The rows of the decision table. A test holds docs/diagnosis.md against them."""

    HEALTHY = "healthy"
    OVERLAY_DOWN = "overlay-down"
    ONE_WAY = "one-way"
    NODE_ADDRESS = "node-address"
    NO_ROUTE = "no-route"
    MTU = "mtu"
    LOSS = "loss"
    SLOW_PATH = "slow-path"
    CHECKSUM_OFFLOAD = "checksum-offload"
    VIP_BROKEN = "vip-broken"
    KUBE_PROXY_STALE = "kube-proxy-stale"
    REDIRECT = "redirect"
    POLICY = "policy"
    SOURCE_ADDRESS = "source-address"
    STALE_ENDPOINTS = "stale-endpoints"
    TARGET_PORT = "target-port"
    APPLICATION = "application"
    NO_ENDPOINTS = "no-endpoints"
    DNS = "dns"
    OUTSIDE = "outside"
    """ExternalName: the cluster's network does not carry it."""
    INCONCLUSIVE = "inconclusive"

    @property
    def reason(self) -> str:
        """The row as the reason of a finding: `OverlayDown`."""
        return "".join(word.capitalize() for word in self.value.split("-"))


BY_VIP = frozenset({Row.VIP_BROKEN, Row.CHECKSUM_OFFLOAD})
"""Rows in which requests by the VIP fail, and those to pod IPs do not."""

CURABLE = frozenset({Row.REDIRECT, Row.SOURCE_ADDRESS})
"""Rows in which the VIP's packets differ from those to the pod IP, so that nativeLB avoids them."""

MILD = frozenset({Row.LOSS, Row.SLOW_PATH, Row.KUBE_PROXY_STALE, Row.DNS, Row.OUTSIDE})
"""Rows in which the route still works, in part or for now."""


class Confidence(StrEnum):
    """How much the evidence bears: decisive tests agree, or something was not tested."""

    PROVEN = "proven"
    LIKELY = "likely"
    NONE = "none"


class Effect(StrEnum):
    """What nativeLB would do to this route. Never HELPS without evidence for it."""

    HELPS = "helps"
    LOWERS = "lowers the failure rate"
    """The VIP leads past the fault only where it happens to choose another endpoint."""
    USELESS = "useless"
    HARMS = "harms"
    IMPOSSIBLE = "impossible"
    """Headless, ExternalName, an old Traefik, or a TraefikService."""
    ALREADY = "already on"
    NEEDLESS = "needless"
    """Nothing is broken that it could mend."""
    UNKNOWN = "unknown"


class Seen(msgspec.Struct, frozen=True):
    """One row of evidence, for people: what was tried from where, and how it ended.

    `bears` is True where the verdict rests on it.
    """

    what: str
    result: str
    bears: bool = False


class RouteFault(msgspec.Struct, frozen=True):
    """What the health checks find wrong with a route by its objects, such as a missing Middleware.

    No test of the network shows it.
    """

    verdict: Verdict
    reason: str
    message: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `/net diagnose`.

    `because` is one sentence, `places` the nodes or pairs at fault (`a -> b`), `advice` what to do
    in order, `untested` what could not be tested with how to allow it, `next` the next test where
    the row is INCONCLUSIVE.
    """

    row: Row
    confidence: Confidence
    because: str
    effect: Effect
    effect_because: str
    places: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    evidence: tuple[Seen, ...] = ()
    untested: tuple[str, ...] = ()
    next: str = ""
    subject: str = ""
    """How to ask for the same again."""
    prober: str = ""
    """By what was tested, in words; empty where nothing was."""
    unasked: str = ""
    """Why nothing was tested, where that is known."""
    passed: bool = False
    """Whether the route's own requests were seen to get through on every way that they may take.

    Those of a route with nativeLB go by the VIP alone.
    """
    native: Native = Native.OFF
    """Whether the route goes by the VIP."""

    by_objects: RouteFault | None = None

    @property
    def verdict(self) -> Verdict:
        """How the route is: the worse of what was tested, and of what its objects say."""
        return worst([self.by_tests, *([self.by_objects.verdict] if self.by_objects else [])])

    @property
    def by_tests(self) -> Verdict:
        """How grave the row is for the route; what could not be determined is never healthy.

        The answer itself and the checks take it from here.
        """
        if self.row is Row.HEALTHY:
            return Verdict.HEALTHY
        if self.row is Row.INCONCLUSIVE:
            return Verdict.UNKNOWN
        if self.worked_around:
            return Verdict.HEALTHY
        return Verdict.DEGRADED if self.row in MILD | self._avoided else Verdict.FAILED

    @property
    def worked_around(self) -> bool:
        """Whether the route's requests were seen to get through, past a fault that stays."""
        return self.row in self._avoided and self.passed

    @property
    def _avoided(self) -> frozenset[Row]:
        """The rows that do not affect the way that requests of the route take."""
        return CURABLE if self.native is Native.ON else BY_VIP


class Diagnosed(msgspec.Struct, frozen=True):
    """A diagnosis, its subject as it was then, and the moment of its objects.

    private: Only who asked for it saw it, so it raises no public alert.
    worked: When requests through Traefik were last seen to reach the route's servers, as the proof
        of a repair. None where they were not.
    """

    taken_at: datetime
    subject: Subject
    diagnosis: Diagnosis
    private: bool = False
    worked: datetime | None = None

    @property
    def route(self) -> Ref | None:
        """The route that it is about; None where a Service was asked for."""
        return self.subject.route


class Diagnoses(msgspec.Struct, frozen=True):
    """The diagnoses of routes that stand, whatever their age: a supplement of a snapshot."""

    standing: tuple[Diagnosed, ...] = ()
