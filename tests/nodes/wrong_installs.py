"""Wrong installs: small edits of a right one that runs, each told by `/doctor` and taken back.

A right one is green without metrics-server, and without what else is optional.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.doctor.domain.diagnostic import PROBLEMS
from bot.doctor.views.discord import MARK
from tests.nodes import readme
from tests.nodes.bot import Bot
from tests.nodes.cluster import RealNodes
from tests.nodes.faults.fault import rule
from tests.nodes.images import BUSYBOX, MESHMEDIC
from tests.nodes.kubectl import apply, kubectl, rolled_out
from tests.nodes.manifests import namespace
from tests.nodes.table import Table
from tests.wire.world import APPROVERS, GUILD_ID, ITS_OWN

TOLD_WITHIN = 45.0
"""Seconds until what was edited is seen: roles are aggregated, and kubelets report."""

GREEN_WITHIN = 150.0
"""Seconds after it was taken back: a kubelet brings a new key to its agent in two minutes."""

PROBE = ("-n", "meshmedic-probe")
OURS = ("-n", "meshmedic")
GONE = 300_000_000_000_000_098
ATTACH_FILES, SEND_MESSAGES = 1 << 15, 1 << 11
API_OPEN = "--api.insecure=true"

Undo = Callable[[], object]


@dataclass(frozen=True)
class Place:
    """What an edit may need."""

    cluster: RealNodes
    bot: Bot


@dataclass(frozen=True)
class WrongInstall:
    """One edit, and the line of `/doctor` that names it.

    make: Makes the edit, and returns what takes it back.
    told: A pattern for the one line.
    follows: A pattern for other lines that follow from the same edit; empty where there are none.
    green: Whether the install is waited for to be green once it is taken back.
    """

    name: str
    make: Callable[[Place], Undo]
    told: str
    follows: str = ""
    green: bool = False


def _apply_again() -> None:
    kubectl("apply", "-k", readme.CHECKOUT / "deploy/home")


def _without(*words: str) -> Callable[[Place], Undo]:
    """An object is deleted, as if it had never been applied."""

    def make(_: Place) -> Undo:
        kubectl("delete", *words, "--wait=true")
        return _apply_again

    return make


def _patched(*words: object, patch: object) -> Callable[[Place], Undo]:
    """Fields of an object are other ones; applying again takes that back."""

    def make(_: Place) -> Undo:
        kubectl("patch", *words, "--type=json", "-p", json.dumps(patch))
        return _apply_again

    return make


def _setting(name: str, value: str, *, starts: bool = True) -> Callable[[Place], Undo]:
    """A setting of the bot is another one; where it `starts`, the rollout is waited for."""

    def make(_: Place) -> Undo:
        deployment = (*OURS, "deployment/meshmedic")
        kubectl("set", "env", *deployment, f"{name}={value}")
        if starts:
            rolled_out("meshmedic", "deployment/meshmedic")
        return lambda: kubectl("set", "env", *deployment, f"{name}-")

    return make


def _other_keys(_: Place) -> Undo:
    patch = [{"op": "add", "path": "/data", "value": {"key-0123456789ab": "{}"}}]
    kubectl(
        *("patch", *PROBE, "configmap", "meshmedic-probe-keys"),
        *("--type=json", "-p", json.dumps(patch)),
    )
    return lambda: None  # The bot writes its own again.


def _agents_of_no_image(_: Place) -> Undo:
    def run(image: str) -> None:
        kubectl("set", "image", *PROBE, "daemonset/meshmedic-probe", f"agent={image}")

    run("localhost/meshmedic:none")

    def back() -> None:
        run(MESHMEDIC)
        rolled_out("meshmedic-probe", "daemonset/meshmedic-probe")

    return back


def _no_prober(_: Place) -> Undo:
    kubectl("delete", "namespace", "meshmedic-probe", "--wait=true")

    def back() -> None:
        _apply_again()
        rolled_out("meshmedic-probe", "daemonset/meshmedic-probe")

    return back


def _cut_off(place: Place) -> Undo:
    """What a controller of NetworkPolicies does where none allows the bot to the agents."""
    match = ("-p", "tcp", "--dport", 8473, "-j", "REJECT")
    undo = [rule(node, "filter", "FORWARD", *match) for node in place.cluster.nodes.values()]
    return lambda: [each() for each in undo]


def _traefik(*, open_api: bool) -> None:
    at = "/spec/template/spec/containers/0/args"
    present = kubectl(
        *("get", "-n", "kube-system", "deployment", "traefik", "-o"),
        "jsonpath={.spec.template.spec.containers[0].args}",
    )
    arguments = [each for each in json.loads(present) if each != API_OPEN]
    value = [*arguments, *([API_OPEN] if open_api else [])]
    patch = json.dumps([{"op": "replace", "path": at, "value": value}])
    kubectl("patch", "-n", "kube-system", "deployment/traefik", "--type=json", "-p", patch)
    rolled_out("kube-system", "deployment/traefik")


def _closed_api(_: Place) -> Undo:
    _traefik(open_api=False)
    return lambda: _traefik(open_api=True)


def _second_bot(_: Place) -> Undo:
    """What stands for a bot of another namespace: whoever looks at pods cannot tell it from one."""
    command = ["sh", "-c", "sleep 100000"]
    pod: Mapping[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "meshmedic-0",
            "namespace": "second",
            "labels": {"app.kubernetes.io/name": "meshmedic"},
        },
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "meshmedic",
                    "image": BUSYBOX,
                    "imagePullPolicy": "IfNotPresent",
                    "command": command,
                }
            ],
        },
    }
    apply(namespace("second"))
    time.sleep(1)  # its service account is made
    apply(pod)
    return lambda: kubectl("delete", "namespace", "second", "--wait=true")


def _closed_channel(place: Place) -> Undo:
    guild = place.bot.discord.rest.guilds[str(GUILD_ID)]
    deny = {"id": str(GUILD_ID), "type": 0, "allow": "0", "deny": str(SEND_MESSAGES)}
    guild["channels"][0]["permission_overwrites"] = [deny]
    return lambda: guild["channels"][0].update(permission_overwrites=[])


def _no_files(place: Place) -> Undo:
    guild = place.bot.discord.rest.guilds[str(GUILD_ID)]
    role = next(each for each in guild["roles"] if each["id"] == str(ITS_OWN))
    before = role["permissions"]
    role["permissions"] = str(int(before) & ~ATTACH_FILES)
    return lambda: role.update(permissions=before)


READING = [
    {"op": "replace", "path": f"/rules/{number}/verbs", "value": ["get"]} for number in (0, 1)
]
BINDING = "validatingadmissionpolicybinding"

WRONG_INSTALLS = (
    WrongInstall(
        "a role for one kind is missing",
        _without("clusterrole", "meshmedic-check-autoscalers"),
        "autoscalers.*May not list and watch horizontalpodautoscalers",
    ),
    WrongInstall(
        "the approver's role is missing",
        _without("clusterrole", "meshmedic-approver"),
        "meshmedic:approver may not change Services in any namespace",
    ),
    WrongInstall(
        "the approver's policy is not bound",
        _without(BINDING, "meshmedic-approver"),
        "policy of remediation.*did not refuse what it must",
    ),
    WrongInstall(
        "the policy of exec is not bound",
        _without(BINDING, "meshmedic-exec"),
        "policy of exec.*did not refuse what it must",
    ),
    WrongInstall(
        "the policy of traefik-api is not bound",
        _without(BINDING, "meshmedic-traefik-api"),
        "policy of traefik-api.*did not refuse what it must",
    ),
    WrongInstall(
        "the prober's RBAC is missing",
        _without(*PROBE, "rolebinding", "meshmedic-prober"),
        "prober.*May not create.*in meshmedic-probe",
    ),
    WrongInstall(
        "the state cannot be written",
        _patched(*OURS, "role", "meshmedic-state", patch=READING),
        "state.*May not create and update configmaps in meshmedic",
    ),
    WrongInstall(
        "the channel of alerts is closed to the bot",
        _closed_channel,
        "MESHMEDIC_ALERT_CHANNEL.*cannot post in #ops: it lacks Send Messages",
    ),
    WrongInstall(
        "a permission in Discord is missing",
        _no_files,
        "permissions.*lacks Attach Files",
        follows="channels.*#ops lacks Attach Files",
    ),
    WrongInstall(
        "a second bot in another namespace",
        _second_bot,
        "bot's pods.*runs in second as well as in meshmedic",
    ),
    WrongInstall(
        "Traefik's API is not open", _closed_api, "Traefik API.*cannot be read, though the bot may"
    ),
    WrongInstall(
        "the bot is cut off from the agents", _cut_off, "agents.*do not do the bot's jobs"
    ),
    WrongInstall(
        "the agents' list of peers is missing",
        _without(*PROBE, "configmap", "meshmedic-probe-peers"),
        "no ConfigMap meshmedic-probe/meshmedic-probe-peers",
    ),
    WrongInstall("the agents have other keys", _other_keys, "agents.*lacks the bot's key"),
    WrongInstall(
        "the agents' keys are missing",
        _without(*PROBE, "configmap", "meshmedic-probe-keys"),
        "no ConfigMap meshmedic-probe/meshmedic-probe-keys",
        green=True,
    ),
    WrongInstall(
        "the agents' image is not to be had",
        _agents_of_no_image,
        "agents.*of 3 are ready: n.*(ErrImagePull|ImagePullBackOff)",
        green=True,
    ),
    WrongInstall(
        "the prober's namespace is missing",
        _no_prober,
        "prober.*MESHMEDIC_TOOL_IMAGE is set for it, but there is no namespace",
        green=True,
    ),
    WrongInstall(
        "a time zone that does not exist",
        _setting("MESHMEDIC_DIGEST_TIMEZONE", "Europe/Nowhere", starts=False),
        "bot's pods.*ended with code.*MESHMEDIC_DIGEST_TIMEZONE: this system does not know",
    ),
    WrongInstall(
        "Traefik's namespace is another one",
        _setting("MESHMEDIC_TRAEFIK_NAMESPACES", "ingress"),
        "No Traefik runs in the namespaces of MESHMEDIC_TRAEFIK_NAMESPACES.*kube-system",
    ),
    WrongInstall(
        "an approver who does not exist",
        _setting("MESHMEDIC_APPROVERS", f"role:{APPROVERS},{GONE}"),
        f"MESHMEDIC_APPROVERS: {GONE} is not a member of this server",
    ),
    WrongInstall(
        "the prober's image is not the bot's",
        _setting("MESHMEDIC_PROBE_IMAGE", BUSYBOX),
        f"prober.*Pods that probe run {BUSYBOX}, and the bot runs",
        green=True,
    ),
)


async def run(table: Table, cluster: RealNodes, bot: Bot) -> None:
    """Green, each wrong install with its line, and green at the end."""
    place = Place(cluster, bot)
    await asyncio.to_thread(_traefik, open_api=True)
    try:
        await _green(table, bot, "the right install")
        for wrong in WRONG_INSTALLS:
            undo = await asyncio.to_thread(wrong.make, place)
            try:
                await _told(table, bot, wrong)
            finally:
                await asyncio.to_thread(undo)
            if wrong.green:
                await asyncio.to_thread(rolled_out, "meshmedic", "deployment/meshmedic")
                await _green(table, bot, f"{wrong.name}: taken back")
    finally:
        await asyncio.to_thread(_traefik, open_api=False)


def problems(text: str) -> Sequence[str]:
    """The lines of an answer that need attention."""
    marks = tuple(f"{MARK[outcome]} **" for outcome in PROBLEMS)
    return [line for line in text.splitlines() if line.startswith(marks)]


def names_it(wrong: WrongInstall, lines: Sequence[str]) -> bool:
    """Whether one line names the fault, and every other follows from it."""
    others = [line for line in lines if not re.search(wrong.told, line)]
    follows = [line for line in others if wrong.follows and re.search(wrong.follows, line)]
    return len(others) < len(lines) and len(others) == len(follows)


async def _told(table: Table, bot: Bot, wrong: WrongInstall) -> None:
    """Ask until the line is there; what else is told then counts."""
    began = time.monotonic()
    while True:
        told = await bot.ask("doctor")
        lines = problems(told.text)
        late = time.monotonic() - began > TOLD_WITHIN
        if names_it(wrong, lines) or late:
            break
        await asyncio.sleep(2)
    said = "\n".join(lines) or told.text
    want = "." if names_it(wrong, lines) else f"only {wrong.told}"
    table.row(wrong.name, said, seconds=time.monotonic() - began, want=want)


async def _green(table: Table, bot: Bot, name: str) -> None:
    began = time.monotonic()
    while True:
        told = await bot.ask("doctor")
        green = "Nothing wrong found" in told.headline
        if green or time.monotonic() - began > GREEN_WITHIN:
            break
        await asyncio.sleep(5)
    said = "\n".join(problems(told.text)) or told.text
    table.row(name, said, seconds=time.monotonic() - began, want="Nothing wrong found")
