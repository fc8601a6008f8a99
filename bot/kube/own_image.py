"""Which image the bot itself runs from: it holds the prober too."""

from __future__ import annotations

from bot.errors import ClusterError
from bot.kube.client import Api
from bot.kube.pods import list_pods

OURS = "app.kubernetes.io/name=meshmedic"
CONTAINER = "meshmedic"
QUICK = 8.0
HINT = "Set MESHMEDIC_PROBE_IMAGE to the image of meshmedic, which holds the prober."


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
            pods = await list_pods(self._api, OURS, total=QUICK)
        except ClusterError as error:
            raise ClusterError(f"{error} {HINT}") from error
        images = [
            container.image
            for pod in pods
            for container in pod.spec.containers
            if container.name == CONTAINER
        ]
        if not images:
            raise ClusterError(f"The bot does not run in this cluster. {HINT}")
        return images[0]
