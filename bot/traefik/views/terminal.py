"""What is told of Traefik, for a terminal and as plain text for a file."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.domain.verdict import Verdict
from bot.render import terminal
from bot.render import text as words
from bot.traefik.domain.answers import FailureGroup, LogsAnswer, RoutesAnswer, RouteView
from bot.traefik.views import text as told

WIDE = 600
PAGE = 100
MOST = 500
"""Routes, servers or failures that are printed; JSON has them all."""

SERVERS = 20


def routes(answer: RoutesAnswer) -> RenderableType:
    """Every route with its Services, servers and problems."""
    shown = told.ordered(answer)
    parts: list[RenderableType] = [_head(answer.verdict, told.headline(answer)), Text()]
    parts += [_route(route_view) for route_view in shown[:MOST]]
    parts += _more(len(shown) - MOST, "routes")
    return Group(*parts, *_unseen(answer.unseen))


def route(each: RouteView, answer: RoutesAnswer) -> RenderableType:
    """One route, with everything that is known of it."""
    head = _head(each.verdict, f"{each.label} · {told.traefiks(answer.replicas)}")
    entry_points = ", ".join(each.entry_points) or "Traefik's default ones"
    parts = [
        _labelled("API version: ", each.api_version or "-"),
        _labelled("entrypoints: ", entry_points),
    ]
    routers = [_labelled("router: ", rule.router) for rule in each.rules]
    return Group(head, *parts, _route(each), *routers, *_unseen(answer.unseen))


def logs(answer: LogsAnswer) -> RenderableType:
    """Failures by route, what is refused, and the servers."""
    read = f"{words.plural(answer.lines, 'line')} read"
    parts: list[RenderableType] = [
        _head(answer.verdict, f"{told.verdict_of_logs(answer)} · {read}"),
        *([Text(common)] if (common := told.pattern(answer)) else []),
        Text(),
    ]
    parts += [_group(failure) for failure in answer.failures[:MOST]]
    parts += _more(len(answer.failures) - MOST, "routes")
    for refusal in answer.refusals[:MOST]:
        said = f"{refusal.subject} ×{refusal.count:,}: {refusal.message}"
        parts.append(_labelled("refused: ", said))
    parts += list(_servers(answer))
    for reason, count in answer.irrelevant.items():
        parts.append(_labelled("passed over: ", f"{count:,} × {reason}"))
    parts += [_labelled("not read: ", gap) for gap in told.left_out(answer)]
    if answer.failures and answer.classified:
        parts.append(Text("Why: meshmedic net diagnose ROUTE tests it.", "dim"))
    if not answer.classified:
        parts.append(Text("Addresses are not classified: no cluster was asked.", "dim"))
    return Group(*parts, *_unseen(answer.unseen))


def text(each: RenderableType) -> bytes:
    """The same as plain text."""
    out = io.StringIO()
    console = Console(file=out, width=PAGE, color_system=None, legacy_windows=False)
    terminal.show(console, each)
    return out.getvalue().encode()


def _head(verdict: Verdict, said: str) -> Text:
    title = Text(verdict.upper(), style=f"bold {terminal.STYLE[verdict]}")
    title.append(f"  {words.line(said, WIDE)}", style="default not bold")
    return title


def _route(each: RouteView) -> RenderableType:
    verdict = Verdict.UNKNOWN if each.unread else each.verdict
    title = Text.assemble(
        (f"{'not read' if each.unread else verdict:<11}", f"bold {terminal.STYLE[verdict]}"),
        (words.line(each.label, 300), "bold"),
    )
    lines: list[Text] = [_labelled("", each.unread)] if each.unread else []
    for rule in each.rules:
        lines.append(_labelled("", rule.match or "no rule"))
        lines += [_labelled("  → ", told.backend(one)) for one in rule.backends]
        servers = told.servers(rule)
        lines += [_labelled("    ", one) for one in servers[:SERVERS]]
        lines += _more(len(servers) - SERVERS, "servers")
    lines += [_labelled("problem: ", one) for one in each.problems]
    if told.lacks_native(each):
        lines.append(Text("nativeLB is not set: requests go to pod IPs.", "dim"))
    return Group(title, *(Padding(line, (0, 0, 0, 2), expand=False) for line in lines), Text())


def _group(each: FailureGroup) -> RenderableType:
    title = Text.assemble(
        (f"{each.count:>7,}  ", f"bold {terminal.STYLE[Verdict.FAILED]}"),
        (words.line(told.group_title(each), 300), "bold"),
    )
    lines: list[Text] = []
    for one in each.failures[:SERVERS]:
        lines.append(_labelled("", told.failure(one)))
        what = told.address(one.address) if one.address.text else ""
        when = told.between(one.first, one.last)
        lines += [_labelled("  ", said) for said in (what, when) if said]
    lines += _more(len(each.failures) - SERVERS, "addresses")
    return Group(title, *(Padding(line, (0, 0, 0, 9), expand=False) for line in lines), Text())


def _servers(answer: LogsAnswer) -> Iterator[RenderableType]:
    current = [server for server in answer.servers if server.current]
    if not current:
        return
    yield Text("servers that Traefik made last:", "bold")
    for server_ in current[:MOST]:
        yield _labelled("  ", f"{server_.url}: {told.address(server_.address)}")
        if name := server_.route or server_.router:
            yield _labelled("    of ", name)
    yield from _more(len(current) - MOST, "servers")
    if former := len(answer.servers) - len(current):
        yield Text(f"  and {former:,} that were replaced since", "dim")


def _labelled(label: str, said: str) -> Text:
    return Text.assemble((label, "dim"), words.line(said, WIDE))


def _more(count: int, what: str) -> list[Text]:
    return [Text(f"… and {count:,} more {what}; --output json has all.")] if count > 0 else []


def _unseen(unseen: tuple[str, ...]) -> list[Text]:
    return [Text.assemble(("not seen: ", "magenta"), words.line(gap, WIDE)) for gap in unseen]
