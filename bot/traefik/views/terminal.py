"""The answers about Traefik for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from bot.domain.verdict import Verdict
from bot.render import terminal
from bot.render import text as words
from bot.traefik.domain.answers import FailureGroup, LogsAnswer, RoutesAnswer, RouteView
from bot.traefik.views import text as traefik_text

WIDE = 600
MOST = 500
"""Routes, servers or failures that are printed; JSON has them all."""

SERVERS = 20


def routes(answer: RoutesAnswer) -> RenderableType:
    """Every route with its Services, servers and problems."""
    shown = traefik_text.ordered(answer)
    return Group(
        _head(answer.verdict, traefik_text.headline(answer), traefik_text.word_of(answer.verdict)),
        *(Text(line, "dim") for line in traefik_text.explained(shown)),
        Text(),
        *map(_route, shown[:MOST]),
        *_more(len(shown) - MOST, "routes"),
        *_unseen(answer.unseen),
    )


def route(view: RouteView, answer: RoutesAnswer) -> RenderableType:
    """One route, with everything that is known of it."""
    entry_points = ", ".join(view.entry_points) or "Traefik's default ones"
    return Group(
        _head(
            view.verdict,
            f"{view.label} · {traefik_text.traefiks(answer.replicas)}",
            traefik_text.word_of(view.verdict),
        ),
        _labelled("API version: ", view.api_version or "-"),
        _labelled("entrypoints: ", entry_points),
        _route(view),
        *(_labelled("router: ", rule.router) for rule in view.rules),
        *_unseen(answer.unseen),
    )


def logs(answer: LogsAnswer) -> RenderableType:
    """Failures by route, what is refused, and the servers."""
    read = f"{words.plural(answer.lines, 'line')} read"
    lines = [_head(answer.verdict, f"{traefik_text.verdict_of_logs(answer)} · {read}")]
    if common := traefik_text.pattern(answer):
        lines.append(Text(common))
    refused = [
        _labelled(
            f"{traefik_text.refusal(refusal)}: ",
            f"{refusal.subject} ×{refusal.count:,}: {refusal.message}",
        )
        for refusal in answer.refusals[:MOST]
    ]
    passed_over = [f"{count:,} × {reason}" for reason, count in answer.irrelevant.items()]
    note = "Addresses are not classified: no cluster was asked."
    if answer.classified:
        note = "Why: meshmedic net diagnose ROUTE tests it." if answer.failures else ""
    return Group(
        *lines,
        Text(),
        *map(_group, answer.failures[:MOST]),
        *_more(len(answer.failures) - MOST, "routes"),
        *refused,
        *_servers(answer),
        *(_labelled("passed over: ", reason) for reason in passed_over),
        *(_labelled("not read: ", gap) for gap in traefik_text.left_out(answer)),
        *([Text(note, "dim")] if note else []),
        *_unseen(answer.unseen),
    )


def _route(view: RouteView) -> RenderableType:
    verdict = Verdict.UNKNOWN if view.unread else view.verdict
    word = "not read" if view.unread else traefik_text.word_of(verdict)
    title = Text.assemble(
        (f"{word:<11}", f"bold {terminal.STYLE[verdict]}"),
        (words.line(view.label, 300), "bold"),
    )
    lines = [_labelled("", view.unread)] if view.unread else []
    for rule in view.rules:
        servers = traefik_text.servers(rule)
        lines += [
            _labelled("", rule.match or "no rule"),
            *(_labelled("  → ", traefik_text.backend(backend)) for backend in rule.backends),
            *(_labelled("    ", server) for server in servers[:SERVERS]),
            *_more(len(servers) - SERVERS, "servers"),
        ]
    lines += [_labelled("problem: ", problem) for problem in view.problems]
    lines += [_labelled("note: ", note) for note in view.notes]
    if traefik_text.lacks_native(view):
        lines.append(Text("nativeLB is not set: requests go to pod IPs.", "dim"))
    return Group(title, *(terminal.indented(line) for line in lines), Text())


def _group(group: FailureGroup) -> RenderableType:
    title = Text.assemble(
        (f"{group.count:>7,}  ", f"bold {terminal.STYLE[Verdict.FAILED]}"),
        (words.line(traefik_text.group_title(group), 300), "bold"),
    )
    lines: list[Text] = []
    for failure in group.failures[:SERVERS]:
        address = traefik_text.stands_for(failure.address) if failure.address.text else ""
        when = traefik_text.between(failure.first, failure.last)
        lines.append(_labelled("", traefik_text.failure(failure)))
        lines += [_labelled("  ", detail) for detail in (address, when) if detail]
    lines += _more(len(group.failures) - SERVERS, "addresses")
    return Group(title, *(terminal.indented(line, 9) for line in lines), Text())


def _servers(answer: LogsAnswer) -> Iterator[Text]:
    current = answer.current_servers
    if not current:
        return
    yield Text("servers that Traefik made last:", "bold")
    for server in current[:MOST]:
        yield _labelled("  ", traefik_text.live(server))
        if name := server.route or server.router:
            yield _labelled("    of ", name)
    yield from _more(len(current) - MOST, "servers")
    if former := len(answer.servers) - len(current):
        yield Text(f"  and {former:,} that were replaced since", "dim")


def _head(verdict: Verdict, text: str, word: str = "") -> Text:
    title = Text((word or verdict).upper(), style=f"bold {terminal.STYLE[verdict]}")
    title.append(f"  {words.line(text, WIDE)}", style="default not bold")
    return title


def _labelled(label: str, text: str) -> Text:
    return Text.assemble((label, "dim"), words.line(text, WIDE))


def _more(hidden: int, noun: str) -> list[Text]:
    rest = words.rest_in_json(hidden, noun)
    return [Text(rest)] if rest else []


def _unseen(unseen: tuple[str, ...]) -> list[Text]:
    return [Text.assemble(("not seen: ", "magenta"), words.line(gap, WIDE)) for gap in unseen]
