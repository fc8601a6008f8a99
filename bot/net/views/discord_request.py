"""The answer to `/net test`: whether it is reached, then step by step how far it came."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.verdict import Verdict
from bot.net.request.result import Reached
from bot.net.views import terminal_request as told
from bot.render import cards as render
from bot.render import text as words

SENTENCE = 500
LINE = 200
STEPS = 14
UNTESTED = 4


def reached(each: Reached, rows: Sequence[render.Row] = ()) -> render.Card:
    """One message."""
    verdict = each.verdict
    because = render.escape(words.line(each.because, SENTENCE))
    way = f"{render.code(each.start, 120)} → {render.code(each.goal, LINE)}"
    parts = [
        f"## {words.MARK[verdict]} {told.HEADS[verdict]}\n{way}\n{because}",
        _steps(each),
        _untested(each),
        f"-# tested by {render.escape(words.line(each.way, LINE))}",
    ]
    return render.card(verdict, [part for part in parts if part], rows)


def _steps(each: Reached) -> str:
    lines = [
        f"**{render.escape(words.line(part, 80))}** {render.code(ended, LINE)}"
        for part, ended in told.steps(each)
    ]
    more = [f"-# … and {len(lines) - STEPS} more"] if len(lines) > STEPS else []
    return "\n".join([*lines[:STEPS], *more])


def _untested(each: Reached) -> str:
    lines = [f"-# {render.escape(words.line(one, LINE * 2))}" for one in each.untested[:UNTESTED]]
    title = f"{words.MARK[Verdict.UNKNOWN]} **not tested**\n"
    return title + "\n".join(lines) if lines else ""
