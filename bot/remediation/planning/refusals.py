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
        "Ask for the route that leads to the Service. `/traefik routes` lists them.",
    )
    UNTOUCHABLE = (
        "untouchable",
        "The settings protect this namespace. If you are sure, change it by hand.",
    )
    USELESS = "useless", "Fix the cause itself: `/net diagnose` says how."
    HARMFUL = "harmful", "Leave nativeLB off and fix the cause itself: `/net diagnose` says how."
    IMPOSSIBLE = "impossible", "Fix the cause itself: `/net diagnose` says how."
    ALREADY = "already-on", "nativeLB is on already. If requests still fail, run `/net diagnose`."
    NEEDLESS = "needless", "Test again when requests fail."
    TRAEFIK_UNSEEN = "traefik-unseen", "Use a Traefik image whose tag is its version."
    TRAEFIK_TOO_OLD = "traefik-too-old", "Upgrade Traefik to 2.10 or later first."
    LOCAL_ONLY = (
        "local-only",
        "Remove `internalTrafficPolicy: Local`, or run a pod on Traefik's node.",
    )
    PER_POD = "per-pod", "Remove that setting first, if your app works without it."
    NOT_READ = "not-read", "Try again; `/doctor` checks the connection and permissions."
    HTTP_ROUTE = (
        "http-route",
        "If nativeLB helps, set the annotation `traefik.io/service.nativelb` of the Service to "
        "`true` in Git (Traefik 3.2 or later).",
    )
    OTHER_KIND = "other-kind", "Choose another fix; `/fix list` shows them."
    NOT_FAITHFUL = (
        "not-faithful",
        "Fix what it names, or use the Service annotation, which needs no conversion.",
    )
    REVERTED = "reverted", "Change it at its source: by pull request or by hand."
    OWNED = "owned", "Change it at its source."
    HANDING_OVER = (
        "handing-over",
        "Wait until it ends. If it failed, follow its card, or remove the label with "
        "`kubectl label`.",
    )
    TOO_LARGE = "too-large", "Convert it by hand: `meshmedic route convert` prints the objects."
    NO_PROOF = "no-proof", "The bot only changes a route that fails, and that it can test."
    NOT_KEPT = "not-kept", "Choose a fix that changes the cluster itself."
    NOT_IN_FILE = "not-in-file", "Choose another fix, or edit the file by hand."


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
