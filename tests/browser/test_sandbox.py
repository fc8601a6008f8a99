"""The README's promise: the real bot in a browser, from the command to the export."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

pytest.importorskip("playwright", reason="needs the extra `browser`")
pytest.importorskip("simcord", reason="needs the extra `sandbox`")

from playwright.async_api import Browser

from tests.browser.driver import PHONE, Pick, Tab, chromium, find_chromium, open_tab
from tests.browser.sandbox import Sandbox, sandbox

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
    await tab.see("Failed")
    await tab.see("CrashLoopBackOff")
    await tab.choose("Look into a finding", "Pod")
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
    await tab.see("It goes round a broken path")


async def test_a_guest_is_refused(tab: Tab) -> None:
    """Who is in no circle learns nothing."""
    await tab.view_as("guest")
    await tab.command("health all")
    await tab.see("viewers")


async def test_a_report_can_be_read_on_a_phone(browser: Browser, homelab: Sandbox) -> None:
    """Nothing is wider than the screen."""
    async with open_tab(browser, homelab.url, viewport=PHONE) as tab:
        await tab.command("health all")
        await tab.see("Failed")
        assert await tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_a_cluster_that_is_down_is_answered_too(browser: Browser) -> None:
    """Unknown, with the reason, and never healthy."""
    async with sandbox("down") as running, open_tab(browser, running.url) as tab:
        await tab.command("health all")
        await tab.see("Unknown", seconds=40)
        await tab.not_see("Healthy")


async def test_ctrl_c_ends_it_without_a_trace() -> None:
    """Exit code 0 and no traceback."""
    async with sandbox("healthy") as running:
        assert await running.end() == 0
        assert "Traceback" not in "".join(running.printed)
