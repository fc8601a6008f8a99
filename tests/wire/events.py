"""Interactions as the gateway tells them: built from the commands that the bot registered.

What Discord's own client would not let a person send is refused here too: unknown commands and
options, missing required ones, disabled buttons, values that a select does not offer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.wire import world
from tests.wire.interactions import Asked, Interaction
from tests.wire.messages import walk
from tests.wire.world import Json, Person

SUBCOMMANDS = (1, 2)
CHAT_INPUT = 1
BUTTON, STRING_SELECT, CHANNEL_SELECT = 2, 3, 8


def interaction(
    asked: Asked, number: int, data: Json, who: Person, roles: Sequence[int] | None
) -> Interaction:
    """An interaction of this person, with the roles that they have now."""
    token = f"made-up-interaction-token-{number}"
    event = {
        "id": str(number),
        "application_id": str(world.APPLICATION_ID),
        "type": int(asked),
        "token": token,
        "version": 1,
        "data": data,
        "guild_id": str(world.GUILD_ID),
        "guild": {"id": str(world.GUILD_ID), "locale": "en-US", "features": []},
        "channel_id": str(world.CHANNEL_ID),
        "channel": world.channel(),
        "member": world.member(who, roles),
        "app_permissions": world.EVERYTHING,
        "locale": "en-US",
        "guild_locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(world.GUILD_ID)},
        "context": 0,
        "attachment_size_limit": world.FILE_LIMIT,
    }
    return Interaction(str(number), token, asked, event)


def command(
    registered: Sequence[Json],
    path: Sequence[str],
    options: Mapping[str, Any],
    focused: str | None = None,
) -> Json:
    """The data of a slash command, or of autocomplete when one option is `focused`."""
    by_name = {each["name"]: each for each in registered if each["type"] == CHAT_INPUT}
    assert path[0] in by_name, f"no /{path[0]} among {sorted(by_name)}"
    found = by_name[path[0]]
    return {
        "id": found["id"],
        "name": found["name"],
        "type": CHAT_INPUT,
        "guild_id": str(world.GUILD_ID),
        "options": _options(found, path[1:], options, focused),
    }


def _options(
    level: Json, path: Sequence[str], given: Mapping[str, Any], focused: str | None
) -> list[Json]:
    known = {each["name"]: each for each in level.get("options") or ()}
    if path:
        assert path[0] in known, f"no {path[0]} in /{level['name']} among {sorted(known)}"
        inner = known[path[0]]
        nested = _options(inner, path[1:], given, focused)
        return [{"type": inner["type"], "name": inner["name"], "options": nested}]
    assert not any(each["type"] in SUBCOMMANDS for each in known.values()), (
        f"/{level['name']} is a group: choose one of {sorted(known)}"
    )
    assert given.keys() <= known.keys(), f"no {given.keys() - known.keys()} in {sorted(known)}"
    missing = {name for name, each in known.items() if each.get("required")} - given.keys()
    # While somebody types, the other options may still be empty.
    assert focused or not missing, f"/{level['name']} requires {missing}"
    return [_option(known[name], value, focused) for name, value in given.items()]


def _option(known: Json, value: Any, focused: str | None) -> Json:
    option = {"type": known["type"], "name": known["name"], "value": value}
    if known["name"] == focused:
        assert known.get("autocomplete"), f"{focused} has no autocomplete"
        option["focused"] = True
    return option


def component(message: Json, custom_id: str, values: Sequence[str] | None = None) -> Json:
    """The data of a click; `values` are what was chosen in a select."""
    by_id = {each["custom_id"]: each for each in walk(message["components"]) if "custom_id" in each}
    assert custom_id in by_id, f"no {custom_id} among {sorted(by_id)}"
    found = by_id[custom_id]
    assert not found.get("disabled"), f"{custom_id} is disabled"
    data: Json = {"custom_id": custom_id, "component_type": found["type"], "id": found["id"]}
    if values is None:
        assert found["type"] == BUTTON, f"{custom_id} is no button"
        return data
    assert found["type"] != BUTTON, f"{custom_id} is a button"
    if found["type"] == STRING_SELECT:
        offered = {each["value"] for each in found["options"]}
        assert set(values) <= offered, f"{custom_id} offers only {sorted(offered)}"
    if found["type"] == CHANNEL_SELECT:
        data["resolved"] = {"channels": {value: _resolved(value, found) for value in values}}
    least, most = found.get("min_values", 1), found.get("max_values", 1)
    assert least <= len(values) <= most, f"{custom_id} takes {least} to {most} values"
    return data | {"values": list(values)}


def _resolved(channel: str, select: Json) -> Json:
    """What Discord says of a channel that was chosen, if the person may choose it."""
    known = {there["id"]: there for there in (world.channel(),)}
    assert channel in known, f"no channel {channel} among {sorted(known)}"
    found = known[channel]
    allowed = select.get("channel_types")
    assert not allowed or found["type"] in allowed, f"{channel} is of type {found['type']}"
    chosen = {key: found.get(key) for key in ("id", "name", "type", "parent_id")}
    return {**chosen, "permissions": world.EVERYTHING}
