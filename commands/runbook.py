"""`/runbook`: the documented knowledge, page by page, searchable."""

from __future__ import annotations

from discord import Interaction, app_commands
from discord.ext.commands import Cog

from bot.chat.replies import acknowledge, answer
from bot.render import cards as render
from bot.runbook.service import Runbook
from commands.autocomplete import Choices


class RunbookCog(Cog):
    """`/runbook`, with autocomplete that searches titles and texts."""

    def __init__(self, runbook: Runbook) -> None:
        self._runbook = runbook

    @app_commands.command()
    async def runbook(self, interaction: Interaction, topic: str, private: bool = False) -> None:
        """Look something up in the homelab's runbook.

        Args:
            topic: A topic, or words to look for.
            private: Only you see the answer.
        """
        await acknowledge(interaction, private=private)
        page = self._runbook.page(topic)
        await answer(interaction, render.topic(page.title, page.text))

    @runbook.autocomplete("topic")
    async def _suggest_page(self, _interaction: Interaction, typed: str) -> Choices:
        pages = self._runbook.search(typed)[: render.CHOICES]
        return [app_commands.Choice(name=page.title, value=page.name) for page in pages]
