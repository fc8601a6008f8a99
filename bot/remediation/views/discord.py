"""Cards of `/fix`: a change with its evidence, difference, risks and end; lists of changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from discord.utils import format_dt

from bot.domain.verdict import Verdict
from bot.remediation.change.change import Change
from bot.remediation.change.history import BOT
from bot.remediation.change.states import MOVES, ChangeState
from bot.remediation.planning.offers import Offers
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.remediation.views import text as words
from bot.render import cards, text

DIFFERENCE = 1300
"""Characters of the difference; the file has all of it."""

LINE = 220
SENTENCE = 600
NOTE = 900
HISTORY = 12
ROOM = 60
"""Characters that a fence and what is around it need."""

NEEDLESS = {PlanReason.NEEDLESS: "Nothing to fix", PlanReason.ALREADY: "Nothing to turn on"}
"""Refusals that are good news, and what they are called."""


def change(shown: Change, rows: Sequence[cards.Row], now: datetime) -> cards.Card:
    """One change, as it stands: what matters most comes first; what does not fit is left out."""
    verdict, _ = words.STATES[shown.state]
    head = _head(shown, verdict)
    room = cards.TEXT - len(head) - ROOM
    parts: list[str] = []
    for part in _parts(shown, now):
        if part and len(part) <= room:
            parts.append(part)
            room -= len(part)
    return cards.card(verdict, [head, *parts], rows)


def refusal(route: str, refused: PlanRefusal, offers: Offers | None = None) -> cards.Card:
    """Why no fix is proposed, and what to do."""
    verdict = Verdict.HEALTHY if refused.reason in NEEDLESS else Verdict.DEGRADED
    title = NEEDLESS.get(refused.reason, "No fix proposed")
    head = f"## {text.MARK[verdict]} {title} for {cards.code(_host(route), 120)}"
    parts = [f"{head}\n{_why(refused)}"]
    if refused.paste:
        parts.append(_fence(refused.paste.splitlines()))
    if offers and offers.plans:
        methods = ", ".join(words.METHODS[plan.way] for plan in offers.plans)
        parts.append(f"**Available instead:** {methods}")
    return cards.card(verdict, parts, ())


def offers(route: str, offered: Offers, rows: Sequence[cards.Row]) -> cards.Card:
    """Every fix for one route, and the hint at the switch for all routes."""
    if not offered.plans and isinstance(offered.best, PlanRefusal):
        return refusal(route, offered.best)
    diagnosis = offered.context.diagnosis
    head = f"## Available fixes for {cards.code(_host(route), 120)}"
    head += f"\n{text.MARK[diagnosis.verdict]} {_prose(diagnosis.because, SENTENCE)}"
    fixes = [f"- **{words.METHODS[plan.way]}**: {words.support(plan)}" for plan in offered.plans]
    others = [f"-# Not available: {name}. {_prose(why)}" for name, why in words.impossible(offered)]
    hint = [f"-# {_prose(offered.hint, SENTENCE)}"] if offered.hint else []
    parts = [head, "\n".join(fixes), "\n".join(others), *hint]
    return cards.card(diagnosis.verdict, parts, rows)


def listed(title: str, changes: Sequence[Change]) -> cards.Card:
    """Changes, a few lines each, newest first."""
    lines = [_row(change_) for change_ in changes[:HISTORY]]
    if len(changes) > HISTORY:
        lines.append(f"-# … and {len(changes) - HISTORY} more: `kubectl get changes -A`")
    head = f"## {title}" if lines else f"## No {title[:1].lower()}{title[1:]}"
    return cards.card(None, [head, "\n".join(lines)], ())


def audit(moved: Change) -> cards.Card:
    """The last move of a change, for the audit channel."""
    last = moved.history.entries[-1]
    verdict, title = words.STATES[moved.state]
    by = "" if last.by == BOT else f" by {words.person(last.by)}"
    target = cards.code(moved.plan.target, 120)
    name = f"-# {format_dt(last.at, 'R')} · {cards.code(moved.name, 90)}"
    line = f"{text.MARK[verdict]} **{title}**{by}: {target}\n{words.method(moved.plan)}"
    note = f"\n{_prose(last.note, 500)}" if last.note else ""
    return cards.card(verdict, [f"{line}{note}\n{name}"], ())


def details(shown: Change) -> cards.Card:
    """The risks and the evidence of a change, and everything about it as a file."""
    plan = shown.plan
    risks = [f"- {_prose(risk, NOTE)}" for risk in plan.risks]
    evidence = [f"- {_prose(line)}" for line in plan.evidence]
    parts = [
        f"## Details for {cards.code(words.site(plan), 120)}",
        _section("Risks", risks, cards.TEXT // 2 - ROOM),
        _section("Evidence", evidence, cards.TEXT // 2 - 4 * ROOM),
        f"-# {cards.code(shown.name, 90)}",
    ]
    file = cards.Attachment.of_text("change.txt", words.full_text(shown))
    return cards.with_files(cards.card(None, parts, ()), (file,))


def _section(title: str, lines: Sequence[str], room: int) -> str:
    """The first lines that fit with their line ends; the rest is counted."""
    shown = list(text.fitting(lines, room, 1))
    left = len(lines) - len(shown)
    more = [f"-# … and {left} more in the file"] if left else []
    return "\n".join((f"**{title}**", *shown, *more)) if lines else ""


def _host(route: str) -> str:
    """The host of what was asked for, `ingress/apps/web web.example`; else all of it."""
    return route.partition(" ")[2] or route


def _why(refused: PlanRefusal) -> str:
    return f"{_prose(refused.detail, SENTENCE)} {refused.reason.instead}"


def _parts(shown: Change, now: datetime) -> Iterator[str]:
    yield _progress(shown, now)
    if MOVES[shown.state] and shown.state is not ChangeState.DONE:
        lines = [_safe(line) for line in words.difference(shown.plan)]
        yield f"**What changes**\n{_fence(lines, 'diff')}"
    if shown.state is ChangeState.PROPOSED:
        plan = shown.plan
        risks, evidence = text.plural(len(plan.risks), "risk"), len(plan.evidence)
        yield f"-# {risks} and {text.plural(evidence, 'line')} of evidence under *Details*"


def _head(shown: Change, verdict: Verdict) -> str:
    plan = shown.plan
    title = words.STATES[shown.state][1]
    head = f"## {text.MARK[verdict]} {title}: {cards.code(words.site(plan), 120)}"
    head += f"\n{words.method(plan)} · {cards.code(plan.target, 160)}"
    label, sentence = words.cause(plan)
    if not sentence or shown.state is ChangeState.DONE:
        return head
    return f"{head}\n{f'**{label}:** ' if label else ''}{_prose(sentence, SENTENCE)}"


def _safe(line: str) -> str:
    """A line of the difference with its sign and indentation, and nothing hidden in it."""
    sign, rest = line[:1], line[1:]
    indent = min(len(rest) - len(rest.lstrip()), 40)
    return f"{sign}{' ' * indent}{text.line(rest, 200)}"


def _progress(shown: Change, now: datetime) -> str:
    """Until when somebody may approve it, or who did what when, and what came of it."""
    return "\n".join(_steps(shown, now))


def _steps(shown: Change, now: datetime) -> Iterator[str]:
    if shown.state is ChangeState.PROPOSED:
        if shown.notes.baseline:
            yield f"Now: {_prose(str(shown.notes.baseline), 300)}"
        yield (
            f"Proposed for {words.person(shown.requester)}. An approver can approve it until "
            f"{format_dt(shown.expires, 't')}."
        )
        if after := shown.plan.returns_after:
            yield f"The bot rolls it back after {text.duration(after * 60)}."
        return
    yield _people(shown)
    if note := shown.history.entries[-1].note:
        yield _prose(note, NOTE)
    yield from (_prose(line, SENTENCE) for line in words.waits(shown))
    attempts = shown.notes.attempts
    if attempts and shown.under_way and not attempts.exhausted:
        yield f"Next attempt {format_dt(attempts.again_at, 'R')}."
    if pull := shown.notes.pull_request:
        yield f"Pull request {pull.number}: {cards.code(pull.url, 300)}"
    if (at := shown.returns_at) and at > now:
        yield f"**Rolls back {format_dt(at, 'R')}** unless the change is in Git by then."
    if shown.state is ChangeState.DONE:
        yield "-# This works around the network fault, which is still there."


def _people(shown: Change) -> str:
    """`Approved by @anna, applied 2 minutes ago`: each person, and the last move's time."""
    approver = shown.who(ChangeState.APPROVED)
    approved = f"Approved by {words.person(approver)}" if approver else ""
    last = shown.history.entries[-1]
    done = MOVED.get(shown.state, "")
    if last.by != BOT and done:
        done += f" by {words.person(last.by)}"
    said = ", ".join(filter(None, (approved, done)))
    return f"{said[:1].upper()}{said[1:]} {format_dt(last.at, 'R')}"


MOVED = {
    ChangeState.REJECTED: "rejected",
    ChangeState.EXPIRED: "expired",
    ChangeState.APPLYING: "started",
    ChangeState.AWAITING_MERGE: "pull request opened",
    ChangeState.VERIFYING: "applied",
    ChangeState.DONE: "proven",
    ChangeState.ROLLED_BACK: "rolled back",
    ChangeState.FAILED: "stopped",
}
"""What was done to a change that came to a state, after who approved it."""


def _row(shown: Change) -> str:
    last = shown.history.entries[-1] if shown.history.entries else None
    verdict, title = words.STATES[shown.state]
    by = words.person(last.by if last else shown.requester)
    at = f" {format_dt(last.at, 'R')}" if last else ""
    return (
        f"{text.MARK[verdict]} **{title}**: {cards.code(words.site(shown.plan), 100)}{at}\n"
        f"-# {words.method(shown.plan)} · {by} · {cards.code(shown.name, 90)}"
    )


def _prose(sentence: str, most: int = LINE) -> str:
    return cards.prose(sentence, most)


def _fence(lines: Sequence[str], language: str = "") -> str:
    """The first lines that fit."""
    shown = list(text.fitting(map(cards.unfenced, lines), DIFFERENCE, 1))
    rest = ["… the rest is under Details"] if len(shown) < len(lines) else []
    return cards.block("\n".join((*shown, *rest)), language)
