"""A person can do everything on the sandbox page that the bot offers."""

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

pytest.importorskip("playwright", reason="needs the extra `browser`")
pytest.importorskip("simcord", reason="needs the extra `sandbox`")

from playwright.async_api import Browser, expect

from bot.sandbox.discord_page import GUEST_ID, OWNER_ID, DiscordPage, live_discord
from tests.browser.driver import PHONE, Pick, Tab, chromium, find_chromium, open_tab
from tests.sandbox.stand_in import EXPORT, StandIn

pytestmark = [
    pytest.mark.skipif(find_chromium() is None, reason="needs a Chromium on the path"),
    # One browser for all: starting it costs two seconds.
    pytest.mark.asyncio(loop_scope="module"),
]

GRAFANA = Pick("graf", "route grafana")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox() -> AsyncIterator[DiscordPage]:
    async with live_discord(StandIn(), title="Pretend", notice="All of this is pretend.") as page:
        yield page


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Browser, sandbox: DiscordPage) -> AsyncIterator[Tab]:
    async with open_tab(browser, sandbox.url) as opened:
        yield opened
        assert opened.errors == []


async def test_the_page_shows_that_it_is_simulated(tab: Tab) -> None:
    """The title, the channel's topic and the first message say so."""
    assert await tab.page.title() == "Pretend"
    assert await tab.page.locator("#channel-topic").inner_text() == "All of this is pretend."
    await tab.see("All of this is pretend.")


async def test_a_command_with_a_suggestion_gives_the_card(tab: Tab) -> None:
    """Autocomplete, an optional option, a deferred answer and its Components V2 card."""
    await tab.command("health", route=GRAFANA, seconds="1")
    await tab.see("route grafana")
    await tab.see("grafana answers 502")


async def test_buttons_and_selects_of_a_card_answer(tab: Tab) -> None:
    """A button edits the card, a select answers the one person who chose."""
    await tab.command("health", route=GRAFANA)
    await tab.press("Re-check")
    await tab.see("checked 1 times")
    await tab.choose("Look closer", "route jellyfin")
    await tab.see("502 from node b")
    await tab.view_as("guest")
    await tab.not_see("502 from node b")


async def test_the_chosen_viewer_is_who_presses(tab: Tab) -> None:
    """The bot sees the person chosen in "Viewing as"."""
    await tab.command("health", route=GRAFANA)
    await tab.press("Fix grafana")
    await tab.see(f"pressed by {OWNER_ID}")
    await tab.view_as("guest")
    await tab.press("Fix grafana")
    await tab.see(f"pressed by {GUEST_ID}")


async def test_an_attached_file_downloads_in_the_browser(tab: Tab) -> None:
    """The button beside a File component saves the bytes that were attached."""
    await tab.command("health", route=GRAFANA)
    assert await tab.download("report.json") == EXPORT


async def test_a_dialog_keeps_what_was_typed_while_the_page_changes(
    sandbox: DiscordPage, tab: Tab
) -> None:
    """Messages that arrive meanwhile take nothing away from an open dialog or select."""
    assert isinstance(sandbox.client, StandIn)
    await tab.command("health", route=GRAFANA)
    await tab.command("note")
    await tab.fill_field("Note", "look at node b")
    chatter = asyncio.create_task(sandbox.client.chatter())
    await asyncio.sleep(1)
    await tab.press("Submit")
    await tab.see("noted: look at node b")
    await tab.choose("Look closer", "route jellyfin")
    await tab.see("502 from node b")
    chatter.cancel()


async def test_two_tabs_see_the_same(browser: Browser, sandbox: DiscordPage, tab: Tab) -> None:
    """What one tab does shows in the other by itself."""
    async with open_tab(browser, sandbox.url) as other:
        await other.view_as("guest")
        await tab.command("health", route=GRAFANA)
        await other.see("route grafana")


async def test_the_page_follows_until_a_person_scrolls_up(sandbox: DiscordPage, tab: Tab) -> None:
    """A card that grows at the end stays in sight; older messages being read stay in place."""
    assert isinstance(sandbox.client, StandIn)
    for number in range(30):
        sandbox.client.outbox.put_nowait(f"digest {number}")
    await tab.command("health", route=GRAFANA, seconds="1")
    await tab.see("answers 502")
    await expect(tab.newest).to_be_in_viewport(ratio=0.9)
    await tab.messages.hover()
    await tab.page.mouse.wheel(0, -600)
    await expect(tab.newest).not_to_be_in_viewport()
    sandbox.client.outbox.put_nowait("arrived meanwhile")
    await tab.see("arrived meanwhile")
    await expect(tab.newest).not_to_be_in_viewport()


async def test_a_picture_of_a_phone_has_its_size(
    browser: Browser, sandbox: DiscordPage, tmp_path: Path
) -> None:
    """The card is usable on a narrow screen, and the picture is as wide as one."""
    async with open_tab(browser, sandbox.url, viewport=PHONE) as phone:
        await phone.command("health", route=GRAFANA)
        await phone.see("grafana answers 502")
        card = await phone.newest.locator(".component-container").bounding_box()
        await phone.press("Re-check")
        await phone.see("checked 1 times")
        await phone.screenshot(tmp_path / "phone.png")
    assert card is not None
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= PHONE["width"]
    width, height = struct.unpack(">II", (tmp_path / "phone.png").read_bytes()[16:24])
    assert (width, height) == (PHONE["width"], PHONE["height"])
