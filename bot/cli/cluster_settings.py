"""What a command that asks a cluster needs of the settings, without what reads and checks them all.

Where no setting is given, their defaults apply, and importing the rest takes longer than a check.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from bot.routing.running import NAMESPACES

PREFIX = "MESHMEDIC_"


class ClusterSettings(msgspec.Struct, frozen=True):
    """The settings of these names, with the same defaults. See `bot.settings.Settings`."""

    kubeconfig: Path | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()
    traefik_namespaces: tuple[str, ...] = NAMESPACES
    secret_inventory: bool = False
    state_namespace: str = ""
    log_level: str = "info"
    log_format: str = "text"


def load() -> ClusterSettings:
    """The settings, all of which are checked where there is any.

    Raises:
        SettingsError: One is wrong.
    """
    if not any(name.upper().startswith(PREFIX) for name in os.environ):
        return ClusterSettings()
    from bot import settings  # noqa: PLC0415  # see above

    read = settings.load()
    return ClusterSettings(
        **{name: getattr(read, name) for name in ClusterSettings.__struct_fields__}
    )
