"""Makes the README's pictures: `python -m tests.browser.screenshots FOLDER`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, ViewportSize

from tests.browser.driver import PHONE, Pick, Tab, chromium, open_tab
from tests.browser.sandbox import sandbox

NEXTCLOUD = "ingressroute/productivity/nextcloud nextcloud.lab.example.org"
LETTER: ViewportSize = {"width": 1000, "height": 1830}
CARD: ViewportSize = {"width": 960, "height": 1060}
MATRIX: ViewportSize = {"width": 900, "height": 1020}
TALL: ViewportSize = {"width": 1120, "height": 1250}


async def _show_from_its_beginning(tab: Tab) -> None:
    """The page shows the newest words; the verdict is what one reads first."""
    await tab.page.wait_for_timeout(700)
    await tab.newest.evaluate("message => message.scrollIntoView({block: 'start'})")
    await tab.page.wait_for_timeout(300)


async def _why(tab: Tab) -> None:
    await tab.choose("Look into a finding", "immich-machine-learning")
    await tab.newest.get_by_text("OOMKilled").first.wait_for()
    await _show_from_its_beginning(tab)


async def _health(tab: Tab) -> None:
    await tab.command("health all")
    await tab.newest.get_by_text("healthy:").wait_for()
    await _show_from_its_beginning(tab)


async def _diagnosis(tab: Tab) -> None:
    await tab.command("net diagnose", route=Pick("nextcloud", NEXTCLOUD))
    await tab.see("Evidence")
    await _show_from_its_beginning(tab)


async def _matrix(tab: Tab) -> None:
    await tab.command("net matrix")
    await tab.see("to or from cabin-pi", seconds=60)
    await tab.messages.get_by_alt_text("Heat map of").wait_for()
    await tab.page.wait_for_timeout(1500)


async def _digest(tab: Tab) -> None:
    await tab.command("digest now")
    await tab.newest.get_by_alt_text("Timeline").wait_for(timeout=60_000)
    await tab.page.wait_for_timeout(1500)


async def _alert(tab: Tab) -> None:
    await tab.write("break")
    await tab.see("jellyfin is crash-looping", seconds=30)
    # The board is edited at the next look.
    await tab.page.wait_for_timeout(5000)


async def _recovered(tab: Tab) -> None:
    await tab.write("mend")
    await tab.see("jellyfin recovered after", seconds=60)
    await tab.page.wait_for_timeout(4000)


async def _fix(tab: Tab) -> None:
    await tab.command("fix route", route=Pick("nextcloud", NEXTCLOUD))
    await tab.see("Fix proposed", seconds=60)
    await tab.page.wait_for_timeout(700)


@asynccontextmanager
async def _tab(
    browser: Browser, viewport: ViewportSize, scenario: str = "homelab"
) -> AsyncIterator[Tab]:
    """A sandbox of its own: the pages of one share what was said."""
    async with (
        sandbox(scenario) as running,
        open_tab(browser, running.url, viewport=viewport) as tab,
    ):
        # They come some seconds after the start: the answers shall stand below them.
        await tab.see("of 11 sites ", seconds=60)
        if scenario == "homelab":
            await tab.see("NoSiteAnswers", seconds=60)
            await tab.page.wait_for_timeout(5000)
        yield tab


async def make(folder: Path) -> None:
    """Reports on a desktop and on a phone, a finding's story, a diagnosis, a repair, and more."""
    async with chromium() as browser:
        async with _tab(browser, PHONE) as tab:
            await _health(tab)
            await tab.screenshot(folder / "phone.png")
        async with _tab(browser, TALL) as tab:
            await _health(tab)
            await tab.screenshot(folder / "health.png")
            await _why(tab)
            await tab.screenshot(folder / "why.png")
        async with _tab(browser, TALL) as tab:
            await _diagnosis(tab)
            await tab.screenshot(folder / "diagnosis.png")
        async with _tab(browser, TALL) as tab:
            await _fix(tab)
            await tab.screenshot(folder / "fix.png")
            await tab.press("Approve")
            await tab.see("Roll back", seconds=90)
            await tab.page.wait_for_timeout(700)
            card = tab.page.locator("h2", has_text="Works again").last
            await card.evaluate("card => card.scrollIntoView({block: 'start'})")
            await tab.page.wait_for_timeout(300)
            await tab.screenshot(folder / "fixed.png")
        async with _tab(browser, LETTER) as tab:
            await _digest(tab)
            await tab.screenshot(folder / "digest.png")
        async with _tab(browser, CARD, "healthy") as tab:
            await _alert(tab)
            await tab.screenshot(folder / "alert.png")
            await _recovered(tab)
            await tab.screenshot(folder / "recovered.png")
        async with _tab(browser, MATRIX, "overlay-down") as tab:
            await _matrix(tab)
            await tab.screenshot(folder / "matrix.png")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(make(target))
