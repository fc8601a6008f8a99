"""Every handed case is right, or is listed as wrong until it is."""

from pathlib import Path

import pytest

from tests.field.asking import FIELD, answer, faults
from tests.field.cases import CASES, Case
from tests.field.controllers import situations
from tests.places import DATA

UNRESOLVED: set[str] = set()
"""What is still wrong. A case that became right must leave this list."""


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
async def test_a_field_report_is_answered_rightly(case: Case, data: Path, tmp_path: Path) -> None:
    """By each command that a person would ask."""
    wrong: list[str] = []
    for ask in case.asks:
        wrong += faults(ask, await answer(ask.front, FIELD / case.file, tmp_path))
    assert (wrong != []) is (case.file in UNRESOLVED), wrong


def test_what_the_controllers_wrote_has_the_verdict_that_fits(data: Path) -> None:
    """None of them is falsely healthy, nor anything else."""
    judged = tuple(situations())
    assert len(judged) > 50
    assert [each for each in judged if str(each.verdict) not in each.right] == []


def test_every_handed_report_has_a_case() -> None:
    """No file is passed over."""
    if not DATA.is_dir():
        pytest.skip(f"the real data is not at {DATA}")
    files = {path.name for path in FIELD.iterdir()} - {"index.json"}
    assert files == {case.file for case in CASES}
