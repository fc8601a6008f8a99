"""Several Ingresses in one go: the names of what is made do not meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.core.conversion.convert import Conversion, convert
from bot.core.conversion.known import Known, gather
from bot.core.conversion.target import Target


def convert_all(
    ingresses: Iterable[Mapping[str, Any]], known: Known, target: Target
) -> Iterator[Conversion]:
    """What becomes of each, in order."""
    for each in ingresses:
        made = convert(each, known, target)
        known = replace(known, routes=known.routes | gather(made.manifests).routes)
        yield made
