"""Several Ingresses in one go: the names of what is made do not meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.ingress_conversion.convert import Conversion, convert
from bot.ingress_conversion.known import Known, Place, gather
from bot.ingress_conversion.target import ConversionTarget


def convert_all(
    ingresses: Iterable[tuple[Mapping[str, Any], Known]], target: ConversionTarget
) -> Iterator[Conversion]:
    """What becomes of each, in order, each with what is known around it."""
    made: frozenset[Place] = frozenset()
    for manifest, known in ingresses:
        conversion = convert(manifest, replace(known, routes=known.routes | made), target)
        made |= gather(conversion.manifests).routes
        yield conversion
