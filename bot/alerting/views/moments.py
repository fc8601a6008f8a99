"""Moments of an incident in a message, each as an age that a phone counts on."""

from __future__ import annotations

from datetime import datetime

from bot.alerting.domain.incident import Moment
from bot.render import cards
from bot.render import text as words

LINE = 160
"""Characters of what happened."""


def timeline_line(moment: Moment) -> str:
    """What happened, and how long ago."""
    return f"-# {ago(moment.at)} {cards.prose(words.line(moment.what, LINE))}"


def ago(at: datetime) -> str:
    """How long ago, as Discord's own stamp."""
    return cards.stamp(at, "R")
