"""The answer to `/net tool`: how it ended, the end of its output, and all of it as a file."""

from __future__ import annotations

import shlex

from bot.core.network.tools.ran import Ran
from bot.core.redact import redact
from bot.core.verdict import Verdict
from bot.render import discord as render
from bot.render import words

FILE = "output.txt"
COMMAND = 400
SHOWN = 2600
WIDE = 2000
"""Characters of one line of the file."""


def tool(each: Ran) -> render.Card:
    """One message; what the tool said is hostile text."""
    lines = _lines(each)
    verdict = _verdict(each)
    head = (
        f"## {words.MARK[verdict]} {each.argv[0]} on {render.code(each.node, 63)}\n"
        f"{_ended(each)}\n-# {render.code(shlex.join(each.argv), COMMAND)}"
    )
    said = render.fence(lines, SHOWN) if lines else "It said nothing."
    made = render.card(verdict, [head, said], ())
    if not lines:
        return made
    whole = "\n".join(words.line(line, WIDE) for line in lines) + "\n"
    return render.with_files(made, (render.Attachment(FILE, whole.encode()),))


def _lines(each: Ran) -> list[str]:
    """Redacted as a whole first: what is secret may stand on several lines."""
    return redact(each.output).strip("\n").splitlines()


def _verdict(each: Ran) -> Verdict:
    if each.cut or each.late:
        return Verdict.DEGRADED
    if each.exit_code is None:
        return Verdict.UNKNOWN
    return Verdict.FAILED if each.exit_code else Verdict.HEALTHY


def _ended(each: Ran) -> str:
    if each.cut:
        return "Stopped: it said too much. This is the beginning of its output."
    if each.late:
        return "Stopped: it took too long. This is what it had said."
    if each.exit_code is None:
        return "It ended, and nobody says how."
    return f"Exit code {each.exit_code}."
