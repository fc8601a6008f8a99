"""The channels and the time zone that approvers choose in Discord.

The settings win: a choice counts only where they leave it open.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from bot.domain.record import RecordType


class ChannelPurpose(StrEnum):
    """What needs a channel."""

    ALERTS = "alerts"
    DIGEST = "digest"
    BOARD = "board"
    AUDIT = "audit"

    @property
    def setting(self) -> str:
        """The setting that names the channel."""
        name = "alert" if self is ChannelPurpose.ALERTS else self.value
        return f"MESHMEDIC_{name.upper()}_CHANNEL"

    @property
    def use(self) -> str:
        """What is posted there."""
        return USES[self]


USES = {
    ChannelPurpose.ALERTS: "one message for each problem, edited until it's over",
    ChannelPurpose.DIGEST: "once a day, what changed",
    ChannelPurpose.BOARD: "one pinned message with the present state",
    ChannelPurpose.AUDIT: "who approved which change, and how it ended",
}

ZONE_SETTING = "MESHMEDIC_DIGEST_TIMEZONE"


class Choices(msgspec.Struct, frozen=True):
    """Channels by purpose, and the name of a time zone; what is not chosen is missing or empty."""

    channels: dict[ChannelPurpose, int] = {}
    zone: str = ""

    def with_channel(self, purpose: ChannelPurpose, channel: int) -> Choices:
        """With another channel for one purpose; 0 takes the choice back."""
        others = {key: value for key, value in self.channels.items() if key is not purpose}
        return replace(self, channels=others | ({purpose: channel} if channel else {}))


def differences(old: Choices, new: Choices) -> tuple[tuple[str, str, str], ...]:
    """What another choice changes, with the values before and after, for the log."""
    pairs = [
        (f"the channel of {purpose}", old.channels.get(purpose, 0), new.channels.get(purpose, 0))
        for purpose in ChannelPurpose
    ]
    named = [*pairs, ("the time zone", old.zone, new.zone)]
    return tuple(
        (what, str(before or "none"), str(after or "none"))
        for what, before, after in named
        if before != after
    )


NONE = Choices()
"""Nothing is chosen."""

CHOICES: RecordType[Choices] = RecordType("setup", Choices)


@dataclass(frozen=True, slots=True)
class ServerChoices:
    """What the settings fix, and what people chose. The settings win."""

    settings: Choices = NONE
    chosen: Choices = NONE

    def channel(self, purpose: ChannelPurpose) -> int:
        """The channel that counts; 0 where there is none."""
        return self.settings.channels.get(purpose) or self.chosen.channels.get(purpose, 0)

    @property
    def zone(self) -> str:
        """The time zone that counts; empty where nobody chose one."""
        return self.settings.zone or self.chosen.zone

    def fixed(self, purpose: ChannelPurpose) -> bool:
        """Whether the settings name the channel, so that a choice would change nothing."""
        return bool(self.settings.channels.get(purpose))

    @property
    def effective(self) -> Choices:
        """What counts."""
        return Choices(self.chosen.channels | self.settings.channels, self.zone)

    @property
    def unsaved(self) -> tuple[tuple[str, str], ...]:
        """Settings and values that would keep in Git what counts by choice alone."""
        channels = [
            (purpose.setting, str(self.chosen.channels[purpose]))
            for purpose in ChannelPurpose
            if purpose in self.chosen.channels and not self.fixed(purpose)
        ]
        zone = self.chosen.zone if not self.settings.zone else ""
        return (*channels, (ZONE_SETTING, zone)) if zone else tuple(channels)
