"""What may answer in a backend's place: the Middlewares of a rule and of its entrypoint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from bot.domain.resources import traefik
from bot.domain.resources.base import Reference
from bot.domain.snapshot import Snapshot
from bot.net.route_checks.answered import ChainPart
from bot.routing import middlewares

ENTRY = re.compile(r"--entrypoints\.([\w-]{1,63})\.http\.middlewares=(.{1,2000})", re.IGNORECASE)
"""Middlewares of all routers of an entrypoint."""

REDIRECTION = re.compile(
    r"--entrypoints\.([\w-]{1,63})\.http\.redirections\.entrypoint\.to=", re.IGNORECASE
)
MOST = 200
"""Middlewares of one rule that are looked at; more may do anything."""

PARTS: Mapping[str, ChainPart] = {
    "basic_auth": ChainPart.LOGIN,
    "digest_auth": ChainPart.LOGIN,
    "forward_auth": ChainPart.FORWARD,
    "ip_allow_list": ChainPart.ADDRESSES,
    "ip_white_list": ChainPart.ADDRESSES,
    "redirect_scheme": ChainPart.REDIRECT,
    "redirect_regex": ChainPart.REDIRECT,
    "errors": ChainPart.ERRORS,
    "rate_limit": ChainPart.LIMIT,
    "in_flight_req": ChainPart.LIMIT,
    "headers": ChainPart.HEADERS,
    "plugin": ChainPart.UNSEEN,
}
"""By the field of a Middleware's spec; the others leave the answer to the backend."""


def parts(snapshot: Snapshot, here: str, references: Iterable[Reference]) -> frozenset[ChainPart]:
    """What the Middlewares of a rule in the namespace `here` may do, and those in their chains."""
    known: set[ChainPart] = set()
    for number, middleware in enumerate(middlewares.behind(snapshot, here, references)):
        if middleware is None or number >= MOST:
            known.add(ChainPart.UNSEEN)
        if number >= MOST:
            break
        if middleware:
            known.update(_own(middleware.spec))
    return frozenset(known)


def _own(spec: traefik.MiddlewareSpec) -> Iterator[ChainPart]:
    set_ = [name for name in spec.__struct_fields__ if getattr(spec, name) is not None]
    yield from (PARTS[name] for name in set_ if name in PARTS)
    if not set_:
        # A kind of a newer Traefik, perhaps.
        yield ChainPart.UNSEEN


def of_entry_points(
    snapshot: Snapshot, arguments: Iterable[str]
) -> Mapping[str, frozenset[ChainPart]]:
    """The same of the entrypoints, by their names in small letters, as Traefik's arguments say."""
    known: dict[str, frozenset[ChainPart]] = {}
    for argument in arguments:
        if match := ENTRY.match(argument):
            names = (Reference(name=name.strip()) for name in match[2].split(","))
            added = parts(snapshot, "", names)
        elif match := REDIRECTION.match(argument):
            added = frozenset({ChainPart.REDIRECT})
        else:
            continue
        name = match[1].casefold()
        known[name] = known.get(name, frozenset()) | added
    return known
