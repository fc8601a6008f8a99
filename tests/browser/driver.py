"""Drives the sandbox page in a headless Chromium, in the words of a person in front of it.

Needs the extra `browser` (Playwright, without its own browsers) and a Chromium on the machine:
`$CHROMIUM`, or the first of `BROWSERS` on the path.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # Chromium refuses to run as root with it, as in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SECONDS = 10.0


def find_chromium() -> str | None:
    """The path of a Chromium, or None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


@dataclass(frozen=True, slots=True)
class Pick:
    """An option's value: type `typed`, then take the suggestion that says `label`."""

    typed: str
    label: str


@dataclass(slots=True)
class Tab:
    """One open sandbox page. Each method waits for what it needs, at most `SECONDS`."""

    page: Page
    errors: list[str] = field(default_factory=list)
    """What the page's own script complained about."""

    @property
    def messages(self) -> Locator:
        return self.page.locator("#channel-message-list")

    @property
    def newest(self) -> Locator:
        return self.messages.locator("article.channel-message").last

    async def view_as(self, name: str) -> None:
        """Become another of the people that "Viewing as" offers."""
        await self.be_ready()
        [viewer] = await self.page.locator("#viewer-picker").select_option(label=name)
        await self.be_ready("viewerId === " + repr(viewer))

    async def be_ready(self, also: str = "ready") -> None:
        """Wait until the page takes an action; while another one runs it drops clicks."""
        state = "window.simcordPreview"
        # Not wait_for_function: it evaluates a string, which the page's own policy forbids.
        async with asyncio.timeout(SECONDS):
            while not await self.page.evaluate(f"() => Boolean({state}?.ready && {state}.{also})"):
                await self.page.wait_for_timeout(50)

    async def see(self, text: str, *, seconds: float = SECONDS) -> None:
        """Wait until the messages show `text`; it may run across formatting."""
        await expect(self.messages).to_contain_text(text, timeout=seconds * 1000)

    async def not_see(self, text: str) -> None:
        await expect(self.messages).not_to_contain_text(text)

    async def command(self, name: str, **options: str | Pick) -> None:
        """Run /name with options, typed and picked as by hand; returns once it is acknowledged."""
        await self.begin_command(name)
        for option, value in options.items():
            await self.fill_option(option, value)
        # Not Enter: the focus is lost when a suggestion was chosen.
        await self.page.locator("#send-message").click()
        await self.page.locator("#channel-composer-input").wait_for()

    async def write(self, text: str) -> None:
        """Write an ordinary message."""
        await self.be_ready()
        composer = self.page.locator("#channel-composer-input")
        await composer.fill(text)
        await composer.press("Enter")

    async def begin_command(self, name: str) -> None:
        """Type the command's name and choose it from the list."""
        await self.be_ready()
        composer = self.page.locator("#channel-composer-input")
        await composer.click()
        await composer.press_sequentially(f"/{name}", delay=20)
        entries = self.page.locator("#command-picker-listbox [role=option]")
        await entries.filter(has_text=f"/{name}").first.click()
        await composer.wait_for(state="hidden")

    async def fill_option(self, option: str, value: str | Pick) -> None:
        entry = self.page.locator(f'.command-option-input[data-option="{option}"]')
        if not await entry.count():
            await self._add_optional(option)
        await entry.click()
        typed = value.typed if isinstance(value, Pick) else value
        await entry.press_sequentially(typed, delay=20)
        if isinstance(value, Pick):
            await self._suggestions(value.label).click()

    async def _add_optional(self, option: str) -> None:
        await self.page.locator(".command-ghost").click()
        await self._suggestions(option).click()

    def _suggestions(self, label: str) -> Locator:
        entries = self.page.locator("#command-suggestion-listbox [role=option]")
        return entries.filter(has=self.page.get_by_text(label, exact=True)).first

    async def press(self, name: str) -> None:
        """Click the newest button of this name, in a message or in an open dialog."""
        await self.be_ready()
        places = self.page.locator("#channel-message-list, #modal-root")
        await places.get_by_role("button", name=name, exact=True).last.click()

    async def choose(self, placeholder: str, label: str) -> None:
        """Open the newest select that shows `placeholder` and take one option."""
        await self.be_ready()
        select = self.messages.locator(".preview-select").filter(
            has=self.page.get_by_role("combobox", name=placeholder, exact=True)
        )
        await select.last.get_by_role("combobox").click()
        option = self.page.locator(".select-list [role=option]:visible").filter(has_text=label)
        await option.first.click()

    async def fill_field(self, label: str, text: str) -> None:
        """Fill a field of the open dialog."""
        await self.page.locator("#modal-root").get_by_role("textbox", name=label).fill(text)

    async def download(self, filename: str) -> bytes:
        """The bytes of the newest attachment of this name, as the browser saved them."""
        button = self.messages.get_by_role("button", name=f"Download {filename}").last
        async with self.page.expect_download() as saving:
            await button.click()
        saved = await (await saving.value).path()
        return await asyncio.to_thread(saved.read_bytes)

    async def screenshot(self, path: Path) -> None:
        """A picture of the window, once pictures and fonts are there."""
        await self.page.evaluate("() => document.fonts.ready.then(() => true)")
        await self.page.screenshot(path=path, animations="disabled")


@asynccontextmanager
async def chromium(flags: Sequence[str] = FLAGS) -> AsyncIterator[Browser]:
    """A headless Chromium with a fresh profile; closed at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=[*flags])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_tab(
    browser: Browser, url: str, *, viewport: ViewportSize = DESKTOP
) -> AsyncIterator[Tab]:
    """Open the sandbox page and wait until one can type into it."""
    context = await browser.new_context(viewport=viewport, accept_downloads=True)
    context.set_default_timeout(SECONDS * 1000)
    tab = Tab(await context.new_page())
    tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
    try:
        await tab.page.goto(url)
        await tab.page.locator("#channel-composer-input").wait_for()
        await tab.be_ready()
        yield tab
    finally:
        await context.close()
