"""What the bot shows to people who are new to it: `/help` for each role."""

from __future__ import annotations

from bot.domain.authorization import Role
from bot.render import cards
from commands.help import rows
from commands.help_page import page
from tests.golden import Pages
from tests.golden.shapes import card

PAGES: Pages = {
    **{f"help-{role.name.lower()}.json": lambda role=role: card(page(role)) for role in Role},
    "help-button.json": lambda: card(cards.card(None, ["A first message."], rows("welcome"))),
}
