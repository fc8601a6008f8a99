"""Every kind of Change as the real API server takes it and gives it back."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from bot.errors import Invalid
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.kube.change_store import KubernetesChangeStore
from bot.kube.connect import connect
from bot.remediation.change.change import Change, ChangeCard, Notes, PullRequest, Undoing
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.states import ChangeState
from bot.remediation.planning.offers import offers
from tests.cluster.deployed import DEPLOY, send
from tests.clusters.real import RealCluster
from tests.kube.test_change_store import MOMENT, Leads, a_change
from tests.remediation.planning.situations import a_route, a_situation, nowhere_untouchable

FLUX = ObjectOwner(Keeper.KUSTOMIZATION, "flux-system", "apps")
NAME = "20261123-1200-web-{}"


@pytest.fixture(scope="module", autouse=True)
def _the_kind(real: RealCluster) -> None:
    send(real, (DEPLOY / "base/change-crd.yaml").read_text())
    real.kubectl("wait", "--for=condition=Established", "crd/changes.meshmedic.dev")


def by_pull_request(name: str) -> Change:
    """One whose plan is an edit of a file."""
    situation = replace(a_situation(a_route()), route_owner=FLUX)
    plan = offers(situation, nowhere_untouchable).by(Method.PULL_REQUEST)
    assert isinstance(plan, RepairPlan)
    plan = msgspec.structs.replace(plan, preview="--- a\n+++ b\n+nativeLB: true\n")
    return msgspec.structs.replace(a_change(name), plan=plan)


@pytest.mark.parametrize("way", list(Method))
async def test_what_is_kept_is_what_comes_back(real: RealCluster, way: Method) -> None:
    """Plan and notes whole: nothing is pruned, and the moves are those of the kind."""
    name, leads = NAME.format(f"{list(Method).index(way):04x}"), Leads()
    wanted = by_pull_request(name) if way is Method.PULL_REQUEST else a_change(name, way)
    async with connect(kubeconfig=real.kubeconfig) as api:
        store = KubernetesChangeStore(api, "default", _as_leadership(leads))
        made = await store.create(wanted)
        notes = Notes(
            baseline=wanted.notes.baseline,
            card=ChangeCard(123456789012345678, 987654321098765432),
            proof=("It works.",),
            undoing=Undoing("meshmedic", MOMENT, "It did not help."),
            pull_request=PullRequest(7, "https://git.example/o/r/pulls/7"),
        )
        noted = await store.write(msgspec.structs.replace(made, notes=notes))
        assert noted == await store.read(name)
        assert msgspec.structs.replace(noted, version="") == msgspec.structs.replace(
            wanted, notes=notes
        )
        history = noted.history.moved(
            ChangeState.APPROVED, by="100000000000000002", at=MOMENT, expires=noted.expires
        )
        moved = await store.write(msgspec.structs.replace(noted, history=history))
        assert moved.state is ChangeState.APPROVED
        with pytest.raises(Invalid, match=r"append-only|illegal move|immutable"):
            await store.write(msgspec.structs.replace(moved, history=noted.history))


def _as_leadership(leads: Leads) -> Any:
    return leads
