"""The latest changes of the objects, and the open watches that receive them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from bot.sandbox.kubernetes_api.selectors import Selection
from bot.sandbox.kubernetes_api.stored import Stored


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One write: the object before and after it.

    At a creation `before` is None. At a deletion `after` is the last content under the version of
    the deletion.
    """

    version: int
    qualified: str
    before: Stored | None
    after: Stored
    deleted: bool = False

    def event_for(self, selection: Selection) -> tuple[str, Stored] | None:
        """The event for a watch with a selector: an object that leaves the selection is DELETED."""
        before = self.before if self.before and selection.matches(self.before) else None
        if not self.deleted and selection.matches(self.after):
            return "MODIFIED" if before else "ADDED", self.after
        if before is None:
            return None
        last = self.after if self.deleted else before.at(self.version, self.qualified)
        return "DELETED", last


class Signal(Enum):
    """Events of an open watch besides changes of objects."""

    BOOKMARK = auto()
    EXPIRED = auto()
    DROPPED = auto()
    ENDED = auto()


@dataclass(slots=True, eq=False)
class Watch:
    """An open watch: the events that wait to be sent, and the callback that wakes its sender."""

    qualified: str
    wake: Callable[[], None]
    pending: deque[ObjectChange | Signal] = field(default_factory=deque)

    def notify(self, event: ObjectChange | Signal) -> None:
        """Queue an event and wake the sender."""
        self.pending.append(event)
        self.wake()


@dataclass(slots=True)
class ObjectHistory:
    """The last `limit` changes, the open watches, and the oldest version one may watch from."""

    limit: int
    oldest: int
    changes: deque[ObjectChange] = field(default_factory=deque)
    watches: set[Watch] = field(default_factory=set)

    def record(self, change: ObjectChange) -> None:
        """Keep a change, drop the oldest beyond the limit, and notify the watches of its kind."""
        self.changes.append(change)
        while len(self.changes) > self.limit:
            self.oldest = self.changes.popleft().version
        for watch in self.watches:
            if watch.qualified == change.qualified:
                watch.notify(change)

    def since(self, version: int, qualified: str) -> Iterator[ObjectChange]:
        """The changes of a resource after `version`, oldest first."""
        return (c for c in self.changes if c.version > version and c.qualified == qualified)

    def forget(self, version: int) -> None:
        """Drop every change, so that no watch can begin before `version`."""
        self.changes.clear()
        self.oldest = version

    def notify_all(self, signal: Signal) -> None:
        """Send `signal` to every open watch."""
        for watch in self.watches:
            watch.notify(signal)
