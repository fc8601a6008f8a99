"""Facts for the doctor from the API server: version, clock, kinds, permissions, Traefik's pods.

Every request has a time limit of its own, and none waits for another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import msgspec

from bot.doctor.domain.facts import ClusterFacts, LeaseFacts, OwnPod, Right
from bot.doctor.domain.own_pods import own_pod
from bot.domain.election import LeaseSpec
from bot.domain.facts import Denied
from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.domain.resources import core
from bot.domain.resources.base import Time
from bot.domain.resources.decode import decode_page
from bot.domain.resources.registry import KINDS
from bot.domain.temporary import LABELS, MANAGED_BY, left_behind
from bot.domain.timestamps import ahead
from bot.errors import Absent, ClusterError, Forbidden, Unauthorized
from bot.kube.client import NONE, Api, Query, within
from bot.kube.discovery import discover
from bot.kube.doctor_trials import Trials
from bot.kube.lease import NAME, leases
from bot.kube.paths import path
from bot.kube.pods import BOT_CONTAINER, BOT_LABEL, is_bot, list_pods
from bot.kube.strict_tls import strict_fault
from bot.kube.traefik_reader import traefik_pods
from bot.routing.running import NAMESPACES, TRAEFIK, TRAEFIK_NAME, is_controlled, is_running

MOST_PODS = 50
MOST_LABELLED = 500
"""Pods with Traefik's label: a tenant may start many, and the owner's must not be hidden so."""

"""Pods with Traefik's label that are looked at beyond its namespaces."""

T = TypeVar("T")

QUICK = 6.0
"""Seconds for one request."""

IN_ALL = 10.0
"""Seconds for all requests; what has not come by then was not observed."""

AT_ONCE = 24
"""Requests at a time, so that the watches of a live bot keep their connections."""

REVIEWS = path("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
MYSELF = path("/apis/authentication.k8s.io/v1/selfsubjectreviews")
PROBE = path("/api/v1/namespaces/meshmedic-probe")
OF_TESTS: Query = [("labelSelector", f"{MANAGED_BY}={LABELS[MANAGED_BY]}"), ("limit", 100)]


class _Version(msgspec.Struct, rename="camel", frozen=True):
    git_version: str


class _ReviewStatus(msgspec.Struct, frozen=True):
    allowed: bool


class _Review(msgspec.Struct, frozen=True):
    status: _ReviewStatus


class _UserInfo(msgspec.Struct, frozen=True):
    username: str


class _UserStatus(msgspec.Struct, rename="camel", frozen=True):
    user_info: _UserInfo


class _UserReview(msgspec.Struct, frozen=True):
    status: _UserStatus


class _Lease(msgspec.Struct, frozen=True):
    spec: LeaseSpec = LeaseSpec()


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls that end by the deadline, in an answer or in a value that says why there is none."""

    host: str
    deadline: float
    room: asyncio.Semaphore

    async def __call__(self, call: Callable[[], Awaitable[T]]) -> T | Denied | NotObserved:
        try:
            async with asyncio.timeout_at(self.deadline), self.room:
                return await call()
        except TimeoutError:
            return NotObserved(f"The API server at {self.host} did not answer in time.")
        except (Forbidden, Unauthorized) as error:
            return Denied(str(error))
        except ClusterError as error:
            return NotObserved(str(error))
        except msgspec.MsgspecError:
            return NotObserved(f"What answers at {self.host} is not understood.")


class AccessReader:
    """Reads facts from one API server. `traefik` are the namespaces in which Traefik runs."""

    def __init__(
        self, api: Api, traefik: tuple[str, ...] = NAMESPACES, *, quick: float = QUICK
    ) -> None:
        self._api = api
        self._traefik = traefik
        self._quick = quick
        self._trials = Trials(api, traefik, self._may, self._user, quick=quick)

    async def look(self, rights: tuple[Right, ...], *, lease_in: str = "") -> ClusterFacts:
        """Read everything at the same time. A failure is a value in the answer."""
        deadline = asyncio.get_running_loop().time() + IN_ALL
        ask = _Calls(self._api.host, deadline, asyncio.Semaphore(AT_ONCE))
        async with asyncio.TaskGroup() as group:
            version = group.create_task(ask(self._version))
            served = group.create_task(ask(self._served))
            pods = group.create_task(
                ask(partial(traefik_pods, self._api, self._traefik, total=self._quick))
            )
            probe = group.create_task(ask(self._probe))
            left = group.create_task(ask(self._left_behind))
            elsewhere = group.create_task(ask(self._elsewhere))
            user = group.create_task(ask(self._user))
            lease = group.create_task(ask(partial(self._lease, lease_in)))
            strict = group.create_task(ask(self._strict))
            bots = group.create_task(ask(self._bots))
            approver = group.create_task(ask(self._trials.approver))
            guards = {
                component: group.create_task(ask(trial))
                for component, trial in self._trials.guards().items()
            }
            traefik_api = group.create_task(ask(self._trials.traefik_api))
            reviews = {right: group.create_task(ask(partial(self._may, right))) for right in rights}
        answer = version.result()
        username, refused, others = user.result(), strict.result(), elsewhere.result()
        return ClusterFacts(
            host=self._api.host,
            version=answer[0] if isinstance(answer, tuple) else answer,
            served=served.result(),
            rights={right: _yes_or_no(review.result()) for right, review in reviews.items()},
            traefik=pods.result(),
            probe=probe.result(),
            user=username if isinstance(username, str) else "",
            skew=answer[1] if isinstance(answer, tuple) else None,
            lease=lease.result(),
            left_behind=left.result(),
            elsewhere=others[0] if isinstance(others, tuple) else others,
            impostors=others[1] if isinstance(others, tuple) else (),
            traefik_namespaces=self._traefik,
            strict_fault=refused if isinstance(refused, str) else "",
            bots=bots.result(),
            approver=approver.result(),
            guards={
                component: _yes_or_no(held)
                for component, task in guards.items()
                if (held := task.result()) is not None
            },
            traefik_api=_yes_or_no(read) if (read := traefik_api.result()) is not None else None,
        )

    async def _strict(self) -> str:
        return await strict_fault(await self._api.transport.configuration())

    async def _version(self) -> tuple[str, float | None]:
        """The version, and by how many seconds our clock is ahead."""
        before = datetime.now(UTC)
        async with self._api.stream(path("/version"), (), limits=within(self._quick)) as response:
            body = await self._api.bodies.read(response)
            date = response.headers.get("Date")
        version = msgspec.json.decode(body, type=_Version).git_version
        return version, ahead(before, datetime.now(UTC), date)

    async def _served(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        async with asyncio.timeout(self._quick):
            return (await discover(self._api, KINDS)).versions

    async def _user(self) -> str:
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        body = await self._api.send("POST", MYSELF, review, total=self._quick)
        return msgspec.json.decode(body, type=_UserReview).status.user_info.username

    async def _may(self, right: Right, headers: Mapping[str, str] = NONE) -> bool:
        resource, _, subresource = right.resource.partition("/")
        attributes = right._asdict() | {"resource": resource, "subresource": subresource}
        named = {key: value for key, value in attributes.items() if value}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": named},
        }
        body = await self._api.send("POST", REVIEWS, review, headers=headers, total=self._quick)
        return msgspec.json.decode(body, type=_Review).status.allowed

    async def _lease(self, namespace: str) -> LeaseFacts | None:
        if not namespace:
            return None
        try:
            body = await self._api.get(path(leases(namespace), NAME), total=self._quick)
        except Absent:
            return None
        spec = msgspec.json.decode(body, type=_Lease).spec
        renewed = msgspec.convert(spec.renew_time, Time | None)
        ago = (datetime.now(UTC) - renewed).total_seconds() if renewed else None
        return LeaseFacts(spec.holder_identity or "", ago, spec.lease_duration_seconds or 0)

    async def _probe(self) -> bool:
        try:
            await self._api.get(PROBE, total=self._quick)
        except Absent:
            return False
        return True

    async def _bots(self) -> tuple[OwnPod, ...]:
        pods = await list_pods(self._api, BOT_LABEL, limit=MOST_PODS, total=self._quick)
        return tuple(own_pod(pod, BOT_CONTAINER) for pod in pods if is_bot(pod))

    async def _elsewhere(self) -> tuple[tuple[str, ...], tuple[Ref, ...]]:
        """The other namespaces where a workload runs pods with Traefik's label, and impostors."""
        label = f"{TRAEFIK_NAME}={TRAEFIK}"
        pods = await list_pods(self._api, label, limit=MOST_LABELLED, total=self._quick)
        running = [pod for pod in pods if is_running(pod)]
        places = {pod.namespace for pod in running if is_controlled(pod)}
        alone = {(pod.namespace, pod.name) for pod in running if not is_controlled(pod)}
        impostors = tuple(Ref("Pod", *place) for place in sorted(alone))
        return tuple(sorted(places - set(self._traefik))), impostors

    async def _left_behind(self) -> tuple[Ref, ...]:
        """Pods and Services of tests that are too old; the bot may list both for its checks."""
        now = datetime.now(UTC)
        pods = await self._api.get(path(PROBE, "pods"), OF_TESTS, total=self._quick)
        services = await self._api.get(path(PROBE, "services"), OF_TESTS, total=self._quick)
        objects = (
            *decode_page(pods, core.Pod).items,
            *decode_page(services, core.Service).items,
        )
        return tuple(resource.ref for resource in objects if left_behind(resource, now))


def _yes_or_no(answer: bool | Denied | NotObserved) -> bool | NotObserved:  # noqa: FBT001  # a fact
    """A review that is not allowed says nothing about the permission."""
    return NotObserved(answer.why) if isinstance(answer, Denied) else answer
