"""Makes the README's pictures: `python -m tests.browser.screenshots FOLDER`."""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import ViewportSize

from tests.browser.driver import PHONE, Tab, chromium, open_tab
from tests.browser.sandbox import sandbox

TALL: ViewportSize = {"width": 1120, "height": 1250}


async def _health(tab: Tab) -> None:
    await tab.command("health all")
    await tab.see("seen")
    await tab.page.wait_for_timeout(700)


async def make(folder: Path) -> None:
    """The answer on a desktop and on a phone, and the story of one finding."""
    async with chromium() as browser:
        # Each in a channel of its own: the pages of one sandbox share what was said.
        async with (
            sandbox("homelab") as running,
            open_tab(browser, running.url, viewport=PHONE) as tab,
        ):
            await _health(tab)
            # The page shows the newest words; the verdict is what one reads first.
            await tab.newest.evaluate("message => message.scrollIntoView({block: 'start'})")
            await tab.page.wait_for_timeout(300)
            await tab.screenshot(folder / "phone.png")
        async with (
            sandbox("homelab") as running,
            open_tab(browser, running.url, viewport=TALL) as tab,
        ):
            await _health(tab)
            await tab.screenshot(folder / "health.png")
            await tab.choose("Look into a finding", "Pod")
            await tab.see("Next")
            await tab.page.wait_for_timeout(700)
            await tab.screenshot(folder / "why.png")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(make(target))
