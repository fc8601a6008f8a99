"""What each namespace may weigh in the watch cache, so that nobody fills the memory of all.

Whoever may write in one namespace may create any number of objects there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from bot.domain.grouping import grouped
from bot.domain.resources.base import Object
from bot.domain.resources.weighing import is_name_alone, name_alone, weight, weight_of_all
from bot.domain.sentences import listed
from bot.domain.snapshot import Gap

SHARE = 6 * 1024 * 1024
"""Bytes of the objects of one namespace, as JSON: 10,000 pods that are well have 5.7 MiB."""

NAMED = 3
"""Objects that a gap names."""

Key = tuple[str, str]
"""Namespace and name."""


@dataclass
class Shares:
    """The bytes of each namespace, of all kinds together. What has no namespace has no limit."""

    most: int = SHARE
    taken: Counter[str] = field(default_factory=Counter)


@dataclass
class Load:
    """The objects that one watch keeps, each within the share of its namespace.

    floor: The bytes of the list that a new one is about to replace: they are taken already.
    by_name: The objects that are known by their name alone.
    left_out: Those that are not kept, since the share of their namespace is used up.
    """

    shares: Shares
    floor: Counter[str] = field(default_factory=Counter)
    objects: dict[Key, Object] = field(default_factory=dict)
    by_name: set[Key] = field(default_factory=set)
    left_out: set[Key] = field(default_factory=set)
    _bytes: Counter[str] = field(default_factory=Counter)

    def put(self, resource: Object) -> None:
        """Keep an object, in place of an earlier state of it."""
        heavy = weight(resource)
        if heavy > resource.weight:
            resource = name_alone(resource)
            heavy = weight(resource)
        key = (resource.namespace, resource.name)
        before = self.objects.get(key)
        more = heavy - (weight(before) if before else 0)
        if not self._take(resource.namespace, more):
            self.drop(key)
            self.left_out.add(key)
            return
        self.objects[key] = resource
        self.left_out.discard(key)
        (self.by_name.add if is_name_alone(resource) else self.by_name.discard)(key)

    def extend(self, resources: Sequence[Object]) -> None:
        """Keep the objects of a page, which is in the order of namespaces: most are weighed so."""
        for namespace, run in groupby(resources, lambda resource: resource.metadata.namespace):
            self._extend(namespace, tuple(run))

    def _extend(self, namespace: str, run: Sequence[Object]) -> None:
        fresh = {(namespace, resource.metadata.name): resource for resource in run}
        heavy = weight_of_all(run)
        if (
            heavy <= run[0].weight
            and len(fresh) == len(run)
            and self.objects.keys().isdisjoint(fresh)
            and not any(resource.malformed for resource in run)
            and self._take(namespace, heavy)
        ):
            self.objects |= fresh
            return
        for resource in run:
            self.put(resource)

    def drop(self, key: Key) -> None:
        """Forget an object."""
        self.left_out.discard(key)
        self.by_name.discard(key)
        if before := self.objects.pop(key, None):
            self._take(key[0], -weight(before))

    def follow(self) -> Load:
        """A load for a new list, which takes the place of this one once it is `settled`."""
        return Load(self.shares, Counter(self._bytes))

    def settled(self) -> Load:
        """This load, once it is whole: what the list before it had is given back."""
        for namespace in self.floor.keys() - self._bytes.keys():
            self._bytes[namespace] = 0
        for namespace, own in self._bytes.items():
            self.shares.taken[namespace] -= max(0, self.floor[namespace] - own)
        self.floor.clear()
        return self

    def abandon(self) -> None:
        """Give back what a list took that did not come to its end."""
        for namespace, own in self._bytes.items():
            self.shares.taken[namespace] -= max(0, own - self.floor[namespace])
        self._bytes.clear()

    @property
    def may_fit(self) -> bool:
        """Whether there is room by now for objects that were left out."""
        half = self.shares.most // 2
        return any(self.shares.taken[namespace] < half for namespace, _ in self.left_out)

    def gaps(self, kind: str) -> Iterable[Gap]:
        """What is not kept of a kind, a namespace at a time."""
        for namespace, names in grouped(sorted(self.by_name)).items():
            yield Gap.in_part(kind, namespace, f"too heavy to be read: {listed(names, NAMED)}")
        for namespace, names in grouped(sorted(self.left_out)).items():
            why = f"all objects of the namespace are heavier than {self.shares.most:,} bytes"
            yield Gap.in_part(kind, namespace, f"{why}; not kept: {listed(names, NAMED)}")

    def _take(self, namespace: str, more: int) -> bool:
        """Count bytes of a namespace, unless its share is used up."""
        floor, own = self.floor[namespace], self._bytes[namespace]
        further = max(floor, own + more) - max(floor, own)
        if further > 0 and namespace and self.shares.taken[namespace] + further > self.shares.most:
            return False
        self._bytes[namespace] = own + more
        self.shares.taken[namespace] += further
        return True
