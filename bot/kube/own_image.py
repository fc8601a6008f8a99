"""Which image the bot itself runs from: it holds the prober too."""

from __future__ import annotations

import msgspec

from bot.errors import ClusterError
from bot.kube.client import Api
from bot.kube.paths import path

OURS = "app.kubernetes.io/name=meshmedic"
CONTAINER = "meshmedic"
QUICK = 8.0
HINT = "Set MESHMEDIC_PROBE_IMAGE to the image of meshmedic, which holds the prober."


class _Container(msgspec.Struct, frozen=True):
    name: str = ""
    image: str = ""


class _Spec(msgspec.Struct, frozen=True):
    containers: tuple[_Container, ...] = ()


class _Pod(msgspec.Struct, frozen=True):
    spec: _Spec = _Spec()


class _Pods(msgspec.Struct, frozen=True):
    items: tuple[_Pod, ...] = ()


class OwnImage:
    """Asks once: a pod's image never changes. `said` is what a setting names, and goes first."""

    def __init__(self, api: Api, said: str) -> None:
        self._api = api
        self._known = said

    async def __call__(self) -> str:
        """The image's name.

        Raises:
            ClusterError: The bot does not run in this cluster, or may not read its own pod.
        """
        if not self._known:
            self._known = await self._read()
        return self._known

    async def _read(self) -> str:
        try:
            body = await self._api.get(path("/api/v1/pods"), [("labelSelector", OURS)], total=QUICK)
        except ClusterError as error:
            raise ClusterError(f"{error} {HINT}") from error
        pods = msgspec.json.decode(body, type=_Pods).items
        images = [
            container.image
            for pod in pods
            for container in pod.spec.containers
            if container.name == CONTAINER
        ]
        if not images:
            raise ClusterError(f"The bot does not run in this cluster. {HINT}")
        return images[0]
