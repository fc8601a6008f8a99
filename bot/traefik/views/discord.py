"""Cards about Traefik: verdict first, the worst first, and the whole as a file."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.verdict import Verdict
from bot.render import cards as render
from bot.render import text as words
from bot.traefik.domain.answers import (
    FailureGroup,
    LogsAnswer,
    RoutesAnswer,
    RouteView,
    RuleView,
    ServerView,
)
from bot.traefik.views import terminal as terminal_traefik
from bot.traefik.views import text as told

LINE = 200
NAME = 110
ROUTES = 24
SERVERS = 6
UNSEEN = 3


def routes(answer: RoutesAnswer) -> render.Card:
    """Every route in a line or two."""
    head = _head(answer.verdict, "Traefik's routes", told.headline(answer))
    tail = _tail(answer)
    lines = [_line(route_view) for route_view in told.ordered(answer)]
    shown = _fitting(lines[:ROUTES], render.TEXT - len(head) - len(tail) - 200)
    body = "\n".join(shown) or "-# There is no route."
    if hidden := len(lines) - len(shown):
        body += f"\n-# … and {hidden:,} more in the file"
    card = render.card(answer.verdict, [head, body, tail], ())
    return _filed(
        card, "traefik-routes.txt", terminal_traefik.text(terminal_traefik.routes(answer))
    )


def route(each: RouteView, answer: RoutesAnswer) -> render.Card:
    """One route in full."""
    head = _head(each.verdict, _escaped(each.ref.kind), "")
    head += f"\n{render.code(f'{each.ref.namespace}/{each.ref.name}', NAME)}"
    tail = _tail(answer)
    parts = [_escaped(each.unread)] if each.unread else []
    parts += [f"{words.MARK[each.verdict]} {render.code(one, 300)}" for one in each.problems[:4]]
    parts += [_rule(rule) for rule in each.rules]
    if told.lacks_native(each):
        parts.append("-# nativeLB is not set: requests go to pod IPs. That alone is no fault.")
    shown = _fitting(parts, render.TEXT - len(head) - len(tail) - 200)
    if hidden := len(parts) - len(shown):
        shown.append(f"-# … and {hidden} more parts in the file")
    card = render.card(each.verdict, [head, "\n".join(shown) or "-# It has no rule.", tail], ())
    whole = terminal_traefik.text(terminal_traefik.route(each, answer))
    return _filed(card, "traefik-route.txt", whole)


def logs(answer: LogsAnswer) -> render.Card:
    """Failures by route first, then refusals and servers."""
    since = f"the last {words.span(answer.since_seconds)}" if answer.since_seconds else "all of it"
    of = f" of {render.code(answer.route, NAME)}" if answer.route else ""
    head = _head(answer.verdict, "Traefik's log", told.verdict_of_logs(answer)) + of
    if common := told.pattern(answer):
        head += f"\n{_escaped(common)}"
    parts = [_group(failure) for failure in answer.failures]
    parts += [
        f"{words.MARK[Verdict.DEGRADED]} **refused** {render.code(refusal.subject, NAME)} "
        f"×{refusal.count:,}\n{render.code(refusal.message, LINE)}"
        for refusal in answer.refusals
    ]
    parts += _servers(answer.servers)
    tail = "\n".join(
        [
            *(["-# Why: `/net diagnose` tests it."] if answer.failures else []),
            *_unseen((*told.left_out(answer), *answer.unseen)),
            f"-# {since} · {words.plural(answer.lines, 'line')} · {told.traefiks(answer.replicas)}",
        ]
    )
    shown = _fitting(parts, render.TEXT - len(head) - len(tail) - 200)
    body = "\n".join(shown) or "-# Nothing of interest is in it."
    if hidden := len(parts) - len(shown):
        body += f"\n-# … and {hidden:,} more in the file"
    card = render.card(answer.verdict, [head, body, tail], ())
    return _filed(card, "traefik-log.txt", terminal_traefik.text(terminal_traefik.logs(answer)))


def _head(verdict: Verdict, title: str, said: str) -> str:
    return f"## {words.MARK[verdict]} {title}" + (f"\n{_escaped(said)}" if said else "")


def _line(each: RouteView) -> str:
    mark = "⚪" if each.unread else words.MARK[each.verdict]
    modes = ", ".join(each.modes) or "no Service"
    said = each.unread or next(iter(each.problems), "")
    more = f"\n-# {render.code(said, LINE)}" if said else ""
    return f"{mark} {render.code(each.label, NAME)} {modes}{more}"


def _rule(rule: RuleView) -> str:
    lines = [f"**{render.code(rule.match or 'no rule', LINE)}**"]
    lines += [f"→ {render.code(told.backend(backend), LINE)}" for backend in rule.backends]
    servers = told.servers(rule)
    lines += [f"-# {render.code(server, LINE)}" for server in servers[:SERVERS]]
    if len(servers) > SERVERS:
        lines.append(f"-# … and {len(servers) - SERVERS} more servers in the file")
    return "\n".join(lines)


def _group(each: FailureGroup) -> str:
    whose = render.code(told.group_title(each), LINE)
    lines = [f"{words.MARK[Verdict.FAILED]} **{each.count:,}** {whose}"]
    for one in each.failures[:3]:
        where = f" {render.code(told.address(one.address), 120)}" if one.address.text else ""
        lines.append(f"{render.code(told.failure(one), 120)}{where}")
    if len(each.failures) > 3:  # noqa: PLR2004  # as above
        lines.append(f"-# … and {len(each.failures) - 3} more addresses in the file")
    if each.last:
        lines.append(f"-# last <t:{int(each.last.timestamp())}:R>")
    return "\n".join(lines)


def _servers(servers: Iterable[ServerView]) -> list[str]:
    current = [server for server in servers if server.current]
    return [
        f"-# {render.code(server.url, 60)} {render.code(told.address(server.address), 100)}"
        for server in current
    ]


def _tail(answer: RoutesAnswer) -> str:
    lacking = sum(map(told.lacks_native, answer.routes))
    lines = _unseen(answer.unseen)
    if lacking:
        lines.append(f"-# {words.plural(lacking, 'route')} without nativeLB: no fault by itself")
    return "\n".join([*lines, f"-# seen <t:{int(answer.taken_at.timestamp())}:R>"])


def _unseen(unseen: tuple[str, ...]) -> list[str]:
    lines = [
        f"{words.MARK[Verdict.UNKNOWN]} **not seen** {render.code(gap, 300)}"
        for gap in unseen[:UNSEEN]
    ]
    if len(unseen) > UNSEEN:
        lines.append(f"-# … and {len(unseen) - UNSEEN} more in the file")
    return lines


def _escaped(text: str) -> str:
    return render.escape(words.line(text, 600))


def _fitting(parts: list[str], room: int) -> list[str]:
    shown: list[str] = []
    for part in parts:
        room -= len(part) + 1
        if room < 0:
            break
        shown.append(part)
    return shown


def _filed(card: render.Card, name: str, content: bytes) -> render.Card:
    return render.with_files(card, (render.Attachment(name, content[: 8 * 1024 * 1024]),))
