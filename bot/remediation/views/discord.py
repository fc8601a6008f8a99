"""Cards of `/fix`: a change with its evidence, difference, risks and end; lists of changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from bot.domain.verdict import Verdict
from bot.remediation.change.change import Change
from bot.remediation.change.states import EXPIRES, ChangeState
from bot.remediation.planning.offers import Offers
from bot.remediation.planning.refusals import PlanRefusal
from bot.remediation.views import text as told
from bot.render import cards as render
from bot.render import text as words

EVIDENCE = 6
DIFFERENCE = 1300
"""Characters of the difference; the file has all of it."""

LINE = 220
HISTORY = 12
ROOM = 60
"""Characters that a fence and what is around it need."""


def change(each: Change, rows: Sequence[render.Row], now: datetime) -> render.Card:
    """One change, as it stands."""
    verdict = told.VERDICT[each.state]
    head, tail = _head(each, verdict), _tail(each)
    room = render.TEXT - len(head) - len(tail) - ROOM
    shown: list[str] = []
    for part in _parts(each, now):
        if part and len(part) <= room:
            shown.append(part)
            room -= len(part)
    return render.card(verdict, [head, *shown, tail], rows)


def refusal(asked: str, each: PlanRefusal, offers: Offers | None = None) -> render.Card:
    """Why nothing is proposed, and what to do instead."""
    head = f"## {words.MARK[Verdict.SUSPENDED]} Nothing is proposed\n{_quoted(each.why)}"
    instead = f"**Instead** {_quoted(each.instead)}"
    paste = [_fence(each.paste.splitlines())] if each.paste else []
    also = _others(offers) if offers and offers.plans else ""
    parts = [head, instead, *paste, *([also] if also else []), f"-# {render.code(asked, 160)}"]
    return render.card(Verdict.SUSPENDED, parts, ())


def offers(asked: str, found: Offers, hint: str, rows: Sequence[render.Row]) -> render.Card:
    """Every way of one route."""
    good = bool(found.plans)
    verdict = Verdict.HEALTHY if good else Verdict.SUSPENDED
    title = "can be repaired" if good else "nothing is to be repaired here"
    head = f"## {words.MARK[verdict]} {render.code(asked, 160)} {title}"
    lines = "\n".join(f"- {_quoted(method)}" for method in told.ways_told(found))
    more = [f"-# {_quoted(hint, 600)}"] if hint else []
    return render.card(verdict, [head, lines[:2500], *more], rows)


def listed(title: str, some: Iterable[Change], now: datetime) -> render.Card:
    """Changes, a few lines each, the newest first."""
    every = list(some)
    lines = [_row(change_, now) for change_ in every[:HISTORY]]
    if len(every) > HISTORY:
        lines.append(f"-# … and {len(every) - HISTORY} more: `kubectl get changes -A` lists all")
    return render.card(None, [f"## {title}", "\n".join(lines) or "None."], ())


def audit(each: Change) -> render.Card:
    """One line for the audit channel."""
    last = each.history.entries[-1]
    verdict = told.VERDICT[each.state]
    by = "" if last.by == "meshmedic" else f" by {told.person(last.by)}"
    text = (
        f"{words.MARK[verdict]} **{told.TITLE[each.state]}**{by}: {told.WAYS[each.plan.way]}, "
        f"{render.code(each.plan.target, 120)}\n-# {render.code(each.name, 90)} {_when(last.at)}"
    )
    note = f"\n{_quoted(last.note, 500)}" if last.note else ""
    return render.card(verdict, [text + note], ())


def whole(each: Change) -> render.Card:
    """The whole as a file."""
    made = render.Attachment("change.txt", told.whole(each).encode())
    return render.files(f"Change {render.code(each.name, 90)}, whole.", (made,))


def _parts(each: Change, now: datetime) -> Iterator[str]:
    """What matters most comes first: what does not fit is left out."""
    open_ = each.state in EXPIRES
    yield _end(each, now)
    yield _difference(each)
    yield _risks(each) if open_ or each.state is ChangeState.DONE else ""
    yield _evidence(each)
    yield _before(each)


def _head(each: Change, verdict: Verdict) -> str:
    title = f"## {words.MARK[verdict]} {told.title(each)}\n{render.code(each.plan.target, 160)}"
    host = each.plan.host + (each.plan.path if each.plan.path != "/" else "")
    place = f" {render.code(host, 120)}" if host else ""
    verdict_line = f"\n{_quoted(each.plan.evidence[0], 600)}" if each.plan.evidence else ""
    return title + place + verdict_line


def _difference(each: Change) -> str:
    lines = [_safe(one) for one in told.difference(each.plan)]
    return f"**What changes**\n{_fence(lines, 'diff')}"


def _safe(line: str) -> str:
    """A line of the difference with its sign and its indentation, and nothing hidden in it."""
    sign, rest = line[:1], line[1:]
    indent = min(len(rest) - len(rest.lstrip()), 40)
    return f"{sign}{' ' * indent}{words.line(rest, 200)}"


def _risks(each: Change) -> str:
    lines = "\n".join(f"- {_quoted(one, 320)}" for one in each.plan.risks[:6])
    return f"**Risks**\n{lines}" if lines else ""


def _evidence(each: Change) -> str:
    rows = each.plan.evidence[1 : EVIDENCE + 1]
    lines = "\n".join(f"-# {_quoted(one)}" for one in rows)
    more = len(each.plan.evidence) - 1 - EVIDENCE
    also = f"\n-# … and {more} more lines in Details" if more > 0 else ""
    return f"**Evidence**\n{lines}{also}" if lines else ""


def _before(each: Change) -> str:
    baseline = each.notes.baseline
    return f"**Through Traefik before** {_quoted(str(baseline), 300)}" if baseline else ""


def _end(each: Change, now: datetime) -> str:
    """Who did what when, and the proof."""
    last = each.history.entries[-1] if each.history.entries else None
    if each.state is ChangeState.PROPOSED:
        return (
            f"**Who** an approver, until {_when(each.expires)} · asked by "
            f"{told.person(each.requester)}"
        )
    lines = [
        f"{told.TITLE[one.state]} by {told.person(one.by)} {_when(one.at)}"
        for one in each.history.entries[1:]
    ]
    note = f"\n{_quoted(last.note, 900)}" if last and last.note else ""
    url = each.notes.pull_request
    link = f"\nPull request {url.number}: {render.code(url.url, 300)}" if url else ""
    back = ""
    if (at := each.returns_at) and at > now:
        back = f"\n**It is taken back {_when(at)}**, unless it is in Git by then."
    worked = (
        "\n-# The network fault itself stays: this goes round it."
        if each.state is ChangeState.DONE
        else ""
    )
    return "**What happened**\n" + "\n".join(lines[-6:]) + note + link + back + worked


def _tail(each: Change) -> str:
    return f"-# change {render.code(each.name, 90)}"


def _row(each: Change, now: datetime) -> str:
    last = each.history.entries[-1].at if each.history.entries else None
    age = words.age(last, now)
    mark = words.MARK[told.VERDICT[each.state]]
    by = each.history.entries[-1].by if each.history.entries else each.requester
    return (
        f"{mark} **{told.TITLE[each.state]}** {render.code(each.plan.target, 100)}\n"
        f"-# {render.code(each.name, 90)} · {told.WAYS[each.plan.way]} · {told.person(by)}"
        f"{f' · {age} ago' if age else ''}"
    )


def _others(found: Offers) -> str:
    ways = ", ".join(told.WAYS[plan.way] for plan in found.plans)
    return f"**It can be done by** {ways}"


def _when(at: datetime) -> str:
    return f"<t:{int(at.timestamp())}:R>"


def _quoted(text: str, most: int = LINE) -> str:
    return render.escape(words.line(text, most))


def _fence(lines: Sequence[str], language: str = "") -> str:
    """The first lines that fit, with every run of backticks broken."""
    kept: list[str] = []
    room = DIFFERENCE
    for line in lines:
        shown = line.replace("`", f"`{render.NO_BREAK}")
        room -= len(shown) + 1
        if room < 0:
            kept.append("… the rest is in Details")
            break
        kept.append(shown)
    return f"```{language}\n" + "\n".join(kept) + "\n```"
