"""What the nodes' faults are made of, as far as it needs no nodes; `make test-nodes` makes them."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.nodes import images
from tests.nodes.faults import FAULTS, SHORT
from tests.nodes.faults.archive import MANIFEST, Archive
from tests.nodes.faults.clock import moved
from tests.nodes.faults.confusion import Confusion, Score, scored
from tests.nodes.faults.registry import serving
from tests.nodes.modes import AGENTS, JOBS

TAG = "registry.example/meshmedic:0.1.0"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An image of one file."""
    to = tmp_path / "image.tar"
    images._pack(to, TAG, {"hello": b"hello"}, {})
    return Archive(to)


def test_every_fault_has_a_name_of_its_own_and_the_short_form_names_only_such() -> None:
    """A row of a table is found by its fault's name."""
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert set(SHORT) <= set(names)


def test_the_registry_serves_what_its_manifest_names(archive: Archive) -> None:
    """By tag and by digest, each blob whole, as containerd checks it."""
    with serving(archive, "127.0.0.1", 0) as url:
        assert _get(f"{url}/v2/") == b"{}"
        manifest = _get(f"{url}/v2/meshmedic/manifests/0.1.0?ns=registry.example")
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        assert _get(f"{url}/v2/meshmedic/manifests/{digest}") == manifest
        described = json.loads(manifest)
        assert described["mediaType"] == MANIFEST
        for part in (described["config"], *described["layers"]):
            blob = _get(f"{url}/v2/meshmedic/blobs/{part['digest']}")
            assert len(blob) == part["size"]
            assert f"sha256:{hashlib.sha256(blob).hexdigest()}" == part["digest"]


def test_the_registry_has_nothing_else(archive: Archive) -> None:
    """Another tag or digest is not found, so that containerd says so."""
    with serving(archive, "127.0.0.1", 0) as url:
        for path in (
            "meshmedic/manifests/0.2.0",
            "meshmedic/blobs/sha256:0",
            "meshmedic/tags/list",
        ):
            with pytest.raises(urllib.error.HTTPError) as caught:
                _get(f"{url}/v2/{path}")
            assert caught.value.code == 404
            caught.value.close()


def test_times_of_a_log_are_moved_in_place_and_lines_that_grow_are_left(tmp_path: Path) -> None:
    """A line that is still written keeps its place, and is moved once it is whole."""
    log = tmp_path / "0.log"
    first = b"2026-11-29T23:30:01.5Z stdout F {}\n"
    log.write_bytes(first + b"2026-11-29T23:30:02")
    begin = moved(log, 0)
    assert begin == len(first)
    with log.open("ab") as opened:
        opened.write(b".25Z stdout F 2026-11-29T23:30:02\n")
    moved(log, begin)
    assert log.read_bytes() == (
        b"2026-11-30T00:30:01.5Z stdout F {}\n"
        b"2026-11-30T00:30:02.25Z stdout F 2026-11-29T23:30:02\n"
    )


@pytest.mark.parametrize(
    ("said", "score"),
    [
        (
            "## ❌ `a` doesn't answer: the pod network is down at `n3`\n**Cause (proven):** x",
            Score.RIGHT,
        ),
        (
            "## ❔ `a`: the test is inconclusive\nIt changed while it was tested.",
            Score.INCONCLUSIVE,
        ),
        ("## ❔ Not all nodes could be tested\n3 nodes", Score.INCONCLUSIVE),
        ("## ✅ The route works: `a`\n**Proven:** x", Score.WRONG),
        ("## ✅ All nodes reach each other\n3 nodes", Score.WRONG),
    ],
)
def test_what_could_not_be_told_is_no_wrong_answer(said: str, score: Score) -> None:
    """A fault that is called healthy is wrong."""
    assert scored(said, r"the pod network is down(?s:.*)\(proven\)") is score


def test_the_confusion_table_ends_with_its_totals() -> None:
    """A row a fault, and what was left out with its reason."""
    confusion = Confusion()
    confusion.add("no power", Score.RIGHT)
    confusion.add("no power", Score.WRONG)
    confusion.left_out["nftables"] = "left out: this kernel has none"
    *_, row, left_out, totals = confusion.lines()
    assert row.split() == ["no", "power", "1", "0", "1"]
    assert left_out.endswith("left out: this kernel has none")
    assert totals == "1 faults, 2 answers: 1 right, 0 inconclusive, 1 wrong; 1 left out"


def test_a_mode_may_see_something_else_than_the_others() -> None:
    """An agent that runs already needs no CPU; a pod on demand does."""
    fault = next(fault for fault in FAULTS if fault.name == "n2 has no CPU left")
    assert fault.wanted(AGENTS)["matrix"] != fault.wanted(JOBS)["matrix"]
    assert fault.wanted(AGENTS)["diagnose"] == fault.wanted(JOBS)["diagnose"]


def _get(url: str) -> bytes:
    request = urllib.request.Request(url)  # noqa: S310  # of this test
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return bytes(answer.read())
