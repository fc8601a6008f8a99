"""The stored form of every record: complete, and read again as what it was."""

import re
from typing import Any

import pytest

from bot.domain.record import Shelf, read
from tests.golden import FILES
from tests.golden.records import RECORDS, unused
from tests.places import ROOT

SOURCES = sorted((ROOT / "bot").rglob("*.py"))
SHELF = re.compile(r"= Shelf\(\s*\"([a-z-]+)\"")


@pytest.mark.parametrize(("shelf", "value"), RECORDS, ids=lambda each: getattr(each, "name", ""))
def test_what_was_stored_is_read_today(shelf: Shelf[Any], value: Any) -> None:
    """From the file, as a bot of yesterday wrote it."""
    assert read(shelf, (FILES / "record" / f"{shelf.name}.json").read_text()) == value


def test_every_record_has_a_golden_file() -> None:
    """A new one has to be pinned too."""
    named = {name for path in SOURCES for name in SHELF.findall(path.read_text())}
    assert named == {shelf.name for shelf, _ in RECORDS}


@pytest.mark.parametrize(("shelf", "value"), RECORDS, ids=lambda each: getattr(each, "name", ""))
def test_every_field_is_set(shelf: Shelf[Any], value: Any) -> None:
    """So that the name of each stands in the file, also of one that was added."""
    assert isinstance(value, shelf.type)
    assert list(unused(value)) == []
