"""Annotations and labels are kept by an allow-list, which has every key that the code reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from bot.domain.report import Report, examine
from bot.domain.resources.base import Object
from bot.domain.resources.decode import decode_object, read_object
from bot.domain.resources.kept_metadata import ANNOTATIONS, LABELS, NODE_ADDRESSES, OF_TRAEFIK
from bot.domain.resources.registry import KINDS
from bot.domain.snapshot import Snapshot
from bot.health.checks import CHECKS
from bot.sandbox.scenarios import SCENARIOS
from bot.sandbox.scenarios.scenario import Scenario
from tests.places import ROOT

KEY = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}/(?:[A-Za-z0-9][A-Za-z0-9._-]*)?")
"""A key of a label or an annotation, or the beginning of keys, as it stands in the code."""

BEGINNING = re.compile(r"""["'](?:[a-z0-9-]+\.)+[a-z]{2,}/""")

READ_ELSEWHERE = {
    "bot/gitops": "manifests of the repository, and live objects that are read whole",
    "bot/ingress_conversion": "manifests, and live objects that are read whole",
    "bot/remediation": "what a repair changes is read whole",
    "bot/sandbox": "the simulated cluster writes them",
    "bot/net/probing/manifests.py": "written on what the bot creates",
    "bot/health/next_steps": "commands for people",
    "bot/cli": "text for people",
    "bot/runbook_pages": "text for people",
}

NO_KEYS = {
    "authentication.k8s.io/v1",
    "meta.k8s.io/v1",
    "authorization.k8s.io/v1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "networking.k8s.io/v1",
    "meshmedic.dev/v1alpha1",
    "github.com/",
    "kubernetes.io/h2c",  # protocols of a Service's port
    "kubernetes.io/ws",
    "kubernetes.io/wss",
    "kubernetes.io/no-provisioner",  # a provisioner
    "meshmedic.dev/malformed",  # a field
    "node.cloudprovider.kubernetes.io/uninitialized",  # a taint
    "pod-security.kubernetes.io/enforce",  # a label of a Namespace: all of these are kept
    "traefik.containo.us/",  # API groups and controllers
    "traefik.io/gateway-controller",
    "traefik.io/ingress-controller",
}


def keys_in(source: Path) -> Iterator[str]:
    """The texts of a file that are keys as a whole."""
    written = source.read_text()
    for node in ast.walk(ast.parse(written)) if BEGINNING.search(written) else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from KEY.findall(node.value) if KEY.fullmatch(node.value) else ()


def test_every_key_that_the_code_reads_is_on_the_list():
    """A new key is either kept or named here, with what it is instead."""
    missing = {
        f"{source.relative_to(ROOT)}: {key}"
        for source in (ROOT / "bot").rglob("*.py")
        if not str(source.relative_to(ROOT)).startswith(tuple(READ_ELSEWHERE))
        for key in keys_in(source)
        if key not in ANNOTATIONS | LABELS | NO_KEYS and not key.startswith(OF_TRAEFIK)
    }
    assert not missing


def test_every_key_on_the_list_is_read():
    """What nothing reads is not kept."""
    sources = [path.read_text() for path in (ROOT / "bot").rglob("*.py") if path.name != OWN]
    assert any("in NODE_ADDRESSES" in text for text in sources)
    unread = {
        key
        for key in (ANNOTATIONS | LABELS).difference(NODE_ADDRESSES)
        if not any(key in text or key.partition("/")[0] in text for text in sources)
    }
    assert not unread


OWN = "kept_metadata.py"

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_report_is_the_same_with_every_annotation_and_label(scenario: Scenario):
    """Nothing that is left out would have been read."""
    assert _report(scenario, kept=True) == _report(scenario, kept=False)


def _report(scenario: Scenario, *, kept: bool) -> Report:
    at = {kind.name: kind.type for kind in KINDS}
    objects: dict[type[Object], list[Object]] = {kind: [] for kind in at.values()}
    homelab = scenario.build(NOW)
    for plain in homelab.objects:
        if kind := at.get(plain["kind"]):
            body = msgspec.json.encode(plain)
            objects[kind].append(
                decode_object(body, kind) if kept else read_object(msgspec.json.decode(body), kind)
            )
    snapshot = Snapshot(NOW, {kind: tuple(held) for kind, held in objects.items()})
    return examine(snapshot, CHECKS)
