"""`/fix` from the proposal to the proof and back, with every part real.

Real packets on the runbook's broken path, the real Traefik, the real API server with the component
`remediation`, and the bot's own account.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.errors import Refused
from bot.net.diagnosis.diagnosis import Effect, Row
from bot.remediation.change.change import Change
from bot.remediation.change.plan import Method
from bot.remediation.change.states import ChangeState
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.remediation.service import ChangeRefusal, Proposal, RemediationService
from tests.cluster.broken_path import HOME, HOST, SERVICE, BrokenPath, broken_path
from tests.cluster.fixing import APPROVER, KEPT_IN, REQUESTER, STRANGER, click, fixing, install
from tests.cluster.scene import named, within
from tests.clusters.real import RealCluster
from tests.lab import backends, faults
from tests.lab.namespaces import CannotMakeLab
from tests.lab.world import METRICS, PORT, VIP

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAME = "fixed"
ANNOTATION = "traefik.ingress.kubernetes.io/service.nativelb"
INGRESSES, ROUTES = "ingresses.networking.k8s.io", "ingressroutes.traefik.io"


@asynccontextmanager
async def fixed(
    real: RealCluster, data: Path, folder: Path, *more: str
) -> AsyncIterator[tuple[BrokenPath, RemediationService]]:
    """The path and `/fix` on it, with these arguments of Traefik."""
    if real.plane is None:
        pytest.skip("Traefik here needs the control plane of the tests' own")
    kubeconfig = install(real, data, folder)
    try:
        async with (
            broken_path(real, folder, *more) as broken,
            fixing(kubeconfig, broken.world.prober, reload=2.0, sleep=0.2) as fix,
        ):
            yield broken, fix
    except CannotMakeLab as missing:
        pytest.skip(str(missing))
    finally:
        real.kubectl("delete", "changes", "--all", "-n", KEPT_IN)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def path(
    real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[BrokenPath, RemediationService]]:
    """The path and `/fix` on it."""
    async with fixed(real, data, tmp_path_factory.mktemp("fix")) as both:
        yield both


@asynccontextmanager
async def routed(path: BrokenPath, *made: dict[str, Any]) -> AsyncIterator[None]:
    """With these routes, and none of them afterwards; nothing is broken then."""
    path.real.apply(*made)
    try:
        yield
    finally:
        for kind in (INGRESSES, ROUTES):
            path.real.kubectl("delete", kind, "-n", HOME, "--all")
        path.real.kubectl("annotate", "service", SERVICE, "-n", HOME, f"{ANNOTATION}-")
        await faults.mended(path.world)


def an_ingress() -> dict[str, Any]:
    backend = {"service": {"name": SERVICE, "port": {"number": PORT}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    rule = {"host": HOST, "http": {"paths": paths}}
    made = named("networking.k8s.io/v1", "Ingress", NAME, spec={"rules": [rule]})
    return within(HOME, made)


def a_route() -> dict[str, Any]:
    rule = {
        "kind": "Rule",
        "match": f"Host(`{HOST}`)",
        "services": [{"name": SERVICE, "port": PORT}],
    }
    spec = {"entryPoints": ["web"], "routes": [rule]}
    return within(HOME, named("traefik.io/v1alpha1", "IngressRoute", NAME, spec=spec))


async def proposed(fix: RemediationService, way: Method, kind: str) -> Change:
    offered = await fix.propose(f"{kind}/{HOME}/{NAME}", way, str(REQUESTER))
    assert isinstance(offered, Proposal), str(offered)
    return offered.change


async def approved(fix: RemediationService, change: Change) -> Change:
    """Approve it, wait until it is at its end, and read it again."""
    begun = await fix.decide(change.name, click(), approve=True)
    assert isinstance(begun, Change), begun.detail
    assert begun.state is ChangeState.APPROVED
    await fix.reconciler.wait()
    return await fix.show(change.name)


async def rolled_back(fix: RemediationService, change: Change) -> Change:
    begun = await fix.roll_back(change.name, click())
    assert isinstance(begun, Change), begun.detail
    await fix.reconciler.wait()
    return await fix.show(change.name)


def states(change: Change) -> list[str]:
    return [str(each.state) for each in change.history.entries]


def live(path: BrokenPath, kind: str, name: str) -> dict[str, Any]:
    """An object without what the API server writes."""
    found = path.real.read(kind, name, "-n", HOME)
    kept = ("name", "namespace", "labels", "annotations")
    return {
        **{key: each for key, each in found.items() if key not in ("metadata", "status")},
        "metadata": {key: found["metadata"][key] for key in kept if found["metadata"].get(key)},
    }


DONE = ["Proposed", "Approved", "Applying", "Verifying", "Done"]


async def test_the_annotation_mends_a_plain_ingress_and_can_be_taken_back(
    path: tuple[BrokenPath, RemediationService],
) -> None:
    """502 before, 200 after, with the record beside the object; 502 again as before."""
    broken, fix = path
    async with routed(broken, an_ingress()):
        await broken.until(200)
        await faults.redirect()(broken.world)
        await broken.until(502)
        before = live(broken, "service", SERVICE)
        change = await proposed(fix, Method.ANNOTATION, "ingress")
        assert (change.plan.row, change.plan.effect) == (Row.REDIRECT, Effect.HELPS)
        assert live(broken, "service", SERVICE) == before
        with pytest.raises(Refused, match="You need the approver role"):
            await fix.decide(change.name, click(STRANGER), approve=True)
        done = await approved(fix, change)
        assert states(done) == DONE, done.history.entries
        assert await broken.status() == 200
        seen = f"Traefik's own view (API): it sends to {VIP}:{PORT}, the VIP."
        assert done.notes.proof[-1] == seen
        events = broken.real.read("events", "-n", HOME, "--field-selector=reason=ChangeDone")
        told = [e for e in events["items"] if done.name in e["message"]]
        assert [each["involvedObject"]["name"] for each in told] == [SERVICE]
        assert [each["involvedObject"]["kind"] for each in told] == ["Service"]
        row = broken.real.kubectl("get", "changes", done.name, "-n", KEPT_IN, "-o", "wide")
        print(row)  # noqa: T201  # the log book
        for word in (f"Ingress {HOME}/{NAME}", "annotation", "Done", str(REQUESTER)):
            assert word in row
        back = await rolled_back(fix, done)
        assert states(back) == [*DONE, "RolledBack"]
        assert back.history.entries[-1].by == str(APPROVER)
        await broken.until(502)
        assert live(broken, "service", SERVICE) == before


async def test_an_ingress_route_gets_the_field(path: tuple[BrokenPath, RemediationService]) -> None:
    """Way 2: the field of the one service, and it is gone after the roll back."""
    broken, fix = path
    async with routed(broken, a_route()):
        await broken.until(200)
        await faults.redirect()(broken.world)
        await broken.until(502)
        before = live(broken, ROUTES, NAME)
        done = await approved(fix, await proposed(fix, Method.NATIVE_LB, "ingressroute"))
        assert states(done) == DONE, done.history.entries
        assert await broken.status() == 200
        (rule,) = live(broken, ROUTES, NAME)["spec"]["routes"]
        assert rule["services"] == [{"name": SERVICE, "port": PORT, "nativeLB": True}]
        assert f"{VIP}:{PORT}" in done.notes.proof[-1], done.notes.proof
        at_field = "/spec/routes/0/services/0/nativeLB"
        await renewed(broken, [{"op": "replace", "path": at_field, "value": False}])
        declined = await fix.roll_back(done.name, click())
        assert isinstance(declined, ChangeRefusal)
        assert "Someone else changed" in declined.detail
        await renewed(broken, [{"op": "replace", "path": at_field, "value": True}])
        assert states(await rolled_back(fix, done)) == [*DONE, "RolledBack"]
        await broken.until(502)
        assert live(broken, ROUTES, NAME) == before


async def renewed(broken: BrokenPath, patch: list[dict[str, Any]]) -> None:
    """Somebody else changes the route."""
    how = ("patch", ROUTES, NAME, "-n", HOME, "--type=json", "-p", json.dumps(patch))
    await asyncio.to_thread(broken.real.kubectl, *how)


USELESS = {"on loopback": faults.on_loopback, "the overlay is gone": faults.vxlan_gone("edge")}


@pytest.mark.parametrize("fault", USELESS)
async def test_what_is_proven_useless_is_refused(
    path: tuple[BrokenPath, RemediationService], fault: str
) -> None:
    """Nothing is saved, so nothing can be approved."""
    broken, fix = path
    before = {each.name for each in await fix.every()}
    async with routed(broken, an_ingress()):
        await broken.until(200)
        await USELESS[fault](broken.world)
        try:
            offered = await fix.propose(f"ingress/{HOME}/{NAME}", None, str(REQUESTER))
            assert isinstance(offered, PlanRefusal), offered
            assert offered.reason is PlanReason.USELESS
        finally:
            await healed(broken)
    assert {each.name for each in await fix.every()} == before


async def test_a_trial_that_does_not_help_takes_itself_back(
    path: tuple[BrokenPath, RemediationService],
) -> None:
    """One of two pods has ended: the VIP chooses it every other time."""
    broken, fix = path
    async with routed(broken, an_ingress()):
        await broken.until(200)
        for each in broken.world.servers[:2]:
            each.close()
            await each.wait_closed()
        await broken.until(502)
        before = live(broken, "service", SERVICE)
        try:
            ended = await tried(fix)
        finally:
            await healed(broken)
        assert states(ended) == [*DONE[:-1], "RolledBack"], ended.history.entries
        assert "502" in ended.history.entries[-1].note
        assert ended.history.entries[-1].by == "meshmedic"
        assert live(broken, "service", SERVICE) == before


async def tried(fix: RemediationService) -> Change:
    """Approve the trial, as often as the VIP's choices show another picture at the click.

    Chance decides which pod each of a few tests meets; a person gets a new card then, and so do we.
    """
    for _ in range(TRIALS):
        change = await proposed(fix, Method.ANNOTATION, "ingress")
        assert change.plan.trial
        if change.plan.effect != Effect.LOWERS:
            continue
        begun = await fix.decide(change.name, click(), approve=True)
        if isinstance(begun, Change):
            await fix.reconciler.wait()
            return await fix.show(change.name)
        assert begun.instead is not None, begun.detail
    msg = f"in {TRIALS} trials the evidence was never twice the same"
    raise AssertionError(msg)


TRIALS = 8


async def healed(broken: BrokenPath) -> None:
    """Every web server listens again, and the overlay is as it was made."""
    world = broken.world
    for each in world.servers:
        each.close()
        await each.wait_closed()
    made = [await backends.web(each, port) for each in world.web for port in (PORT, METRICS)]
    world.servers[:] = made
    if not await overlay(world):
        world.lab.overlay(world.edge)


async def overlay(world: Any) -> bool:
    """Whether the edge has its vxlan device."""
    process = await asyncio.create_subprocess_exec(
        *("ip", "-n", world.edge.namespace, "link", "show", "flannel.1"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await process.wait() == 0
