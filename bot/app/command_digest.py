"""Which commands were registered last, so that a start does not register the same ones again.

Discord's own list is compared too: somebody may have deleted commands there.

Discord allows 200 new commands a day, and a registration empties every client's cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from bot.domain.record import Shelf


class CommandDigest(msgspec.Struct, frozen=True):
    """SHA-256 over the commands as they were sent, the application and the server."""

    sha256: str


COMMANDS: Shelf[CommandDigest] = Shelf("commands", CommandDigest)


def digest(
    commands: tuple[Mapping[str, Any], ...], *, application: int | None, guild: int
) -> CommandDigest:
    """The digest of commands, whatever their order."""
    encoded = sorted(msgspec.json.encode(command, order="deterministic") for command in commands)
    whole = b"\n".join((f"{application}/{guild}".encode(), *encoded))
    return CommandDigest(hashlib.sha256(whole).hexdigest())
