"""What counts of the options once people chose channels and a time zone in Discord."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.alerting.domain.rules import Rules, channel_routes
from bot.digest.domain.records import DigestPlan
from bot.doctor.domain.facts import Setup, Use
from bot.setup.domain.choices import ChannelPurpose, ServerChoices


def rules_of(rules: Rules, choices: ServerChoices, role: int | None) -> Rules:
    """The rules of the settings, with routes to the chosen channel; the role is mentioned there."""
    channel = _chosen(choices, ChannelPurpose.ALERTS)
    if not channel:
        return rules
    return replace(rules, routes=(*rules.routes, *channel_routes(channel, role)))


def board_of(board: int | None, choices: ServerChoices) -> int | None:
    """The channel of the board."""
    return board or _chosen(choices, ChannelPurpose.BOARD) or None


def plan_of(plan: DigestPlan, choices: ServerChoices) -> DigestPlan:
    """The digests of the settings, in the chosen channel and by the chosen time zone."""
    channel = plan.channel or _chosen(choices, ChannelPurpose.DIGEST)
    zone = None if choices.settings.zone else _zone(choices.zone)
    return replace(plan, channel=channel, zone=zone or plan.zone)


def setup_of(setup: Setup, choices: ServerChoices) -> Setup:
    """The set-up that the doctor examines, with the chosen channels among those of the settings."""
    channels: Mapping[str, int] = {
        f"/setup {purpose}": channel
        for purpose in ChannelPurpose
        if (channel := _chosen(choices, purpose))
    }
    uses = {
        use
        for purpose, use in (
            (ChannelPurpose.ALERTS, Use.ALERTS),
            (ChannelPurpose.BOARD, Use.BOARD),
        )
        if _chosen(choices, purpose)
    }
    return replace(
        setup, choices=choices, channels={**setup.channels, **channels}, uses=setup.uses | uses
    )


def _chosen(choices: ServerChoices, purpose: ChannelPurpose) -> int:
    """The chosen channel; 0 where the settings name one, which wins, or where there is none."""
    return 0 if choices.fixed(purpose) else choices.channel(purpose)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        # Another version of the bot may have known it.
        return None
