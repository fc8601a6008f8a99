"""Flux beside the nodes: what it keeps is repaired by a pull request, or live for a time.

A real Gitea serves the repository, and the real source- and kustomize-controller apply it.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.controllers import definitions, processes
from tests.controllers.flux import PLACE, kustomization
from tests.nodes import git_host, manifests
from tests.nodes.bot import Bot, Told
from tests.nodes.cluster import RealNodes
from tests.nodes.editing import Choices
from tests.nodes.faults import status_through_traefik
from tests.nodes.git_host import GitHost
from tests.nodes.installing import change_settings
from tests.nodes.kubectl import apply, get, kubectl, rolled_out, wait_until
from tests.nodes.place import ADDRESSES, ADMIN, RUN
from tests.nodes.repairing import REDIRECT
from tests.nodes.table import Table
from tests.programs import catalogue
from tests.wire.world import ADA, OLGA

FILE = "apps/web.yaml"
ROUTE = "apps/web"
DOOR, DOOR_HOST = "ingressroute/apps/door", "door.lab.example.org"
NATIVE_LB = "traefik.ingress.kubernetes.io/service.nativelb"
HELD = "kustomize.toolkit.fluxcd.io/reconcile"
COMPONENT = [
    f"{kind}/meshmedic-flux-reconcile"
    for kind in (
        *("clusterrole", "clusterrolebinding"),
        *("validatingadmissionpolicy", "validatingadmissionpolicybinding"),
    )
]
"""What the component brings, which `kubectl apply` does not remove."""

PROVING = 180.0
LOADING = 20.0
"""Seconds within which Traefik has loaded what there is."""


def homelab_file() -> str:
    """The application, its Ingress, and an IngressRoute to the same Service."""
    *_, last = ADDRESSES
    objects = [*manifests.web("apps", "web", node=last), manifests.ingress("apps", "web"), door()]
    return yaml.safe_dump_all(objects, sort_keys=False)


def door() -> Mapping[str, Any]:
    """A second route, by Traefik's own kind."""
    services = [{"name": "web", "port": 80}]
    rule = {"kind": "Rule", "match": f"Host(`{DOOR_HOST}`)", "services": services}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "door", "namespace": "apps"},
        "spec": {"entryPoints": ["web"], "routes": [rule]},
    }


@dataclass(frozen=True)
class Homelab:
    """Flux, its repository, and the bot that may write to it."""

    table: Table
    cluster: RealNodes
    bot: Bot
    host: GitHost

    async def run(self) -> None:
        """By pull request, by an annotation beside Flux, and with Flux held off."""
        told = await self.bot.ask("doctor", user=ADA)
        want = "✅ Git repository: repository, protection"
        self.table.row("/doctor of the repository", told.text, seconds=told.seconds, want=want)
        mend = await asyncio.to_thread(REDIRECT.make, self.cluster)
        try:
            await self.by_pull_request()
            await self.live(ROUTE, "annotation", manifests.HOST, self.annotated)
            await self.live(DOOR, "native-lb", DOOR_HOST, self.held)
        finally:
            await asyncio.to_thread(mend)

    async def by_pull_request(self) -> None:
        """Proposed, approved, merged by somebody else, applied by Flux, proven; then reverted."""
        await self.status("before the pull request", manifests.HOST, 502)
        proposal, card = await self.approved(ROUTE)
        self.row("the difference of the file", proposal, f"(?s)Open a pull request.*{NATIVE_LB}")
        took = await self.bot.until_shown(card, "Waiting for the pull request|Fix failed", PROVING)
        shown = self.bot.shown(card)
        self.table.row("approved", shown, seconds=took, want="Waiting for the pull request")
        (pull,) = await asyncio.to_thread(self.host.pulls)
        opened = f"{pull['state']}, by {pull['user']['login']}, into {pull['base']['ref']}"
        want = f"^open, by {git_host.BOT}, into main$"
        self.table.row("the pull request in Gitea", opened, seconds=0, want=want)
        await self.status("before the merge", manifests.HOST, 502)
        await asyncio.to_thread(self.host.merge, pull["number"])
        took = await self.bot.until_shown(card, "Works again|Fix failed|Fix rolled back", PROVING)
        self.table.row(
            "merged", self.bot.shown(card), seconds=took, want="(?s)Works again.*HTTP 200"
        )
        await self.status("after the merge", manifests.HOST, 200)
        merged = await asyncio.to_thread(self.host.file, FILE)
        self.table.row("the merged file", merged, seconds=0, want=NATIVE_LB)
        told = await self.bot.ask("fix", "rollback", change=await self._newest(), user=ADA)
        self.row("/fix rollback of a merge", told, f"Revert pull request {pull['number']}")
        await asyncio.to_thread(self.host.write, FILE, homelab_file())
        await asyncio.to_thread(reconcile, fetch=True)
        await self.status("once it is reverted", manifests.HOST, 502)

    async def live(self, route: str, way: str, host: str, seen: Any) -> None:
        """A change of the cluster that Flux leaves alone, until it is taken back."""
        await self.status(f"before {way}", host, 502)
        _, card = await self.approved(route, way=way)
        took = await self.bot.until_shown(card, "Works again|Fix failed|Fix rolled back", PROVING)
        self.table.row(way, self.bot.shown(card), seconds=took, want="(?s)Works again.*HTTP 200")
        await asyncio.to_thread(reconcile)
        self.table.row("Flux leaves it", await asyncio.to_thread(seen), seconds=0, want="^held$")
        await self.status(f"with {way}, once Flux has reconciled", host, 200)
        told = await self.bot.ask("fix", "rollback", change=await self._newest(), user=ADA)
        self.row(f"/fix rollback of {way}", told, "Rolling back")
        took = await self.bot.until_shown(card, "Fix rolled back|Fix failed", PROVING)
        self.table.row("taken back", self.bot.shown(card), seconds=took, want="Fix rolled back")
        await asyncio.to_thread(reconcile)
        said = await asyncio.to_thread(seen)
        self.table.row("Flux has it again", said, seconds=0, want="^as in Git$")
        await self.status(f"without {way}", host, 502)

    async def approved(self, route: str, **options: object) -> tuple[Told, Any]:
        """A proposal that somebody approves, and its card."""
        proposal = await self.bot.ask("fix", "route", route=route, user=OLGA, **options)
        self.row(f"/fix route {route}", proposal, "Fix proposed")
        card = proposal.answer.message
        assert card is not None
        await self.bot.click(proposal, "Approve", user=ADA)
        return proposal, card

    async def _newest(self) -> str:
        """The name of the newest change, as the list of changes has it."""
        told = await self.bot.ask("fix", "history")
        found = re.search(r"`(\d{8}-\d{4}-[a-z0-9-]+)`", told.text)
        assert found, told.text
        return found[1]

    async def status(self, when: str, host: str, want: int) -> None:
        """The status of a request to a host, once Traefik has loaded what there is."""
        began = time.monotonic()
        said = await asyncio.to_thread(_status, self.cluster, host, want)
        took = time.monotonic() - began
        self.table.row(f"a request {when}", f"HTTP {said}", seconds=took, want=f"HTTP {want}")

    def row(self, what: str, told: Told, want: str) -> None:
        """What was answered."""
        self.table.row(what, told.text, seconds=told.seconds, want=want)

    @staticmethod
    def annotated() -> str:
        """Whether the Service has the annotation, which is in no file."""
        there = get("service", "web", "-n", "apps")["metadata"].get("annotations") or {}
        return "held" if there.get(NATIVE_LB) == "true" else "as in Git"

    @staticmethod
    def held() -> str:
        """Whether Flux is held off the IngressRoute and the field is set; both or neither."""
        live = get("ingressroute", "door", "-n", "apps")
        held = (live["metadata"].get("annotations") or {}).get(HELD)
        field = live["spec"]["routes"][0]["services"][0].get("nativeLB")
        if (held, field) == ("disabled", True):
            return "held"
        if live["spec"] == door()["spec"] and held is None:
            return "as in Git"
        return f"{HELD}: {held}, nativeLB: {field}"


async def run(table: Table, cluster: RealNodes, bot: Bot, choices: Choices) -> None:
    """Everything, with the bot's settings as they were at the end."""
    with ExitStack() as stack:
        host = await asyncio.to_thread(stack.enter_context, flux_beside_it())
        table.row("Gitea", host.version(), seconds=0, want=r"^\d")
        with_git = replace(
            choices,
            authority=choices.authority + host.authority,
            components=(*choices.components, "flux-reconcile"),
            settings={
                **choices.settings,
                "MESHMEDIC_GIT_URL": git_host.URL,
                "MESHMEDIC_GIT_HOST": "gitea",
            },
        )
        began = time.monotonic()
        await asyncio.to_thread(_give_token, host.token)
        await asyncio.to_thread(change_settings, with_git)
        took = time.monotonic() - began
        table.row("rollout status", "done", seconds=took, want="done")
        try:
            await Homelab(table, cluster, bot, host).run()
        finally:
            await asyncio.to_thread(_give_token, "")
            await asyncio.to_thread(change_settings, choices)
            await asyncio.to_thread(kubectl, "delete", *COMPONENT)


@contextmanager
def flux_beside_it() -> Iterator[GitHost]:
    """Gitea and Flux's controllers as processes on the LAN, with the application in Git."""
    folder = RUN / "flux"
    with ExitStack() as stack:
        host = stack.enter_context(git_host.running(folder / "gitea"))
        host.write(FILE, homelab_file())
        apply(*definitions.definitions(*catalogue.GITOPS))
        kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        stack.enter_context(processes.flux(ADMIN, _made(folder / "controllers")))
        stack.callback(_delete)
        apply(manifests.namespace(PLACE), *_objects(host))
        wait_until("Flux has applied the repository", _is_ready, 120)
        rolled_out("apps", "deployment/web")
        yield host


def _objects(host: GitHost) -> Iterator[Mapping[str, Any]]:
    meta = {"name": "home", "namespace": PLACE}
    authority = {"ca.crt": host.authority}
    yield {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": authority}
    yield {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": meta,
        "spec": {
            "interval": "1h",
            "url": git_host.URL,
            "ref": {"branch": "main"},
            "secretRef": {"name": "home"},
        },
    }
    # What it applied stays when it is deleted: the application was there before.
    yield kustomization("apps", "apps", prune=False)


def reconcile(*, fetch: bool = False) -> None:
    """Let Flux look now, as `flux reconcile kustomization apps [--with-source]` does."""
    for kind, name in (("gitrepository", "home"),) * fetch + (("kustomization", "apps"),):
        asked = f"reconcile.fluxcd.io/requestedAt={time.time()}"
        kubectl("-n", PLACE, "annotate", "--overwrite", kind, name, asked)
        handled = asked.partition("=")[2]
        done = partial(_handled, kind, name, handled)
        wait_until(f"Flux has reconciled {kind} {name}", done, 60)
    wait_until("Flux is Ready", _is_ready, 60)


def _handled(kind: str, name: str, asked: str) -> bool:
    status = get(kind, name, "-n", PLACE).get("status", {})
    return bool(status.get("lastHandledReconcileAt") == asked)


def _is_ready() -> bool:
    status = get("kustomization", "apps", "-n", PLACE).get("status", {})
    conditions = {each["type"]: each["status"] for each in status.get("conditions", ())}
    return conditions.get("Ready") == "True"


def _delete() -> None:
    kubectl("-n", PLACE, "delete", "kustomization/apps", "gitrepository/home", "--ignore-not-found")
    kubectl("-n", "apps", "delete", "ingressroute/door", "--ignore-not-found")


def _status(cluster: RealNodes, host: str, want: int) -> int:
    said, end = 0, time.monotonic() + LOADING
    while said != want and time.monotonic() < end:
        said = status_through_traefik(cluster, host)
        time.sleep(1)
    return said


def _give_token(token: str) -> None:
    """As a person does who adds a key to the bot's Secret."""
    given = token or None
    patch = json.dumps({"stringData" if token else "data": {"meshmedic_git_token": given}})
    kubectl("-n", "meshmedic", "patch", "secret", "meshmedic", "--type=merge", "-p", patch)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
