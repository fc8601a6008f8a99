"""Changes in the bot's own namespace: created, read, and updated by compare-and-set.

The API server enforces the rules of the kind too. A process that loses a race gets a Conflict and
has changed nothing. Only the leader writes.
"""

from __future__ import annotations

import msgspec

from bot.domain.election import Leadership
from bot.errors import Absent, ClusterError, InputError, NotLeading
from bot.kube import change_codec
from bot.kube.change_codec import NoChangeError
from bot.kube.client import Api, Query
from bot.kube.configmap_store import NOT_LEADING, QUICK
from bot.kube.paths import path
from bot.remediation.change.change import NAME, Change

PAGE = 200
MOST = 2000
"""Changes that are listed at most, by name, as the API server does; a name begins with a time."""

NO_NAME = (
    "{name!r} is not the name of a change: those have lowercase letters, digits and hyphens, such "
    "as 20260131-1200-web-3f9c. `/fix history` names them."
)
SHOWN = 60
"""Characters of a wrong name that are shown."""

NO_KIND = "The cluster does not know the kind Change. Apply deploy/base/change-crd.yaml."

NOWHERE = (
    "Changes are kept in the cluster, and this process has no place there: run it in the cluster, "
    "or set MESHMEDIC_STATE_NAMESPACE."
)


class NoChangeStore:
    """The store of a process without a place in the cluster: nothing can be proposed."""

    async def create(self, _: object, /) -> Change:
        """Refuse.

        Raises:
            ClusterError: Always.
        """
        raise ClusterError(NOWHERE)

    read = write = create

    async def every(self) -> tuple[Change, ...]:
        """Return no Changes."""
        return ()


class KubernetesChangeStore:
    """The Changes of one namespace."""

    def __init__(self, api: Api, namespace: str, leadership: Leadership) -> None:
        self._api = api
        self._path = path("/apis/meshmedic.dev/v1alpha1/namespaces", namespace, "changes")
        self._leadership = leadership

    async def create(self, change: Change) -> Change:
        """Create a Change, and write its first state.

        Raises:
            NotLeading: Another process may be acting: nothing was written.
            ClusterError: The API server refused it.
        """
        self._check()
        try:
            manifest = change_codec.manifest(change)
            body = await self._api.send("POST", self._path, manifest, total=QUICK)
        except Absent as error:
            raise ClusterError(NO_KIND) from error
        version = self._read(body, change.name).version
        return await self.write(msgspec.structs.replace(change, version=version))

    async def read(self, name: str) -> Change:
        """The Change of that name.

        Raises:
            InputError: It does not exist, or that cannot be a name.
            ClusterError: It cannot be read.
        """
        if not NAME.fullmatch(name):
            raise InputError(NO_NAME.format(name=name[:SHOWN]))
        try:
            body = await self._api.get(path(self._path, name), total=QUICK)
        except Absent as error:
            msg = f"There is no change {name!r}. `/fix history` names them."
            raise InputError(msg) from error
        return self._read(body, name)

    async def write(self, change: Change) -> Change:
        """Write the status of a Change that is unchanged since it was read.

        Raises:
            Conflict: It has changed: read it again, and decide anew.
            NotLeading: Another process may be acting: nothing was written.
            ClusterError: The API server refused it, or the outcome is unknown.
        """
        self._check()
        at = path(self._path, change.name, "status")
        body = await self._api.send("PUT", at, change_codec.status(change), total=QUICK)
        return self._read(body, change.name)

    async def every(self) -> tuple[Change, ...]:
        """All Changes, the newest first.

        Raises:
            ClusterError: They cannot be listed.
        """
        changes: list[Change] = []
        token = ""
        while len(changes) < MOST:
            query: Query = [("limit", PAGE), *([("continue", token)] if token else [])]
            try:
                body = await self._api.get(self._path, query, total=QUICK)
            except Absent:
                return ()
            page, token = change_codec.read_all(body)
            changes += page
            if not token:
                break
        return tuple(sorted(changes, key=lambda change: change.name, reverse=True))

    def _check(self) -> None:
        if not self._leadership.may_act():
            raise NotLeading(NOT_LEADING)

    def _read(self, body: bytes, name: str) -> Change:
        try:
            return change_codec.read(body)
        except NoChangeError as error:
            msg = f"What the API server sent for change {name} is {error}: it is left alone."
            raise ClusterError(msg) from None
