"""One tested request for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from bot.net.request.result import Reached
from bot.net.views import text_request as told
from bot.render import terminal
from bot.render import text as words

WIDE = 400


def reached(each: Reached) -> RenderableType:
    """The verdict, then every step."""
    style = f"bold {terminal.STYLE[each.verdict]}"
    parts: list[RenderableType] = [Text(told.HEADS[each.verdict], style=style)]
    parts.append(Text(f"{words.line(each.start, WIDE)} -> {words.line(each.goal, WIDE)}"))
    parts.append(Text(words.line(each.because, WIDE)))
    for part, ended in told.steps(each):
        ended_as = (words.line(ended, WIDE), "bold")
        parts.append(Text.assemble("  ", words.line(part, WIDE), ": ", ended_as))
    parts += [
        Text.assemble(("not tested: ", "magenta"), words.line(one, WIDE)) for one in each.untested
    ]
    parts.append(Text(f"tested by {words.line(each.way, WIDE)}", "dim"))
    return Group(*parts)
