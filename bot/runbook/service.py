"""The runbook: one Markdown file per topic, found by words."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from bot.domain.typed import unknown
from bot.errors import InputError


@dataclass(frozen=True, slots=True)
class Page:
    """One topic. `text` is Discord's Markdown without the title line."""

    name: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Runbook:
    """All pages, in the order of their file names."""

    pages: tuple[Page, ...]

    def search(self, words: str) -> tuple[Page, ...]:
        """The pages that contain every word, those with all of them in the title first."""
        wanted = words.lower().split()
        matching = [
            page
            for page in self.pages
            if all(word in f"{page.name} {page.title} {page.text}".lower() for word in wanted)
        ]
        return tuple(
            sorted(matching, key=lambda page: any(w not in page.title.lower() for w in wanted))
        )

    def page(self, topic: str) -> Page:
        """The page of that name, else the best match.

        Raises:
            InputError: No page contains these words.
        """
        by_name = [page for page in self.pages if page.name == topic]
        if pages := by_name or self.search(topic):
            return pages[0]
        titles = {key: page.title for page in self.pages for key in (page.name, page.title)}
        raise InputError(unknown("runbook page on", topic, titles))


def load() -> Runbook:
    """The pages that ship with the bot."""
    folder = resources.files("bot") / "runbook_pages"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    pages = (
        _page(file.name, file.read_text("utf-8")) for file in files if file.name.endswith(".md")
    )
    return Runbook(tuple(pages))


def _page(file_name: str, text: str) -> Page:
    title, _, rest = text.partition("\n")
    name = file_name.removesuffix(".md").partition("-")[2]
    return Page(name, title.removeprefix("# ").strip(), rest.strip())
