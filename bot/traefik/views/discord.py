"""Cards about Traefik: the situation, then what has problems, and everything as a file."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from bot.domain.verdict import Verdict
from bot.render import cards as render
from bot.render import terminal
from bot.render import text as words
from bot.traefik.domain.answers import (
    FailureGroup,
    FailureView,
    LogsAnswer,
    RefusalView,
    RoutesAnswer,
    RouteView,
    RuleView,
)
from bot.traefik.views import terminal as terminal_traefik
from bot.traefik.views import text as traefik_text

LINE = 200
NAME = 110
ROUTES = 24
SERVERS = 6
FAILURES = 5
"""Failures of a log's answer: with three lines each on a phone it is one screen."""

UNSEEN = 3
LARGEST_FILE = 8 * 1024 * 1024


def routes(answer: RoutesAnswer) -> render.Card:
    """Every route in a line or two, those with problems first."""
    head = _head(answer.verdict, traefik_text.routes_situation(answer))
    head += f"\n{_prose(traefik_text.headline(answer))}"
    ordered = traefik_text.ordered(answer)
    names = traefik_text.short_names(view.label for view in ordered)
    lines = [_line(view, names[view.label]) for view in ordered]
    card = _card(answer.verdict, head, lines, _tail(answer, answer.routes), most=ROUTES)
    return _filed(card, "traefik-routes.txt", terminal_traefik.routes(answer))


def route(view: RouteView, answer: RoutesAnswer) -> render.Card:
    """One route in full."""
    name = render.code(f"{view.ref.namespace}/{view.ref.name}", NAME)
    head = _head(view.verdict, f"{_prose(view.ref.kind, 60)} {name} {_word(view)}")
    parts = [_prose(view.unread)] if view.unread else []
    parts += [f"{words.MARK[view.verdict]} {_prose(text, 300)}" for text in view.problems[:4]]
    parts += [f"{words.NOTE} {_prose(note, 300)}" for note in view.notes]
    parts += [_rule(rule) for rule in view.rules]
    if traefik_text.lacks_native(view):
        parts.append("-# Requests go to pod IPs, since nativeLB isn't set. That's fine by itself.")
    parts = parts or ["-# It has no rules."]
    card = _card(view.verdict, head, parts, _tail(answer, (view,)), noun="parts ")
    return _filed(card, "traefik-route.txt", terminal_traefik.route(view, answer))


def logs(answer: LogsAnswer) -> render.Card:
    """What failed, one line a route and address, in one phone screen; the file has all of it."""
    head = _head(answer.verdict, traefik_text.verdict_of_logs(answer))
    if answer.route:
        head += f"\nOnly {render.code(answer.route, NAME)}"
    if common := traefik_text.pattern(answer):
        head += f"\n{_prose(common)}"
    names = traefik_text.short_names(
        label for group in answer.failures for label in group.routes[:1]
    )
    parts = [_group(group, names) for group in answer.failures]
    parts += [_refusal(refusal) for refusal in answer.refusals]
    card = _card(answer.verdict, head, parts, _log_tail(answer), most=FAILURES)
    return _filed(card, "traefik-log.txt", terminal_traefik.logs(answer))


def _log_tail(answer: LogsAnswer) -> str:
    since = answer.since_seconds
    read = f"{words.plural(answer.lines, 'line')} of {traefik_text.traefiks(answer.replicas)}"
    servers = len(answer.current_servers)
    parts = [
        f"last {words.duration(since)}" if since else "the whole log",
        read,
        *([f"{words.plural(servers, 'server')} in the file"] if servers else []),
    ]
    why = ["-# Find out why: `/net diagnose`"] if answer.failures else []
    unseen = _unseen((*traefik_text.left_out(answer), *answer.unseen))
    return "\n".join([*why, *unseen, f"-# {_prose(' · '.join(parts))}"])


def _card(
    verdict: Verdict,
    head: str,
    parts: Sequence[str],
    tail: str,
    *,
    most: int | None = None,
    noun: str = "",
) -> render.Card:
    """The first parts that fit, at most `most`; a line counts the others."""
    room = render.TEXT - len(head) - len(tail) - 200
    shown: list[str] = []
    for part in parts[:most]:
        room -= len(part) + 1
        if room < 0:
            break
        shown.append(part)
    shown += _more(len(parts) - len(shown), noun)
    listed = "\n".join(shown)
    return render.card(verdict, [head, listed, tail], ())


def _filed(card: render.Card, name: str, page: RenderableType) -> render.Card:
    file = render.Attachment.of_text(name, terminal.plain(page), LARGEST_FILE)
    return render.with_files(card, (file,))


def _head(verdict: Verdict, title: str) -> str:
    return f"## {words.MARK[verdict]} {title}"


def _word(view: RouteView) -> str:
    return "isn't read by this Traefik" if view.unread else traefik_text.STATE[view.verdict]


def _line(view: RouteView, name: str) -> str:
    mark = words.MARK[Verdict.SUSPENDED if view.unread else view.verdict]
    modes = ", ".join(view.modes) or "no Service"
    first = next(filter(None, (view.unread, *view.problems, *view.notes)), "")
    more = f"\n-# {_prose(first, LINE)}" if first else ""
    return f"{mark} {render.code(name, NAME)} {_word(view)} · {modes}{more}"


def _rule(rule: RuleView) -> str:
    servers = traefik_text.servers(rule)
    lines = [
        render.code(rule.match, LINE) if rule.match else "No rule",
        *(f"→ {_prose(traefik_text.backend(backend), LINE)}" for backend in rule.backends),
        *(f"-# {_prose(server, LINE)}" for server in servers[:SERVERS]),
        *_more(len(servers) - SERVERS, "servers "),
    ]
    return "\n".join(lines)


def _group(group: FailureGroup, names: dict[str, str]) -> str:
    """`❌ 7 times media/immich: 502 connection refused at 10.42.1.7:80 (pod …)`."""
    label = next(iter(group.routes), "")
    name = render.code(names[label], LINE) if label else "an unknown route"
    others = f" or {len(group.routes) - 1} more" if len(group.routes) > 1 else ""
    first, *rest = group.failures
    more = f", and {words.plural(len(rest), 'other address', 'other addresses')}" if rest else ""
    last = f" · last {render.stamp(group.last, 'R')}" if group.last else ""
    return (
        f"{words.MARK[Verdict.FAILED]} {group.count:,} × {name}{others}\n"
        f"-# {_failure(first)}{more}{last}"
    )


def _failure(failure: FailureView) -> str:
    address = failure.address
    at = f" at {render.code(address.text, 60)}" if address.text else ""
    where = f" {_prose(traefik_text.location(address), 120)}" if address.text else ""
    return f"{_prose(failure.symptom)}{at}{where}".rstrip()


def _refusal(refusal: RefusalView) -> str:
    times = f" × {refusal.count:,}" if refusal.count > 1 else ""
    return (
        f"{words.MARK[Verdict.DEGRADED]} Traefik {traefik_text.refusal(refusal)} "
        f"{render.code(refusal.subject, NAME)}{times}\n-# {_prose(refusal.message, LINE)}"
    )


def _tail(answer: RoutesAnswer, shown: Sequence[RouteView]) -> str:
    lines = _unseen(answer.unseen)
    lines += [f"-# {words.MARK[Verdict.HEALTHY]} {line}" for line in traefik_text.explained(shown)]
    return "\n".join([*lines, f"-# checked {render.stamp(answer.taken_at, 'R')}"])


def _unseen(unseen: tuple[str, ...]) -> list[str]:
    lines = [f"{words.MARK[Verdict.UNKNOWN]} {_prose(gap, 300)}" for gap in unseen[:UNSEEN]]
    return [*lines, *_more(len(unseen) - UNSEEN)]


def _more(hidden: int, noun: str = "") -> list[str]:
    return [f"-# … and {hidden:,} more {noun}in the file"] if hidden > 0 else []


def _prose(text: str, most: int = 600) -> str:
    return render.prose(text, most)
