"""Plants faults in plain workloads, and asks for them as somebody at a terminal does."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence

from bot.cli.parser import EXIT
from tests.nodes import commands
from tests.nodes.kubectl import apply, kubectl
from tests.nodes.manifests import Object, namespace
from tests.nodes.place import ADMIN
from tests.nodes.table import Table
from tests.nodes.workload_faults import FAULTS, HEALTHY
from tests.places import ROOT

WELL = "workloads-well"
"""The namespace of those that are well."""

GRACE = 600.0
"""Seconds: a Deployment has its deadline, and what no controller makes has five minutes."""

PAUSE = 15.0


def run(table: Table) -> None:
    """Make all of them, ask until each is named or the grace is over, and take them away."""
    began = time.monotonic()
    try:
        _make(WELL, HEALTHY, None)
        for fault in FAULTS:
            _make(fault.name, fault.objects, fault.labels)
            if fault.deleted:
                kubectl("delete", "namespace", fault.name, "--wait=false")
        findings = _checked()
        while not _all_named(findings) and time.monotonic() - began < GRACE:
            time.sleep(PAUSE)
            findings = _checked()
        seconds = time.monotonic() - began
        for fault in FAULTS:
            want = f"^1 cause, (?s:.*)(?:{fault.says})"
            table.row(fault.name, _told(fault.name, findings), seconds=seconds, want=want)
        remarks = json.dumps(_of(WELL, findings)) if _of(WELL, findings) else "nothing"
        table.row("those that are well", remarks, seconds=seconds, want="^nothing$")
    finally:
        _remove()


def _make(name: str, objects: Sequence[Object], labels: Mapping[str, str] | None) -> None:
    made = namespace(name)
    apply({**made, "metadata": {**made["metadata"], "labels": labels or {}}})
    apply(*({**each, "metadata": {**each["metadata"], "namespace": name}} for each in objects))


def _remove() -> None:
    for fault in FAULTS:
        if fault.deleted:
            patch = '{"metadata":{"finalizers":null}}'
            kubectl("-n", fault.name, "patch", "configmap", "held", "--type=merge", "-p", patch)
    names = [WELL, *(fault.name for fault in FAULTS)]
    kubectl("delete", "namespace", "--ignore-not-found", *names, timeout=300)


def _checked() -> Sequence[Object]:
    """The findings of `meshmedic check`, which ends with 1 where there are any."""
    command = (sys.executable, "-m", "bot", "check", "--output", "json")
    env = {**os.environ, "KUBECONFIG": str(ADMIN), "PYTHONPATH": str(ROOT)}
    told = commands.run(*command, env=env, timeout=120, codes=EXIT.values())
    findings: Sequence[Object] = json.loads(told)["findings"]
    return findings


def _of(name: str, findings: Sequence[Object]) -> Sequence[Object]:
    return [found for found in findings if name in (found.get("namespace"), found.get("name"))]


def _told(name: str, findings: Sequence[Object]) -> str:
    """How many causes there are of what fails in a namespace, what they are, and all of it."""
    told = _of(name, findings)
    roots = [finding for finding in told if not finding.get("cause")]
    words = ", ".join("{verdict} {kind}: {reason}".format_map(finding) for finding in roots)
    return f"{len(roots)} cause, {words}\n{json.dumps(told)}"


def _all_named(findings: Sequence[Object]) -> bool:
    return all(re.search(fault.says, json.dumps(_of(fault.name, findings))) for fault in FAULTS)
