"""What happened to the objects, kept for a while, and who is to be told."""

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

    def told(self, chosen: Selection) -> tuple[str, Stored] | None:
        """The event for a watch with a selector: an object that leaves the selection is DELETED."""
        was = self.before is not None and chosen.matches(self.before)
        stays = not self.deleted and chosen.matches(self.after)
        match was, stays:
            case False, False:
                return None
            case False, True:
                return "ADDED", self.after
            case True, True:
                return "MODIFIED", self.after
            case _:
                return "DELETED", self._last_seen()

    def _last_seen(self) -> Stored:
        if self.deleted or self.before is None:
            return self.after
        return self.before.at(self.version, self.qualified)


class Signal(Enum):
    """What else can happen to an open watch."""

    BOOKMARK = auto()
    EXPIRED = auto()
    DROPPED = auto()
    ENDED = auto()


@dataclass(slots=True, eq=False)
class Watch:
    """An open watch: what it has still to be told, and how to wake the one who tells it."""

    qualified: str
    wake: Callable[[], None]
    pending: deque[ObjectChange | Signal] = field(default_factory=deque)

    def tell(self, news: ObjectChange | Signal) -> None:
        """Queue `news` and wake."""
        self.pending.append(news)
        self.wake()


@dataclass(slots=True)
class ObjectHistory:
    """The last `limit` changes, the open watches, and the oldest version one may watch from."""

    limit: int
    oldest: int
    changes: deque[ObjectChange] = field(default_factory=deque)
    watches: set[Watch] = field(default_factory=set)

    def record(self, change: ObjectChange) -> None:
        """Keep `change`, forget the oldest beyond the limit, and tell the watches of its kind."""
        self.changes.append(change)
        while len(self.changes) > self.limit:
            self.oldest = self.changes.popleft().version
        for watch in self.watches:
            if watch.qualified == change.qualified:
                watch.tell(change)

    def since(self, version: int, qualified: str) -> Iterator[ObjectChange]:
        """The changes of a resource after `version`, oldest first."""
        return (c for c in self.changes if c.version > version and c.qualified == qualified)

    def forget(self, version: int) -> None:
        """Drop every change, so that nobody can watch from before `version`."""
        self.changes.clear()
        self.oldest = version

    def tell_all(self, signal: Signal) -> None:
        """Send `signal` to every open watch."""
        for watch in self.watches:
            watch.tell(signal)
