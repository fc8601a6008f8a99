"""How many Changes there are in each state, through what an API server does."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import yaml

from bot.kube.change_counts import GROUP, KIND, VERSION, ChangeCounts
from bot.kube.connect import connect
from bot.kube.reflector import WatchTiming
from bot.remediation.change.states import ChangeState
from bot.sandbox.kubernetes_api import SERVED, SimulatedCluster, serve, without, write_kubeconfig
from tests.builders import Plain, an_object
from tests.places import ROOT

CRD = ROOT / "deploy/base/change-crd.yaml"
PLACE = "meshmedic"
WITHOUT_CHANGES = without(GROUP)
QUICK = WatchTiming(first_delay=0.01, longest_delay=0.05, absent=0.05, forbidden=0.05)


def a_change(name: str, state: str = "", namespace: str = PLACE) -> Plain:
    status = {"status": {"state": state}} if state else {}
    return an_object("Change", name, f"{GROUP}/{VERSION}", namespace, **status)


@asynccontextmanager
async def watched(cluster: SimulatedCluster, folder: Path) -> AsyncIterator[ChangeCounts]:
    async with serve(cluster) as url:
        write_kubeconfig(folder / "kubeconfig", url, None)
        async with connect(kubeconfig=folder / "kubeconfig") as api:
            changes = ChangeCounts(api, PLACE, timing=QUICK)
            running = asyncio.create_task(changes.run())
            yield changes
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.01)


def test_the_states_are_those_of_the_kind_in_deploy() -> None:
    """The API server takes no other."""
    crd = yaml.safe_load(CRD.read_text())
    (version,) = crd["spec"]["versions"]
    status = version["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    assert tuple(status["state"]["enum"]) == tuple(ChangeState)
    assert (crd["spec"]["group"], crd["spec"]["names"]["plural"]) == (GROUP, KIND.plural)
    assert (version["name"], crd["spec"]["names"]["kind"]) == (VERSION, KIND.name)


async def test_every_state_is_counted_in_the_own_namespace(tmp_path: Path) -> None:
    """None at first, and a change as it moves; what was just made is proposed."""
    made = [a_change("a", "Done"), a_change("b"), a_change("c", "Done", namespace="elsewhere")]
    cluster = SimulatedCluster(made)
    async with watched(cluster, tmp_path) as changes:
        await until(lambda: changes.tally() != {})
        assert set(changes.tally()) == set(ChangeState)
        assert {k: v for k, v in changes.tally().items() if v} == {"Done": 1, "Proposed": 1}
        cluster.put(a_change("b", "Approved"))
        await until(lambda: changes.tally()["Approved"] == 1)
        assert changes.tally()["Proposed"] == 0
        cluster.delete("Change", PLACE, "a")
        await until(lambda: changes.tally()["Done"] == 0)


async def test_a_kind_that_is_not_installed_is_no_number(tmp_path: Path) -> None:
    """Nor is it a zero; once it is installed, it is counted."""
    cluster = SimulatedCluster(served=WITHOUT_CHANGES)
    async with watched(cluster, tmp_path) as changes:
        await until(lambda: changes._watch.lists > 1)
        assert changes.tally() == {}
        cluster.served = SERVED
        cluster.put(a_change("a", "Failed"))
        await until(lambda: changes.tally().get("Failed") == 1)


async def test_what_is_forbidden_is_no_number(tmp_path: Path) -> None:
    """Not seen is not nothing."""
    cluster = SimulatedCluster([a_change("a", "Failed")])
    cluster.forbid("list", "changes", GROUP)
    async with watched(cluster, tmp_path) as changes:
        await until(lambda: changes._watch.lists > 1)
        assert changes.tally() == {}
