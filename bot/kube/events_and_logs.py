"""Events and log lines of one object, which are read when a person asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from bot.domain.finding import Ref
from bot.domain.redaction.redact import redact
from bot.domain.resources import events
from bot.domain.resources.decode import decode_page
from bot.domain.story import Event, LogTail
from bot.errors import Absent, ServerError
from bot.kube.answers import confirm
from bot.kube.client import Api, Query, within
from bot.kube.paths import field_selector, path
from bot.kube.pods import log_path

EVENTS = 200
"""Events that are read for one object; only the newest are shown."""

MOST = 4 * 1024 * 1024
"""Bytes of an object's events, some of which anybody may have written."""

CHUNK = 64 * 1024

TAIL_LINES = 40
TAIL_BYTES = 32 * 1024
QUICK = 8.0
"""Seconds: a person is waiting."""

NOTHING = re.compile(r"previous terminated container .{1,300} not found|waiting to start")
"""How the API server says that there is no log."""

GONE = re.compile(
    r"(?:unable to retrieve container logs for|failed to try resolving symlinks in path) [^\n]*\n?"
)
"""What a kubelet sends, with status 200, instead of a log that it has removed.

Source: kubelet, kuberuntime_container.go, and cri-client, logs.go.
"""

QUANTITY = re.compile(r"(\d{1,18})(Ki|Mi|Gi|)")
UNITS = {"": 1, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}
"""How metrics-server writes an amount of memory."""


class _Usage(msgspec.Struct, frozen=True):
    memory: str = ""


class _ContainerMetrics(msgspec.Struct, frozen=True):
    name: str
    usage: _Usage = _Usage()


class _PodMetrics(msgspec.Struct, frozen=True):
    """metrics.k8s.io PodMetrics."""

    containers: tuple[_ContainerMetrics, ...] = ()


class Details:
    """Events and logs, one object at a time."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def events(self, ref: Ref) -> tuple[Event, ...]:
        """The events about an object, the newest first.

        Raises:
            ClusterError: They cannot be read.
        """
        place = ("namespaces", ref.namespace) if ref.namespace else ()
        selector = field_selector(involvedObject__kind=ref.kind, involvedObject__name=ref.name)
        query: Query = [("fieldSelector", selector), ("limit", EVENTS)]
        at = path("/api/v1", *place, "events")
        body = bytearray()
        async with self.api.stream(at, query, limits=within(QUICK)) as response:
            async for chunk in response.content.iter_chunked(CHUNK):
                body += chunk
                if len(body) > MOST:
                    raise ServerError(f"The events of {ref} are more than {MOST:,} bytes.")
        confirm(at, bytes(body))
        try:
            listed = decode_page(bytes(body), events.EventObject).items
        except msgspec.DecodeError:
            raise ServerError(f"The events of {ref} cannot be read.") from None
        noted = map(_event, listed)
        return tuple(sorted(noted, key=lambda event: str(event.at or ""), reverse=True))

    async def last_log_lines(self, pod: Ref, container: str) -> LogTail | None:
        """The last lines of a container before it ended, else of the one that runs; None without.

        Raises:
            ClusterError: They cannot be read.
        """
        for previous in (True, False):
            lines = await self._tail(pod, container, previous=previous)
            if lines:
                return LogTail(container=container, previous=previous, lines=lines)
        return None

    async def memory_usage(self, pod: Ref) -> Mapping[str, int]:
        """What metrics-server measured last, in bytes by container; empty where it is not there.

        Raises:
            ClusterError: It cannot be read.
        """
        at = path("/apis/metrics.k8s.io/v1beta1/namespaces", pod.namespace, "pods", pod.name)
        try:
            measured = msgspec.json.decode(await self.api.get(at, total=QUICK), type=_PodMetrics)
        except Absent:
            return {}
        except msgspec.DecodeError:
            raise ServerError(f"The metrics of {pod} cannot be read.") from None
        amounts = ((one.name, QUANTITY.fullmatch(one.usage.memory)) for one in measured.containers)
        return {name: int(amount[1]) * UNITS[amount[2]] for name, amount in amounts if amount}

    async def _tail(self, pod: Ref, container: str, *, previous: bool) -> tuple[str, ...]:
        query: Query = [
            ("container", container),
            ("tailLines", TAIL_LINES),
            ("limitBytes", TAIL_BYTES),
            ("previous", str(previous).lower()),
        ]
        try:
            body = await self.api.get(
                log_path(pod.namespace, pod.name), query, accept="*/*", total=QUICK
            )
        except Absent:
            return ()
        except ServerError as error:
            if NOTHING.search(str(error)):
                return ()
            raise
        text = body.decode(errors="replace")
        # Redact before splitting: a secret of several lines is only recognised as a whole.
        return () if GONE.fullmatch(text) else tuple(redact(text, TAIL_BYTES).splitlines())


def _event(event: events.EventObject) -> Event:
    return Event(
        type=event.type,
        reason=event.reason,
        message=event.text,
        count=(event.series.count if event.series else 0) or event.count or 1,
        at=event.at,
    )
