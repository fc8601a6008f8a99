"""How one object is named: for reading it, and for a step that writes it."""

from __future__ import annotations

import msgspec


class Target(msgspec.Struct, frozen=True):
    """Which object."""

    kind: str
    namespace: str
    name: str
    group: str = ""

    def __str__(self) -> str:
        """`Ingress apps/web`."""
        return f"{self.kind} {self.namespace}/{self.name}"
