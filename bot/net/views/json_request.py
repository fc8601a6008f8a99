"""One tested request as JSON. The schema is published in docs/net-test.schema.json."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.domain.redaction.redact import redact
from bot.domain.verdict import Verdict
from bot.net.probing.protocol import Outcome
from bot.net.request.result import Attempt, Leg, Reached, RequestStep
from bot.render.json_text import indented, schema_of

VERSION = "meshmedic.dev/net-test/v1"


class JsonStep(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One part of the request; `took` in milliseconds, null where nobody measured it."""

    leg: Leg
    outcome: Outcome
    took: float | None
    errno: int
    said: str


class JsonAttempt(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The request to one address; `status` is 0 where no answer came, or none was asked for."""

    address: str
    verdict: Verdict
    steps: tuple[JsonStep, ...]
    status: int
    backend: str


class JsonReached(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One request. `way` says by what it was tested, `untested` what that misses."""

    schema: str
    start: str
    goal: str
    verdict: Verdict
    because: str
    way: str
    dns: JsonStep | None
    addresses: tuple[str, ...]
    attempts: tuple[JsonAttempt, ...]
    untested: tuple[str, ...]


def reached(each: Reached) -> bytes:
    """The test as indented JSON with a line end."""
    whole = JsonReached(
        schema=VERSION,
        start=redact(each.start),
        goal=redact(each.goal),
        verdict=each.verdict,
        because=redact(each.because),
        way=each.way,
        dns=_step(each.dns) if each.dns else None,
        addresses=each.addresses,
        attempts=tuple(map(_attempt, each.attempts)),
        untested=tuple(map(redact, each.untested)),
    )
    return indented(whole)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a tested request."""
    return schema_of(JsonReached, VERSION)


def _step(each: RequestStep) -> JsonStep:
    return JsonStep(
        leg=each.leg,
        outcome=each.outcome,
        took=each.took,
        errno=each.errno,
        said=redact(each.said),
    )


def _attempt(each: Attempt) -> JsonAttempt:
    return JsonAttempt(
        address=each.address,
        verdict=each.verdict,
        steps=tuple(map(_step, each.steps)),
        status=each.status,
        backend=redact(each.backend),
    )
