"""Alerts, wired: the watchman, Discord, and how often he looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.alerting.delivery import AlertOutcome
from bot.alerting.discord_channel import DiscordAlertChannel
from bot.alerting.domain.rules import Rules
from bot.alerting.service import BOARD_EVERY, Watchman
from bot.alerting.silences import Silences
from bot.chat.client import Client
from bot.domain.election import Leadership
from bot.domain.state import Store
from bot.health.service import Health
from bot.runtime.scheduler import Schedule
from commands.alerts import controls as alert_controls


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks, and between two edits of the board.

    A look takes some 30 ms of ten thousand pods, from memory.
    """

    look: int = 15
    board: float = BOARD_EVERY


USUAL = Pace()


@dataclass(frozen=True, slots=True)
class Watch:
    """What a watchman is made of; `regularly` lets him look, where there is a channel to speak."""

    health: Health
    store: Store
    leadership: Leadership
    rules: Rules
    board: int | None
    fallback: int
    told: Callable[[AlertOutcome], None]
    pace: Pace = USUAL

    def regularly(self, schedule: Schedule, client: Client, silences: Silences) -> None:
        """Begin to look every so many seconds; not at all where nothing would be said."""
        if not (self.rules.routes or self.board):
            return
        button = alert_controls.button(silences)
        watchman = Watchman(
            health=self.health,
            store=self.store,
            channel=DiscordAlertChannel(
                lambda: client, lambda one: alert_controls.rows(button, one.head), client.guild_id
            ),
            leadership=self.leadership,
            rules=self.rules,
            board=self.board,
            board_every=self.pace.board,
            fallback=self.fallback,
            told=self.told,
        )
        schedule.every(self.pace.look, "alerts", watchman.turn)
