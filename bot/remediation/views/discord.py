"""Cards of `/fix`: a change with its evidence, difference, risks and end; lists of changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from discord.utils import format_dt

from bot.domain.verdict import Verdict
from bot.remediation.change.change import Change
from bot.remediation.change.history import BOT
from bot.remediation.change.states import EXPIRES, ChangeState
from bot.remediation.planning.offers import Offers
from bot.remediation.planning.refusals import PlanRefusal
from bot.remediation.views import text as words
from bot.render import cards, text

EVIDENCE = 6
DIFFERENCE = 1300
"""Characters of the difference; the file has all of it."""

LINE = 220
HISTORY = 12
ROOM = 60
"""Characters that a fence and what is around it need."""


def change(shown: Change, rows: Sequence[cards.Row], now: datetime) -> cards.Card:
    """One change, as it stands."""
    verdict, _ = words.STATES[shown.state]
    head, tail = _head(shown, verdict), f"-# change {cards.code(shown.name, 90)}"
    room = cards.TEXT - len(head) - len(tail) - ROOM
    parts: list[str] = []
    for part in _parts(shown, now):
        if part and len(part) <= room:
            parts.append(part)
            room -= len(part)
    return cards.card(verdict, [head, *parts, tail], rows)


def refusal(route: str, refused: PlanRefusal, offers: Offers | None = None) -> cards.Card:
    """Why nothing is proposed, and what to do instead."""
    parts = [
        f"## {text.MARK[Verdict.SUSPENDED]} Nothing is proposed\n{_quoted(refused.detail)}",
        f"**Instead** {_quoted(refused.reason.instead)}",
    ]
    if refused.paste:
        parts.append(_fence(refused.paste.splitlines()))
    if offers and offers.plans:
        methods = ", ".join(words.METHODS[plan.way] for plan in offers.plans)
        parts.append(f"**It can be done by** {methods}")
    return cards.card(Verdict.SUSPENDED, [*parts, f"-# {cards.code(route, 160)}"], ())


def offers(route: str, offered: Offers, rows: Sequence[cards.Row]) -> cards.Card:
    """Every method for one route, and the hint at the switch for all routes."""
    verdict = Verdict.HEALTHY if offered.plans else Verdict.SUSPENDED
    title = "can be repaired" if offered.plans else "nothing is to be repaired here"
    head = f"## {text.MARK[verdict]} {cards.code(route, 160)} {title}"
    lines = "\n".join(f"- {_quoted(line)}" for line in words.method_lines(offered))
    hint = [f"-# {_quoted(offered.hint, 600)}"] if offered.hint else []
    return cards.card(verdict, [head, lines[:2500], *hint], rows)


def listed(title: str, changes: Sequence[Change], now: datetime) -> cards.Card:
    """Changes, a few lines each, newest first."""
    lines = [_row(change_, now) for change_ in changes[:HISTORY]]
    if len(changes) > HISTORY:
        lines.append(f"-# … and {len(changes) - HISTORY} more: `kubectl get changes -A` lists all")
    return cards.card(None, [f"## {title}", "\n".join(lines) or "None."], ())


def audit(moved: Change) -> cards.Card:
    """The last move of a change, for the audit channel."""
    last = moved.history.entries[-1]
    verdict, title = words.STATES[moved.state]
    by = "" if last.by == BOT else f" by {words.person(last.by)}"
    repair = f"{words.METHODS[moved.plan.way]}, {cards.code(moved.plan.target, 120)}"
    name = f"-# {cards.code(moved.name, 90)} {format_dt(last.at, 'R')}"
    line = f"{text.MARK[verdict]} **{title}**{by}: {repair}\n{name}"
    note = f"\n{_quoted(last.note, 500)}" if last.note else ""
    return cards.card(verdict, [line + note], ())


def attachment(shown: Change) -> cards.Card:
    """Everything about a change, as a file."""
    file = cards.Attachment.of_text("change.txt", words.full_text(shown))
    return cards.files(f"Change {cards.code(shown.name, 90)}, whole.", (file,))


def _parts(shown: Change, now: datetime) -> Iterator[str]:
    """What matters most comes first: what does not fit is left out."""
    plan, baseline = shown.plan, shown.notes.baseline
    yield _progress(shown, now)
    lines = [_safe(line) for line in words.difference(plan)]
    yield f"**What changes**\n{_fence(lines, 'diff')}"
    if plan.risks and (shown.state in EXPIRES or shown.state is ChangeState.DONE):
        yield "**Risks**\n" + "\n".join(f"- {_quoted(risk, 320)}" for risk in plan.risks[:6])
    evidence = [f"-# {_quoted(line)}" for line in plan.evidence[1 : EVIDENCE + 1]]
    more = len(plan.evidence) - 1 - EVIDENCE
    if more > 0:
        evidence.append(f"-# … and {more} more lines in Details")
    yield "**Evidence**\n" + "\n".join(evidence) if evidence else ""
    yield f"**Through Traefik before** {_quoted(str(baseline), 300)}" if baseline else ""


def _head(shown: Change, verdict: Verdict) -> str:
    plan = shown.plan
    title = f"## {text.MARK[verdict]} {words.title(shown)}\n{cards.code(plan.target, 160)}"
    host = plan.host + (plan.path if plan.path != "/" else "")
    place = f" {cards.code(host, 120)}" if host else ""
    return title + place + (f"\n{_quoted(plan.evidence[0], 600)}" if plan.evidence else "")


def _safe(line: str) -> str:
    """A line of the difference with its sign and indentation, and nothing hidden in it."""
    sign, rest = line[:1], line[1:]
    indent = min(len(rest) - len(rest.lstrip()), 40)
    return f"{sign}{' ' * indent}{text.line(rest, 200)}"


def _progress(shown: Change, now: datetime) -> str:
    """Until when somebody may approve it, or who did what when, and the proof."""
    if shown.state is ChangeState.PROPOSED:
        return (
            f"**Who** an approver, until {format_dt(shown.expires, 'R')} · asked by "
            f"{words.person(shown.requester)}"
        )
    moves = [
        f"{words.STATES[entry.state][1]} by {words.person(entry.by)} {format_dt(entry.at, 'R')}"
        for entry in shown.history.entries[1:]
    ]
    lines = ["**What happened**", *moves[-6:]]
    if note := shown.history.entries and shown.history.entries[-1].note:
        lines.append(_quoted(note, 900))
    lines += [_quoted(line, 600) for line in words.waits(shown)]
    if pull := shown.notes.pull_request:
        lines.append(f"Pull request {pull.number}: {cards.code(pull.url, 300)}")
    if (at := shown.returns_at) and at > now:
        lines.append(f"**It is taken back {format_dt(at, 'R')}**, unless it is in Git by then.")
    if shown.state is ChangeState.DONE:
        lines.append("-# The network fault itself stays: this goes round it.")
    return "\n".join(lines)


def _row(shown: Change, now: datetime) -> str:
    last = shown.history.entries[-1] if shown.history.entries else None
    age = text.age(last.at if last else None, now)
    verdict, title = words.STATES[shown.state]
    by = words.person(last.by if last else shown.requester)
    return (
        f"{text.MARK[verdict]} **{title}** {cards.code(shown.plan.target, 100)}\n"
        f"-# {cards.code(shown.name, 90)} · {words.METHODS[shown.plan.way]} · {by}"
        f"{f' · {age} ago' if age else ''}"
    )


def _quoted(line: str, most: int = LINE) -> str:
    return cards.prose(text.line(line, most))


def _fence(lines: Sequence[str], language: str = "") -> str:
    """The first lines that fit."""
    fitting: list[str] = []
    room = DIFFERENCE
    for line in lines:
        shown = cards.unfenced(line)
        room -= len(shown) + 1
        if room < 0:
            fitting.append("… the rest is in Details")
            break
        fitting.append(shown)
    return cards.block("\n".join(fitting), language)
