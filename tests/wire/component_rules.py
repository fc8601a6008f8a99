"""What Discord demands of a message's components beyond its API description.

Source: Discord's component reference, and what its servers refuse with error 50035.
"""

from collections import Counter
from collections.abc import Iterator
from enum import IntEnum

from tests.wire.messages import walk
from tests.wire.world import Json

MOST_COMPONENTS = 40
LONGEST_CUSTOM_ID = 100


class Kind(IntEnum):
    """Discord's component types."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT = 10
    THUMBNAIL = 11
    GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17


V2 = frozenset(
    {
        Kind.SECTION,
        Kind.TEXT,
        Kind.THUMBNAIL,
        Kind.GALLERY,
        Kind.FILE,
        Kind.SEPARATOR,
        Kind.CONTAINER,
    }
)
SELECTS = frozenset({3, 5, 6, 7, 8})
LINK, PREMIUM = 5, 6


def problems(components: list[Json]) -> Iterator[str]:
    """What is wrong with the components of one message."""
    every = list(walk(components))
    if len(every) > MOST_COMPONENTS:
        yield f"{len(every)} components, nested ones counted: at most {MOST_COMPONENTS}"
    yield from _custom_ids(every)
    for number, times in Counter(part["id"] for part in every if part.get("id")).items():
        if times > 1:
            yield f"id {number} is used {times} times"
    for each in every:
        if each.get("type") == Kind.BUTTON:
            yield from _button(each)
        if each.get("type") == Kind.STRING_SELECT:
            yield from _select(each)
        if each.get("type") == Kind.CHANNEL_SELECT:
            yield from _channel_select(each)


def _custom_ids(every: list[Json]) -> Iterator[str]:
    given = [each["custom_id"] for each in every if each.get("custom_id")]
    for custom_id, times in Counter(given).items():
        if times > 1:
            yield f"custom_id {custom_id} is used {times} times"
        if len(custom_id) > LONGEST_CUSTOM_ID:
            yield f"custom_id of {len(custom_id)} characters: at most {LONGEST_CUSTOM_ID}"
    for each in every:
        if each.get("type") in SELECTS and not each.get("custom_id"):
            yield "a select without custom_id"


def _button(button: Json) -> Iterator[str]:
    name = button.get("label") or button.get("custom_id")
    opens = button.get("style") in (LINK, PREMIUM)
    if opens and button.get("custom_id"):
        yield f"button {name} leads elsewhere and has a custom_id"
    if not opens and not button.get("custom_id"):
        yield f"button {name} has no custom_id"
    if (button.get("style") == LINK) != bool(button.get("url")):
        yield f"button {name}: a link has a url, and nothing else has one"
    if button.get("style") != PREMIUM and not button.get("label") and not button.get("emoji"):
        yield f"button {name} shows neither label nor emoji"
    if len(button.get("label") or "") > 80:
        yield f"button label of {len(button['label'])} characters: at most 80"


def _select(select: Json) -> Iterator[str]:
    options = select.get("options") or []
    name = select.get("custom_id")
    if not 1 <= len(options) <= 25:
        yield f"select {name} has {len(options)} options: 1 to 25"
    for value, times in Counter(each.get("value") for each in options).items():
        if times > 1:
            yield f"select {name} offers {value} {times} times"
    for key in ("label", "value", "description"):
        if any(len(each.get(key) or "") > 100 for each in options):
            yield f"select {name} has an option with a {key} of over 100 characters"
    if max(select.get("min_values") or 0, select.get("max_values") or 1) > max(len(options), 1):
        yield f"select {name} wants more values than it has options"


def _channel_select(select: Json) -> Iterator[str]:
    name, most = select.get("custom_id"), select.get("max_values", 1)
    if select.get("options"):
        yield f"select {name} is of channels and has options"
    if not 0 <= select.get("min_values", 1) <= most <= 25:
        yield f"select {name} wants {select.get('min_values')} to {most} values"
    defaults = select.get("default_values") or []
    if defaults and not select.get("min_values", 1) <= len(defaults) <= most:
        yield f"select {name} has {len(defaults)} default values"
    if any(default.get("type") != "channel" for default in defaults):
        yield f"select {name} has a default value that isn't a channel"
    if len(select.get("placeholder") or "") > 150:
        yield f"select {name} has a placeholder of over 150 characters"
