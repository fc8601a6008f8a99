"""Reads and changes what people chose. Each change counts at the next turn, without a restart."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import available_timezones

from msgspec.structs import replace

from bot.domain.record import Store
from bot.errors import InputError, MeshmedicError
from bot.setup.domain.choices import (
    CHOICES,
    NONE,
    ChannelPurpose,
    Choices,
    ServerChoices,
    differences,
)

log = logging.getLogger(__name__)

COMMON = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Paris",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
    "UTC",
)
"""Suggested before the first letter."""


def ignore(_choices: ServerChoices) -> None:
    """Nobody follows the choices."""


@dataclass
class ServerSetup:
    """The choices as this process knows them.

    settings: What the settings fix. on_change: Called when something else counts than before, also
    after the first read.
    """

    store: Store
    settings: Choices = NONE
    on_change: Callable[[ServerChoices], None] = ignore
    known: ServerChoices = field(init=False)
    _read: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.known = ServerChoices(self.settings)

    async def refresh(self) -> bool:
        """Follow what another process wrote; False while the choices were never read."""
        try:
            await self.read()
        except MeshmedicError as error:
            log.debug("the choices of /setup can't be read: %s", error)
        return self._read

    async def read(self) -> ServerChoices:
        """What counts now.

        Raises:
            MeshmedicError: The store can't be read; what was known before goes on counting.
        """
        return self._adopt(await self.store.read(CHOICES) or Choices())

    async def choose_channel(
        self, purpose: ChannelPurpose, channel: int, *, by: int
    ) -> ServerChoices:
        """Choose the channel of a purpose; 0 takes the choice back. `by` is the person's id.

        Raises:
            InputError: The settings name one.
        """
        if self.known.fixed(purpose):
            msg = f"The settings name this channel ({purpose.setting}), and they win."
            raise InputError(msg)
        return await self._change(lambda choices: choices.with_channel(purpose, channel), by)

    async def choose_zone(self, name: str, *, by: int) -> ServerChoices:
        """Choose the time zone; an empty name takes the choice back. `by` is the person's id.

        Raises:
            InputError: There is no such zone, or the settings name one.
        """
        if self.settings.zone:
            msg = f"The settings name the time zone ({self.settings.zone}), and they win."
            raise InputError(msg)
        zone = zone_named(name.strip()) if name.strip() else ""
        return await self._change(lambda choices: replace(choices, zone=zone), by)

    async def _change(self, change: Callable[[Choices], Choices], by: int) -> ServerChoices:
        old, new = await self.store.change(CHOICES, lambda old: change(old or Choices()))
        for what, before, after in differences(old or Choices(), new):
            log.info("/setup: the user %s changed %s from %s to %s", by, what, before, after)
        return self._adopt(new)

    def _adopt(self, chosen: Choices) -> ServerChoices:
        before, self.known = self.known, ServerChoices(self.settings, chosen)
        self._read = True
        if before.effective != self.known.effective:
            self.on_change(self.known)
        return self.known


@cache
def zones() -> tuple[str, ...]:
    """Every time zone that this system knows, by name."""
    return tuple(sorted(available_timezones()))


def matching_zones(typed: str, most: int) -> tuple[str, ...]:
    """The first zones whose name contains what was typed: `berlin`, `new york`."""
    if not (wanted := _folded(typed)):
        return COMMON[:most]
    return tuple(name for name in zones() if wanted in _folded(name))[:most]


def zone_named(typed: str) -> str:
    """The zone of that name, whatever its case.

    Raises:
        InputError: There is none; the message names the closest ones.
    """
    by_folded = {_folded(name): name for name in zones()}
    if name := by_folded.get(_folded(typed)):
        return name
    near = difflib.get_close_matches(_folded(typed)[:60], by_folded, n=2)
    hint = f" Did you mean {' or '.join(by_folded[name] for name in near)}?" if near else ""
    msg = f"No time zone {typed[:60]}.{hint}"
    raise InputError(msg)


def _folded(name: str) -> str:
    return name.strip().casefold().replace(" ", "_")
