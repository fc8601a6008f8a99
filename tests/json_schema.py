"""Holds JSON against a schema. Checking the schema itself takes longer, so that is done once."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator


def validate(instance: Any, schema: dict[str, Any]) -> None:
    """Raise where the schema is none, or the instance does not keep to it."""
    _validator(json.dumps(schema)).validate(instance)


@cache
def _validator(schema: str) -> Draft202012Validator:
    read = json.loads(schema)
    Draft202012Validator.check_schema(read)
    return Draft202012Validator(read)
