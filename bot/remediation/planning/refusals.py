"""Why a repair is not proposed: a closed list, each with what to do instead.

Source: issue 5, and "Refuse, with the reason, when" of the facts on Traefik. A test holds
docs/fix.md against it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class PlanReason(StrEnum):
    """Why a way to repair a route is refused."""

    NO_ROUTE = "no-route"
    UNTOUCHABLE = "untouchable"
    USELESS = "useless"
    HARMFUL = "harmful"
    IMPOSSIBLE = "impossible"
    ALREADY = "already-on"
    NEEDLESS = "needless"
    TRAEFIK_UNSEEN = "traefik-unseen"
    TRAEFIK_TOO_OLD = "traefik-too-old"
    LOCAL_ONLY = "local-only"
    PER_POD = "per-pod"
    NOT_READ = "not-read"
    OTHER_KIND = "other-kind"
    NOT_FAITHFUL = "not-faithful"
    REVERTED = "reverted"
    OWNED = "owned"
    TOO_LARGE = "too-large"
    NO_PROOF = "no-proof"
    NOT_KEPT = "not-kept"
    NOT_IN_FILE = "not-in-file"


INSTEAD = {
    PlanReason.NO_ROUTE: (
        "Ask for the route that leads to the Service; `/traefik routes` names them."
    ),
    PlanReason.UNTOUCHABLE: (
        "Change it by hand, if you are sure: the settings name these namespaces."
    ),
    PlanReason.USELESS: "Do what `/net diagnose` advises: the fault itself must be mended.",
    PlanReason.HARMFUL: "Leave nativeLB off, and do what `/net diagnose` advises.",
    PlanReason.IMPOSSIBLE: "Do what `/net diagnose` advises.",
    PlanReason.ALREADY: "Nothing is to be switched on. If it fails still, see `/net diagnose`.",
    PlanReason.NEEDLESS: "Nothing is to be repaired. Test again when it fails.",
    PlanReason.TRAEFIK_UNSEEN: "Let Traefik's image carry its version as its tag.",
    PlanReason.TRAEFIK_TOO_OLD: "Upgrade Traefik to 2.10 or later first.",
    PlanReason.LOCAL_ONLY: (
        "Remove internalTrafficPolicy: Local, or let a pod run where Traefik runs."
    ),
    PlanReason.PER_POD: "Remove it first, if no session and no balancing needs its pod.",
    PlanReason.NOT_READ: "Ask again when it can be read; `/doctor` says what is missing.",
    PlanReason.OTHER_KIND: "Choose another way.",
    PlanReason.NOT_FAITHFUL: (
        "Mend what it names, or use the annotation, which needs no conversion."
    ),
    PlanReason.REVERTED: "Change it where it is kept: by pull request, or by hand in its source.",
    PlanReason.OWNED: "Change it where it is kept.",
    PlanReason.TOO_LARGE: "Convert it by hand: `meshmedic route convert` prints the objects.",
    PlanReason.NOT_KEPT: "Choose a way that changes the cluster itself.",
    PlanReason.NOT_IN_FILE: "Choose another way, or write it by hand where the object is kept.",
    PlanReason.NO_PROOF: "Without a request through Traefik nobody could tell whether it helped.",
}
"""What to do instead, in a whole sentence."""


class PlanRefusal(msgspec.Struct, frozen=True):
    """A way that is not proposed: `why` is a sentence about this very object.

    `paste` is the text to put into the source by hand, where there is one.
    """

    reason: PlanReason
    why: str
    paste: str = ""

    @property
    def instead(self) -> str:
        """What to do instead."""
        return INSTEAD[self.reason]

    def __str__(self) -> str:
        """Both sentences."""
        return f"{self.why} {self.instead}"
