"""The objects of a cluster at one moment, and the gaps: what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Generic, Protocol, Self, TypeVar, cast

import msgspec

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources.base import Object

T = TypeVar("T", bound=Object)
K = TypeVar("K")
M = TypeVar("M")
S = TypeVar("S")


class Why(StrEnum):
    """Why a kind was not seen. None of these is ever healthy."""

    NOT_INSTALLED = "not installed"
    FORBIDDEN = "forbidden"
    UNREACHABLE = "unreachable"
    STALE = "stale"
    OFF = "switched off"
    NOT_SET_UP = "not set up"
    NOT_YET = "not read yet"
    IN_PART = "read in part"
    """The newest part is missing."""
    OLDER = "not read further back"
    """Only what is older than needed is missing: the bot reads no more of a long log."""

    @property
    def by_choice(self) -> bool:
        """Whether it is meant so, by the owner or by the bot, and makes no report unknown."""
        return self in (Why.NOT_INSTALLED, Why.OFF, Why.NOT_SET_UP, Why.OLDER)

    @property
    def hides(self) -> bool:
        """Whether what is found once the kind is read may have been there all the time."""
        return self not in (Why.NOT_INSTALLED, Why.NOT_SET_UP, Why.OLDER)


AWAY = frozenset({Why.UNREACHABLE, Why.STALE, Why.NOT_YET, Why.IN_PART})
"""Temporary gaps. A permanently forbidden kind must not hold back alerts for ever."""


class Gap(msgspec.Struct, frozen=True, rename="camel"):
    """A kind that was not seen, or only as it was at `since`.

    `detail` says what would help: the missing permission, the error, the setting. Where only a part
    of a kind was not seen, `part_of` is the kind and `namespace` where that is: all others of it
    were seen.
    """

    kind: str
    why: Why
    detail: str = ""
    since: datetime | None = None
    part_of: str = ""
    namespace: str = ""

    @classmethod
    def in_part(cls, kind: str, namespace: str, detail: str) -> Gap:
        """Some objects of a kind, in one namespace or without any, were not seen."""
        name = f"{kind} in {namespace}" if namespace else kind
        return cls(name, Why.IN_PART, detail, part_of=kind, namespace=namespace)

    def hides_any(self, kind: str, namespace: str | None) -> bool:
        """Whether an object of a kind may be there, in a namespace, that was not seen."""
        if self.why is Why.NOT_INSTALLED:
            return False
        return self.kind == kind or (self.part_of == kind and self.namespace == namespace)


class Indexed(tuple[T, ...]):
    """The objects of one type, with indexes that are built once, when they are first needed.

    The watch cache keeps them from one snapshot to the next while nothing changed. Where something
    did, what was found in the objects that did not change still holds.
    """

    _before: _Found[T] | None = None
    _new: Sequence[T] = ()
    _gone: Mapping[int, T] = MappingProxyType({})

    def following(self, before: Indexed[T]) -> Self:
        """These objects, after an earlier state: what was found in those still there is kept.

        An object that changed is another object.
        """
        there, here = set(map(id, before)), set(map(id, self))
        self._before = before._found
        self._new = [item for item in self if id(item) not in there]
        self._gone = {id(item): item for item in before if id(item) not in here}
        return self

    @cached_property
    def _found(self) -> _Found[T]:
        return _Found({}, {})

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], T]:
        """By (namespace, name)."""
        return {(item.metadata.namespace, item.metadata.name): item for item in self}

    @cached_property
    def by_controller(self) -> Mapping[Ref, Sequence[T]]:
        """By what controls them."""
        return self._grouped("controller", lambda item: item.controller)

    def by_label(self, label: str) -> Mapping[tuple[str, str], Sequence[T]]:
        """By (namespace, value of a label)."""

        def key(item: T) -> tuple[str, str] | None:
            meta = item.metadata
            value = meta.labels.get(label) if meta.labels else None
            return (meta.namespace, value) if value else None

        return self._grouped(f"label {label}", key)

    @cached_property
    def made(self) -> dict[str, object]:
        """What `once` computed so far, by its name."""
        return {}

    def once(self, name: str, make: Callable[[Indexed[T]], M]) -> M:
        """What `make` finds in these objects alone, computed once: an index, by its name."""
        if name not in self.made:
            self.made[name] = make(self)
        return cast("M", self.made[name])

    def those(self, name: str, fits: Callable[[T], bool]) -> Sequence[T]:
        """The objects that fit, each by what it holds itself: it is asked once, by that name."""
        chosen = self._found.chosen
        if name not in chosen:
            before = self._before.chosen.get(name) if self._before else None
            kept = [item for item in before or () if id(item) not in self._gone]
            chosen[name] = [*kept, *filter(fits, self if before is None else self._new)]
        return chosen[name]

    def _grouped(self, name: str, key_of: Callable[[T], K | None]) -> Mapping[K, Sequence[T]]:
        """The objects by a key, which each tells alone; those without one are left out."""
        groups = self._found.groups
        if name not in groups:
            before = self._before.groups.get(name) if self._before else None
            if before is None:
                groups[name] = grouped((key, item) for item in self if (key := key_of(item)))
            else:
                groups[name] = self._regrouped(cast("Mapping[K, Sequence[T]]", before), key_of)
        return cast("Mapping[K, Sequence[T]]", groups[name])

    def _regrouped(
        self, before: Mapping[K, Sequence[T]], key_of: Callable[[T], K | None]
    ) -> Mapping[K, Sequence[T]]:
        """The same groups but for the objects that came, went or changed: ordered as in a list."""
        news = grouped((key, item) for item in self._new if (key := key_of(item)))
        olds = {key for item in self._gone.values() if (key := key_of(item))}
        groups = dict(before)
        for key in {*olds, *news}:
            kept = [item for item in groups.pop(key, ()) if id(item) not in self._gone]
            if items := [*kept, *news.get(key, ())]:
                groups[key] = sorted(items, key=_place)
        return groups


@dataclass(frozen=True, slots=True)
class _Found(Generic[T]):
    """What was found in the objects of one state, by its name: those that fit, and groups."""

    chosen: dict[str, Sequence[T]]
    groups: dict[str, object]


def _place(item: Object) -> tuple[str, str]:
    return item.metadata.namespace, item.metadata.name


NONE: Indexed[Object] = Indexed()


@dataclass(frozen=True)
class Snapshot:
    """Objects by type at `taken_at`.

    objects: A type that is missing was not read at all.
    namespaces: Set where only those were read.
    live: False for saved files, of which an absence proves nothing.
    timely: Whether `taken_at` is the time at which saved files were read from their cluster, so
        that an old timestamp is evidence.
    supplements: Data that a feature adds, by its type.
    """

    taken_at: datetime
    objects: Mapping[type[Object], tuple[Object, ...]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    namespaces: tuple[str, ...] | None = None
    live: bool = True
    timely: bool = False
    supplements: Mapping[type, object] = field(default_factory=dict)
    _memo: dict[object, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Give the objects of each type their indexes, unless they have them already."""
        indexed = {
            kind: object_ if isinstance(object_, Indexed) else Indexed(object_)
            for kind, object_ in self.objects.items()
        }
        object.__setattr__(self, "objects", indexed)

    @property
    def hears(self) -> bool:
        """Whether an old timestamp is evidence: something has been silent until `taken_at`."""
        return self.live or self.timely

    def of(self, kind: type[T]) -> Indexed[T]:
        """All objects of a type; empty where none was read."""
        return cast("Indexed[T]", self.objects.get(kind) or NONE)

    def get(self, kind: type[T], namespace: str, name: str) -> T | None:
        """One object, or None where it was not read."""
        return self.of(kind).by_name.get((namespace, name))

    def supplement(self, kind: type[S]) -> S | None:
        """The data of that type that a feature has added, if any."""
        return cast("S | None", self.supplements.get(kind))

    def once(self, name: str, make: Callable[[], M]) -> M:
        """The result of `make`, computed once for a snapshot: an index of a check, by its name."""
        if name not in self._memo:
            self._memo[name] = make()
        return cast("M", self._memo[name])

    def unseen(self, kinds: Iterable[type[Object]]) -> tuple[str, ...]:
        """The names of the kinds of which an absence proves nothing."""
        return tuple(kind.__name__ for kind in kinds if not self.sees(kind))

    def sees(self, kind: type[Object], namespace: str | None = None) -> bool:
        """Whether the absence of an object of this type (in this namespace) is evidence."""
        if not self.live or kind not in self.objects:
            return False
        if self.namespaces is not None and namespace not in (None, *self.namespaces):
            return False
        name = kind.kind_name()
        return not any(gap.hides_any(name, namespace) for gap in self.gaps)


class SnapshotReader(Protocol):
    """Reads the objects of a cluster: from the API server, a watch cache or a recording."""

    async def snapshot(
        self, types: Collection[type[Object]], namespace: str | None = None
    ) -> Snapshot:
        """The objects of these types, in one namespace or all; a type that fails is a gap."""
        ...
