"""The verdicts on objects that real controllers wrote, beside those that fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.domain.verdict import Verdict
from bot.health.offline import judge
from tests.places import DATA

CONTROLLERS = DATA / "controllers"
WITHOUT_SUBJECT = {"ks-held"}
"""The subject was gone when its file was written: only what held it is there."""


@dataclass(frozen=True, slots=True)
class Situation:
    """An object in the state that its controller left it in, and the verdicts that fit."""

    name: str
    verdict: Verdict
    right: frozenset[str]
    reason: str
    message: str


def situations() -> Iterator[Situation]:
    """Each situation, judged at the moment when it was captured."""
    for entry in json.loads((CONTROLLERS / "index.json").read_text()):
        name = entry["file"].removesuffix(".json")
        if name in WITHOUT_SUBJECT:
            continue
        objects = json.loads((CONTROLLERS / entry["file"]).read_text())["items"]
        at = datetime.fromisoformat(entry["captured_at"])
        wanted = tuple(entry["subject"][field] for field in ("kind", "namespace", "name"))
        verdicts = judge(objects, now=at, timely=True)
        found = next(v for v in verdicts if (v.kind, v.namespace, v.name) == wanted)
        right = frozenset({entry["expected"], *entry["also_accepted"]})
        yield Situation(name, found.verdict, right, found.reason, found.message)
