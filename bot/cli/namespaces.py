"""A namespace that was mistyped: nothing was found in it, since it isn't there."""

from __future__ import annotations

from bot.domain.resources import core
from bot.domain.snapshot import SnapshotReader
from bot.domain.typed import unknown
from bot.errors import InputError


async def expect(cluster: SnapshotReader, namespace: str | None, *, found: bool) -> None:
    """Look for the namespace where nothing was found in it.

    Raises:
        InputError: It isn't there. Where namespaces may not be listed, nobody can say so.
    """
    if not namespace or found:
        return
    there = (await cluster.snapshot([core.Namespace])).objects.get(core.Namespace)
    names = [one.metadata.name for one in there or ()]
    if names and namespace not in names:
        raise InputError(unknown("namespace", namespace, names))
