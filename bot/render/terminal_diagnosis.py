"""A diagnosis for a terminal, and as plain text for a file."""

from __future__ import annotations

import io

from rich.console import Console, Group, RenderableType
from rich.text import Text

from bot.core.network.diagnosis import Diagnosis
from bot.render import diagnosis as told
from bot.render import terminal, words

WIDE = 600
PAGE = 100


def diagnosis(each: Diagnosis) -> RenderableType:
    """The whole of it: verdict first, what bears on it before the rest."""
    verdict = told.verdict(each)
    sure = told.sure(each)
    title = Text(told.TITLE[each.row], style=f"bold {terminal.STYLE[verdict]}")
    title.append(f"  {sure}" if sure else "", style="default not bold")
    parts: list[RenderableType] = [title, Text(words.line(each.because, WIDE))]
    if each.places:
        parts.append(_labelled("where: ", ", ".join(each.places)))
    parts.append(_labelled(f"{told.native(each.effect)}: ", each.effect_because))
    parts += [_labelled(f"{number}. ", step) for number, step in enumerate(each.advice, 1)]
    if each.next:
        parts.append(_labelled("next: ", each.next))
    parts.append(Text("\nwhat was seen (* the verdict rests on it)", "bold"))
    for row in told.evidence(each):
        sign = "* " if row.bears else "  "
        result = (words.line(row.result, WIDE), "bold")
        parts.append(Text.assemble(sign, words.line(row.what, WIDE), ": ", result))
    parts += [_labelled("not tested: ", one) for one in each.untested]
    by = words.line(each.prober, WIDE) or "nothing: there is no prober"
    parts.append(Text(f"tested by {by}", "dim"))
    return Group(*parts)


def text(each: Diagnosis) -> str:
    """The same without colours."""
    page = io.StringIO()
    console = Console(file=page, width=PAGE, color_system=None, legacy_windows=False)
    terminal.show(console, Text(words.line(each.subject, WIDE)))
    terminal.show(console, diagnosis(each))
    return page.getvalue()


def _labelled(label: str, said: str) -> Text:
    return Text.assemble((label, "bold"), words.line(said, WIDE))
