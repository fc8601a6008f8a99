"""Objects whose names and texts attack the program that shows them."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.scenarios.breaking import add_event, replace_route, set_not_ready, set_waiting
from bot.sandbox.scenarios.homelab import healthy
from bot.sandbox.scenarios.plain import a_condition
from bot.sandbox.scenarios.pods import a_pod
from bot.sandbox.scenarios.scenario import Homelab

LINK = "[click here to repair it](https://phish.example.org/login)"
REVERSED = "invoice\u202egnp.exe\u202c"
ODD_NAME = f"**all-is-well**@everyone{REVERSED}`"
"""An API server refuses this name; something between it and the bot might not."""

SHOUT = (
    f"@everyone @here <@&1> **urgent** ~~fine~~ ||spoiler|| {LINK} ```\n# HEALTHY\n``` {REVERSED}"
)
FAKE_TOKEN = "ghp_" + "NotARealToken" * 3
LONG = "a" * 253


def hostile(now: datetime) -> Homelab:
    """Markdown, mentions, masked links, very long names, reversed text and a token in a log."""
    lab = healthy(now)
    for name in (LONG, ODD_NAME):
        _add_crashing_pod(lab, name)
    _fail_sync(lab)
    repository = lab.get("GitRepository", "flux-system", "homelab")
    repository["status"]["conditions"].append(
        a_condition("Reconciling", lately(lab), reason="`ProgressingWithRetry`", message=SHOUT * 40)
    )
    route = replace_route(lab, "jellyfin", service=f"**`{LINK}`**")
    route["spec"]["routes"][0]["match"] = f"Host(`{SHOUT}`)"
    return lab


def lately(lab: Homelab) -> str:
    """A quarter of an hour ago: long enough to be a finding."""
    return lab.times.ago(minutes=15)


def _add_crashing_pod(lab: Homelab, name: str) -> None:
    pod = a_pod(lab.times, "trap", "media", node="home-1", number=90, image="trap:1")
    pod["metadata"]["name"] = name
    finished = lab.times.ago(minutes=3)
    ended = {"reason": "Error", "exitCode": 1, "message": SHOUT, "finishedAt": finished}
    set_waiting(lab, pod, lately(lab), message=SHOUT, last=ended, restarts=4)
    lab.add(pod)
    add_event(lab, pod, f"BackOff{LINK}", SHOUT, count=20)
    lab.logs["media", name, "trap", True] = (
        f"starting\n```\n@everyone {LINK}\n\x1b[31mred\x1b[0m {REVERSED}\n"
        f"fatal: cannot log in with token={FAKE_TOKEN}\n"
    )


def _fail_sync(lab: Homelab) -> None:
    external = lab.get("ExternalSecret", "media", "immich-env")
    message = f"provider said: {SHOUT} https://robot:{FAKE_TOKEN}@vault.example.org"
    set_not_ready(external, lately(lab), "SecretSyncedError", message)
    add_event(lab, external, "UpdateFailed", message, source="external-secrets")
