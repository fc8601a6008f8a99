"""The documented knowledge as pages: one Markdown file a topic, found by words."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from bot.errors import InputError


@dataclass(frozen=True, slots=True)
class Page:
    """A topic. `text` is Discord's Markdown without the title line."""

    name: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Runbook:
    """All pages, in the order of their file names."""

    pages: tuple[Page, ...]

    def search(self, words: str) -> tuple[Page, ...]:
        """The pages that hold every word, those with it in the title first; all for no words."""
        wanted = words.lower().split()
        found = [
            page
            for page in self.pages
            if all(word in f"{page.name} {page.title} {page.text}".lower() for word in wanted)
        ]
        titled = [page for page in found if all(word in page.title.lower() for word in wanted)]
        return (*titled, *(page for page in found if page not in titled))

    def page(self, topic: str) -> Page:
        """The page of that name, else the best that is found.

        Raises:
            InputError: No page has these words.
        """
        by_name = {page.name: page for page in self.pages}
        if topic in by_name:
            return by_name[topic]
        if found := self.search(topic):
            return found[0]
        titles = ", ".join(page.title for page in self.pages)
        msg = f"The runbook has nothing on {topic[:60]!r}. It has: {titles}."
        raise InputError(msg)


def load() -> Runbook:
    """The pages that ship with the bot."""
    folder = resources.files("bot") / "runbook_pages"
    files = sorted(
        (traversable for traversable in folder.iterdir() if traversable.name.endswith(".md")),
        key=lambda each: each.name,
    )
    return Runbook(tuple(_page(file_.name, file_.read_text("utf-8")) for file_ in files))


def _page(file_name: str, text: str) -> Page:
    title, _, rest = text.partition("\n")
    name = file_name.removesuffix(".md").partition("-")[2]
    return Page(name, title.removeprefix("# ").strip(), rest.strip())
