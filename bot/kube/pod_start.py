"""Waiting for the pod of a Job until it runs, or until its node says why it does not.

A kubelet that is alive takes note of a pod at once, and says in an Event that it pulls an image:
that may take minutes, and is waited for. Source: kubelet, `status.startTime` (its status manager)
and the Events `Pulling` and `Pulled` (pkg/kubelet/images/image_manager.go).
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from bot.domain.finding import Ref
from bot.domain.resources.core import ContainerState
from bot.domain.temporary import NAMESPACE
from bot.errors import ClusterError
from bot.kube.client import Api
from bot.kube.events_and_logs import Details
from bot.kube.pods import ListedPod, list_pods
from bot.net.probing import manifests
from bot.net.probing.protocol import Progress
from bot.render.text import brief

START = 25.0
"""Seconds within which a pod must run, those in which its image is pulled aside."""

TAKEN = 12.0
"""Seconds within which a kubelet must take note of a pod of its node."""

PULL = 180.0
"""Seconds that the pull of an image may take, unless a setting says otherwise."""

LOOK = 0.25
"""Seconds between two reads of a pod that starts or ends."""

LOOK_AT_EVENTS = 2.0
"""Seconds until the events of a pod that does not run are read, and between two reads of them; also
between two reads of a pod whose image is pulled, which may take minutes."""

REQUEST = 8.0
"""Seconds for one request."""

MOST = 400
"""Characters of why a pod does not run. The cause stands at the end of what a kubelet says."""

NEVER_SEEN = "ContainerStatusUnknown"
"""The reason for a container that a kubelet has no record of. Source: its status manager."""

NOT_MADE = (
    "no pod was made for its Job. That is done by kube-controller-manager, which in k3s is part of "
    "the server: it may be down, or may not have read the cluster again after an outage of the API "
    "server. Try again in a minute."
)

CREATING = ("", "ContainerCreating", "PodInitializing")
"""Why a container waits that is about to run."""


class NotInTime(ClusterError):
    """A pod did not run in time, so another one on its node would not either."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a pod has: to be taken note of, to run, and besides to have its image pulled."""

    taken: float = TAKEN
    start: float = START
    pull: float = PULL

    @property
    def longest(self) -> float:
        """The seconds after which a pod runs, or is given up."""
        return self.start + self.pull


@dataclass
class PodStart:
    """The start of the one pod of a Job on a node, told to `progress`."""

    api: Api
    job: str
    node: str
    patience: Patience
    progress: Progress
    pulling: bool = False
    pulled_for: float = 0.0
    """Seconds in which its image was seen to be pulled."""
    _events_at: float = 0.0

    async def begun(self) -> ListedPod:
        """The pod, once it runs or has ended.

        Raises:
            NotInTime: It does not run in time; the message says why, as far as that is known.
            ClusterError: Its node turned it away, or it cannot run; the message says why.
        """
        began = seen = time.monotonic()
        while True:
            pod = await self._pod()
            if pod and (why := rejection(pod) or obstacle(pod)):
                raise ClusterError(f"The probe's pod does not run: {why}")
            if pod and pod.status.phase in ("Running", "Succeeded", "Failed"):
                return pod
            now = time.monotonic()
            self.pulled_for += now - seen if self.pulling else 0.0
            seen = now
            if pod and now - max(began, self._events_at) > LOOK_AT_EVENTS:
                await self._look_at_events(pod)
                self._events_at = now
            if why := await self._too_late(pod, now - began):
                raise NotInTime(why)
            await asyncio.sleep(LOOK_AT_EVENTS if self.pulling else LOOK)

    async def _pod(self) -> ListedPod | None:
        label = f"{manifests.JOB_NAME}={self.job}"
        pods = await list_pods(self.api, label, namespace=NAMESPACE, total=REQUEST)
        return next(iter(pods), None)

    async def _look_at_events(self, pod: ListedPod) -> None:
        """Whether the kubelet pulls the image; without a right to read events nobody knows."""
        with suppress(ClusterError):
            events = await Details(self.api).events(_ref(pod))
            reasons = {event.reason for event in events}
            idle = not self.pulling
            self.pulling = "Pulling" in reasons and "Pulled" not in reasons
            if self.pulling and idle:
                self.progress(f"Waiting: the kubelet is pulling the image on {self.node}.")

    async def _too_late(self, pod: ListedPod | None, waited: float) -> str:
        """Why it is given up; empty while it has time left."""
        patience, waited = self.patience, waited - self.pulled_for
        if self.pulling:
            if self.pulled_for <= patience.pull:
                return ""
            return (
                f"The kubelet was still pulling the image on {self.node} after "
                f"{patience.pull:.0f} s, which is the limit of MESHMEDIC_IMAGE_PULL_SECONDS."
            )
        if pod and not _taken(pod) and waited > min(patience.taken, patience.start):
            return (
                f"The kubelet of {self.node} took no note of the probe's pod within "
                f"{waited:.0f} s: it may be dead, also where the node is still called Ready."
            )
        return await self._why_not(pod) if waited > patience.start else ""

    async def _why_not(self, pod: ListedPod | None) -> str:
        delay = f"The probe's pod did not run within {self.patience.start:.0f} s"
        with suppress(ClusterError):
            about = _ref(pod) if pod else Ref("Job", NAMESPACE, self.job)
            for event in await Details(self.api).events(about):
                return f"{delay}: {brief(f'{event.reason}: {event.message}', MOST)}"
        why = "its node may be away, or its image not to be had." if pod else NOT_MADE
        return f"{delay}: {why}"


def state(pod: ListedPod) -> ContainerState:
    """The state of the pod's one container."""
    return next((status.state for status in pod.status.container_statuses), ContainerState())


def rejection(pod: ListedPod) -> str:
    """Why a node turned the pod away or put an end to it, in its own words; empty where none did.

    A pod whose container ended by itself fails too, and without a reason of its own. Source:
    kubelet: `rejectPod` (OutOfcpu, NodeAffinity, UnexpectedAdmissionError, Evicted), its eviction
    manager, and its shutdown manager.
    """
    status, terminated = pod.status, state(pod).terminated
    ran = terminated and terminated.reason != NEVER_SEEN
    if status.phase != "Failed" or (ran and not status.reason):
        return ""
    why = f"{status.reason or 'Failed'}: {status.message or 'its node turned it away'}"
    return brief(why, MOST)


def _taken(pod: ListedPod) -> bool:
    """Whether a kubelet has taken note of a pod that does not run yet."""
    return bool(pod.status.start_time or pod.status.container_statuses)


def obstacle(pod: ListedPod) -> str:
    """What keeps a container waiting and will not go away in time; empty where nothing does."""
    waiting = state(pod).waiting
    if waiting is None or waiting.reason in CREATING:
        return ""
    return brief(f"{waiting.reason}: {waiting.message}", MOST)


def _ref(pod: ListedPod) -> Ref:
    return Ref("Pod", NAMESPACE, pod.name)
