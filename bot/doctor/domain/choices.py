"""Where the bot posts: by the settings or by `/setup`, and which of the two counts."""

from __future__ import annotations

from collections.abc import Mapping

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import DiscordFacts, DiscordServerFacts, Setup
from bot.domain.refusal import NotObserved
from bot.setup.domain.choices import ChannelPurpose, ServerChoices

TOPIC = Topic(Area.SETTINGS, "posts to")


def examine(facts: DiscordFacts, setup: Setup) -> Diagnostic:
    """All of them in one line; the settings win."""
    choices = setup.choices
    if isinstance(choices, NotObserved):
        return TOPIC.unobserved(f"What was chosen by `/setup` can't be read: {choices.why}")
    names = _names(facts)
    lines = [f"{purpose}: {_channel(purpose, choices, names)}" for purpose in ChannelPurpose]
    return TOPIC.note("; ".join((*lines, f"time zone: {_zone(choices)}")))


def _channel(purpose: ChannelPurpose, choices: ServerChoices, names: Mapping[int, str]) -> str:
    fixed = choices.settings.channels.get(purpose, 0)
    chosen = choices.chosen.channels.get(purpose, 0)
    return _which(
        f"#{names.get(fixed, fixed)}" if fixed else "",
        f"#{names.get(chosen, chosen)}" if chosen else "",
    )


def _zone(choices: ServerChoices) -> str:
    return _which(choices.settings.zone, choices.chosen.zone, otherwise="UTC")


def _which(fixed: str, chosen: str, *, otherwise: str = "none") -> str:
    if fixed and chosen and fixed != chosen:
        return f"{fixed} by the settings, which win over {chosen} by `/setup`"
    if fixed:
        return f"{fixed} by the settings"
    return f"{chosen} by `/setup`" if chosen else otherwise


def _names(facts: DiscordFacts) -> Mapping[int, str]:
    server = facts.server
    if not isinstance(server, DiscordServerFacts) or isinstance(server.channels, NotObserved):
        return {}
    return {channel.id: channel.name for channel in server.channels}
