"""What `flux-reconcile` allows, tried with the real token: one annotation, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.gitops.domain.reconcile import REQUESTED
from tests.cluster.asking import Somebody, everything_goes, service_account
from tests.cluster.conftest import RealCluster
from tests.cluster.deployed import install_kinds, install_only, until
from tests.cluster.scene import named, set_the_scene

MERGE = "application/merge-patch+json"
KUSTOMIZATIONS = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/apps/kustomizations"
SOURCES = "/apis/source.toolkit.fluxcd.io/v1/namespaces/apps/gitrepositories"
ASKED = {"metadata": {"annotations": {REQUESTED: "2026-01-31T12:00:00Z"}}}
OBJECTS = {
    KUSTOMIZATIONS: named(
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        "tree",
        spec={
            "interval": "10m",
            "prune": True,
            "path": "./apps",
            "sourceRef": {"kind": "GitRepository", "name": "tree"},
        },
    ),
    SOURCES: named(
        "source.toolkit.fluxcd.io/v1",
        "GitRepository",
        "tree",
        spec={"interval": "1m", "url": "https://git.example/o/r", "ref": {"branch": "main"}},
    ),
}


@pytest.fixture(scope="module")
def bot(real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Somebody:
    """The account with the component, and a tree of Flux's."""
    install_kinds(real, data)
    install_only(real, tmp_path_factory.mktemp("flux"), ("flux-reconcile",))
    set_the_scene(real)
    admin = everything_goes(real)
    for at, each in OBJECTS.items():
        admin.ask("DELETE", f"{at}/tree")
        answer = admin.ask("POST", at, each)
        assert answer.done, answer.said
    made = service_account(real, "meshmedic", "meshmedic")
    # A policy acts a moment after it was made.
    wrong = {"metadata": {"labels": {"policy": "absent"}}}
    until(lambda: made.ask("PATCH", f"{KUSTOMIZATIONS}/tree", wrong, MERGE).code == 422)
    return made


@pytest.mark.parametrize("at", OBJECTS)
def test_flux_is_asked_to_look(at: str, bot: Somebody) -> None:
    """The source and the Kustomization, in the patch that the bot sends."""
    answer = bot.ask("PATCH", f"{at}/tree", ASKED, MERGE)
    assert answer.done, answer.said
    assert REQUESTED in answer.body["metadata"]["annotations"]


BEYOND: dict[str, dict[str, Any]] = {
    "suspend it": {"spec": {"suspend": True}},
    "another interval": {"spec": {"interval": "1h"}},
    "another annotation": {
        "metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}
    },
    "a label": {"metadata": {"labels": {"a": "b"}}},
    "a finalizer": {"metadata": {"finalizers": ["a.example/b"]}},
    "its spec beside the annotation": ASKED | {"spec": {"suspend": True}},
}


@pytest.mark.parametrize("at", OBJECTS)
@pytest.mark.parametrize("what", BEYOND)
def test_nothing_else_is_written(what: str, at: str, bot: Somebody) -> None:
    """RBAC would allow each of these patches."""
    refused = bot.ask("PATCH", f"{at}/tree", BEYOND[what], MERGE)
    assert (refused.code, "only the annotation" in refused.said) == (422, True), refused


@pytest.mark.parametrize("at", OBJECTS)
def test_nothing_is_made_or_deleted(at: str, bot: Somebody) -> None:
    assert bot.ask("DELETE", f"{at}/tree").code == 403
    assert bot.ask("POST", at, OBJECTS[at]).code == 403
