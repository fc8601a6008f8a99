"""The controllers' CRDs, from the modules that the controllers are built from."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.programs import catalogue
from tests.programs.program import Program, go_command

DEFINITIONS = (
    (catalogue.SOURCE_CONTROLLER, "github.com/fluxcd/source-controller", "config/crd/bases"),
    (catalogue.KUSTOMIZE_CONTROLLER, "github.com/fluxcd/kustomize-controller", "config/crd/bases"),
    (catalogue.CERT_MANAGER, "github.com/cert-manager/cert-manager", "deploy/crds"),
    (
        catalogue.TRAEFIK,
        "github.com/traefik/traefik/v3",
        "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",
    ),
)
"""Where the module of a program keeps its CRDs."""


def module(program: Program, name: str) -> Path:
    """The folder of a module that a program is built from, in Go's own cache."""
    fetched = subprocess.run(  # noqa: S603  # ours
        (go_command(), "mod", "download", "-json", name),
        cwd=program.folder,
        env=os.environ | {"GOFLAGS": "-mod=readonly"},
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(json.loads(fetched.stdout)["Dir"])


def definitions(*programs: Program) -> Iterator[dict[str, Any]]:
    """The CRDs of these programs, without conversion webhooks, which nobody here answers."""
    for program, name, place in DEFINITIONS:
        if program not in programs:
            continue
        at = module(program, name) / place
        for path in sorted(at.glob("*.yaml")) if at.is_dir() else (at,):
            for document in yaml.safe_load_all(path.read_text()):
                if document and document["kind"] == "CustomResourceDefinition":
                    document["spec"].pop("conversion", None)
                    document.pop("status", None)
                    yield document
