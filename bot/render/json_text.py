"""What all answers in JSON share: how they are written, and how a schema is published."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.domain.redaction.redact import FILE, redact


def indented(value: Any) -> bytes:
    """A value as indented JSON with a line end, without what looks like a secret."""
    shown = _redacted(msgspec.to_builtins(value), {})
    return msgspec.json.format(msgspec.json.encode(shown), indent=2) + b"\n"


def _redacted(value: Any, known: dict[str, str]) -> Any:
    """Every text of a document: a reason, a rule or a command may hold a secret, too.

    `known` are texts that stood in it before: thousands of findings share most of theirs.
    """
    if isinstance(value, str):
        if value not in known:
            # A lone surrogate is no JSON.
            known[value] = redact(value, FILE).encode(errors="replace").decode()
        return known[value]
    if isinstance(value, dict):
        return {_redacted(key, known): _redacted(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item, known) for item in value]
    return value


def schema_of(kind: type[msgspec.Struct], version: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a struct; `version` names it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": version,
        **msgspec.json.schema(kind),
    }
