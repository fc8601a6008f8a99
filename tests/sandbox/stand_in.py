"""A small bot with one of everything that ours uses: what the sandbox page must carry."""

import asyncio
import io
import itertools
import re

import discord
from discord import app_commands, ui

from bot.sandbox.discord_page import CHANNEL_ID, GUILD_ID

AnyItem = ui.Item[ui.LayoutView]

ROUTES = ("grafana", "jellyfin", "paperless")
EXPORT = b'{"verdict": "failed"}\n'


class Recheck(ui.DynamicItem[ui.Button[ui.LayoutView]], template=r"recheck:(?P<count>\d+)"):
    """A button that outlives the process."""

    def __init__(self, count: int) -> None:
        super().__init__(ui.Button(label="Re-check", custom_id=f"recheck:{count}"))
        self.count = count

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: AnyItem, match: re.Match[str], /
    ) -> "Recheck":
        return cls(int(match["count"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await asyncio.sleep(0.2)
        card = a_card(f"checked {self.count + 1} times", count=self.count + 1)
        await interaction.edit_original_response(view=card)


class Finding(ui.DynamicItem[ui.Select[ui.LayoutView]], template=r"finding"):
    """A select that outlives the process: shows one finding to the person alone."""

    def __init__(self) -> None:
        options = [discord.SelectOption(label=f"route {r}", value=r) for r in ROUTES]
        super().__init__(ui.Select(custom_id="finding", placeholder="Look closer", options=options))

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: AnyItem, _match: re.Match[str], /
    ) -> "Finding":
        return cls()

    async def callback(self, interaction: discord.Interaction) -> None:
        value = interaction.data["values"][0]
        await interaction.response.send_message(
            view=a_text(f"### {value}\n502 from node b"), ephemeral=True
        )


class Fix(ui.DynamicItem[ui.Button[ui.LayoutView]], template=r"fix:(?P<route>\w+)"):
    """The button beside one finding; answers who pressed it."""

    def __init__(self, route: str) -> None:
        label = f"Fix {route}"
        super().__init__(
            ui.Button(label=label, custom_id=f"fix:{route}", style=discord.ButtonStyle.success)
        )

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: AnyItem, match: re.Match[str], /
    ) -> "Fix":
        return cls(match["route"])

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"pressed by {interaction.user.id}", ephemeral=True)


def a_text(text: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    return view


def a_card(text: str, *, count: int = 0, export: bool = False) -> ui.LayoutView:
    card = ui.Container(accent_colour=discord.Colour.red())
    card.add_item(ui.TextDisplay(f"## Homelab\n{text}"))
    card.add_item(ui.Separator())
    card.add_item(ui.Section("grafana answers **502**", accessory=Fix("grafana")))
    card.add_item(ui.ActionRow(Finding()))
    card.add_item(ui.ActionRow(Recheck(count)))
    if export:
        card.add_item(ui.File("attachment://report.json"))
    view = ui.LayoutView(timeout=None)
    view.add_item(card)
    return view


class StandIn(discord.Client):
    """Has a task that never ends, and posts what is put into `outbox` by itself."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True), allowed_mentions=discord.AllowedMentions.none()
        )
        self.outbox: asyncio.Queue[str] = asyncio.Queue()
        self.ticks = 0
        self.tree = app_commands.CommandTree(self)
        self._tasks: list[asyncio.Task[None]] = []

    async def setup_hook(self) -> None:
        guild = discord.Object(GUILD_ID)
        for command in (health, whisper, hang, silent, note):
            self.tree.add_command(command, guild=guild)
        await self.tree.sync(guild=guild)
        self.add_dynamic_items(Recheck, Finding, Fix)
        self._tasks = [asyncio.create_task(job) for job in (self._tick(), self._post())]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().close()

    async def chatter(self) -> None:
        """Post and edit without end, as a board of a busy cluster would."""
        board = await self.get_partial_messageable(CHANNEL_ID).send("board")
        for number in itertools.count():
            await asyncio.sleep(0.3)
            await board.edit(content=f"board {number}")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            self.ticks += 1

    async def _post(self) -> None:
        while True:
            text = await self.outbox.get()
            await self.get_partial_messageable(CHANNEL_ID).send(text)


@app_commands.command(description="Check the homelab")
@app_commands.describe(route="Only this route", seconds="How long it takes")
async def health(
    interaction: discord.Interaction,
    route: str,
    seconds: app_commands.Range[int, 0, 10] = 0,
) -> None:
    await interaction.response.defer(thinking=True)
    await asyncio.sleep(seconds)
    file = discord.File(io.BytesIO(EXPORT), "report.json")
    card = a_card(f"route {route}", export=True)
    await interaction.followup.send(view=card, file=file)


@health.autocomplete("route")
async def _routes(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    await asyncio.sleep(0.05)
    return [app_commands.Choice(name=f"route {r}", value=r) for r in ROUTES if current in r]


@app_commands.command(description="Answer one person only")
async def whisper(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("for your eyes only", ephemeral=True)


class Note(ui.Modal, title="Note"):
    text: ui.TextInput["Note"] = ui.TextInput(label="Note")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"noted: {self.text.value}")


@app_commands.command(description="Write a note in a dialog")
async def note(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Note())


@app_commands.command(description="Acknowledge, then never end")
async def hang(interaction: discord.Interaction) -> None:
    await interaction.response.defer(thinking=True)
    await asyncio.Event().wait()


@app_commands.command(description="Never answer")
async def silent(interaction: discord.Interaction) -> None:
    await asyncio.sleep(0)
