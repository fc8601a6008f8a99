"""What Discord would refuse, or silently drop, of a request that the bot sent.

Two halves: Discord's own API description where it is on this machine (`openapi`), and rules that
the description lacks, with one of our own about mentions.
"""

from collections.abc import Iterator

from tests.wire import command_rules, endpoints, message_rules, openapi
from tests.wire.interactions import Callback
from tests.wire.recording import Endpoint, Request

CREATES = (endpoints.FOLLOWUP, endpoints.SEND)
EDITS = (endpoints.EDIT_ORIGINAL, endpoints.EDIT_FOLLOWUP, endpoints.EDIT_MESSAGE)
SYNCS = (endpoints.SYNC, endpoints.SYNC_EVERYWHERE)


def problems(request: Request) -> list[str]:
    """Each problem, with the request it is about; none when all is well."""
    found = [*_described(request), *_ruled(request)]
    return [f"{request}: {each}" for each in found]


def _described(request: Request) -> Iterator[str]:
    if openapi.is_there():
        yield from openapi.violations(request.method, request.path, request.body)


def _ruled(request: Request) -> Iterator[str]:
    endpoint: Endpoint | None = request.endpoint
    if endpoint == endpoints.CALLBACK:
        yield from _callback(request)
    elif endpoint in CREATES:
        yield from message_rules.problems(request.body or {}, request.files, edits=False)
    elif endpoint in EDITS:
        yield from message_rules.problems(request.body or {}, request.files, edits=True)
    elif endpoint in SYNCS:
        yield from command_rules.problems(request.body or [])


def _callback(request: Request) -> Iterator[str]:
    body = request.body or {}
    data = body.get("data") or {}
    match body.get("type"):
        case Callback.MESSAGE:
            yield from message_rules.problems(data, request.files, edits=False)
        case Callback.UPDATE:
            yield from message_rules.problems(data, request.files, edits=True)
        case Callback.CHOICES:
            yield from command_rules.choice_problems(data.get("choices") or [])
