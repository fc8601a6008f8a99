"""What all answers in JSON share: how they are written, and how a schema is published."""

from __future__ import annotations

from typing import Any

import msgspec


def indented(value: Any) -> bytes:
    """A value as indented JSON with a line end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def schema_of(kind: type[msgspec.Struct], version: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a struct; `version` names it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": version,
        **msgspec.json.schema(kind),
    }
