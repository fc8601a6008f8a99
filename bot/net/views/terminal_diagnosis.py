"""A diagnosis for a terminal, and as plain text for a file."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.net.diagnosis.diagnosis import Diagnosis
from bot.net.views import text_diagnosis as told
from bot.render import terminal
from bot.render import text as words

WIDE = 600


def diagnosis(each: Diagnosis, *, whole: bool = False) -> RenderableType:
    """Verdict first, then what bears on it; every test where the `whole` of it is wanted."""
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
    parts += _seen(each, whole=whole)
    parts.append(Text(""))
    parts += [_labelled("not tested: ", one) for one in each.untested]
    by = words.line(each.prober, WIDE) or "nothing: there is no prober"
    parts.append(Text(f"tested by {by}", "dim"))
    return Group(*parts)


def _seen(each: Diagnosis, *, whole: bool) -> Iterator[RenderableType]:
    """Row by row under the place that it was tried from; what bears on the verdict first."""
    rows = [row for row in told.evidence(each) if whole or row.bears or not told.well(row)]
    yield Text("\nwhat was seen (* the verdict rests on it)", "bold")
    places: dict[str, list[Text]] = {}
    for row in rows:
        place, arrow, what = row.what.partition(" -> ")
        line = Text("* " if row.bears else "  ")
        line.append(words.line(what if arrow else place, WIDE)).append(": ")
        line.append(words.line(row.result, WIDE), "bold")
        places.setdefault(words.line(place, WIDE) if arrow else "", []).append(line)
    for place, lines in places.items():
        if place:
            yield Text(f"from {place}")
        yield from (Padding(line, (0, 0, 0, 2), expand=False) if place else line for line in lines)
    if left := len(each.evidence) - len(rows):
        yield Text(f"… and {left} more tests that went well: --output json has them", "dim")


def text(each: Diagnosis) -> str:
    """The same without colours."""
    return terminal.plain(Text(words.line(each.subject, WIDE)), diagnosis(each, whole=True))


def _labelled(label: str, said: str) -> Text:
    return Text.assemble((label, "bold"), words.line(said, WIDE))
