"""A matrix as JSON, for scripts. The schema is published in docs/matrix.schema.json."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.domain.redaction.redact import redact
from bot.domain.verdict import Verdict
from bot.net.mesh.matrix import By, Matrix
from bot.net.probing.protocol import Outcome
from bot.net.views import text_matrix as told
from bot.render.json_text import indented, schema_of

VERSION = "meshmedic.dev/matrix/v1"


class JsonCell(msgspec.Struct, frozen=True, rename="camel"):
    """One test of one pair; `took` in milliseconds."""

    source: str
    target: str
    test: By
    tries: int
    well: int
    ended: Outcome
    took: float | None


class JsonMatrix(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A matrix. `findings` says in words what is broken; `dns` has a cell a node."""

    schema: str
    verdict: Verdict
    findings: tuple[str, ...]
    nodes: tuple[str, ...]
    cells: tuple[JsonCell, ...]
    dns: tuple[JsonCell, ...]
    unseen: tuple[tuple[str, str], ...]
    prober: str


def matrix(each: Matrix) -> bytes:
    """The matrix as indented JSON with a line end."""
    whole = JsonMatrix(
        schema=VERSION,
        verdict=each.verdict,
        findings=told.sentences(each),
        nodes=each.nodes,
        cells=tuple(msgspec.convert(one, JsonCell, from_attributes=True) for one in each.cells),
        dns=tuple(msgspec.convert(one, JsonCell, from_attributes=True) for one in each.dns),
        unseen=tuple((node, redact(why)) for node, why in each.unseen),
        prober=each.prober,
    )
    return indented(whole)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a matrix."""
    return schema_of(JsonMatrix, VERSION)
