"""The stored form of every record: complete, and read again as what it was."""

import re
from typing import Any

import pytest

from bot.domain.record import RecordType, read
from tests.golden import FILES
from tests.golden.records import RECORDS, unused
from tests.places import ROOT

SOURCES = sorted((ROOT / "bot").rglob("*.py"))
RECORD_TYPE = re.compile(r"= RecordType\(\s*\"([a-z-]+)\"")


@pytest.mark.parametrize(
    ("record_type", "value"), RECORDS, ids=lambda each: getattr(each, "name", "")
)
def test_what_was_stored_is_read_today(record_type: RecordType[Any], value: Any) -> None:
    """From the file, as a bot of yesterday wrote it."""
    assert read(record_type, (FILES / "record" / f"{record_type.name}.json").read_text()) == value


def test_every_record_has_a_golden_file() -> None:
    """A new one has to be pinned too."""
    named = {name for path in SOURCES for name in RECORD_TYPE.findall(path.read_text())}
    assert named == {record_type.name for record_type, _ in RECORDS}


@pytest.mark.parametrize(
    ("record_type", "value"), RECORDS, ids=lambda each: getattr(each, "name", "")
)
def test_every_field_is_set(record_type: RecordType[Any], value: Any) -> None:
    """So that the name of each stands in the file, also of one that was added."""
    assert isinstance(value, record_type.type)
    assert list(unused(value)) == []
