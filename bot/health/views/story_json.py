"""The story of a finding as JSON, for scripts. The schema is published in docs/why.schema.json."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.domain.finding import Evidence
from bot.domain.resources.base import Time
from bot.domain.story import Event, LogTail, Story
from bot.health.views.json import JsonLink, JsonNextStep, link, next_step
from bot.render.json_text import indented, schema_of

VERSION = "meshmedic.dev/why/v1"


class JsonStory(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One finding. `causes` lead to its root cause, and what follows from it is `affected`.

    `log` are the last lines of the container that failed. `unseen` says what could not be read.
    """

    schema: str
    taken_at: Time
    finding: JsonLink
    evidence: tuple[Evidence, ...]
    causes: tuple[JsonLink, ...]
    affected: tuple[JsonLink, ...]
    events: tuple[Event, ...]
    log: LogTail | None
    unseen: tuple[str, ...]
    documented_as: str
    next_step: JsonNextStep


def story(story: Story) -> bytes:
    """The story as indented JSON with a line end."""
    document = JsonStory(
        schema=VERSION,
        taken_at=story.taken_at,
        finding=link(story.finding),
        evidence=story.finding.evidence,
        causes=tuple(map(link, story.chain[1:])),
        affected=tuple(map(link, story.downstream)),
        events=story.events,
        log=story.log,
        unseen=story.unseen,
        documented_as=story.check.documented_as,
        next_step=next_step(story.finding),
    )
    return indented(document)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a story."""
    return schema_of(JsonStory, VERSION)
