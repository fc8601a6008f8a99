"""Changes and the objects that they write, over the API."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from bot.domain.finding import Target
from bot.errors import ClusterError, Conflict, InputError, Invalid, NotLeading
from bot.kube.change_events import ChangeEvents
from bot.kube.change_store import KubernetesChangeStore, NoChangeStore
from bot.kube.change_writer import PAUSE, KubernetesStepWriter
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.remediation.change.change import (
    NAME,
    Change,
    ChangeCard,
    Notes,
    RepositoryAttempts,
    Undoing,
    change_name,
)
from bot.remediation.change.fields import HAND_OVER, MANAGED, OURS
from bot.remediation.change.history import proposed
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.proof import Count, Sample, Sort
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step
from bot.remediation.planning.offers import offers
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.clusters import Cluster
from tests.remediation.planning.situations import (
    a_route,
    a_service,
    a_situation,
    an_ingress,
    nowhere_untouchable,
)

MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANNA = "100000000000000001"


@dataclass
class Leads:
    """A leadership that a test takes away."""

    acts: bool = True
    asked: list[None] = field(default_factory=list)

    def may_act(self) -> bool:
        return self.acts


@pytest.fixture
async def api(cluster: Cluster, simulation: SimulatedCluster) -> AsyncIterator[Api]:
    async with connect(kubeconfig=cluster.kubeconfig) as made:
        yield made


@pytest.fixture
def leads() -> Leads:
    return Leads()


@pytest.fixture
def store(api: Api, leads: Any) -> KubernetesChangeStore:
    return KubernetesChangeStore(api, "meshmedic", leads)


def a_plan(way: Method = Method.ANNOTATION) -> RepairPlan:
    route = a_route() if way is Method.NATIVE_LB else an_ingress()
    made = offers(a_situation(route), nowhere_untouchable).by(way)
    assert isinstance(made, RepairPlan)
    return made


def a_change(name: str = "20261123-1200-web-0001", way: Method = Method.ANNOTATION) -> Change:
    return Change(
        name=name,
        requester=ANNA,
        expires=MOMENT + timedelta(minutes=15),
        plan=a_plan(way),
        history=proposed(ANNA, MOMENT),
        notes=Notes(baseline=Sample((Count(Sort.FAILED, "HTTP 502", 20),))),
    )


@pytest.mark.parametrize("way", [Method.ANNOTATION, Method.NATIVE_LB, Method.CONVERSION])
async def test_what_is_kept_is_what_comes_back(store: KubernetesChangeStore, way: Method) -> None:
    """Plan, history, baseline, card and all."""
    made = await store.create(a_change(way=way))
    notes = Notes(
        baseline=made.notes.baseline,
        card=ChangeCard(123456789012345678, 987654321098765432),
        proof=("It works.",),
        undoing=Undoing(ANNA, MOMENT, "It was rolled back."),
        attempts=RepositoryAttempts(2, MOMENT, "It is down."),
    )
    written = await store.write(msgspec.structs.replace(made, notes=notes))
    assert await store.read(made.name) == written
    cleared = await store.write(written.noted(attempts=None))
    assert (await store.read(made.name)).notes.attempts is None
    written = await store.write(cleared.noted(attempts=notes.attempts))
    bare = msgspec.structs.replace(written, version="", notes=notes)
    assert bare == msgspec.structs.replace(a_change(way=way), notes=notes)


async def test_of_two_who_move_one_change_the_second_changes_nothing(
    store: KubernetesChangeStore,
) -> None:
    """A compare-and-set: so a double click is harmless."""
    made = await store.create(a_change())
    first = made.history.moved(ChangeState.APPROVED, by=ANNA, at=MOMENT, expires=made.expires)
    second = made.history.moved(ChangeState.REJECTED, by=ANNA, at=MOMENT, expires=made.expires)
    await store.write(msgspec.structs.replace(made, history=first))
    with pytest.raises(Conflict):
        await store.write(msgspec.structs.replace(made, history=second))
    assert (await store.read(made.name)).state is ChangeState.APPROVED


async def test_only_who_leads_writes(store: KubernetesChangeStore, leads: Leads) -> None:
    leads.acts = False
    with pytest.raises(NotLeading):
        await store.create(a_change())
    assert await store.every() == ()


async def test_a_change_that_is_not_there_is_said(store: KubernetesChangeStore) -> None:
    with pytest.raises(InputError, match="No change `nothing`"):
        await store.read("nothing")


async def test_all_are_listed_the_newest_first_and_a_strange_one_is_passed_over(
    store: KubernetesChangeStore, simulation: SimulatedCluster
) -> None:
    """Of another version, or mangled by hand: the others are shown all the same."""
    for number in (1, 3, 2):
        await store.create(a_change(f"20261123-120{number}-web-0001"))
    strange = {
        "metadata": {"name": "20261123-1204-x", "namespace": "meshmedic"},
        "spec": {"way": 1},
    }
    simulation.put({"apiVersion": "meshmedic.dev/v1alpha1", "kind": "Change", **strange})
    names = [each.name for each in await store.every()]
    assert names == [f"20261123-120{number}-web-0001" for number in (3, 2, 1)]
    with pytest.raises(ClusterError, match="no Change of this version"):
        await store.read("20261123-1204-x")


async def test_without_a_place_in_the_cluster_it_says_what_to_set() -> None:
    with pytest.raises(ClusterError, match="MESHMEDIC_STATE_NAMESPACE"):
        await NoChangeStore().create(a_change())
    assert await NoChangeStore().every() == ()


@pytest.mark.parametrize(
    "target", ["Ingress apps/web", "IngressRoute a/" + "x" * 300, "Ingress a/Ü@`evil", ""]
)
def test_the_name_of_a_change_is_always_a_name(target: str) -> None:
    made = change_name(target, MOMENT, "3f9c")
    assert NAME.fullmatch(made)
    assert made.startswith("20261123-1200-")


@pytest.fixture
def writer(api: Api, leads: Leads) -> KubernetesStepWriter:
    return KubernetesStepWriter(api, leads.may_act)


OBJECTS = {
    Method.ANNOTATION: [a_service()],
    Method.NATIVE_LB: [a_route()],
    Method.CONVERSION: [an_ingress()],
}


async def do(writer: KubernetesStepWriter, step: Step, *, dry_run: bool = False) -> None:
    live = await writer.live(step.object)
    await writer.write(step, live, "20261123-1200-web-0001", ANNA, dry_run=dry_run)


def bare(manifest: Any) -> Any:
    """Without what the server writes, and the annotations that may be empty."""
    if manifest is None:
        return None
    metadata = {key: manifest["metadata"][key] for key in ("namespace", "name")}
    notes = manifest["metadata"].get("annotations") or {}
    shown = {key: each for key, each in notes.items() if not key.startswith("meshmedic.dev/")}
    return {"metadata": metadata | {"annotations": shown}, "spec": manifest["spec"]}


@pytest.mark.parametrize("way", list(OBJECTS))
async def test_every_step_is_done_and_undone_and_a_dry_run_does_nothing(
    writer: KubernetesStepWriter, simulation: SimulatedCluster, way: Method
) -> None:
    simulation.put(*OBJECTS[way])
    steps = a_plan(way).steps
    targets = list(dict.fromkeys(each.object for each in steps))
    before = [bare(await writer.live(each)) for each in targets]
    await do(writer, steps[0], dry_run=True)
    assert [bare(await writer.live(each)) for each in targets] == before
    for step in steps:
        await do(writer, step)
    assert [bare(await writer.live(each)) for each in targets] != before
    for step in reversed(steps):
        await do(writer, step.undo)
    assert [bare(await writer.live(each)) for each in targets] == before


async def test_an_ingress_that_was_put_back_says_by_which_change(
    writer: KubernetesStepWriter, simulation: SimulatedCluster
) -> None:
    """The admission policy of deploy/components/remediation asks for it."""
    simulation.put(an_ingress())
    label, create, gone, *_ = a_plan(Method.CONVERSION).steps
    for step in (label, create, gone, gone.undo):
        await do(writer, step)
    live = await writer.live(gone.object)
    assert live
    assert live["metadata"]["annotations"] == {"meshmedic.dev/change": "20261123-1200-web-0001"}


@dataclass
class LatePolicy:
    """The API server, whose policies see the label of a hand-over after so many requests."""

    api: Api
    after: int
    did: list[tuple[bool, Any]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def writer(self) -> KubernetesStepWriter:
        """A writer that sends its requests there, and for which no time passes."""
        return KubernetesStepWriter(self, lambda: True, self.sleep)  # type: ignore[arg-type]

    async def get(self, *asked: Any, **how: Any) -> bytes:
        return await self.api.get(*asked, **how)

    async def send(self, method: str, path: Any, body: Any, query: Any, **how: Any) -> bytes:
        dry_run = ("dryRun", "All") in query
        labels = body["metadata"].get("labels", {}) if method == "POST" else {}
        if HAND_OVER in labels and self.after > 0:
            self.after -= 1
            raise Invalid("No params were found.")
        self.did.append((dry_run, labels))
        return await self.api.send(method, path, body, query, **how)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_what_a_policy_compares_is_tried_until_it_may_and_written_once(
    api: Api, simulation: SimulatedCluster
) -> None:
    """A dry run is no write, so the number of writes is the same however late the policy is."""
    simulation.put(an_ingress())
    label, create, *_ = a_plan(Method.CONVERSION).steps
    late = LatePolicy(api, 3)
    for step in (label, create):
        await do(late.writer(), step)
    assert late.slept == [PAUSE] * 3
    labels = {MANAGED: OURS, HAND_OVER: "traefik.io"}
    assert late.did == [(False, {}), (True, labels), (False, labels)]


async def test_what_a_policy_never_allows_is_not_written_and_its_words_are_told(
    api: Api, simulation: SimulatedCluster
) -> None:
    simulation.put(an_ingress())
    _, create, *_ = a_plan(Method.CONVERSION).steps
    late = LatePolicy(api, 1_000)
    with pytest.raises(Invalid, match="No params"):
        await do(late.writer(), create)
    assert late.did == []
    assert sum(late.slept) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("labelled", "why"),
    [((), "no params found"), (("web", "other"), "does not replace other")],
    ids=["nothing", "another Ingress too"],
)
async def test_a_route_is_created_beside_its_own_labelled_ingress_alone(
    api: Api, simulation: SimulatedCluster, labelled: tuple[str, ...], why: str
) -> None:
    """As the real API server's policies refuse it; tests/cluster asks those."""
    label = {HAND_OVER: "traefik.io"}
    for name in ("web", "other"):
        simulation.put(
            an_ingress(metadata={"name": name, "labels": label if name in labelled else {}})
        )
    _, create, *_ = a_plan(Method.CONVERSION).steps
    with pytest.raises(Invalid, match=why):
        await do(LatePolicy(api, 0).writer(), create)
    assert await KubernetesStepWriter(api, lambda: True).live(create.object) is None


async def test_before_the_hand_over_a_route_is_rehearsed_without_its_label(
    api: Api, simulation: SimulatedCluster
) -> None:
    """Nothing is there yet that it could be compared with."""
    simulation.put(an_ingress())
    _, create, *_ = a_plan(Method.CONVERSION).steps
    late = LatePolicy(api, 1)
    await do(late.writer(), create, dry_run=True)
    assert late.did == [(True, {MANAGED: OURS})]


async def test_an_object_that_was_changed_since_it_was_read_is_left_alone(
    writer: KubernetesStepWriter, simulation: SimulatedCluster
) -> None:
    simulation.put(a_service())
    (step,) = a_plan().steps
    read = await writer.live(step.object)
    simulation.put(a_service(type="NodePort"))
    with pytest.raises(Conflict):
        await writer.write(step, read, "x", ANNA, dry_run=False)
    live = await writer.live(step.object)
    assert live
    assert "annotations" not in live["metadata"]


async def test_who_does_not_lead_may_rehearse_and_not_write(
    writer: KubernetesStepWriter, simulation: SimulatedCluster, leads: Leads
) -> None:
    simulation.put(a_service())
    leads.acts = False
    (step,) = a_plan().steps
    await do(writer, step, dry_run=True)
    with pytest.raises(ClusterError, match="cannot be sure"):
        await do(writer, step)


async def test_what_is_gone_is_none(writer: KubernetesStepWriter) -> None:
    assert await writer.live(Target("Service", "apps", "nothing")) is None


async def test_the_ends_of_a_change_are_events_beside_the_object(
    api: Api, simulation: SimulatedCluster
) -> None:
    """And what cannot be recorded stops nothing."""
    made = a_change()
    history = made.history.moved(ChangeState.APPROVED, by=ANNA, at=MOMENT, expires=made.expires)
    await ChangeEvents(api).record(msgspec.structs.replace(made, history=history))
    await ChangeEvents(api).record(made)
    (event,) = [each.plain() for each in simulation.in_order("events")]
    assert (event["reason"], event["source"]["component"]) == ("ChangeApproved", "meshmedic")
    assert event["involvedObject"]["kind"] == "Service"
    assert ANNA in event["message"]
