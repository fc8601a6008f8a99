"""What Discord demands of a message beyond its API description, and what we demand of ours.

Ours: no message with text may mention anybody, whatever the cluster's objects are called.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.wire import component_rules
from tests.wire.component_rules import V2, Kind
from tests.wire.messages import COMPONENTS_V2, contents, walk
from tests.wire.recording import Upload
from tests.wire.world import Json

LONGEST_CONTENT = 2000
LONGEST_TEXT = 4000
LOST_IN_V2 = ("content", "embeds", "poll", "sticker_ids")
SHOWN = ("content", "embeds", "components", "attachments", "poll", "sticker_ids")


def problems(body: Json, files: Mapping[str, Upload], *, edits: bool) -> Iterator[str]:
    """What is wrong with a message that is created or edited."""
    components = body.get("components") or []
    yield from _emptiness(body, files, edits=edits)
    yield from _lengths(body, components)
    yield from _version(body, components)
    yield from _mentions(body, components)
    yield from _attachments(body, components, files, edits=edits)
    yield from component_rules.problems(components)


def _emptiness(body: Json, files: Mapping[str, Upload], *, edits: bool) -> Iterator[str]:
    if edits and not files and not any(key in body for key in SHOWN):
        yield "an edit that changes nothing"
    if not edits and not files and not any(_filled(body.get(key)) for key in SHOWN):
        yield "an empty message"


def _filled(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def _lengths(body: Json, components: list[Json]) -> Iterator[str]:
    content = len(body.get("content") or "")
    if content > LONGEST_CONTENT:
        yield f"content of {content:,} characters: at most {LONGEST_CONTENT:,}"
    text = sum(map(len, contents(components)))
    if text > LONGEST_TEXT:
        yield f"{text:,} characters over all texts: at most {LONGEST_TEXT:,}"


def _version(body: Json, components: list[Json]) -> Iterator[str]:
    flagged = bool((body.get("flags") or 0) & COMPONENTS_V2)
    if not flagged and any(each.get("type") in V2 for each in walk(components)):
        yield "Components V2 without the flag IS_COMPONENTS_V2"
    for key in LOST_IN_V2:
        if flagged and body.get(key):
            yield f"{key} beside the flag IS_COMPONENTS_V2"


def _mentions(body: Json, components: list[Json]) -> Iterator[str]:
    if not (body.get("content") or body.get("embeds") or contents(components)):
        return
    allowed = body.get("allowed_mentions")
    if allowed is None:
        yield "text without allowed_mentions"
    elif allowed.get("parse") != [] or any(allowed[key] for key in allowed if key != "roles"):
        yield f"allowed_mentions {allowed}: only an empty parse is safe"
    elif not _calls(components, allowed.get("roles") or []):
        yield f"allowed_mentions {allowed}: that role is not called where our own text stands"


def _calls(components: list[Json], roles: list[Any]) -> bool:
    """A role is called at the very beginning, or alone: where no text from the cluster is."""
    texts, called = contents(components), "".join(f"<@&{role}>" for role in roles)
    return not roles or called in texts or "".join(texts[:1]).startswith(f"{called}\n")


SNOWFLAKE = 1 << 22
"""An id is larger than this, and an index of a file that comes along is smaller."""


def _attachments(
    body: Json, components: list[Json], files: Mapping[str, Upload], *, edits: bool
) -> Iterator[str]:
    """Every file is shown by a component of a V2 message, and every component has its file."""
    sent = {each.name for each in files.values()}
    shown = set(_shown_files(components))
    if (body.get("flags") or 0) & COMPONENTS_V2:
        for name in sorted(sent - shown):
            yield f"file {name} is shown by no component"
    # An edit may show files that the message already has: those named by their id, or all of
    # them where it neither names any nor brings new ones.
    listed = [each.get("id") for each in body.get("attachments") or ()]
    stays = any(isinstance(each, str) or int(each) >= SNOWFLAKE for each in listed)
    stays = stays or (edits and "attachments" not in body and not files)
    for name in sorted(shown - sent):
        if not stays:
            yield f"a component shows {name}, which is not sent along"


def _shown_files(components: list[Json]) -> Iterator[str]:
    for each in walk(components):
        media = [each.get("media"), *(one.get("media") for one in each.get("items") or ())]
        if each.get("type") == Kind.FILE:
            media.append(each.get("file"))
        for one in media:
            if one and str(one.get("url")).startswith("attachment://"):
                yield one["url"].removeprefix("attachment://")
