"""The simulated cluster: its objects, their history, access, faults, logs and pods.

It knows no HTTP and no event loop: a test changes it with plain calls, and its server is woken
through a callback.
"""

from __future__ import annotations

import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.sandbox.kubernetes_api.access import Access, AccessRule
from bot.sandbox.kubernetes_api.faults import Faults
from bot.sandbox.kubernetes_api.history import ObjectChange, ObjectHistory, Signal, Watch
from bot.sandbox.kubernetes_api.served import SERVED, Resource
from bot.sandbox.kubernetes_api.status import LIST_EXPIRED, ApiError, too_large
from bot.sandbox.kubernetes_api.stored import Stored, key_of, store

if TYPE_CHECKING:
    from bot.sandbox.kubernetes_api.streams import Listener, Shell

_FIRST_VERSION = 1000
_KEPT_REQUESTS = 10_000


class Asked(NamedTuple):
    """A received request: `time` on the monotonic clock, headers without credentials."""

    time: float
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


def _now() -> datetime:
    return datetime.now(UTC)


def _key(resource: Resource, namespace: str, name: str) -> str:
    return key_of(namespace if resource.namespaced else "", name)


class SimulatedCluster:
    """A cluster to read from and to write to.

    logs: Text by (namespace, pod, container, previous).
    listeners: Answer requests to a pod, by (namespace, pod, port).
    shells: Run commands in a pod, by (namespace, pod, container).
    access: The accepted token (None accepts anyone), and the rules.
    policies: The admission policies that are bound.
    faults: The faults that are switched on.
    requests: The latest requests, oldest first.
    """

    def __init__(
        self,
        objects: Iterable[Mapping[str, Any]] = (),
        *,
        served: tuple[Resource, ...] = SERVED,
        token: str | None = None,
        history: int = 500,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.logs: dict[tuple[str, str, str, bool], str] = {}
        self.listeners: dict[tuple[str, str, int], Listener] = {}
        self.shells: dict[tuple[str, str, str], Shell] = {}
        self.access = Access(token)
        self.policies = {
            *("meshmedic-account", "meshmedic-exec"),
            *("meshmedic-approver", "meshmedic-approver-routes", "meshmedic-approver-ingresses"),
            *("meshmedic-probe-services", "meshmedic-traefik-api"),
        }
        self.faults = Faults()
        self.requests: deque[Asked] = deque(maxlen=_KEPT_REQUESTS)
        self.clock = clock
        self.version = _FIRST_VERSION
        self._history = ObjectHistory(history, oldest=self.version)
        self._objects: defaultdict[str, dict[str, Stored]] = defaultdict(dict)
        self._in_order: dict[str, tuple[Stored, ...]] = {}
        self._snapshots: dict[tuple[str, int], tuple[Stored, ...]] = {}
        self.served = served
        for obj in objects:
            self.put(obj)

    @property
    def served(self) -> tuple[Resource, ...]:
        """The resources served now. Setting it installs or removes custom resources."""
        return self._served

    @served.setter
    def served(self, table: tuple[Resource, ...]) -> None:
        """Serve `table` from now on; watches of removed resources end, their objects are kept."""
        self._served = table
        qualified = {resource.qualified for resource in table}
        for watch in self._history.watches:
            if watch.qualified not in qualified:
                watch.notify(Signal.ENDED)

    @property
    def token(self) -> str | None:
        """The accepted bearer token; None accepts anyone."""
        return self.access.token

    @token.setter
    def token(self, token: str | None) -> None:
        self.access.token = token

    @property
    def open_watches(self) -> int:
        """How many watches are open."""
        return len(self._history.watches)

    def forbid(self, verb: str, plural: str, group: str = "", namespace: str | None = None) -> None:
        """Answer 403 to `verb` on `plural` (`*` for any; logs are `pods/log`).

        `namespace` None means everywhere, empty means the cluster's scope alone. The last of
        `forbid` and `allow` that covers a request decides.
        """
        self.access.rules.append(AccessRule(False, verb, plural, group, namespace))  # noqa: FBT003 - Rule's first field reads as its name

    def allow(self, verb: str, plural: str, group: str = "", namespace: str | None = None) -> None:
        """Permit what an earlier `forbid` covers, everywhere or in one namespace."""
        self.access.rules.append(AccessRule(True, verb, plural, group, namespace))  # noqa: FBT003 - the same

    def put(self, obj: Mapping[str, Any]) -> str:
        """Add or replace an object; gives its resourceVersion, which is always a new one.

        Uid, creationTimestamp and generation are assigned only where missing. The version in
        `apiVersion` does not matter. A namespaced object without a namespace goes to `default`.

        Raises:
            LookupError: No such kind is served.
        """
        change = self.intended(obj)
        self.commit(change)
        return str(change.version)

    def intended(self, obj: Mapping[str, Any]) -> ObjectChange:
        """The change that `put` would commit."""
        resource = self._resource_of(obj)
        metadata = dict(obj["metadata"])
        namespace = metadata.pop("namespace", None) or "default"
        if resource.namespaced:
            metadata["namespace"] = namespace
        key = _key(resource, namespace, metadata["name"])
        before = self._objects[resource.qualified].get(key)
        version = self.version + 1
        identity = f"{resource.qualified}/{key}#{version}"
        for name, value in self._defaults(obj, identity, before).items():
            metadata[name] = metadata.get(name) or value
        after = store(obj, metadata, version, resource.qualified)
        return ObjectChange(version, resource.qualified, before, after)

    def commit(self, change: ObjectChange) -> None:
        """Apply a change of `intended`; nothing may be written in between."""
        self.version = change.version
        self._objects[change.qualified][change.after.key] = change.after
        self._record(change)

    def get(
        self, kind: str, namespace: str, name: str, *, group: str | None = None
    ) -> dict[str, Any] | None:
        """A copy of an object in its group's preferred version, or None.

        Raises:
            LookupError: No such kind is served, or `group` must be named to tell two apart.
        """
        match = self._find(kind, namespace, name, group)
        if match is None:
            return None
        resource, stored = match
        api_version = resource.api_version(resource.versions[0])
        return {"apiVersion": api_version, "kind": kind, **stored.plain()}

    def delete(self, kind: str, namespace: str, name: str, *, group: str | None = None) -> None:
        """Delete an object at once, without regard to finalizers and owners.

        Raises:
            LookupError: There is no such object, or `group` must be named to tell two apart.
        """
        match = self._find(kind, namespace, name, group)
        if match is None:
            raise LookupError(f"there is no {kind} {namespace}/{name}")
        resource, before = match
        del self._objects[resource.qualified][before.key]
        self.version += 1
        gone = before.at(self.version, resource.qualified)
        self._record(ObjectChange(self.version, resource.qualified, before, gone, deleted=True))

    def bookmark(self) -> None:
        """Send a bookmark now to every watch that allows them."""
        self._history.notify_all(Signal.BOOKMARK)

    def drop_connections(self) -> None:
        """Close every open watch abruptly, without an end of the stream."""
        self._history.notify_all(Signal.DROPPED)

    def expire_history(self, *, open_watches: bool = True) -> None:
        """Compact: continue tokens and versions of the past are answered with 410.

        With `open_watches`, open watches receive an ERROR event and end.
        """
        self.version += 1
        self._history.forget(self.version)
        self._snapshots.clear()
        if open_watches:
            self._history.notify_all(Signal.EXPIRED)

    def lookup(self, qualified: str, key: str) -> Stored | None:
        """One object of a resource."""
        return self._objects[qualified].get(key)

    def in_order(self, qualified: str) -> tuple[Stored, ...]:
        """All objects of a resource as they are now, in the order of their keys."""
        if qualified not in self._in_order:
            ordered = sorted(self._objects[qualified].values(), key=lambda stored: stored.key)
            self._in_order[qualified] = tuple(ordered)
        return self._in_order[qualified]

    def keep_snapshot(self, qualified: str) -> None:
        """Remember the objects as they are now, for the pages of a list that goes on."""
        self._snapshots[qualified, self.version] = self.in_order(qualified)
        while len(self._snapshots) > self._history.limit:
            del self._snapshots[next(iter(self._snapshots))]

    def snapshot(self, qualified: str, version: int) -> tuple[Stored, ...]:
        """The objects as they were when a list began.

        Raises:
            ApiError: 410 when that is too long ago.
        """
        try:
            return self._snapshots[qualified, version]
        except KeyError:
            raise ApiError(410, LIST_EXPIRED) from None

    @contextmanager
    def watching(
        self, qualified: str, since: int | None, wake: Callable[[], None]
    ) -> Iterator[Watch]:
        """A watch of a resource from version `since` on, or from now; it ends if that is too old.

        Raises:
            ApiError: 504 where `since` lies in the future.
        """
        if since is not None and since > self.version:
            raise too_large(since, self.version)
        watch = Watch(qualified, wake)
        if since is not None and since < self._history.oldest:
            watch.pending.append(Signal.EXPIRED)
        elif since is not None:
            watch.pending.extend(self._history.since(since, qualified))
        self._history.watches.add(watch)
        try:
            yield watch
        finally:
            self._history.watches.discard(watch)

    @property
    def oldest(self) -> int:
        """The oldest version that may still be watched from."""
        return self._history.oldest

    def _record(self, change: ObjectChange) -> None:
        self._in_order.pop(change.qualified, None)
        self._history.record(change)

    def _resource_of(self, obj: Mapping[str, Any]) -> Resource:
        group, slash, _ = str(obj.get("apiVersion", "")).partition("/")
        return self._candidates(str(obj.get("kind", "")), group if slash else "")[0]

    def _candidates(self, kind: str, group: str | None) -> list[Resource]:
        resources = [r for r in self.served if r.kind == kind and group in (None, r.group)]
        if not resources:
            where = "any group" if group is None else f'group "{group}"'
            raise LookupError(f"the simulated cluster serves no {kind} in {where}")
        return resources

    def _find(
        self, kind: str, namespace: str, name: str, group: str | None
    ) -> tuple[Resource, Stored] | None:
        matches = [
            (resource, stored)
            for resource in self._candidates(kind, group)
            if (stored := self.lookup(resource.qualified, _key(resource, namespace, name)))
        ]
        if len(matches) > 1:
            groups = ", ".join(resource.group for resource, _ in matches)
            raise LookupError(f"{kind} {namespace}/{name} exists in {groups}: name the group")
        return matches[0] if matches else None

    def _defaults(
        self, obj: Mapping[str, Any], identity: str, before: Stored | None
    ) -> dict[str, Any]:
        """Metadata that the server fills in: a replaced object keeps its identity."""
        if before is None:
            # An object whose status speaks of generation 3 has reached it: 1 would look stale.
            observed = (obj.get("status") or {}).get("observedGeneration")
            return {
                "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, identity)),
                "creationTimestamp": self.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
                "generation": observed or 1,
            }
        old = before.plain()
        metadata = old["metadata"]
        changed = obj.get("spec") != old.get("spec")
        identifiers = {name: metadata[name] for name in ("uid", "creationTimestamp")}
        return {**identifiers, "generation": metadata["generation"] + changed}
