"""What other programs read is complete, and comes back as what it was."""

import json
from typing import Any

import msgspec
import pytest
import yaml

from bot.domain.election import LeaseSpec
from bot.gitops.domain import file_edit
from bot.kube import change_codec as change_objects
from bot.net.probing import output as lines
from bot.net.probing.protocol import ProbeJob, ProberLine
from tests.golden import FILES
from tests.golden.records import unused
from tests.golden.words_for_machines import CHANGE, EDITS, JOB, LEASE, LINE, WRITTEN
from tests.places import ROOT

CRD = ROOT / "deploy/base/change-crd.yaml"


def kept(name: str) -> bytes:
    return (FILES / "wire" / name).read_bytes()


def properties(part: str) -> dict[str, Any]:
    (version,) = yaml.safe_load(CRD.read_text())["spec"]["versions"]
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"][part]["properties"]
    return found


@pytest.mark.parametrize("name", WRITTEN)
def test_every_field_is_set(name: str) -> None:
    """So that the name of each stands in a file, also of one that was added."""
    assert list(unused(WRITTEN[name])) == []


def test_a_stored_change_is_read_today() -> None:
    """From the file, as the API server keeps it in a namespace."""
    whole = json.loads(kept("change-with-status.json"))
    whole["metadata"]["namespace"] = "meshmedic"
    stored = json.dumps(whole)
    assert change_objects.read(stored.encode()) == CHANGE


@pytest.mark.parametrize("part", ["spec", "status"])
def test_the_kind_in_deploy_has_the_fields_that_are_written(part: str) -> None:
    """The API server drops silently what its schema does not name."""
    written = json.loads(kept("change-with-status.json"))[part]
    assert written.keys() == properties(part).keys()


def test_a_job_and_a_line_of_yesterday_are_read_today() -> None:
    """Agents and the bot are not always of one version."""
    assert msgspec.json.decode(kept("probe-request.json"), type=ProbeJob) == JOB
    told = list(lines.lines_of(kept("probe-lines.txt"), JOB.id))
    assert [line.answer for line in told if line.answer] == [LINE.answer]
    assert lines.heard(iter(told)) == (LINE.heard,)
    assert {field.name for field in msgspec.structs.fields(ProberLine)} == {
        key for raw in kept("probe-lines.txt").splitlines() for key in json.loads(raw)
    }


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_that_waits_for_approval_is_read_today(name: str) -> None:
    """The plan of a change holds it as text."""
    assert file_edit.decoded(kept(name).decode()) == EDITS[name]


def test_a_lease_of_yesterday_is_read_today() -> None:
    """The other process may be of another version."""
    assert msgspec.json.decode(kept("lease.json"), type=LeaseSpec) == LEASE
