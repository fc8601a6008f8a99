"""What all answers on a terminal share: colours, indentation and printing, by rich."""

from __future__ import annotations

import io
import sys

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.render import text as words
from bot.render.prose import plain as plain_prose

STYLE = {verdict: look.style for verdict, look in words.LOOK.items()}

WIDE = 400
"""Characters of one message."""

PAGE = 100
"""Columns of a page in a file."""

UNWRAPPED = 100_000
"""Columns of a page in a pipe: more than any line has."""


def console() -> Console:
    """Standard output: its width, and colours only where it is a terminal."""
    return Console(soft_wrap=False, legacy_windows=False)


def write(content: bytes) -> None:
    """Write bytes to standard output unchanged, for another program."""
    sys.stdout.buffer.write(content)
    sys.stdout.flush()


def tell(text: str) -> None:
    """One line on standard error, for the person at the terminal."""
    print(f"meshmedic: {sentence(text, 1000)}", file=sys.stderr)  # noqa: T201  # the terminal is our page


def show(console: Console, renderable: RenderableType) -> None:
    """Print, folding long words so that nothing is lost at 80 columns."""
    console.print(renderable, soft_wrap=False, overflow="fold", highlight=False, markup=False)


def answer(renderable: RenderableType) -> None:
    """Print to standard output: as wide as the terminal, and unwrapped and unpadded into a pipe."""
    if sys.stdout.isatty():
        show(console(), renderable)
        return
    page = plain(renderable, width=UNWRAPPED)
    write("".join(f"{line.rstrip()}\n" for line in page.splitlines()).encode())


def plain(*renderables: RenderableType, width: int = PAGE) -> str:
    """What `show` prints, as plain text of this width for a file."""
    page = io.StringIO()
    file_console = Console(file=page, width=width, color_system=None, legacy_windows=False)
    for renderable in renderables:
        show(file_console, renderable)
    return page.getvalue()


def labelled(label: str, style: str, text: str, most: int = WIDE) -> Text:
    """`label: text` in one line of at most `most` characters of text."""
    return Text.assemble((f"{label}: ", style), sentence(text, most))


def sentence(text: str, most: int = WIDE) -> str:
    """Our own sentence in one line, without the marks of its values."""
    return words.line(plain_prose(text[: 4 * most + words.SPARE]), most)


def indented(renderable: RenderableType, columns: int = 2) -> Padding:
    """Indented, and no wider than its content."""
    return Padding(renderable, (0, 0, 0, columns), expand=False)
