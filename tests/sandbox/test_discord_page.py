"""The sandbox page keeps its promises on top of simcord's private names."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

pytest.importorskip("simcord", reason="needs the extra `sandbox`")

from bot.errors import InputError
from bot.sandbox import live_simcord
from bot.sandbox.discord_page import (
    CHANNEL_ID,
    GUEST_ID,
    GUILD_ID,
    OWNER_ID,
    DiscordPage,
    live_discord,
)
from tests.sandbox.page_client import PageClient
from tests.sandbox.stand_in import EXPORT, StandIn


@pytest.fixture
async def sandbox() -> AsyncIterator[DiscordPage]:
    async with live_discord(StandIn(), title="Title <1>", notice="All of this is pretend.") as page:
        yield page


@pytest.fixture
async def tab(sandbox: DiscordPage) -> AsyncIterator[PageClient]:
    async with PageClient(sandbox.url) as client:
        yield client


@pytest.mark.parametrize(
    ("owner", "name", "why"),
    live_simcord.PRIVATE_NAMES,
    ids=lambda value: getattr(value, "__name__", value),
)
def test_simcord_still_has_the_name(owner: type, name: str, why: str) -> None:
    """A simcord without one of the names we override is named here, not by a riddle elsewhere."""
    assert hasattr(owner, name), f"simcord lost {owner.__name__}.{name}, which {why}"


def test_simcord_is_the_version_that_the_page_was_written_for() -> None:
    """Another version is refused at start, so this must move together with the pin."""
    live_simcord.require_known_simcord()


async def test_the_ids_are_those_that_settings_may_name(sandbox: DiscordPage) -> None:
    """Server, channel and people have their fixed ids, in simcord and in the client's cache."""
    guild = sandbox.client.get_guild(GUILD_ID)
    assert guild is not None
    assert guild.name == "Homelab"
    assert guild.owner_id == OWNER_ID
    assert [channel.id for channel in guild.text_channels] == [CHANNEL_ID]
    assert {viewer.id for viewer in sandbox.preview.viewers} == {OWNER_ID, GUEST_ID}


async def test_the_page_says_that_it_is_simulated(sandbox: DiscordPage, tab: PageClient) -> None:
    """The notice is topic and first message, and the title is ours and escaped."""
    page = await tab.see("All of this is pretend.")
    assert page["channel"]["topic"] == "All of this is pretend."
    assert "<title>Title &lt;1&gt;</title>" in (await tab.get("/")).decode()


async def test_the_page_follows_new_messages(tab: PageClient) -> None:
    """The one line of simcord's script that we change is still there to be changed."""
    script = (await tab.get("/timeline.js")).decode()
    assert live_simcord._KEEPS_FOLLOWING in script, "simcord words its scrolling differently now"


async def test_the_page_asks_for_suggestions_before_the_first_letter(tab: PageClient) -> None:
    """The lines of simcord's script that we change are still there to be changed."""
    script = (await tab.get("/commands.js")).decode()
    for line in (live_simcord._ASKS_AT_ONCE, live_simcord._STILL_ASKS):
        assert line in script, "simcord words its suggestions differently now"


async def test_tasks_of_the_bot_run_in_real_time(sandbox: DiscordPage) -> None:
    """A loop started in setup_hook goes on, although simcord's own time stands still."""
    await asyncio.sleep(0.3)
    assert isinstance(sandbox.client, StandIn)
    assert sandbox.client.ticks >= 3


async def test_what_the_bot_posts_by_itself_appears(sandbox: DiscordPage, tab: PageClient) -> None:
    """A digest shows on an open page with no click, dated now."""
    assert isinstance(sandbox.client, StandIn)
    sandbox.client.outbox.put_nowait("the morning digest")
    page = await tab.see("the morning digest")
    newest = page["messages"][page["timeline"][-1]]
    age = datetime.now(UTC) - datetime.fromisoformat(newest["timestamp"])
    assert abs(age.total_seconds()) < 30


async def test_what_people_write_can_be_heard_and_answered_by_the_sandbox() -> None:
    """The bot reads no messages: who listens is the world around it, which may be silent."""
    heard: list[str] = []

    def hear(said: str) -> str | None:
        heard.append(said)
        return "it breaks" if said == "break" else None

    async with (
        live_discord(StandIn(), hint="Write break.", hear=hear) as page,
        PageClient(page.url) as tab,
    ):
        await tab.see("Write break.")
        await tab.act("send_message", content="good morning")
        await tab.act("send_message", content="break")
        seen = await tab.see("it breaks")
        assert heard == ["good morning", "break"]
        authors = [seen["messages"][each]["author"]["name"] for each in seen["timeline"]]
        assert authors == ["Sandbox", "owner", "owner", "Sandbox"]


async def test_a_new_tab_shows_the_newest_messages(sandbox: DiscordPage) -> None:
    """More than a window of messages later, a tab opens at the end and stays there."""
    assert isinstance(sandbox.client, StandIn)
    for number in range(60):
        sandbox.client.outbox.put_nowait(f"digest {number}")
    await asyncio.sleep(0.5)
    async with PageClient(sandbox.url) as tab:
        await tab.see("digest 59")
        await tab.view_as(GUEST_ID)
        sandbox.client.outbox.put_nowait("one more")
        await tab.see("one more")


async def test_two_actions_at_once_queue(sandbox: DiscordPage, tab: PageClient) -> None:
    """Two people acting at the same moment are both served."""
    async with PageClient(sandbox.url) as other:
        receipts = await asyncio.gather(
            tab.command("health", route="grafana"), other.command("health", route="jellyfin")
        )
        assert [receipt["rejected"] for receipt in receipts] == [False, False]
        await tab.see("route grafana", "route jellyfin")


async def test_an_action_does_not_wait_for_work_that_never_ends(tab: PageClient) -> None:
    """The acknowledgement ends the action; what the command does afterwards is its own affair."""
    async with asyncio.timeout(2):
        receipt = await tab.command("hang")
    assert receipt["acknowledgement"] == "deferred"
    assert not (await tab.command("whisper"))["rejected"]


async def test_a_command_that_never_answers_is_reported(tab: PageClient) -> None:
    """After Discord's three seconds the action ends unacknowledged, and the page goes on."""
    receipt = await tab.command("silent")
    assert receipt["acknowledgement"] == "unacknowledged"
    assert not (await tab.command("whisper"))["rejected"]


async def test_autocomplete_waits_for_the_choices(tab: PageClient) -> None:
    """Choices that take the bot a moment still arrive."""
    assert await tab.suggest("health", "route", "graf") == [
        {"name": "route grafana", "value": "grafana"}
    ]


async def test_a_click_on_an_outdated_page_counts(tab: PageClient) -> None:
    """A page that changes by itself must not make honest clicks fail."""
    await tab.command("health", route="grafana")
    await tab.see("route grafana")
    receipt = await tab.press("Re-check", revision=1)
    assert not receipt["rejected"]
    await tab.see("checked 1 times")


async def test_edits_after_the_action_appear(tab: PageClient) -> None:
    """The result of slow work replaces the card by itself."""
    await tab.command("health", route="grafana", seconds="1")
    page = await tab.snapshot()
    assert "route grafana" not in json.dumps(page["messages"])
    await tab.see("route grafana")


async def test_a_select_answers_one_person_only(tab: PageClient) -> None:
    """An ephemeral answer shows to the one who asked, not to the other viewer."""
    await tab.command("health", route="grafana")
    await tab.see("route grafana")
    await tab.choose("Look closer", "jellyfin")
    await tab.see("502 from node b")
    await tab.view_as(GUEST_ID)
    assert "502 from node b" not in json.dumps((await tab.snapshot())["messages"])


async def test_the_viewer_is_who_acts(tab: PageClient) -> None:
    """The client sees the id of the person chosen on the page."""
    await tab.command("health", route="grafana")
    await tab.see("route grafana")
    await tab.press("Fix grafana")
    await tab.see(f"pressed by {OWNER_ID}")
    await tab.view_as(GUEST_ID)
    await tab.press("Fix grafana")
    await tab.see(f"pressed by {GUEST_ID}")


async def test_an_attached_file_downloads(tab: PageClient) -> None:
    """A File component carries the bytes that the bot attached."""
    await tab.command("health", route="grafana")
    page = await tab.see("report.json")
    files = [asset for asset in page["assets"].values() if asset["filename"] == "report.json"]
    assert await tab.get(f"/api/assets/{files[0]['id']}?download=1") == EXPORT


async def test_old_buttons_work_after_a_restart(sandbox: DiscordPage, tab: PageClient) -> None:
    """Dynamic items of a message from before the restart answer through the new client."""
    await tab.command("health", route="grafana")
    await tab.see("route grafana")
    await sandbox.restart(StandIn())
    await tab.press("Re-check")
    await tab.see("checked 1 times")
    await tab.choose("Look closer", "jellyfin")
    await tab.see("502 from node b")


async def test_the_record_of_what_happened_stays_short(
    sandbox: DiscordPage, tab: PageClient
) -> None:
    """Events and requests are noted by simcord; a sandbox that runs for days must not keep them."""
    assert isinstance(sandbox.client, StandIn)
    for number in range(600):
        sandbox.client.outbox.put_nowait(f"digest {number}")
    await tab.see("digest 599")
    assert len(sandbox.env.backend.transcript) <= 500
    assert len(sandbox.env.http_requests) <= 500


async def test_a_busy_port_is_named() -> None:
    """The error says which port, why, and what to do; the client is closed again."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        client = StandIn()
        with pytest.raises(InputError, match=rf"{port} \(.*in use.*\)\. Choose another"):
            async with live_discord(client, port=port):
                pass
        assert client.is_closed()


async def test_ending_the_session_on_the_page_ends_the_wait() -> None:
    """The page's own "End preview session" ends the sandbox, and the client with it."""
    client = StandIn()
    async with live_discord(client) as page:
        async with PageClient(page.url) as tab:
            await tab.act("close")
        async with asyncio.timeout(3):
            await page.wait_closed()
    assert client.is_closed()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_closes_cleanly(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the process with status 0 and no traceback."""
    script = (
        "import asyncio, functools\n"
        "from bot.sandbox.discord_page import live_discord\n"
        "from tests.sandbox.stand_in import StandIn\n"
        "async def main():\n"
        "    async with live_discord(StandIn()) as page:\n"
        "        say = functools.partial(print, page.url, flush=True)\n"
        "        asyncio.get_running_loop().call_soon(say)\n"
        "        await page.wait_closed()\n"
        "asyncio.run(main())\n"
    )
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=pipe, stderr=pipe
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        assert (await process.stdout.readline()).startswith(b"http://127.0.0.1:")
        process.send_signal(number)
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
