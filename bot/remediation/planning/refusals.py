"""Why a repair is not proposed: a closed list, each with what to do instead.

docs/fix.md lists the same.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec


class PlanReason(StrEnum):
    """Why a method to repair a route is refused."""

    instead: str
    """What to do instead, in a whole sentence."""

    def __new__(cls, code: str, instead: str) -> Self:
        """A reason by its machine-readable code."""
        reason = str.__new__(cls, code)
        reason._value_, reason.instead = code, instead
        return reason

    NO_ROUTE = (
        "no-route",
        "Ask for the route that leads to the Service; `/traefik routes` names them.",
    )
    UNTOUCHABLE = (
        "untouchable",
        "Change it by hand, if you are sure: the settings name these namespaces.",
    )
    USELESS = "useless", "Do what `/net diagnose` advises: the fault itself must be mended."
    HARMFUL = "harmful", "Leave nativeLB off, and do what `/net diagnose` advises."
    IMPOSSIBLE = "impossible", "Do what `/net diagnose` advises."
    ALREADY = "already-on", "Nothing is to be switched on. If it fails still, see `/net diagnose`."
    NEEDLESS = "needless", "Nothing is to be repaired. Test again when it fails."
    TRAEFIK_UNSEEN = "traefik-unseen", "Let Traefik's image carry its version as its tag."
    TRAEFIK_TOO_OLD = "traefik-too-old", "Upgrade Traefik to 2.10 or later first."
    LOCAL_ONLY = (
        "local-only",
        "Remove internalTrafficPolicy: Local, or let a pod run where Traefik runs.",
    )
    PER_POD = "per-pod", "Remove it first, if no session and no balancing needs its pod."
    NOT_READ = "not-read", "Ask again when it can be read; `/doctor` says what is missing."
    HTTP_ROUTE = (
        "http-route",
        "Where nativeLB helps, set the annotation traefik.io/service.nativelb of the Service to "
        "true, where the Service is kept (Traefik 3.2 or later).",
    )
    OTHER_KIND = "other-kind", "Choose another way."
    NOT_FAITHFUL = (
        "not-faithful",
        "Mend what it names, or use the annotation, which needs no conversion.",
    )
    REVERTED = "reverted", "Change it where it is kept: by pull request, or by hand in its source."
    OWNED = "owned", "Change it where it is kept."
    HANDING_OVER = (
        "handing-over",
        "Wait until it ends. If it has Failed, follow its card, or remove the label with "
        "`kubectl label`.",
    )
    TOO_LARGE = "too-large", "Convert it by hand: `meshmedic route convert` prints the objects."
    NO_PROOF = "no-proof", "Without a request through Traefik nobody could tell whether it helped."
    NOT_KEPT = "not-kept", "Choose a way that changes the cluster itself."
    NOT_IN_FILE = "not-in-file", "Choose another way, or write it by hand where the object is kept."


class PlanRefusal(msgspec.Struct, frozen=True):
    """A method that is not proposed. `detail` is a sentence about this very object.

    `paste` is the text to put into the source by hand; empty if there is none.
    """

    reason: PlanReason
    detail: str
    paste: str = ""

    def __str__(self) -> str:
        """The detail, and what to do instead."""
        return f"{self.detail} {self.reason.instead}"
