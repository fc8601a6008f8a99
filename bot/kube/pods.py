"""Pods that are listed by a label on demand, the bot's own among them; and the paths of logs."""

from __future__ import annotations

from bot.domain import containers
from bot.domain.resources import core
from bot.domain.resources.base import Time
from bot.domain.resources.decode import decode_page
from bot.domain.sentences import sentences
from bot.errors import ClusterError
from bot.kube.client import Api, Query
from bot.kube.paths import ApiPath, path

BOT_LABEL = "app.kubernetes.io/name=meshmedic"
BOT_CONTAINER = "meshmedic"
QUICK = 8.0
IMAGE_HINT = "Set MESHMEDIC_PROBE_IMAGE to the image of meshmedic, which holds the prober."
NAMESPACE_HINT = "If it runs in another namespace, set MESHMEDIC_STATE_NAMESPACE to that one."


class _Status(core.PodStatus, frozen=True):
    start_time: Time | None = None


class ListedPod(core.Pod, frozen=True):
    """A v1 Pod with its start, which the watch cache drops."""

    status: _Status = _Status()


async def list_pods(
    api: Api, label: str = "", *, namespace: str = "", limit: int = 0, total: float
) -> tuple[ListedPod, ...]:
    """The pods (with a label), in one namespace or in all, at most `limit` (0: all of them).

    `total` are the seconds that the request may take.

    Raises:
        ClusterError: They cannot be listed.
        msgspec.DecodeError: The answer is not a list.
    """
    query: Query = [("labelSelector", label), ("limit", limit)]
    body = await api.get(collection(namespace), query, total=total)
    return decode_page(body, ListedPod).items


def collection(namespace: str = "") -> ApiPath:
    """The path of all pods, or of those in one namespace."""
    place = ("namespaces", namespace) if namespace else ()
    return path("/api/v1", *place, "pods")


def log_path(namespace: str, name: str) -> ApiPath:
    """The path of a pod's log."""
    return path(collection(namespace), name, "log")


def is_bot(pod: ListedPod) -> bool:
    """Whether a pod with the bot's label runs the bot, and is not on its way out."""
    named = any(container.name == BOT_CONTAINER for container in pod.spec.containers)
    return named and not pod.metadata.deletion_timestamp and not containers.has_ended(pod)


class OwnImage:
    """The image that the bot runs from, or `configured`. It is read once: it never changes.

    `namespace` is the bot's own: elsewhere anybody may give a pod its label.
    """

    def __init__(self, api: Api, configured: str, namespace: str) -> None:
        self._api = api
        self._known = configured
        self._namespace = namespace

    async def __call__(self) -> str:
        """Return the image's name.

        Raises:
            ClusterError: The bot does not run there, or its pods cannot be read.
        """
        if not self._known:
            self._known = await self._read()
        return self._known

    async def _read(self) -> str:
        try:
            pods = await list_pods(self._api, BOT_LABEL, namespace=self._namespace, total=QUICK)
        except ClusterError as error:
            raise ClusterError(sentences(str(error), IMAGE_HINT)) from error
        for pod in pods:
            if is_bot(pod):
                return next(c.image for c in pod.spec.containers if c.name == BOT_CONTAINER)
        where = f"The bot does not run in this cluster's namespace {self._namespace}."
        raise ClusterError(f"{where} {NAMESPACE_HINT} {IMAGE_HINT}")
