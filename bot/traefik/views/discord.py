"""Cards about Traefik: verdict first, the worst first, and everything as a file."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from bot.domain.verdict import Verdict
from bot.render import cards as render
from bot.render import terminal
from bot.render import text as words
from bot.traefik.domain.answers import (
    FailureGroup,
    LogsAnswer,
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
ADDRESSES = 3
UNSEEN = 3
LARGEST_FILE = 8 * 1024 * 1024


def routes(answer: RoutesAnswer) -> render.Card:
    """Every route in a line or two."""
    head = _head(answer.verdict, "Traefik's routes", traefik_text.headline(answer))
    lines = [_line(route) for route in traefik_text.ordered(answer)] or ["-# There is no route."]
    card = _card(answer.verdict, head, lines, _tail(answer, answer.routes), most=ROUTES)
    return _filed(card, "traefik-routes.txt", terminal_traefik.routes(answer))


def route(view: RouteView, answer: RoutesAnswer) -> render.Card:
    """One route in full."""
    head = _head(view.verdict, _escaped(view.ref.kind), "")
    head += f"\n{render.code(f'{view.ref.namespace}/{view.ref.name}', NAME)}"
    parts = [_escaped(view.unread)] if view.unread else []
    parts += [f"{words.MARK[view.verdict]} {render.code(text, 300)}" for text in view.problems[:4]]
    parts += [f"{words.NOTE} **note** {render.code(note, 300)}" for note in view.notes]
    parts += [_rule(rule) for rule in view.rules]
    if traefik_text.lacks_native(view):
        parts.append("-# nativeLB is not set: requests go to pod IPs. That alone isn't a fault.")
    parts = parts or ["-# It has no rule."]
    card = _card(view.verdict, head, parts, _tail(answer, (view,)), noun="parts ")
    return _filed(card, "traefik-route.txt", terminal_traefik.route(view, answer))


def logs(answer: LogsAnswer) -> render.Card:
    """Failures by route first, then refused objects and servers."""
    since = f"the last {words.span(answer.since_seconds)}" if answer.since_seconds else "all of it"
    of = f" of {render.code(answer.route, NAME)}" if answer.route else ""
    head = _head(answer.verdict, "Traefik's log", traefik_text.verdict_of_logs(answer)) + of
    if common := traefik_text.pattern(answer):
        head += f"\n{_escaped(common)}"
    parts = [_group(group) for group in answer.failures]
    parts += [
        f"{words.MARK[Verdict.DEGRADED]} **{traefik_text.refusal(refusal)}** "
        f"{render.code(refusal.subject, NAME)} "
        f"×{refusal.count:,}\n{render.code(refusal.message, LINE)}"
        for refusal in answer.refusals
    ]
    for server in answer.current_servers:
        address = traefik_text.stands_for(server.address)
        parts.append(f"-# {render.code(server.url, 60)} {render.code(address, 100)}")
    read = words.plural(answer.lines, "line")
    tail = [
        *(["-# Why: `/net diagnose` tests it."] if answer.failures else []),
        *_unseen((*traefik_text.left_out(answer), *answer.unseen)),
        f"-# {since} · {read} · {traefik_text.traefiks(answer.replicas)}",
    ]
    parts = parts or ["-# Nothing of interest is in it."]
    card = _card(answer.verdict, head, parts, "\n".join(tail))
    return _filed(card, "traefik-log.txt", terminal_traefik.logs(answer))


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
    return render.card(verdict, [head, "\n".join(shown), tail], ())


def _filed(card: render.Card, name: str, page: RenderableType) -> render.Card:
    file = render.Attachment.of_text(name, terminal.plain(page), LARGEST_FILE)
    return render.with_files(card, (file,))


def _head(verdict: Verdict, title: str, text: str) -> str:
    return f"## {words.MARK[verdict]} {title}" + (f"\n{_escaped(text)}" if text else "")


def _line(route: RouteView) -> str:
    mark = "⚪" if route.unread else words.MARK[route.verdict]
    modes = ", ".join(route.modes) or "no Service"
    told = (route.unread, *route.problems, *route.notes)
    first = next(filter(None, told), "")
    more = f"\n-# {render.code(first, LINE)}" if first else ""
    return f"{mark} {render.code(route.label, NAME)} {modes}{more}"


def _rule(rule: RuleView) -> str:
    servers = traefik_text.servers(rule)
    lines = [
        f"**{render.code(rule.match or 'no rule', LINE)}**",
        *(f"→ {render.code(traefik_text.backend(backend), LINE)}" for backend in rule.backends),
        *(f"-# {render.code(server, LINE)}" for server in servers[:SERVERS]),
        *_more(len(servers) - SERVERS, "servers "),
    ]
    return "\n".join(lines)


def _group(group: FailureGroup) -> str:
    title = render.code(traefik_text.group_title(group), LINE)
    lines = [f"{words.MARK[Verdict.FAILED]} **{group.count:,}** {title}"]
    for failure in group.failures[:ADDRESSES]:
        address = traefik_text.stands_for(failure.address) if failure.address.text else ""
        where = f" {render.code(address, 120)}" if address else ""
        lines.append(f"{render.code(traefik_text.failure(failure), 120)}{where}")
    lines += _more(len(group.failures) - ADDRESSES, "addresses ")
    if group.last:
        lines.append(f"-# last <t:{int(group.last.timestamp())}:R>")
    return "\n".join(lines)


def _tail(answer: RoutesAnswer, shown: Sequence[RouteView]) -> str:
    lines = _unseen(answer.unseen)
    lines += [f"-# {words.MARK[Verdict.HEALTHY]} {line}" for line in traefik_text.explained(shown)]
    if lacking := sum(map(traefik_text.lacks_native, answer.routes)):
        lines.append(f"-# {words.plural(lacking, 'route')} without nativeLB: no fault by itself")
    return "\n".join([*lines, f"-# seen <t:{int(answer.taken_at.timestamp())}:R>"])


def _unseen(unseen: tuple[str, ...]) -> list[str]:
    lines = [
        f"{words.MARK[Verdict.UNKNOWN]} **not seen** {render.code(gap, 300)}"
        for gap in unseen[:UNSEEN]
    ]
    return [*lines, *_more(len(unseen) - UNSEEN)]


def _more(hidden: int, noun: str = "") -> list[str]:
    return [f"-# … and {hidden:,} more {noun}in the file"] if hidden > 0 else []


def _escaped(text: str) -> str:
    return render.escape(words.line(text, 600))
