"""How long answers are on a phone, and that no sign stands without a word."""

import re

import pytest

pytest.importorskip("playwright", reason="needs the extra `browser`")
pytest.importorskip("simcord", reason="needs the extra `sandbox`")

from tests.browser.driver import PHONE, chromium, find_chromium, open_tab
from tests.browser.sandbox import sandbox

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs a Chromium on the path")

SIGN = re.compile(r"(?:✅|🔄|⏸️|❔|⚠️|❌)(?!\s*\S*\w)")
"""A sign with nothing to read next to it."""

SCREEN = PHONE["height"]


@pytest.mark.parametrize(
    ("scenario", "answers"),
    [
        # At most four things are wrong.
        ("certificates", (("health all", "healthy:", 1), ("digest now", "New (", 2))),
        ("homelab", (("traefik logs", "Find out why", 1), ("help", "What you can ask", 1))),
    ],
)
async def test_a_report_is_a_screen_a_digest_two_and_a_log_one(
    scenario: str, answers: tuple[tuple[str, str, int], ...]
) -> None:
    """The picture and the file of an answer count."""
    async with (
        chromium() as browser,
        sandbox(scenario) as running,
        open_tab(browser, running.url, viewport=PHONE) as tab,
    ):
        await tab.see("healthy", seconds=30)
        for command, said, screens in answers:
            await tab.command(command)
            articles = tab.messages.locator("article.channel-message")
            answer = articles.filter(has_text=said).last
            await answer.wait_for(timeout=30_000)
            await tab.page.wait_for_timeout(1500)
            box, text = await answer.bounding_box(), await answer.inner_text()
            assert box is not None
            assert box["height"] <= screens * SCREEN, (command, box, text)
            assert not SIGN.search(text), text
