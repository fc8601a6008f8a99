"""The kind `Change`: what the API server itself refuses, whoever asks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.errors import Conflict, Invalid
from bot.kube.client import Api
from tests.cluster.deployed import DEPLOY, send
from tests.clusters.real import RealCluster

CHANGES = "/apis/meshmedic.dev/v1alpha1/namespaces/default/changes"
NUMBERS = itertools.count()

NEXT: dict[str, set[str]] = {
    "Proposed": {"Approved", "Rejected", "Expired"},
    "Approved": {"Applying", "Expired"},
    "Applying": {"Verifying", "AwaitingMerge", "RolledBack", "Failed"},
    "AwaitingMerge": {"Verifying", "Rejected", "Failed"},
    "Verifying": {"Done", "RolledBack", "Failed"},
    "Done": {"RolledBack", "Failed"},
    "Rejected": set(),
    "Expired": set(),
    "RolledBack": set(),
    "Failed": set(),
}
"""Which state may follow which."""

Change = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def _the_kind(real: RealCluster) -> None:
    send(real, (DEPLOY / "base/change-crd.yaml").read_text())
    real.kubectl("wait", "--for=condition=Established", "crd/changes.meshmedic.dev")


async def a_change(api: Api, **spec: Any) -> Change:
    """A Change without a status, as `propose` saves it first."""
    plan = {
        "target": "IngressRoute default/web",
        "way": "annotation",
        "requester": "100000000000000002",
        "expiresAt": "2026-01-31T12:00:00Z",
        "cures": ["routes-ingress/Ingress/default/web"],
        "steps": [
            {
                "action": "annotate-service",
                "object": {"kind": "Service", "namespace": "default", "name": "web"},
                "was": "",
                "to": '"true"',
            }
        ],
    }
    metadata = {"name": f"change-{next(NUMBERS)}"}
    made = {"apiVersion": "meshmedic.dev/v1alpha1", "kind": "Change", "metadata": metadata}
    return decoded(await api.send("POST", CHANGES, made | {"spec": plan | spec}))


def decoded(body: bytes) -> Change:
    read: Change = yaml.safe_load(body)
    return read


def entry(number: int, state: str, note: str = "") -> dict[str, Any]:
    at = f"2026-01-31T10:{number:02}:00Z"
    return {"seq": number, "at": at, "by": "meshmedic", "state": state, "note": note}


def moved(change: Change, state: str) -> Change:
    """The Change one state further, as the bot would write it."""
    history = change.get("status", {}).get("history", [])
    history = [*history, entry(len(history), state)]
    return change | {"status": {"state": state, "history": history}}


async def save(api: Api, change: Change, *, dry: bool = False) -> Change:
    """Write its status with the version that was read."""
    query = [("dryRun", "All")] if dry else []
    path = f"{CHANGES}/{change['metadata']['name']}/status"
    return decoded(await api.send("PUT", path, change, query))


def ways(state: str, so_far: tuple[str, ...] = ("Proposed",)) -> Iterator[tuple[str, ...]]:
    """Every legal way from the first state to this one."""
    if so_far[-1] == state:
        yield so_far
        return
    for following in NEXT[so_far[-1]]:
        yield from ways(state, (*so_far, following))


async def in_state(api: Api, state: str) -> Change:
    change = await a_change(api)
    for each in min(ways(state), key=len):
        change = await save(api, moved(change, each))
    return change


@pytest.mark.parametrize("state", NEXT)
async def test_a_state_leads_where_it_may_and_nowhere_else(state: str, api: Api) -> None:
    """Each of the other states is tried, on the server and without saving."""
    change = await in_state(api, state)
    for other in NEXT.keys() - {state}:
        if other in NEXT[state]:
            saved = await save(api, moved(change, other), dry=True)
            assert saved["status"]["state"] == other
        else:
            with pytest.raises(Invalid, match=f"illegal move {state} -> {other}"):
                await save(api, moved(change, other), dry=True)


async def test_a_change_begins_as_proposed(api: Api) -> None:
    """A status that is given at the creation is dropped, and the first one is Proposed."""
    change = await a_change(api)
    assert "status" not in change
    for state in NEXT.keys() - {"Proposed"}:
        with pytest.raises(Invalid, match="the first state is Proposed"):
            await save(api, moved(change, state))


@pytest.mark.parametrize(
    "different",
    [
        {"requester": "100000000000000009"},
        {"way": "native-lb"},
        {"steps": []},
        {"expiresAt": "2030-01-01T00:00:00Z"},
        {"risks": ["none"]},
    ],
    ids=lambda each: next(iter(each)),
)
async def test_the_plan_is_immutable(different: dict[str, Any], api: Api) -> None:
    """What is carried out is what was approved."""
    change = await in_state(api, "Approved")
    path = f"{CHANGES}/{change['metadata']['name']}"
    with pytest.raises(Invalid, match=r"the plan is immutable|should have at least 1 items"):
        await api.send("PUT", path, change | {"spec": change["spec"] | different})
    saved = await save(api, change | {"spec": change["spec"] | different})
    assert saved["spec"] == change["spec"]


@pytest.mark.parametrize(
    ("history", "why"),
    [
        ([], "should have at least 1 items"),
        ([entry(0, "Proposed")], "append-only"),
        ([entry(1, "Approved")], "append-only"),
        ([entry(0, "Proposed", "rewritten"), entry(1, "Approved")], "immutable"),
        ([entry(0, "Proposed"), entry(1, "Approved"), entry(3, "Approved")], "without a gap"),
        ([entry(0, "Proposed"), entry(1, "Approved"), entry(1, "Approved")], "Duplicate"),
        ([entry(n, "Proposed" if not n else "Approved") for n in range(4)], "one entry at a time"),
        (
            [entry(0, "Proposed"), entry(1, "Approved"), entry(2, "Applying")],
            "the last entry of the history names the state",
        ),
    ],
    ids=["emptied", "cut off", "its beginning lost", "rewritten", "gap", "twice", "two", "another"],
)
async def test_the_history_only_grows_by_one_true_entry(
    history: list[dict[str, Any]], why: str, api: Api
) -> None:
    """Who did what cannot be taken back, forged, or skipped."""
    change = await in_state(api, "Approved")
    with pytest.raises(Invalid, match=why):
        await save(api, change | {"status": {"state": "Approved", "history": history}})


async def test_a_move_without_an_entry_is_refused_and_a_note_is_welcome(api: Api) -> None:
    """The state follows the history; an entry may also stay in its state."""
    change = await in_state(api, "Approved")
    status = change["status"]
    with pytest.raises(Invalid, match="names the state"):
        await save(api, change | {"status": status | {"state": "Applying"}})
    noted = await save(api, moved(change, "Approved"))
    assert [each["state"] for each in noted["status"]["history"]] == [
        *("Proposed", "Approved", "Approved")
    ]


async def test_the_status_cannot_be_removed(api: Api) -> None:
    """Else a Change could begin again."""
    change = await in_state(api, "Rejected")
    del change["status"]
    with pytest.raises(Invalid, match="the status cannot be removed"):
        await save(api, change)


async def test_the_second_of_two_clicks_loses(api: Api) -> None:
    """Both read the same version; one decides."""
    change = await in_state(api, "Proposed")
    await save(api, moved(change, "Approved"))
    with pytest.raises(Conflict, match="the object has been modified"):
        await save(api, moved(change, "Rejected"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"way": "by hand"},
        {"requester": "somebody"},
        {"steps": [{"action": "patch", "object": {"kind": "A", "namespace": "b", "name": "c"}}]},
    ],
    ids=lambda each: next(iter(each)),
)
async def test_a_plan_of_another_shape_is_refused(wrong: dict[str, Any], api: Api) -> None:
    """Steps are a closed set, and so are the ways."""
    with pytest.raises(Invalid):
        await a_change(api, **wrong)


async def test_kubectl_shows_the_audit_log(real: RealCluster, api: Api, tmp_path: Path) -> None:
    """The columns, who moved it last, and the choice by state."""
    change = await in_state(api, "Done")
    table = real.kubectl(
        *("get", "chg", "-n", "default", "-o", "wide", "--field-selector", "status.state=Done")
    )
    head, *rows = table.splitlines()
    assert head.split() == ["NAME", "TARGET", "WAY", "STATE", "REQUESTER", "LAST", "BY", "AGE"]
    (row,) = (each for each in rows if each.startswith(f"{change['metadata']['name']} "))
    assert row.split()[1:-1] == [
        *("IngressRoute", "default/web", "annotation", "Done", "100000000000000002", "meshmedic")
    ]
