"""Cards for Discord: Components V2, readable on a phone.

Limits: 4,000 characters over all text of a message, 40 components, 25 select options of 100
characters. Text from the cluster stands in inline code or in a fence that it cannot break.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.domain.verdict import Verdict
from bot.render import text as words

TEXT = 3900
"""Characters of one message, some below Discord's 4,000."""

CHOICES = 25
LABEL = 100
ALT = 1024
SUBJECT = 120
MESSAGE = 300
KINDS = 8
NO_BREAK = "\u200b"
MARKUP = re.compile(r"[\\*_~|]")
BEGINNING = re.compile(r"^([ \t]*+\d*+)([>+.)-])(?=[\s>]|$)", re.MULTILINE)
"""What makes a line a quote or an entry of a list."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send along."""

    name: str
    content: bytes

    @classmethod
    def of_text(cls, name: str, text: str, most: int | None = None) -> Attachment:
        """A file of text without hidden characters, cut to `most` bytes."""
        return cls(name, words.marked(text).encode(errors="replace")[:most])


@dataclass(frozen=True, slots=True)
class Card:
    """One message: its view and its files, each shown by a File component of the view."""

    view: ui.LayoutView
    files: tuple[Attachment, ...] = ()

    def discord_files(self) -> list[discord.File]:
        """Fresh file objects, since sending uses them up."""
        return [discord.File(io.BytesIO(file_.content), file_.name) for file_ in self.files]


Row = ui.ActionRow[Any]


def note(text: str, *, raw: bool = False) -> Card:
    """A short message to one person. `raw` text comes from this bot and may contain markup."""
    return card(None, [text if raw else escape(words.line(text, 1500))], ())


def topic(title: str, text: str) -> Card:
    """A page of the runbook: the bot's Markdown, never text from the cluster."""
    return card(None, [f"## {title}\n{text[:TEXT]}"], ())


def files(text: str, attachments: tuple[Attachment, ...]) -> Card:
    """Files with a line above them."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    return with_files(Card(view), attachments)


def with_files(card: Card, attachments: tuple[Attachment, ...]) -> Card:
    """A card with files below it."""
    for attachment in attachments:
        card.view.add_item(ui.File(f"attachment://{attachment.name}"))
    return Card(card.view, (*card.files, *attachments))


def with_picture(card: Card, picture: Attachment, alt: str) -> Card:
    """A card with a picture below it; `alt` describes it to people who cannot see it."""
    item = discord.MediaGalleryItem(f"attachment://{picture.name}", description=alt[:ALT] or "?")
    card.view.add_item(ui.MediaGallery(item))
    return Card(card.view, (*card.files, picture))


def code(text: str, most: int) -> str:
    """Text from the cluster as inline code, in which mentions, links and markup do nothing."""
    shown = words.line(text, most).replace("`", "ˋ")
    return f"`{shown}`" if shown else "–"


def fence(lines: Sequence[str], most: int) -> str:
    """Log lines in a block: the last ones that fit, with every run of backticks broken."""
    shown: list[str] = []
    for line in reversed(lines):
        escaped = words.line(line, 300).replace("`", f"`{NO_BREAK}")
        if sum(map(len, shown)) + len(shown) + len(escaped) > most:
            break
        shown.insert(0, escaped)
    return "```\n" + "\n".join(shown) + "\n```"


def escape(text: str) -> str:
    """Prose that may quote the cluster: markup, mentions and links are taken apart.

    discord.py's own function leaves alone whatever stands in a link or after an address.
    Source: Discord, "Markdown Text 101".
    """
    escaped = MARKUP.sub(r"\\\g<0>", text.replace("`", "ˋ"))
    escaped = BEGINNING.sub(r"\1\\\2", escaped)
    for sign in ("<", "@", "[", "]", "#", ":"):
        escaped = escaped.replace(sign, f"{sign}{NO_BREAK}")
    return escaped


def prose(text: str) -> str:
    """Our own sentences, whatever they quote: what stands between backticks is code.

    Whatever the cluster wrote into it, with backticks or without, is harmless either way.
    """
    if text.count("`") % 2:
        return escape(text)
    spans = text.split("`")
    return "".join(
        f"`{span}`" if number % 2 and span else escape(span) for number, span in enumerate(spans)
    )


def card(verdict: Verdict | None, parts: Sequence[str], rows: Sequence[Row]) -> Card:
    """A message of several parts with separators between them, in the colour of its verdict."""
    colour = words.LOOK[verdict].colour if verdict else None
    container: ui.Container[Any] = ui.Container(accent_colour=colour)
    for number, part in enumerate(parts):
        if number:
            container.add_item(ui.Separator(visible=number in (1, len(parts) - 1)))
        container.add_item(ui.TextDisplay(part))
    for row in rows:
        container.add_item(row)
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return Card(view)


def fitting(parts: Sequence[str], room: int) -> Iterator[str]:
    """The first parts that together have at most `room` characters."""
    for part in parts:
        room -= len(part)
        if room < 0:
            return
        yield part
