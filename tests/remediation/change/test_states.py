"""The moves are those that the API server allows."""

import re

import yaml

from bot.remediation.change import history
from bot.remediation.change.states import EXPIRES, MOVES, ChangeState
from tests.places import ROOT

CRD = ROOT / "deploy" / "base" / "change-crd.yaml"
MOVE = re.compile(r"oldSelf\.state == '(\w+)' && self\.state in \[([^\]]*)\]")


def the_kinds_status() -> dict:
    (version,) = yaml.safe_load(CRD.read_text())["spec"]["versions"]
    status = version["schema"]["openAPIV3Schema"]["properties"]["status"]
    assert isinstance(status, dict)
    return status


def test_moves_are_those_of_the_kind() -> None:
    rules = " ".join(each["rule"] for each in the_kinds_status()["x-kubernetes-validations"])
    of_kind = {
        (old, new) for old, news in MOVE.findall(rules) for new in re.findall(r"'(\w+)'", news)
    }
    assert of_kind == {(old, new) for old, news in MOVES.items() for new in news}


def test_the_history_is_no_longer_than_the_kind_holds() -> None:
    entries = the_kinds_status()["properties"]["history"]
    assert entries["maxItems"] == history.MOST
    assert entries["items"]["properties"]["note"]["maxLength"] == history.NOTE


def test_every_state_is_reached_and_the_longest_way_fits_into_the_history() -> None:
    ways = {ChangeState.PROPOSED: 1}
    for _ in ChangeState:
        for old in list(ways):
            for new in MOVES[old]:
                ways[new] = max(ways.get(new, 0), ways[old] + 1)
    assert ways.keys() == set(ChangeState)
    assert max(ways.values()) < history.MOST


def test_only_what_touched_nothing_expires() -> None:
    assert {old for old, news in MOVES.items() if ChangeState.EXPIRED in news} == EXPIRES
