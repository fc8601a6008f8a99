"""Every id that a view sends is one that a click finds its way back by."""

import json
from collections.abc import Iterator
from typing import Any

from tests.golden import FILES
from tests.golden.slash_commands import client


def ids(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(custom_id := part.get("custom_id"), str):
            yield custom_id
        for inner in part.values():
            yield from ids(inner)
    if isinstance(part, list):
        for inner in part:
            yield from ids(inner)


def test_every_id_in_a_golden_file_is_known_and_every_pattern_has_one() -> None:
    sent = {found for path in FILES.rglob("*.json") for found in ids(json.loads(path.read_text()))}
    patterns = client().custom_ids
    unknown = {each for each in sent if not any(known.fullmatch(each) for known in patterns)}
    assert not unknown
    unseen = [known.pattern for known in patterns if not any(map(known.fullmatch, sent))]
    assert not unseen
