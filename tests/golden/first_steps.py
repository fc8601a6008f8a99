"""What the bot shows to people who are new to it: `/help`, `/setup` and its first message."""

from __future__ import annotations

from bot.domain.authorization import Role
from bot.setup.domain.choices import NONE, ChannelPurpose, Choices, ServerChoices
from bot.setup.domain.first_look import FirstLook
from bot.setup.views import discord as setup_cards
from commands.help import rows
from commands.help_page import page
from commands.setup.controls import row
from tests.golden import Pages
from tests.golden.moments import report
from tests.golden.shapes import card

ALERTS, DIGEST, BOARD = ChannelPurpose.ALERTS, ChannelPurpose.DIGEST, ChannelPurpose.BOARD
OPS, NEWS = 200_000_000_000_000_001, 200_000_000_000_000_002
PARTLY = ServerChoices(
    Choices({ALERTS: OPS}), Choices({ALERTS: NEWS, DIGEST: NEWS}, "Europe/Berlin")
)
"""The settings name one channel, over which somebody chose another one; and two more choices."""


def _welcome(of: str) -> str:
    look = FirstLook.of(report(of).public, patient=False)
    assert look
    return card(setup_cards.welcome(look, rows("welcome")))


PAGES: Pages = {
    **{f"help-{role.name.lower()}.json": lambda role=role: card(page(role)) for role in Role},
    "setup-channels.json": lambda: card(setup_cards.channels(ServerChoices(), row)),
    "setup-channels-partly.json": lambda: card(setup_cards.channels(PARTLY, row)),
    "setup-show.json": lambda: card(setup_cards.show(PARTLY)),
    "setup-show-nothing.json": lambda: card(setup_cards.show(ServerChoices(NONE, NONE))),
    "setup-chosen.json": lambda: card(setup_cards.chosen(ALERTS, OPS)),
    "setup-chosen-lacking.json": lambda: card(setup_cards.chosen(BOARD, OPS, "Pin Messages")),
    "setup-taken-back.json": lambda: card(setup_cards.chosen(ALERTS, 0)),
    "setup-zone.json": lambda: card(setup_cards.zone("Europe/Berlin")),
    "welcome.json": lambda: _welcome("homelab"),
    "welcome-with-gaps.json": lambda: card(
        setup_cards.welcome(
            FirstLook({"Node": 1, "Pod": 9}, 2, ("Certificate", "HelmRelease"), ("Gateway",)),
            rows("welcome"),
        )
    ),
    "welcome-with-kinds-away.json": lambda: card(
        setup_cards.welcome(FirstLook({"Node": 1}, away=("Pod", "Service")), rows("welcome"))
    ),
}
