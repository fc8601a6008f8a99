"""The controllers of the proof on real ones, built by Go once and kept with the cluster's programs.

`python -m tests.controllers.build` builds what is missing. Their CRDs come out of the modules that
they were built from, so that both are of one version.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import build
from tests.cluster.build import Program

MODS = Path(__file__).parent / "mods"

SOURCE_CONTROLLER = Program(
    "source-controller",
    MODS / "source-controller",
    "github.com/fluxcd/source-controller",
    (),
    minutes=15,
)
KUSTOMIZE_CONTROLLER = Program(
    "kustomize-controller",
    MODS / "kustomize-controller",
    "github.com/fluxcd/kustomize-controller",
    (),
    minutes=19,
)
CERT_MANAGER = Program("cert-manager", MODS / "cert-manager", ".", (), minutes=14)
PEBBLE = Program(
    "pebble", MODS / "pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble", (), minutes=1
)
PROGRAMS = (
    build.CONTROL_PLANE,
    build.TRAEFIK_PROXY,
    PEBBLE,
    SOURCE_CONTROLLER,
    KUSTOMIZE_CONTROLLER,
    CERT_MANAGER,
)

DEFINITIONS = (
    (SOURCE_CONTROLLER, "github.com/fluxcd/source-controller", "config/crd/bases"),
    (KUSTOMIZE_CONTROLLER, "github.com/fluxcd/kustomize-controller", "config/crd/bases"),
    (CERT_MANAGER, "github.com/cert-manager/cert-manager", "deploy/crds"),
    (
        build.TRAEFIK_PROXY,
        "github.com/traefik/traefik/v3",
        "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",
    ),
)
"""Where the module of a program keeps its CRDs."""


def module(program: Program, name: str) -> Path:
    """The folder of a module that a program is built from, in Go's own cache."""
    fetched = subprocess.run(  # noqa: S603  # ours
        (build.go_command(), "mod", "download", "-json", name),
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


def main(*without: Program) -> int:
    """Build whatever is missing, but these."""
    try:
        for program in (program for program in PROGRAMS if program not in without):
            build.built(program)
    except build.CannotBuild as error:
        print(f"build: {error}", file=sys.stderr)  # noqa: T201  # the terminal is our page
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
