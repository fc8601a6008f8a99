"""What counts of the options once people chose channels and a time zone in Discord."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.alerting.domain.rules import Rules, channel_routes
from bot.digest.domain.records import DigestPlan
from bot.doctor.domain.facts import Setup, uses_of
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
    return replace(plan, channel=channel, zone=_zone(choices.zone) or plan.zone)


def setup_of(setup: Setup, choices: ServerChoices) -> Setup:
    """The set-up that the doctor examines, with the chosen channels among those of the settings."""
    chosen = {
        purpose: channel for purpose in ChannelPurpose if (channel := _chosen(choices, purpose))
    }
    named = {f"/setup {purpose}": channel for purpose, channel in chosen.items()}
    return replace(
        setup,
        choices=choices,
        channels={**setup.channels, **named},
        uses=setup.uses | uses_of(chosen),
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
