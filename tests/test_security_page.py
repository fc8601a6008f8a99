"""docs/explanation/security.md says what is tried on the real API server, and nothing else."""

from __future__ import annotations

import re

from tests.cluster import test_thief as thief
from tests.places import ROOT

PAGE = (ROOT / "docs/explanation/security.md").read_text()
PARTS = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")}


def rows(part: str) -> list[list[str]]:
    """The cells of each row of the table in a part of the page."""
    lines = [line for line in PARTS[part].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_the_page_lists_exactly_the_requests_that_a_thief_may_send():
    """Each row of the table names the request, or the test that tries it."""
    left = {(row[0], row[2].strip("`")) for row in rows("What a thief can do")}
    tests = {name for name in vars(thief) if re.match(r"test_a_thief_(?!can$|is_refused$)", name)}
    assert {what for _, what in left} == thief.LEFT.keys() | tests
    tried = {(row.component, what) for what, row in thief.LEFT.items()}
    assert tried <= left


def test_the_page_lists_exactly_the_requests_that_a_thief_is_refused():
    tried = {(row.component, what) for what, row in thief.REFUSED.items()}
    assert {(row[0], row[1]) for row in rows("What a thief cannot do")} == tried


def test_every_policy_has_a_row():
    """Those of deploy/ by their names; further ones of a row by their endings."""
    found = {
        name
        for path in (ROOT / "deploy").rglob("*.yaml")
        for name in re.findall(r"policyName: (\S+)", path.read_text())
    }
    named = " ".join(row[0] for row in rows("How rights are held"))
    assert not {
        name
        for name in found
        if f"`{name}`" not in named and f"-{name.rpartition('-')[2]}`" not in named
    }
