"""A small bot with one of everything that ours uses over the wire, to try the server itself."""

import asyncio
import io
import signal
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands, ui

from tests.wire import world

PLACES = ("apps", "flux-system", "kube-system")


class Again(ui.DynamicItem[ui.Button[Any]], template=r"again:(?P<times>\d+)"):
    """A button that edits its own message."""

    def __init__(self, times: int) -> None:
        super().__init__(ui.Button(label="Again", custom_id=f"again:{times}"))
        self.times = times

    @classmethod
    async def from_custom_id(cls, _interaction: Any, _item: Any, match: Any, /) -> "Again":
        return cls(int(match["times"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(view=a_card(f"asked {self.times + 1} times"))


class Choose(ui.DynamicItem[ui.Select[Any]], template=r"choose"):
    """A select that updates its own message at once."""

    def __init__(self) -> None:
        options = [discord.SelectOption(label=place, value=place) for place in PLACES]
        super().__init__(ui.Select(custom_id="choose", options=options))

    @classmethod
    async def from_custom_id(cls, _interaction: Any, _item: Any, _match: Any, /) -> "Choose":
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        chosen = self.item.values[0]
        await interaction.response.edit_message(view=a_card(f"chose {chosen}"))


def a_card(text: str, file: str | None = None) -> ui.LayoutView:
    card: ui.Container[Any] = ui.Container(ui.TextDisplay(text), accent_colour=0x2E9E6B)
    if file:
        card.add_item(ui.File(f"attachment://{file}"))
    card.add_item(ui.ActionRow(Choose()))
    card.add_item(ui.ActionRow(Again(0)))
    view = ui.LayoutView(timeout=None)
    view.add_item(card)
    return view


class StandIn(discord.Client):
    """Answers `/health all` and `/health quick`, and sends by itself with `say`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )
        self.tree = app_commands.CommandTree(self)
        self.failures: list[Exception] = []

    async def setup_hook(self) -> None:
        guild = discord.Object(world.GUILD_ID)
        self.tree.add_command(health(), guild=guild)
        self.tree.error(self._failed)
        self.add_dynamic_items(Again, Choose)
        await self.tree.sync(guild=guild)

    async def say(self, text: str, **options: Any) -> discord.Message:
        channel = self.get_partial_messageable(world.CHANNEL_ID, guild_id=world.GUILD_ID)
        return await channel.send(text, **options)

    async def _failed(self, _interaction: Any, error: app_commands.AppCommandError) -> None:
        self.failures.append(getattr(error, "original", error))


def health() -> app_commands.Group:
    group = app_commands.Group(name="health", description="Check the homelab.")

    @group.command(name="all", description="Promise, then answer with a file.")
    async def ask(
        interaction: discord.Interaction, namespace: str | None = None, private: int = 0
    ) -> None:
        await interaction.response.defer(thinking=True, ephemeral=bool(private))
        user = interaction.user
        assert isinstance(user, discord.Member)
        roles = ", ".join(sorted(role.name for role in user.roles))
        text = f"{namespace or 'everything'} for {user.name} ({roles})"
        file = discord.File(io.BytesIO(b'{"verdict": "healthy"}'), "report.json")
        await interaction.followup.send(view=a_card(text, "report.json"), file=file)

    @ask.autocomplete("namespace")
    async def suggest(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=each, value=each) for each in PLACES if typed in each]

    @group.command(name="quick", description="Answer at once.")
    async def quick(interaction: discord.Interaction, seconds: float = 0.0) -> None:
        await asyncio.sleep(seconds)
        await interaction.response.send_message(view=a_card("at once"))

    @group.command(name="careless", description="Answer in a way that Discord would not like.")
    async def careless(interaction: discord.Interaction) -> None:
        anybody = discord.AllowedMentions.all()
        await interaction.response.send_message("@everyone", allowed_mentions=anybody)

    return group


def main(_argv: Sequence[str] | None = None) -> None:
    """Run until SIGTERM, as a process of its own."""
    asyncio.run(_run())


async def _run() -> None:
    client = StandIn()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    serving = asyncio.create_task(client.start(world.TOKEN))
    await stopped.wait()
    await client.close()
    await serving
    print("left in good order")  # noqa: T201  # what the test looks for
