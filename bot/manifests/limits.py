"""What a YAML text would cost: what overruns the stack or, by its aliases, the memory.

Parsing to events needs neither, however deep or entangled the text is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

from bot.manifests.loading import yaml_errors

MAX_DEPTH = 200
"""Far deeper than any Kubernetes object; libyaml overruns its stack at some ten thousand levels."""

TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels, as no Kubernetes object is. Remove it."

MAX_ALIASED = 1_000_000
"""How many nodes aliases may stand for, in one document."""


@dataclass(slots=True)
class _Weight:
    """How deep a document is, and how many nodes it has with each alias written out."""

    open: list[tuple[str | None, int]] = field(default_factory=list)
    anchored: dict[str | None, int] = field(default_factory=dict)
    nodes: int = 0
    aliased: int = 0

    def add(self, event: yaml.Event) -> str:
        """Take in the next event, and say what is wrong then, if anything."""
        match event:
            case yaml.AliasEvent():
                if event.anchor not in self.anchored and event.anchor in dict(self.open):
                    return "a YAML alias contains itself. Write its content out."
                self.aliased += self.anchored.get(event.anchor, 0)
                self.nodes += self.anchored.get(event.anchor, 0)
            case yaml.CollectionStartEvent():
                # An anchor may be given again; until its end, the new one has no weight.
                self.anchored.pop(event.anchor, None)
                self.open.append((event.anchor, self.nodes))
                self.nodes += 1
            case yaml.CollectionEndEvent():
                anchor, before = self.open.pop()
                # An anchor that was given again inside is the latest one.
                self.anchored.setdefault(anchor, self.nodes - before)
            case yaml.ScalarEvent():
                self.anchored[event.anchor] = 1
                self.nodes += 1
        return self._excess()

    def _excess(self) -> str:
        if len(self.open) > MAX_DEPTH:
            return TOO_DEEP
        if self.aliased > MAX_ALIASED:
            return "YAML aliases expand to too much. Write their content out."
        return ""


class Excess(NamedTuple):
    """Why a text must not be loaded, and the line where that shows, from 0."""

    line: int
    why: str


def excess(text: str) -> Excess | None:
    """What is too much about a text; None where it may be loaded.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    weight = _Weight()
    with yaml_errors():
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if why := weight.add(event):
                return Excess(event.start_mark.line if event.start_mark else 0, why)
    return None
