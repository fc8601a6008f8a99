"""The README's promise: the real bot in a browser, from the command to the export."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

pytest.importorskip("playwright", reason="needs the extra `browser`")
pytest.importorskip("simcord", reason="needs the extra `sandbox`")

from playwright.async_api import Browser, expect

from tests.browser.driver import PHONE, Pick, Tab, chromium, find_chromium, open_tab
from tests.browser.sandbox import Sandbox, sandbox

NEXTCLOUD = "ingressroute/productivity/nextcloud nextcloud.lab.example.org"
BOARD = "healthy"
PATIENCE = 60.0
"""Seconds that a test of the network may take on a busy machine."""

pytestmark = [
    pytest.mark.skipif(find_chromium() is None, reason="needs a Chromium on the path"),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def homelab() -> AsyncIterator[Sandbox]:
    async with sandbox("homelab") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Browser, homelab: Sandbox) -> AsyncIterator[Tab]:
    async with open_tab(browser, homelab.url) as opened:
        # It is posted once, some seconds after the start, and edited from then on.
        await opened.see(BOARD)
        yield opened
        assert opened.errors == []


async def test_terminal_and_page_say_that_it_is_simulated(homelab: Sandbox, tab: Tab) -> None:
    """Nobody takes the pretended homelab for a real one."""
    assert "simulated" in "".join(homelab.printed)
    assert "simulated" in await tab.page.title()
    await tab.see("Everything here is simulated")


async def test_health_is_answered_drilled_into_and_exported(tab: Tab) -> None:
    """The whole way of a first visitor: report, story of a finding, files."""
    await tab.command("health all")
    await tab.see("problems")
    await tab.see("was killed for lack of memory")
    await tab.choose("Look into a finding", "immich-machine-learning")
    await tab.see("OOMKilled")
    await tab.press("Export")
    await tab.see("The whole report.")
    name = await tab.newest.get_by_text(".json").first.inner_text()
    report = json.loads(await tab.download(name.strip()))
    assert report["verdict"] == "failed"
    assert any(each["reason"] == "CrashLoopBackOff" for each in report["findings"])


async def test_a_namespace_is_suggested_and_narrows_the_answer(tab: Tab) -> None:
    """Autocomplete comes from the live objects of the simulated cluster."""
    await tab.command("health pods", namespace=Pick("kube", "kube-system"))
    await tab.see("in kube-system")


async def test_the_runbook_opens_at_a_word(tab: Tab) -> None:
    """A topic is found by what it speaks of."""
    await tab.command("runbook", topic=Pick("nativelb", "The fix: nativeLB"))
    await tab.see("It works around a broken path")


SELECTED = """message => {
    const range = document.createRange();
    range.selectNodeContents(message);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return selection.toString();
}"""
"""What a person copies who marks all of an element."""


@pytest.mark.parametrize(
    "typed", ["Host(`forgejo.lab.example.org`) zzz", "http://127.0.0.1:8096/#_x_"]
)
async def test_what_is_copied_is_what_was_meant(tab: Tab, typed: str) -> None:
    """A rule and an address as code: nothing is hidden or exchanged."""
    await tab.begin_command("runbook")
    await tab.fill_option("topic", typed)
    # Not `command`: the page keeps what was typed when the bot refuses it.
    await tab.page.locator("#send-message").click()
    await expect(tab.newest).to_contain_text(typed)
    assert (await tab.newest.locator("code").first.evaluate(SELECTED)).strip() == typed


async def test_suggestions_come_before_the_first_letter(tab: Tab) -> None:
    await tab.begin_command("net test")
    for option, label in (("from", "node/edge"), ("to", "cert-manager.cert-manager:80")):
        await tab.fill_option(option, "")
        await expect(tab.page.locator("#command-suggestion-listbox")).to_contain_text(label)
    await tab.page.keyboard.press("Escape")


async def test_a_route_is_repaired_proven_and_taken_back(browser: Browser) -> None:
    """The runbook's own cause, in a homelab of its own: 502 before, 200 after, and back again."""
    async with sandbox("homelab") as running, open_tab(browser, running.url) as tab:
        await tab.command("fix route", route=Pick("nextcloud", NEXTCLOUD))
        await tab.see("20 of 20 requests failed with HTTP 502", seconds=PATIENCE)
        await tab.see("nativeLB: true")
        await tab.press("Approve")
        await tab.see("30 of 30 requests answered HTTP 200", seconds=2 * PATIENCE)
        await tab.press("Roll back")
        await tab.see("Fix rolled back", seconds=PATIENCE)
        assert tab.errors == []


async def test_a_route_is_diagnosed_and_its_evidence_downloads(tab: Tab) -> None:
    """The runbook's own symptom, with what nativeLB would do, and the same again by a button."""
    await tab.command("net diagnose", route=Pick("nextcloud", NEXTCLOUD))
    await tab.see("nativeLB works around it", seconds=PATIENCE)
    assert b"refused" in await tab.download("diagnosis.txt")
    messages = tab.messages.locator("article.channel-message")
    answers = messages.filter(has_text="nativeLB works around it")
    before = await answers.count()
    await tab.press("Test again")
    await expect(answers).to_have_count(before + 1, timeout=PATIENCE * 1000)


LOADED = """() => [...document.querySelectorAll('img[alt^="{alt}"]')].some(
    image => image.complete && image.naturalWidth > 500)"""


async def test_what_breaks_is_an_alert_that_is_acknowledged_for_all_to_see_and_ends_with_an_answer(
    browser: Browser,
) -> None:
    """By two words to the sandbox, in a homelab of its own; the board shows it meanwhile."""
    async with sandbox("healthy") as running, open_tab(browser, running.url) as tab:
        await tab.see("11 of 11 sites answer", seconds=PATIENCE)
        await tab.see("No open incident")
        await tab.write("break")
        await tab.see("jellyfin is crash-looping", seconds=PATIENCE)
        await tab.see("1 of 11 sites doesn't answer", seconds=PATIENCE)
        await tab.not_see("No open incident")
        await tab.press("Acknowledge")
        await tab.see("acknowledged by owner until")
        await expect(tab.newest).to_contain_text("Only you can see this")
        await tab.view_as("guest")
        await tab.not_see("acknowledged by owner until")
        await tab.see("Acknowledged by owner until", seconds=PATIENCE)
        await tab.press("Unmute")
        await tab.see("You need the operator role for this.")
        await tab.view_as("owner")
        await tab.press("Unmute")
        await tab.see("is no longer acknowledged")
        await tab.write("mend")
        await tab.see("jellyfin recovered after", seconds=PATIENCE)
        await tab.see("No open incident", seconds=PATIENCE)
        assert tab.errors == []


async def test_a_digest_tells_what_is_different_with_a_picture_of_the_week(
    browser: Browser,
) -> None:
    """New, unchanged and fixed; the picture's own words for who cannot see it."""
    # A diagnosis of another test would be new, too.
    async with sandbox("homelab") as running, open_tab(browser, running.url) as tab:
        await tab.see(BOARD)
        await tab.command("digest now")
        await tab.see("12 new, 2 unchanged, 2 fixed", seconds=PATIENCE)
        for part in ("New (12)", "Unchanged (2)", "Fixed (2)", "Still open (1)", "The last 7 days"):
            await tab.see(part)
        picture = tab.newest.get_by_alt_text(
            "Timeline: Hours without a fault, last 7 days. 20 incidents"
        )
        await expect(picture).to_be_visible(timeout=PATIENCE * 1000)
        await tab.page.wait_for_function(LOADED.format(alt="Timeline"), timeout=PATIENCE * 1000)
        assert b"Fixed (2)" in await tab.download("digest.txt")
        assert tab.errors == []


async def test_a_matrix_is_shown_as_a_picture(browser: Browser) -> None:
    """With the dead node in words, and the picture's own words for who cannot see it."""
    async with sandbox("overlay-down") as running, open_tab(browser, running.url) as tab:
        await tab.see(BOARD)
        await tab.command("net matrix")
        await tab.see("Nothing gets to or from cabin-pi by pod IP", seconds=PATIENCE)
        picture = tab.messages.get_by_alt_text("Heat map of")
        await expect(picture).to_be_visible(timeout=PATIENCE * 1000)
        # The page may draw the message anew, and the picture is loaded once more then.
        await tab.page.wait_for_function(LOADED.format(alt="Heat map of"), timeout=PATIENCE * 1000)


async def test_one_request_is_tested_from_a_node(tab: Tab) -> None:
    edge = Pick("edge", "node/edge")
    await tab.command("net test", **{"from": edge, "to": "nextcloud.productivity"})
    await tab.see("answers with HTTP", seconds=PATIENCE)
    await tab.see("HTTP 200")


async def test_a_tool_is_run_on_a_node(tab: Tab) -> None:
    """Its choices and suggestions come from the command itself and from the live objects."""
    asked = {"tool": Pick("di", "dig"), "node": Pick("edge", "edge")}
    target = Pick("nextc", "productivity/nextcloud")
    await tab.command("net tool", **asked, target=target)
    await tab.see("exit code 0", seconds=PATIENCE)
    await tab.see("NOERROR")


async def test_a_guest_is_refused(tab: Tab) -> None:
    """Who has no role learns nothing."""
    await tab.view_as("guest")
    await tab.command("health all")
    await tab.see("You need the viewer role for this.")


async def test_a_report_can_be_read_on_a_phone(browser: Browser, homelab: Sandbox) -> None:
    """Nothing is wider than the screen."""
    async with open_tab(browser, homelab.url, viewport=PHONE) as tab:
        await tab.see(BOARD)
        await tab.command("health all")
        await tab.see("problems")
        assert await tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_a_cluster_that_is_down_is_answered_too(browser: Browser) -> None:
    """Unknown, with the reason, and never healthy."""
    async with sandbox("down") as running, open_tab(browser, running.url) as tab:
        await tab.command("health all")
        await tab.see("can't see", seconds=40)
        await tab.not_see("All healthy")


async def test_ctrl_c_ends_it_without_a_trace() -> None:
    """Exit code 0 and no traceback."""
    async with sandbox("healthy") as running:
        assert await running.end() == 0
        assert "Traceback" not in "".join(running.printed)


async def test_the_first_steps_fit_a_phone_and_a_channel_is_chosen_in_discords_own_select(
    browser: Browser, homelab: Sandbox
) -> None:
    """The last one here: from now on the channel gets audit entries, too."""
    async with open_tab(browser, homelab.url, viewport=PHONE) as tab:
        for name, headline in (("help", "What you can ask"), ("setup channels", "Where to post")):
            await tab.command(name)
            await tab.see(headline)
            box = await tab.newest.bounding_box()
            assert box
            assert box["height"] < PHONE["height"] - 200, name
        await tab.choose("Choose a channel", "ops")
        await tab.see("from now on")
        await tab.command("setup show")
        await tab.see("MESHMEDIC_AUDIT_CHANNEL=")
        assert tab.errors == []
