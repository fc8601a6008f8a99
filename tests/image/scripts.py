"""Loads what the Dockerfile runs: scripts that are in no package."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from tests.places import ROOT


def script(name: str) -> ModuleType:
    """A script of deploy/, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"deploy/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
