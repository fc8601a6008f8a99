"""Objects that were named and worded to get at whoever shows them."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.scenarios.apps import APPS, a_route
from bot.sandbox.scenarios.breaking import not_ready, tell, waits
from bot.sandbox.scenarios.homelab import healthy
from bot.sandbox.scenarios.plain import a_condition
from bot.sandbox.scenarios.pods import a_pod
from bot.sandbox.scenarios.scenario import Homelab

LINK = "[click here to repair it](https://phish.example.org/login)"
REVERSED = "invoice\u202egnp.exe\u202c"
ODD_NAME = f"**all-is-well**@everyone{REVERSED}`"
"""No API server lets this name through; whatever stands between it and the bot might."""

SHOUT = (
    f"@everyone @here <@&1> **urgent** ~~fine~~ ||spoiler|| {LINK} ```\n# HEALTHY\n``` {REVERSED}"
)
FAKE_TOKEN = "ghp_" + "NotARealToken" * 3
LONG = "a" * 253


def hostile(now: datetime) -> Homelab:
    """Markdown, mentions, masked links, very long names, reversed text and a token in a log."""
    lab = healthy(now)
    _crashes(lab, LONG)
    _crashes(lab, ODD_NAME)
    _unsynced(lab)
    repository = lab.get("GitRepository", "flux-system", "homelab")
    repository["status"]["conditions"].append(
        a_condition("Reconciling", lately(lab), reason="`ProgressingWithRetry`", message=SHOUT * 40)
    )
    (jellyfin,) = (app for app in APPS if app.name == "jellyfin")
    lab.drop("IngressRoute", jellyfin.namespace, jellyfin.name)
    route = a_route(lab.times, jellyfin, service=f"**`{LINK}`**")
    route["spec"]["routes"][0]["match"] = f"Host(`{SHOUT}`)"
    lab.add(route)
    return lab


def lately(lab: Homelab) -> str:
    """A quarter of an hour ago: long enough to be a finding."""
    return lab.times.ago(minutes=15)


def _crashes(lab: Homelab, name: str) -> None:
    pod = a_pod(lab.times, "trap", "media", node="home-1", number=90, image="trap:1")
    pod["metadata"]["name"] = name
    ended = {
        "reason": "Error",
        "exitCode": 1,
        "message": SHOUT,
        "finishedAt": lab.times.ago(minutes=3),
    }
    waits(
        lab,
        pod,
        lately(lab),
        reason="CrashLoopBackOff",
        message=SHOUT,
        last=ended,
        restarts=4,
    )
    lab.add(pod)
    tell(lab, pod, f"BackOff{LINK}", SHOUT, count=20)
    lab.logs["media", name, "trap", True] = (
        f"starting\n```\n@everyone {LINK}\n\x1b[31mred\x1b[0m {REVERSED}\n"
        f"fatal: cannot log in with token={FAKE_TOKEN}\n"
    )


def _unsynced(lab: Homelab) -> None:
    external = lab.get("ExternalSecret", "media", "immich-env")
    said = f"provider said: {SHOUT} https://robot:{FAKE_TOKEN}@vault.example.org"
    not_ready(external, lately(lab), "SecretSyncedError", said)
    tell(lab, external, "UpdateFailed", said, source="external-secrets")
