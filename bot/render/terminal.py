"""A report for a terminal, by rich: verdict first, worst first, readable at 80 columns."""

from __future__ import annotations

import sys
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.domain.story import Story
from bot.domain.verdict import Verdict
from bot.render import text as words

STYLE = {
    Verdict.HEALTHY: "green",
    Verdict.PROGRESSING: "blue",
    Verdict.SUSPENDED: "cyan",
    Verdict.UNKNOWN: "magenta",
    Verdict.DEGRADED: "yellow",
    Verdict.FAILED: "red",
}

MOST = 200
"""Roots that are printed; the rest is counted, and all of it is in the JSON."""

EFFECTS = 5
WIDE = 400
"""Characters of one message."""

KINDS = 100
"""Kinds that one line says were not seen: all."""


def report(each: Report, *, most: int = MOST) -> RenderableType:
    """The whole report."""
    title = Text(each.verdict.upper(), style=f"bold {STYLE[each.verdict]}")
    place = f" in namespace {words.line(each.namespace, 63)}" if each.namespace else ""
    title.append(f"  {words.headline(each)}{place}", style="default not bold")
    parts: list[RenderableType] = [title, Text(f"{each.taken_at:%Y-%m-%d %H:%M:%S} UTC\n", "dim")]
    parts += [_root(root, each) for root in each.roots[:most]]
    if len(each.roots) > most:
        parts.append(Text(f"… and {len(each.roots) - most:,} more; --output json has them all.\n"))
    if healthy := words.healthy_line(each):
        parts.append(Text.assemble(("healthy: ", "green"), healthy))
    parts += [
        Text.assemble(("not seen: ", "magenta"), words.line(said, 2 * WIDE))
        for said in words.unseen_lines(each.gaps, each.taken_at, KINDS)
    ]
    return Group(*parts)


def story(each: Story) -> RenderableType:
    """The story of one finding."""
    finding = each.finding
    parts: list[RenderableType] = [_title(finding), *_body(finding, each.taken_at)]
    parts += [Text.assemble(("follows from ", "bold"), _title(link)) for link in each.chain[1:]]
    if each.downstream:
        parts.append(Text(f"{words.plural(len(each.downstream), 'finding')} downstream"))
    for event in each.events:
        when = words.age(event.at, each.taken_at)
        said = f"{when} ago  {event.type} {event.reason} (x{event.count}): {event.message}"
        parts.append(Text.assemble(("event: ", "dim"), words.line(said, WIDE)))
    if each.log:
        before = " before its last restart" if each.log.previous else ""
        parts.append(
            Text(f"last log lines of {words.line(each.log.container, 70)}{before}:", "dim")
        )
        parts += [
            Padding(Text(words.line(one, WIDE)), (0, 0, 0, 4), expand=False)
            for one in each.log.lines
        ]
    parts += [
        Text.assemble(("not seen: ", "magenta"), words.line(one, WIDE)) for one in each.unseen
    ]
    parts.append(Text.assemble(("documented as: ", "dim"), each.check.documented_as))
    parts.append(Text.assemble(("next: ", "bold"), each.check.advice))
    return Group(*parts)


def judged(subject: str, verdict: Verdict, reason: str, message: str) -> RenderableType:
    """One line of `meshmedic judge`, and its message below it where there is one."""
    title = Text.assemble(
        (f"{verdict:<12}", f"bold {STYLE[verdict]}"), (words.line(subject, 300), "bold")
    )
    said = f"{reason}: {message}" if reason and message else reason or message
    if not said:
        return title
    return Group(title, Padding(Text(words.line(said, WIDE)), (0, 0, 0, 2), expand=False))


def console() -> Console:
    """Standard output: its width, and colours only where it is a terminal."""
    return Console(soft_wrap=False, legacy_windows=False)


def write(content: bytes) -> None:
    """Put bytes on standard output as they are, for another program."""
    sys.stdout.buffer.write(content)
    sys.stdout.flush()


def tell(text: str) -> None:
    """One line on standard error, for whoever reads along."""
    print(f"meshmedic: {words.line(text, 1000)}", file=sys.stderr)  # noqa: T201  # the terminal is our page


def show(console: Console, renderable: RenderableType) -> None:
    """Print, folding long words so that nothing is lost at 80 columns."""
    console.print(renderable, soft_wrap=False, overflow="fold", highlight=False, markup=False)


def _root(root: Finding, whole: Report) -> RenderableType:
    effects = whole.downstream.get(root.key, ())
    parts = [_title(root), *_body(root, whole.taken_at)]
    if effects:
        names = ", ".join(words.line(str(effect.subject), 60) for effect in effects[:EFFECTS])
        more = f" and {len(effects) - EFFECTS:,} more" if len(effects) > EFFECTS else ""
        parts.append(
            Padding(
                Text.assemble((f"{len(effects):,} downstream: ", "bold"), names + more),
                (0, 0, 0, 2),
            )
        )
    return Group(*parts, Text())


def _title(finding: Finding) -> Text:
    return Text.assemble(
        (f"{finding.verdict:<12}", f"bold {STYLE[finding.verdict]}"),
        (words.line(str(finding.subject), 300), "bold"),
        "  ",
        (finding.code, "dim"),
    )


def _body(finding: Finding, now: datetime) -> list[RenderableType]:
    age = words.age(finding.since, now)
    since = f" (for {age})" if age else ""
    said = f"{finding.reason}{since}: {finding.message}"
    lines = [Text(words.line(said, WIDE))]
    lines += [
        Text.assemble(
            (words.line(evidence.label, 60) + ": ", "dim"), words.line(evidence.value, WIDE)
        )
        for evidence in finding.evidence
    ]
    return [Padding(line, (0, 0, 0, 2), expand=False) for line in lines]
