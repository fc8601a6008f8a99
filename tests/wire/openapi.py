"""Request bodies against Discord's own API description (OpenAPI 3.1, so JSON Schema 2020-12).

The document is read and its validators are made at first use. Before, it is sharpened: keys that
it does not know are refused, and unions are told apart by `type`, so that an error names the key
that is wrong in place of "not valid under any of the given schemas".
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.places import DATA
from tests.wire.world import Json

DOCUMENT = DATA / "discord" / "openapi.json"

HOME = "urn:discord"
SCHEMAS = "#/components/schemas/"

FALSE_POSITIVES = {
    # The document wants a snowflake's string; Discord takes the file's index as a number, too.
    ("MessageAttachmentRequest", "id"): {"type": ["string", "integer"]},
    # And the library writes these as numbers, which Discord reads.
    ("MessageReferenceRequest", "channel_id"): {"type": "integer"},
    ("MessageReferenceRequest", "message_id"): {"type": "integer"},
    ("ChannelSelectDefaultValue", "id"): {"type": "integer"},
    ("MessageAllowedMentionsRequest", "roles"): {"type": "array", "items": {"type": "integer"}},
}

UNDOCUMENTED = {
    # The library sends these with every command or edit; Discord takes them.
    "ApplicationCommandUpdateRequest": ("nsfw",),
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": ("tts",),
    "IncomingWebhookUpdateRequestPartial": ("tts",),
    "MessageEditRequestPartial": ("tts",),
    # And all that it knows of a file that stays.
    "MessageAttachmentRequest": ("proxy_url", "size", "spoiler", "url", "content_type"),
}


def is_there() -> bool:
    """Whether the document is on this machine."""
    return DOCUMENT.is_file()


def violations(method: str, path: str, body: Any) -> Iterator[str]:
    """How a body differs from what the document says of this method and path.

    `path` is below `/api/v10`. A path or method that the document lacks is one, too.
    """
    template = _template(path)
    if template is None or method.lower() not in _document()["paths"][template]:
        yield "the document knows no such endpoint"
        return
    validator = _validator(method.lower(), template)
    if validator is None:
        if body is not None:
            yield "the document knows no body here"
        return
    for error in validator.iter_errors(body):
        yield from _told(error)


@cache
def _document() -> Json:
    document: Json = json.loads(DOCUMENT.read_bytes())
    schemas = document["components"]["schemas"]
    for (name, key), schema in FALSE_POSITIVES.items():
        schemas[name]["properties"][key] = schema
    for name, keys in UNDOCUMENTED.items():
        schemas[name]["properties"] |= dict.fromkeys(keys, True)
    document["components"]["schemas"] = _sharpened(schemas, schemas)
    return document


@cache
def _templates() -> list[tuple[str, re.Pattern[str]]]:
    """Every path, those with fewer placeholders first: `@original` is no message id."""
    paths = sorted(_document()["paths"], key=lambda path: path.count("{"))
    return [(path, re.compile(re.sub(r"\{\w+\}", "[^/]+", path))) for path in paths]


def _template(path: str) -> str | None:
    return next((name for name, pattern in _templates() if pattern.fullmatch(path)), None)


@cache
def _registry() -> Registry[Any]:
    home: Json = {"components": _document()["components"]}
    return Registry().with_resource(HOME, DRAFT202012.create_resource(home))


@cache
def _validator(method: str, template: str) -> Draft202012Validator | None:
    request = _document()["paths"][template][method].get("requestBody")
    if not request:
        return None
    # Multipart's payload_json has the same form as JSON; only the files stand beside it.
    schema = request["content"]["application/json"]["schema"]
    sharp = _sharpened(schema, _document()["components"]["schemas"])
    return Draft202012Validator(_at_home(sharp), registry=_registry())


def _at_home(schema: Any) -> Any:
    """The same, with references that lead into the document."""
    if isinstance(schema, list):
        return [_at_home(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: f"{HOME}{value}" if key == "$ref" else _at_home(value) for key, value in schema.items()
    }


def _sharpened(schema: Any, schemas: Json) -> Any:
    if isinstance(schema, list):
        return [_sharpened(each, schemas) for each in schema]
    if not isinstance(schema, dict):
        return schema
    sharp = {key: _sharpened(value, schemas) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        sharp.setdefault("additionalProperties", False)
    for union in ("oneOf", "anyOf"):
        members = schema.get(union)
        if isinstance(members, list):
            sharp |= _told_apart(union, members, sharp, schemas)
    return sharp


def _told_apart(union: str, members: list[Json], sharp: Json, schemas: Json) -> Json:
    """In place of a union: a condition for each of its members, where they can be told apart."""
    if len(members) == 2 and members[0] == {"type": "null"}:
        inner = sharp.pop(union)[1]
        return {"if": {"type": "null"}, "else": inner}
    kinds = {each["$ref"]: _kinds(each["$ref"], schemas) for each in members if "$ref" in each}
    if len(kinds) < len(members) or not all(kinds.values()):
        return {}
    del sharp[union]
    known = [kind for each in kinds.values() for kind in each]
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": known}},
        "allOf": [
            {
                "if": {"properties": {"type": {"enum": each}}, "required": ["type"]},
                "then": {"$ref": reference},
            }
            for reference, each in kinds.items()
        ],
    }


def _kinds(reference: str, schemas: Json) -> list[Any]:
    """Which values of `type` a member of a union stands for."""
    member = schemas[reference.removeprefix(SCHEMAS)]
    kinds: list[Any] = member.get("properties", {}).get("type", {}).get("enum", [])
    return kinds


def _told(error: ValidationError) -> Iterator[str]:
    """One line an error; of a union that could not be told apart, its best fitting member."""
    if not error.context:
        shown = error.message if len(error.message) < 200 else f"{error.message[:200]}…"
        yield f"{error.json_path}: {shown}"
        return
    members: dict[Any, list[ValidationError]] = {}
    for each in error.context:
        members.setdefault(each.schema_path[0], []).append(each)
    for each in min(members.values(), key=_badness):
        yield from _told(each)


def _badness(errors: Iterable[ValidationError]) -> int:
    return sum(1 + _badness(each.context or ()) for each in errors)
