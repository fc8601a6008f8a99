"""Events on the pod that this process runs in: `kubectl describe pod` shows them."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import msgspec

from bot.errors import Absent, ServerError
from bot.kube import events, pods
from bot.kube.client import Api
from bot.kube.configmap_store import QUICK
from bot.kube.paths import path


class _Meta(msgspec.Struct, frozen=True):
    uid: str


class _Pod(msgspec.Struct, frozen=True):
    metadata: _Meta


class OwnPodEvents:
    """Records Events on the bot's own pod, found by its name, which is the host's name in it."""

    def __init__(self, api: Api, namespace: str, host: str | None = None) -> None:
        self._api = api
        self._namespace = namespace
        self._host = host or socket.gethostname()
        self._uid: str | None = None

    async def record(self, reason: str, message: str, *, warning: bool) -> None:
        """Record one; nothing where the process runs in no pod of this cluster.

        Raises:
            ClusterError: The API server does not answer, or does not take it.
        """
        if not self._namespace:
            return
        if self._uid is None:
            self._uid = await self._find()
        if self._uid:
            about = {
                "apiVersion": "v1",
                "kind": "Pod",
                "namespace": self._namespace,
                "name": self._host,
                "uid": self._uid,
            }
            body = events.event(about, reason, message, warning=warning, at=datetime.now(UTC))
            await self._api.send("POST", events.collection(self._namespace), body, total=QUICK)

    async def _find(self) -> str:
        """The uid of the own pod; empty where there is none."""
        try:
            body = await self._api.get(
                path(pods.collection(self._namespace), self._host), total=QUICK
            )
            return msgspec.json.decode(body, type=_Pod).metadata.uid
        except Absent:
            return ""
        except msgspec.MsgspecError as error:
            raise ServerError("The bot's own pod is not understood.") from error
