"""A process that carries a change out dies after each single write, and the next one goes on.

Real API server, the component `remediation`, the bot's own account, SIGKILL. Whether requests get
through is made up here: `test_fix.py` asks the network.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from bot.domain.snapshot import Snapshot
from bot.errors import InputError
from bot.kube.change_writer import KubernetesStepWriter, collection, place
from bot.kube.client import TOTAL, Api, Query
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.transport import TimeLimits
from bot.net import route_resolution as resolving
from bot.net.diagnosis import diagnosis
from bot.net.diagnosis.diagnosis import Diagnosed
from bot.remediation.change import history
from bot.remediation.change import step_progress as walking
from bot.remediation.change.change import Change
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step, StepProgress, undoing
from bot.remediation.context import READS, ContextReader
from bot.remediation.planning import offers as offering
from bot.routing.instance import TraefikPod
from tests.cluster.asking import APPROVER_SUBJECT, RBAC
from tests.cluster.carry import APPROVER, KEPT_IN, OK, PLACE, an_executor
from tests.cluster.fixing import REQUESTER, install
from tests.cluster.scene import named, within
from tests.clusters.real import RealCluster
from tests.places import ROOT
from tests.programs import catalogue

KUSTOMIZATION = within(
    "flux-system",
    named(
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        "killed",
        spec={
            "interval": "10m",
            "prune": True,
            "path": "./",
            "sourceRef": {"kind": "GitRepository", "name": "killed"},
        },
    ),
)
"""Nothing runs it here; that it is there makes an object with its labels one of Flux's."""

FLUX = {
    "kustomize.toolkit.fluxcd.io/name": "killed",
    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
}
STEPS = {
    Method.ANNOTATION: ["annotate-service"],
    Method.NATIVE_LB: ["pause-reconciling", "set-native-lb"],
    Method.CONVERSION: [
        *("label-hand-over", *(["create-ingressroute"] * 2)),
        *("release-certificate", "delete-ingress"),
        *(["label-hand-over"] * 2),
        *(["set-priority"] * 2),
    ],
}
"""Every action of every way."""

UNCUT = -1
"""The run that is not cut short: it tells how many writes there are."""


@dataclass(frozen=True)
class Row:
    """A way, what it is told by requests, and whether it is done or taken back that is cut off."""

    way: Method
    proof: str
    mode: str = "apply"
    ends: ChangeState = ChangeState.DONE

    def __str__(self) -> str:
        what = {"yes": "helps", "no": "does not help", "until-deleted": "helps no longer"}
        return f"{self.way}, {'taken back' if self.mode == 'back' else what[self.proof]}"


ROWS = (
    Row(Method.ANNOTATION, "yes"),
    Row(Method.ANNOTATION, "no", ends=ChangeState.ROLLED_BACK),
    Row(Method.ANNOTATION, "yes", "back", ChangeState.ROLLED_BACK),
    Row(Method.NATIVE_LB, "yes"),
    Row(Method.NATIVE_LB, "no", ends=ChangeState.ROLLED_BACK),
    Row(Method.NATIVE_LB, "yes", "back", ChangeState.ROLLED_BACK),
    Row(Method.CONVERSION, "yes"),
    Row(Method.CONVERSION, "no", ends=ChangeState.ROLLED_BACK),
    Row(Method.CONVERSION, "until-deleted", ends=ChangeState.ROLLED_BACK),
    Row(Method.CONVERSION, "yes", "back", ChangeState.ROLLED_BACK),
)


@pytest.fixture(scope="module")
def kubeconfig(
    real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The bot's account, and a Kustomization."""
    made = install(real, data, tmp_path_factory.mktemp("killed"))
    real.apply(KUSTOMIZATION)
    yield made
    real.kubectl("delete", "kustomization", "killed", "-n", "flux-system")


@pytest.fixture
async def killing(
    real: RealCluster, kubeconfig: Path
) -> AsyncIterator[tuple[RealCluster, Path, Api]]:
    """The cluster, and the bot's account in it; afterwards nothing is left there."""
    async with connect(kubeconfig=kubeconfig) as api:
        yield real, kubeconfig, api
    kinds = "services,ingressroutes.traefik.io"
    real.kubectl("delete", kinds, "-n", PLACE, "--all", "--wait=false")
    real.kubectl("delete", "changes", "-n", KEPT_IN, "--all", "--wait=false")
    real.kubectl("delete", "namespaces", "-l", ONE_EACH, "--wait=false")


ONE_EACH = "test=fix-killed"
"""The label of a namespace with one hand-over: there may be but one at a time."""

numbers = itertools.count(1)


def a_namespace() -> tuple[str, list[dict[str, Any]]]:
    """One more, which is listed, and its name."""
    name, (key, _, value) = f"killed-{next(numbers)}", ONE_EACH.partition("=")
    namespace = named("v1", "Namespace", name)
    namespace["metadata"]["labels"] = {key: value}
    role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "meshmedic-approver"}
    binding = named(
        f"{RBAC}/v1", "RoleBinding", role["name"], roleRef=role, subjects=[APPROVER_SUBJECT]
    )
    return name, [namespace, within(name, binding)]


def objects(way: Method, place: str, name: str) -> list[dict[str, Any]]:
    """The Service and the route of one change."""
    service = within(place, named("v1", "Service", name, spec={"ports": [{"port": 80}]}))
    if way is Method.NATIVE_LB:
        rule = {
            "kind": "Rule",
            "match": f"Host(`{name}.example`)",
            "services": [{"name": name, "port": 80}],
        }
        route = within(place, named("traefik.io/v1alpha1", "IngressRoute", name))
        route["metadata"]["labels"] = FLUX
        return [service, route | {"spec": {"routes": [rule]}}]
    backend = {"service": {"name": name, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    spec: dict[str, Any] = {"rules": [{"host": f"{name}.example", "http": {"paths": paths}}]}
    ingress = within(place, named("networking.k8s.io/v1", "Ingress", name, spec=spec))
    if way is Method.CONVERSION:
        spec["tls"] = [{"hosts": [f"{name}.example"], "secretName": f"{name}-tls"}]
        ingress["metadata"]["annotations"] = {"cert-manager.io/cluster-issuer": "letsencrypt"}
    return [service, ingress]


def a_certificate(place: str, name: str, uid: str) -> dict[str, Any]:
    """As cert-manager's shim makes it of the Ingress."""
    made = within(place, named("cert-manager.io/v1", "Certificate", f"{name}-tls"))
    owner = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": name, "uid": uid}
    made["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    issuer = {"name": "letsencrypt", "kind": "ClusterIssuer", "group": "cert-manager.io"}
    spec = {"secretName": f"{name}-tls", "dnsNames": [f"{name}.example"], "issuerRef": issuer}
    return made | {"spec": {**spec, "usages": ["digital signature", "key encipherment"]}}


@dataclass
class Once:
    """Lists everything once, for many plans."""

    reader: ClusterReader
    read: Snapshot | None = None

    async def snapshot(self, *_: Any) -> Snapshot:
        if self.read is None:
            self.read = await self.reader.snapshot({*READS, *resolving.READS})
        return self.read


@dataclass
class Diagnosing:
    """Finds that nativeLB helps, whatever is asked for."""

    cluster: Once
    tested: tuple[Diagnosed, ...] = ()

    async def diagnose(self, asked: str, _: Any, **__: Any) -> Diagnosed:
        snapshot = await self.cluster.snapshot(resolving.READS)
        subject = resolving.resolve(snapshot, asked)
        assert isinstance(subject, resolving.Subject), subject
        found = diagnosis.Diagnosis(
            row=diagnosis.Row.REDIRECT,
            confidence=diagnosis.Confidence.PROVEN,
            because="So it was tested.",
            effect=diagnosis.Effect.HELPS,
            effect_because="It was seen to help.",
        )
        return Diagnosed(snapshot.taken_at, subject, found)


class ATraefik:
    async def pods(self) -> tuple[tuple[TraefikPod, ...], tuple[str, ...]]:
        image = f"traefik:v{catalogue.TRAEFIK_VERSION}"
        return (TraefikPod("kube-system", "traefik-a", running=True, image=image),), ()


async def planned(api: Api, reader: Once, way: Method, place: str, name: str) -> RepairPlan:
    """By the real planner, of the real objects."""
    writer = KubernetesStepWriter(api, lambda: True)
    context_reader = ContextReader(reader, Diagnosing(reader), writer, ATraefik())  # type: ignore[arg-type]
    kind = "ingressroute" if way is Method.NATIVE_LB else "ingress"
    found = offering.offers(await context_reader.of(f"{kind}/{place}/{name}"), lambda _: "").by(way)
    assert isinstance(found, RepairPlan), str(found)
    assert [each.action for each in found.steps] == STEPS[way]
    return found


async def approved(api: Api, plan: RepairPlan, name: str) -> Change:
    """A Change that an approver just approved."""
    now = datetime.now(UTC)
    executor = an_executor(api, "yes")
    made = Change(
        name=name,
        requester=str(REQUESTER),
        expires=now + timedelta(minutes=15),
        plan=plan,
        history=history.proposed(str(REQUESTER), now),
    )
    saved = await executor.journal.store.create(made)
    return await executor.journal.move(saved, ChangeState.APPROVED, APPROVER)


@dataclass(frozen=True)
class Run:
    """One change whose process dies after so many writes, and the log of all its processes."""

    row: Row
    after: int
    change: Change
    log: Path
    before: dict[str, Any]

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.change.plan.steps


@dataclass(frozen=True)
class Carrier:
    """`python -m tests.cluster.carry`, which has imported everything before it begins a process."""

    running: subprocess.Popen[str]

    async def processes(
        self, kubeconfig: Path, folder: Path, row: Row, mode: str, *jobs: str
    ) -> list[tuple[str, int]]:
        """One for each job: how each ended, by its exit code."""
        asked = (str(kubeconfig), str(folder), row.proof, mode, *jobs)
        async with asyncio.timeout(90):
            return await asyncio.to_thread(self._answer, json.dumps(asked))

    def _answer(self, asked: str) -> list[tuple[str, int]]:
        assert self.running.stdin
        assert self.running.stdout
        self.running.stdin.write(f"{asked}\n")
        self.running.stdin.flush()
        lines = takewhile(str.strip, self.running.stdout)
        return [(job, int(code)) for job, code in map(str.split, lines)]


@pytest.fixture(scope="module")
def carrier() -> Iterator[Carrier]:
    """Begins the processes that die."""
    command = (sys.executable, "-m", "tests.cluster.carry")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as running:  # noqa: S603  # ours
        yield Carrier(running)
        running.kill()


async def prepared(api: Api, real: RealCluster, row: Row, points: range, folder: Path) -> list[Run]:
    """A change for each point, each of objects of its own."""
    names = [f"{row.way}-{row.proof}-{row.mode}-{each + 1}" for each in points]
    places = dict.fromkeys(names, PLACE)
    made = []
    if row.way is Method.CONVERSION:
        for name in names:
            places[name], namespace = a_namespace()
            made += namespace
    made += [item for name, place in places.items() for item in objects(row.way, place, name)]
    await asyncio.to_thread(real.apply, *made)
    if row.way is Method.CONVERSION:
        listed = await asyncio.to_thread(real.read, "ingresses", "-A")
        uids = {e["metadata"]["name"]: e["metadata"]["uid"] for e in listed["items"]}
        certificates = [a_certificate(place, name, uids[name]) for name, place in places.items()]
        await asyncio.to_thread(real.apply, *certificates)
    runs = []
    reader = Once(ClusterReader(api))
    for after, name in zip(points, names, strict=True):
        change = await approved(api, await planned(api, reader, row.way, places[name], name), name)
        before = await standing(api, change.plan.steps)
        if row.mode == "back":
            change = await an_executor(api, "yes").apply(change)
            assert change.state is ChangeState.DONE, change.history
        runs.append(Run(row, after, change, folder / f"{name}.log", before))
    return runs


async def standing(api: Api, steps: tuple[Step, ...]) -> dict[str, Any]:
    """The objects of a plan without what the API server writes."""
    writer = KubernetesStepWriter(api, lambda: True)
    found = {place(each.object): await writer.live(each.object) for each in steps}
    return {at: each and _bare(each) for at, each in found.items()}


def _bare(whole: dict[str, Any]) -> dict[str, Any]:
    # Not its owner: a Certificate that was released stays so.
    kept = ("name", "labels", "annotations")
    metadata = {key: whole["metadata"][key] for key in kept if whole["metadata"].get(key)}
    notes = metadata.get("annotations", {})
    notes.pop("meshmedic.dev/change", None)
    if not notes:
        metadata.pop("annotations", None)
    return {**whole, "metadata": metadata, "status": None}


async def version(api: Api) -> str:
    """The present one of the API server."""
    listed = json.loads(await api.get(f"/api/v1/namespaces/{PLACE}/services", [("limit", 1)]))
    return str(listed["metadata"]["resourceVersion"])


async def told(api: Api, runs: list[Run], since: str) -> Counter[str]:
    """By path: how often the API server has changed an object since, by what watches are told."""
    places = {collection(each.object) for run in runs for each in run.steps}
    found: Counter[str] = Counter()
    query = [("watch", "true"), ("resourceVersion", since), ("timeoutSeconds", "1")]
    for at, body in zip(
        places, await asyncio.gather(*(streamed(api, at, query) for at in places)), strict=True
    ):
        names = (json.loads(line)["object"]["metadata"]["name"] for line in body.splitlines())
        found.update(f"{at}/{name}" for name in names)
    return found


async def streamed(api: Api, at: str, query: Query) -> bytes:
    """The events of a watch; nobody compares them with what was asked."""
    async with api.stream(at, query, limits=TimeLimits(total=TOTAL)) as response:
        return await response.read()


def wanted(run: Run) -> Counter[str]:
    """How often each object must be written: once for each step, and for each that is undone."""
    did = run.steps
    if run.row.way is Method.CONVERSION and run.row.proof == "no":
        # Proven before the Ingress is deleted, so no step after that is done.
        did = tuple(takewhile(lambda each: each.action is not Action.DELETE_INGRESS, did))
    back = undoing(did) if run.row.ends is ChangeState.ROLLED_BACK else ()
    did = () if run.row.mode == "back" else did
    return Counter(place(each.object) for each in (*did, *back))


def lines(log: Path) -> list[list[str]]:
    """The writes of a process: method, path, and how it was answered."""
    return [each.split() for each in log.read_text().splitlines()] if log.exists() else []


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_whoever_comes_next_ends_what_was_begun(
    killing: tuple[RealCluster, Path, Api], carrier: Carrier, tmp_path: Path, row: Row
) -> None:
    """Killed before the first write, and after each: one end, each object written once."""
    real, kubeconfig, bot = killing
    (whole,) = await prepared(bot, real, row, range(UNCUT, 0), tmp_path)
    uncut = await carrier.processes(kubeconfig, tmp_path, row, row.mode, whole.change.name)
    assert uncut == [(whole.change.name, 0)]
    points = range(len(lines(whole.log)) + 1)
    runs = await prepared(bot, real, row, points, tmp_path)
    since = await version(bot)
    jobs = [f"{each.change.name}={each.after}" for each in runs]
    killed = await carrier.processes(kubeconfig, tmp_path, row, row.mode, *jobs)
    assert sorted(killed) == sorted((job, -signal.SIGKILL) for job in jobs)
    assert [len(lines(each.log)) for each in runs] == list(points)
    assert await carrier.processes(kubeconfig, tmp_path, row, "go-on", "next") == [("next", 0)]
    seen = await told(bot, runs, since)
    following = lines(tmp_path / "next.log")
    for run in runs:
        change = await an_executor(bot, "yes").journal.store.read(run.change.name)
        print(f"{row!s:36} {died(run):40} -> {change.state}")  # noqa: T201  # a table
        await check(bot, run, change, seen, [*lines(run.log), *following])


@pytest.mark.parametrize(
    "row", [each for each in ROWS if each.way is Method.CONVERSION][1:], ids=str
)
async def test_a_bot_that_dies_after_every_single_write_comes_to_the_end(
    killing: tuple[RealCluster, Path, Api], carrier: Carrier, tmp_path: Path, row: Row
) -> None:
    """Each process does one write and is killed, and the last one finds nothing left to do."""
    real, kubeconfig, bot = killing
    (run,) = await prepared(bot, real, row, range(1), tmp_path)
    since = await version(bot)
    # Of what is to be taken back, the click must have been saved: the first write.
    job = f"{run.change.name}={int(row.mode == 'back')}"
    assert await carrier.processes(kubeconfig, tmp_path, row, row.mode, job) == [
        (job, -signal.SIGKILL)
    ]
    died = await carrier.processes(kubeconfig, tmp_path, row, "go-on", "next=1")
    print(f"{row!s:36} killed {len(died)} times")  # noqa: T201  # beside the table
    assert [code for _, code in died] == [-signal.SIGKILL] * (len(died) - 1) + [0]
    seen = await told(bot, [run], since)
    change = await an_executor(bot, "yes").journal.store.read(run.change.name)
    written = [*lines(run.log), *lines(tmp_path / "next.log")]
    assert len(died) == len(written) + (row.mode == "apply")
    await check(bot, dataclasses.replace(run, after=1), change, seen, written)


async def test_a_proposal_that_was_cut_off_waits_for_a_click(
    killing: tuple[RealCluster, Path, Api], carrier: Carrier, tmp_path: Path
) -> None:
    """Killed between the object and its first state: it is proposed all the same, once."""
    real, kubeconfig, bot = killing
    row = Row(Method.ANNOTATION, "yes", "propose")
    runs = await prepared(bot, real, row, range(3), tmp_path)
    jobs = [f"{each.change.name}={each.after}" for each in runs]
    killed = await carrier.processes(kubeconfig, tmp_path, row, row.mode, *jobs)
    assert sorted(killed) == sorted((job, -signal.SIGKILL) for job in jobs)
    assert await carrier.processes(kubeconfig, tmp_path, row, "go-on", "next") == [("next", 0)]
    store = an_executor(bot, "yes").journal.store
    with pytest.raises(InputError, match="No change"):
        await store.read(f"{runs[0].change.name}-again")
    for run in runs[1:]:
        change = await store.read(f"{run.change.name}-again")
        assert [each.state for each in change.history.entries] == [ChangeState.PROPOSED]


async def check(
    api: Api, run: Run, change: Change, seen: Counter[str], written: list[list[str]]
) -> None:
    """One end, and every object as it shall be then, after as few writes as there are steps."""
    # Whoever clicked and was not heard is told so by the buttons, which stand there still.
    unheard = run.row.mode == "back" and run.after == 0
    assert change.state is (ChangeState.DONE if unheard else run.row.ends), change.history
    entered = [each.state for each in change.history.entries]
    assert len(entered) == len(set(entered)), entered
    expected = Counter() if unheard else wanted(run)
    own = {place(each.object) for each in run.steps}
    assert Counter({at: seen[at] for at in own if seen[at]}) == expected
    assert {how for _, _, how in written} == {OK}, written
    assert Counter(at for _, at, _ in written if at in own) == expected
    if change.state is ChangeState.ROLLED_BACK:
        assert await standing(api, run.steps) == run.before
    else:
        writer = KubernetesStepWriter(api, lambda: True)
        live = {each.object: await writer.live(each.object) for each in run.steps}
        assert set(walking.standing(run.steps, live)) == {StepProgress.DONE}


def died(run: Run) -> str:
    """After which write a process was killed."""
    found = lines(run.log)
    if not found:
        return "before the first write"
    method, at, _ = found[-1]
    if at.endswith("/status"):
        return f"after the status, write {run.after}"
    plural = at.partition("/namespaces/")[2].split("/")[1]
    return f"after {method} {plural}, write {run.after}"
