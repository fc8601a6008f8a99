"""Background rounds that follow each other soon, so that a fault of theirs is seen in a minute."""

from __future__ import annotations

import json

from tests.nodes.faults.fault import Undo
from tests.nodes.kubectl import get, kubectl, rolled_out

HURRIED = 15
DAEMONSET = ("-n", "meshmedic-probe", "daemonset/meshmedic-probe")
TOLD_WITHIN = 100.0
"""Seconds: a round, then the bot's look at it, which comes every minute."""


def hurry() -> Undo:
    """Let every agent begin anew with short rounds; what brings the usual ones back."""
    spec = get("-n", "meshmedic-probe", "daemonset", "meshmedic-probe")["spec"]
    arguments = spec["template"]["spec"]["containers"][0]["args"]
    _give(_with_rounds_of(HURRIED, arguments))
    return lambda: _give(arguments)


def _with_rounds_of(seconds: int, arguments: list[str]) -> list[str]:
    at = arguments.index("--round") + 1
    return [*arguments[:at], str(seconds), *arguments[at + 1 :]]


def _give(arguments: list[str]) -> None:
    path = "/spec/template/spec/containers/0/args"
    patch = [{"op": "replace", "path": path, "value": arguments}]
    kubectl("patch", *DAEMONSET, "--type=json", "-p", json.dumps(patch))
    rolled_out("meshmedic-probe", "daemonset/meshmedic-probe")
