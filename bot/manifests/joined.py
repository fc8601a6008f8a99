"""Objects as YAML documents below each other, as they are written into a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.manifests.writer import documents


def written(manifests: Iterable[Mapping[str, Any]]) -> str:
    """Without a mark before the first."""
    return documents(manifests).decode().removeprefix("---\n")
