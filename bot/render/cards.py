"""Cards for Discord: Components V2, readable on a phone.

Limits: 4,000 characters over all text of a message, 40 components, 25 select options of 100
characters. Text from the cluster stands in code that it cannot break, or is escaped. What a reader
copies from a card is what was meant: no hidden character, and none in place of another. Only a run
of three backticks in a block gets blanks (`unfenced`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import discord
from discord import ui

from bot.domain import posting, sentences
from bot.domain.verdict import Verdict
from bot.render import text as words
from bot.render.prose import spans

TEXT = 3900
"""Characters of one message, some below Discord's 4,000."""

CHOICES = 25
LABEL = 100
ALT = 1024
SUBJECT = 120
MESSAGE = 300
KINDS = 8
MARKUP = re.compile(r"[\\*_~|`<>@#\[\]]|:(?=//|[^\s:]*:)")
"""What begins markup, a mention, a stamp or a link anywhere, an address or the name of an emoji."""

BEGINNING = re.compile(r"^([ \t]*+\d*+)([+.)-])(?=\s|$)", re.MULTILINE)
"""What makes a line an entry of a list."""

BLOCK_ENDS = re.compile("`{3,}")
MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d)(:\d\d)? UTC\b", re.ASCII)


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
    """One message: its view and its files, each shown by a File component of the view.

    withheld: What is shown where Discord rejects the content.
    """

    view: ui.LayoutView
    files: tuple[Attachment, ...] = ()
    nonce: str = ""
    withheld: Card | None = None

    def discord_files(self) -> list[discord.File]:
        """Fresh file objects, since sending uses them up."""
        return [discord.File(io.BytesIO(file_.content), file_.name) for file_ in self.files]


Row = ui.ActionRow[Any]


def note(text: str, *, raw: bool = False) -> Card:
    """A short message to one person. `raw` text comes from this bot and may contain markup."""
    return card(None, [text if raw else prose(text, 1500)], ())


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
    """Text from the cluster as inline code, in which mentions, links and markup do nothing.

    What no code can hold, since it has runs of one and of two backticks, is escaped instead. Never
    put it in bold: Discord looks for the end of bold text before it looks for code.
    """
    shown = words.line(text, most)
    marked = sentences.code(shown)
    return marked if marked != shown else before_colon(shown) or "–"


def fence(lines: Sequence[str], most: int, language: str = "") -> str:
    """Log lines in a block: the last ones that fit.

    A run of three backticks would end the block, so it gets a blank after every second one: that
    can be seen, where a hidden character would be copied unseen.
    """
    latest = (unfenced(words.line(line, 300)) for line in reversed(lines))
    shown = [*words.fitting(latest, most, 1)][::-1]
    # Discord sees no block around nothing, and looks for its end further down.
    return block("\n".join(shown).strip("\n") or "–", language)


def block(text: str, language: str = "") -> str:
    """Several lines as a block of code."""
    return f"```{language}\n{text}\n```"


def unfenced(text: str) -> str:
    """Text that ends no block: a blank after every second backtick of a run of three or more."""
    return BLOCK_ENDS.sub(lambda run: " ".join(re.findall("``?", run[0])), text)


def escape(text: str) -> str:
    """Words of the cluster as prose: its markup, mentions and links are shown as they are written.

    By backslashes alone, which Discord takes away. discord.py's own functions are not enough: they
    leave lists, emojis and angle brackets alone, and put hidden characters into mentions.
    Source: Discord, "Markdown Text 101".
    """
    return BEGINNING.sub(r"\1\\\2", MARKUP.sub(r"\\\g<0>", text))


def before_colon(text: str) -> str:
    """Escaped where a colon may follow: with a colon inside the text it would make an emoji."""
    return escape(f"{text}:")[:-1]


def prose(text: str, most: int | None = None) -> str:
    """Our own sentences, whatever they quote: marked values as code, times as Discord's stamps.

    most: The characters of the one line that they are cut to, as `code` cuts; None: not cut here.
    Source of the marks: `bot.domain.sentences`.
    """
    shown = text if most is None else words.line(text, most)
    parts = (
        code(span.text, len(span.text)) if span.is_code else _stamped(span.text)
        for span in spans(shown)
    )
    return BEGINNING.sub(r"\1\\\2", "".join(parts))


def stamp(at: datetime, style: discord.utils.TimestampStyle = "f") -> str:
    """A time that each reader sees in their own zone and words; `R` shows it as an age."""
    return discord.utils.format_dt(at, style)


def _stamped(text: str) -> str:
    """Escaped, but for the times of `sentences.moment`."""
    end, parts = 0, []
    for match in MOMENT.finditer(text):
        try:
            at = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
        except ValueError:  # the 30th of February
            continue
        parts += [MARKUP.sub(r"\\\g<0>", text[end : match.start()]), stamp(at)]
        end = match.end()
    return "".join((*parts, MARKUP.sub(r"\\\g<0>", text[end:])))


def card(
    verdict: Verdict | None, parts: Sequence[str | ui.TextDisplay[Any]], rows: Sequence[Row]
) -> Card:
    """A message of several parts with separators between them, in the colour of its verdict.

    Empty parts are left out.
    """
    parts = [part for part in parts if part]
    colour = words.LOOK[verdict].colour if verdict else None
    container: ui.Container[Any] = ui.Container(accent_colour=colour)
    for number, part in enumerate(parts):
        if number:
            container.add_item(ui.Separator(visible=number in (1, len(parts) - 1)))
        container.add_item(ui.TextDisplay(part) if isinstance(part, str) else part)
    for row in rows:
        container.add_item(row)
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return Card(view)


def marked(card: Card, mark: str, detail: int = 0, *, withheld: Card | None = None) -> Card:
    """A card by whose mark its message is known again (`bot.domain.posting`).

    detail: The component id of what follows the first component, which has the mark.
    """
    ids = (posting.component_id(mark), detail or None)
    for item, id_ in zip(card.view.walk_children(), ids, strict=False):
        item.id = id_
    other = withheld and marked(withheld, mark, detail)
    return replace(card, nonce=posting.nonce(mark), withheld=other)
