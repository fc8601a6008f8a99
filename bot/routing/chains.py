"""What is wrong with objects that lead to each other: Middlewares in chains, and TraefikServices.

An object is judged only with what it leads to, and each only once. So a route does not take time
for the objects of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from bot.domain.finding import Ref
from bot.routing import references as routing
from bot.routing.graph import endless, reached, towards
from bot.routing.references import Defect

Defects = tuple[Defect, ...]


@dataclass(frozen=True, slots=True)
class Chains:
    """The objects of one kind in a snapshot.

    named: The objects to which one leads; None where there is no such object.
    own: What is wrong with an object by itself.
    circle: The defect of what leads into a circle.
    passed_on: Which defects break what leads there. The first of these rules goes first.
    prefix: The beginning of what is said of such an object.
    """

    named: Callable[[Ref], Iterable[Ref] | None]
    own: Callable[[Ref], Defects]
    circle: Defect
    passed_on: Sequence[Callable[[Defects], bool]]
    prefix: str = ""
    _judged: dict[Ref, Defects] = field(default_factory=dict)

    def defects(self, start: Ref) -> Defects:
        """What is wrong with an object; empty where it is in order, or does not exist."""
        if start not in self._judged:
            self._judged.update(self._with_all_behind(start))
        return self._judged.get(start, ())

    def _with_all_behind(self, start: Ref) -> Mapping[Ref, Defects]:
        edges = reached(start, self.named, self._judged)
        known = {
            ref: self._judged[ref]
            for ref in chain.from_iterable(edges.values())
            if self._judged.get(ref)
        }
        defects = {ref: own for ref in edges if (own := self.own(ref))} | known
        # One that leads into a circle stands for the way there.
        circles = {ref: (ref,) for ref, its in known.items() if self.circle in its}
        for ref in endless({**edges, **circles}):
            defects[ref] = (self.circle,)
        for is_broken in self.passed_on:
            broken = [ref for ref, its in defects.items() if is_broken(its)]
            for ref, member in towards(edges, broken).items():
                defects[ref] = (routing.through(member, defects[member], self.prefix),)
        return {ref: defects.get(ref, ()) for ref in edges}
