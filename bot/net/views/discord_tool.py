"""The answer to `/net tool`: what was run, how it ended, and what it said."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from bot.domain.redaction.redact import redact
from bot.net.tools.command import Ran
from bot.render import cards as render
from bot.render import text as words

OUTPUT = 3000
"""Characters of output in the message."""

LINES = 60
ARGUMENTS = 300
LINE = 300
WIDE = 2000
"""Characters of a line in the file."""


def ran(each: Ran, rows: Sequence[render.Row] = ()) -> render.Card:
    """One message; what does not fit into it is in a file."""
    tool = words.line(each.argv[0], 20) if each.argv else "?"
    head = f"## {render.escape(tool)} on {render.code(each.node, 100)}\n-# {ended(each)}"
    # As a whole first: what is secret may stand on several lines.
    lines = redact(each.output).splitlines()
    block = render.fence(lines[:LINES], OUTPUT)
    nothing = not any(line.strip() for line in lines)
    parts = [
        head,
        "It said nothing." if nothing else block,
        f"-# {render.code(shlex.join(each.argv), ARGUMENTS)}",
    ]
    made = render.card(None, parts, rows)
    if nothing or (len(lines) <= LINES and _fits(lines)):
        return made
    whole = "".join(f"{words.line(line, WIDE)}\n" for line in lines).encode()
    return render.with_files(made, (render.Attachment("output.txt", whole),))


def ended(each: Ran) -> str:
    """How it ended, in words."""
    if each.cut:
        return "cut off: it said too much"
    if each.late:
        return "cut off: it took too long"
    return "how it ended is not known" if each.exit_code is None else f"exit code {each.exit_code}"


def _fits(lines: Sequence[str]) -> bool:
    return sum(min(len(line), LINE) + 1 for line in lines) <= OUTPUT and all(
        len(line) <= LINE for line in lines
    )
