"""Every write that the code sends, recorded while the code sends it to the real API server.

Each capability runs as it is, under the account's own token; nothing here says what a request looks
like.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bot.domain.election import Standing
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.kube.agents import Agents
from bot.kube.change_events import ChangeEvents
from bot.kube.change_store import KubernetesChangeStore
from bot.kube.change_writer import KubernetesStepWriter
from bot.kube.client import JSON, NONE, Api, Query
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.flux_objects import FluxObjects
from bot.kube.jobs import JOBS
from bot.kube.lease import Elector, taking_part
from bot.kube.own_pod_events import OwnPodEvents
from bot.kube.paths import ApiPath, path
from bot.kube.prober_jobs import ProbeJobs
from bot.kube.transport import Response, TimeLimits
from bot.net.probing import manifests
from bot.net.probing.protocol import Listen, ProbedBackend, ProbeJob
from bot.remediation.change import marker
from bot.remediation.change.change import Change
from bot.remediation.change.plan import Method
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import undoing
from tests.golden.records import RECORDS
from tests.kube.test_change_store import ANNA, MOMENT, a_change
from tests.led import Led

OWN_IMAGE = "meshmedic"
"""That of the Deployment, where no overlay names another."""

NODE = "edge"


@dataclass(frozen=True)
class Sent:
    """One write: what was asked of the API server, and by what identity."""

    capability: str
    method: str
    path: str
    body: Any
    content_type: str
    query: tuple[tuple[str, str | int], ...]
    headers: Mapping[str, str]

    @property
    def title(self) -> str:
        """For the name of a test."""
        return f"{self.capability}: {self.method} {self.path}"


@dataclass
class Recording(Api):
    """The bot's connection, which takes note of each write that the API server took.

    `before` is called with each write right before it is sent: what it is about stands there then.
    """

    api: Api
    before: Callable[[Sent], Awaitable[None]]
    capability: str = ""
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.api.transport)

    @asynccontextmanager
    async def stream(
        self,
        path: ApiPath,
        query: Query,
        *,
        limits: TimeLimits,
        accept: str = JSON,
        method: str = "GET",
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = NONE,
        begins: float | None = None,
    ) -> AsyncIterator[Response]:
        request = None
        if method != "GET":
            others = {key: text for key, text in headers.items() if key != "Content-Type"}
            kind = headers.get("Content-Type", JSON)
            copied = json.loads(json.dumps(body))
            request = Sent(self.capability, method, str(path), copied, kind, tuple(query), others)
            await self.before(request)
        async with super().stream(
            path,
            query,
            limits=limits,
            accept=accept,
            method=method,
            body=body,
            headers=headers,
            begins=begins,
        ) as response:
            if request:
                self.sent.append(request)
            yield response


async def _own_image() -> str:
    return OWN_IMAGE


def _quiet(_text: str) -> None:
    """Progress that nobody reads."""


async def records(api: Api) -> None:
    """Every record of the bot, made and then replaced."""
    store = ConfigMapStore(api, "meshmedic", Led())
    for kind, value in RECORDS:
        await store.change(kind, lambda _kept, value=value: value)
        # The same record in another text is another value to the store.
        manifest = path("/api/v1/namespaces/meshmedic/configmaps", f"meshmedic-{kind.name}")
        body = json.loads(await api.get(manifest))
        await api.send("PUT", manifest, body | {"data": {"record": "{}"}})


async def election(api: Api) -> None:
    """A Lease that is taken, renewed and given back."""
    elector = Elector(api, namespace="meshmedic", me="recorded")
    async with taking_part(elector):
        await asyncio.wait_for(elector.until(Standing.LEADING), 20)
    async with taking_part(elector):
        await asyncio.wait_for(elector.until(Standing.LEADING), 20)


async def audit_log(api: Api) -> None:
    """A Change that is proposed and rejected."""
    store = KubernetesChangeStore(api, "meshmedic", Led())
    made = await store.create(a_change("20261123-1200-web-ab01"))
    history = made.history.moved(ChangeState.REJECTED, by=ANNA, at=MOMENT, expires=made.expires)
    await store.write(msgspec.structs.replace(made, history=history))


async def own_events(api: Api) -> None:
    """Why it cannot work, on its own pod."""
    await OwnPodEvents(api, "meshmedic", "meshmedic-1").record("NotReady", "Why.", warning=True)


async def probing(api: Api) -> None:
    """Jobs of the prober and of the tools, and Services with one endpoint each; all removed."""
    prober = ProbeJobs(api, _own_image)
    listen = ProbeJob(id="listen-1", expires=0.0, listen=Listen(name=NODE, seconds=120))
    place = {"node": NODE, "image": OWN_IMAGE, "seconds": 750}
    tools = place | {"image": manifests.TOOL_IMAGE}
    for job in (
        manifests.probe_job(ProbeJob(id="probe-1", expires=0.0), **place),
        manifests.probe_job(listen, **place),
        *(
            manifests.tool_job(f"tool-{number}", argv, **tools)
            for number, argv in enumerate((("dig", "-q", "a"), ("curl", "--url", "http://a/")))
        ),
    ):
        await prober.jobs.create(JOBS, job)
        await prober.jobs.remove(path(JOBS, job["metadata"]["name"]))
    backends = (ProbedBackend("10.42.0.5", 8080), ProbedBackend("fd00::5", 8080))
    async with prober.sole_vips(backends, _quiet) as vips:
        assert len(vips) == len(backends)


async def agents(api: Api) -> None:
    """The key by which agents know the bot, and their list of each other."""
    known = Agents(api)
    await known.key.publish()
    assert known.key.published
    await known.peers.merge({"peers.json": "[]"})


async def flux(api: Api) -> None:
    """A Kustomization and its source are to be looked at."""
    await FluxObjects(api).reconcile(ObjectOwner(Keeper.KUSTOMIZATION, "apps", "tree"))


def remediation(method: Method) -> Callable[[Api], Awaitable[None]]:
    """Each step of a plan, forward and back, with the markers and the Event."""

    async def carried_out(api: Api) -> None:
        writer = KubernetesStepWriter(api, lambda: True)
        change = a_change("20261123-1200-web-ab02", method)
        steps = change.plan.steps
        for step in (*steps, *undoing(steps)):
            live = await writer.live(step.object)
            for dry_run in (True, False):
                await writer.write(step, live, change.name, ANNA, dry_run=dry_run)
            made = await writer.live(step.object)
            if live is None and made is not None:
                await _marked(writer, made, change)
        approved = change.history.moved(
            ChangeState.APPROVED, by=ANNA, at=MOMENT, expires=change.expires
        )
        await ChangeEvents(api).record(msgspec.structs.replace(change, history=approved))

    return carried_out


async def _marked(writer: KubernetesStepWriter, route: Any, change: Change) -> None:
    """A marker beside a route that was made, and its end."""
    if step := marker.marker(route, marker.host("abcd1234")):
        await writer.write(step, None, change.name, ANNA, dry_run=False)
        live = await writer.live(step.object)
        assert live is not None
        removal = marker.removal(step.object, live)
        assert removal is not None
        await writer.write(removal, live, change.name, ANNA, dry_run=False)


CAPABILITIES: dict[str, Callable[[Api], Awaitable[None]]] = {
    "records": records,
    "election": election,
    "audit log": audit_log,
    "own events": own_events,
    "probing": probing,
    "agents": agents,
    "flux": flux,
    "fix by annotation": remediation(Method.ANNOTATION),
    "fix by nativeLB": remediation(Method.NATIVE_LB),
    "fix by conversion": remediation(Method.CONVERSION),
}
