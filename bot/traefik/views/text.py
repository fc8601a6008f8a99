"""The texts about Traefik that chat and terminal share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.finding import Ref
from bot.domain.verdict import INCIDENT, Verdict
from bot.render import text as words
from bot.routing.addresses import Address, AddressKind
from bot.traefik.domain.answers import (
    FailureGroup,
    FailureView,
    Live,
    LogsAnswer,
    RefusalView,
    Replica,
    RoutesAnswer,
    RouteView,
    RuleView,
    ServerView,
)
from bot.traefik.domain.backend import Backend, Mode
from bot.traefik.domain.log_events import Cause

SEVERAL = 3
"""Names that are listed one by one."""


VALID = "valid: no problem found in its objects; /sites says which sites answer"
"""What the word for a route claims, and what it does not."""


STATE = {
    Verdict.HEALTHY: "is valid",
    Verdict.PROGRESSING: "is changing",
    Verdict.SUSPENDED: "is paused",
    Verdict.UNKNOWN: "couldn't be checked",
    Verdict.DEGRADED: "has a problem",
    Verdict.FAILED: "fails",
}
"""How a route is, after its name."""


def explained(routes: Iterable[RouteView]) -> list[str]:
    """What `valid` means, where one of these is called so."""
    calls = any(view.verdict is Verdict.HEALTHY and not view.unread for view in routes)
    return [VALID] if calls else []


def word_of(verdict: Verdict) -> str:
    """A route against which nothing is known is valid: that does not show that it answers."""
    return "valid" if verdict is Verdict.HEALTHY else verdict


def routes_situation(answer: RoutesAnswer) -> str:
    """How many of the routes that this Traefik reads have problems."""
    read = [route for route in answer.routes if not route.unread]
    bad = sum(route.verdict.rank >= INCIDENT.rank for route in read)
    if not answer.replicas:
        return "No running Traefik found"
    if not read:
        none = "No routes found, but not everything could be read"
        return none if answer.unseen else "Traefik has no routes"
    if bad:
        has = "has a problem" if bad == 1 else "have problems"
        return f"{bad:,} of {words.plural(len(read), 'route')} {has}"
    unknown = sum(route.verdict is Verdict.UNKNOWN for route in read)
    if unknown:
        return f"{unknown:,} of {words.plural(len(read), 'route')} couldn't be checked"
    return f"No problem found in {words.plural(len(read), 'route')}"


def short_names(labels: Iterable[str]) -> dict[str, str]:
    """`apps/site` for each `ingressroute/apps/site`; with the kind where two have that name."""
    labels = tuple(dict.fromkeys(labels))
    counts = Counter(label.partition("/")[2] for label in labels)
    names = ((label, label.partition("/")[2] or label) for label in labels)
    return {label: label if counts[name] > 1 else name for label, name in names}


def ordered(answer: RoutesAnswer) -> Sequence[RouteView]:
    """The routes, the worst first; those that this Traefik does not read are last."""
    return sorted(
        answer.routes, key=lambda view: (bool(view.unread), -view.verdict.rank, view.label)
    )


def headline(answer: RoutesAnswer) -> str:
    """Number of routes, how they are reached, which Traefik, and the source of its view."""
    read = [route for route in answer.routes if not route.unread]
    counts = Counter(mode for route in read for mode in route.modes)
    nowhere = counts.pop(Mode.NOTHING, 0)
    modes = [f"{count} by {mode}" for mode, count in sorted(counts.items())]
    modes += [f"{nowhere} to nothing"] if nowhere else []
    of = f"servers from its {answer.of}" if answer.of else "its own view wasn't available"
    count = words.plural(len(read), "route")
    by = f" ({', '.join(modes)})" if modes else ""
    return f"{count}{by} · {traefiks(answer.replicas)}, {of}"


def traefiks(replicas: Iterable[Replica]) -> str:
    """`Traefik 3.6.2 on edge`, with all versions and nodes."""
    replicas = tuple(replicas)
    versions = " and ".join(sorted({replica.version or "?" for replica in replicas}))
    nodes = ", ".join(sorted({replica.node for replica in replicas} - {""}))
    return (
        f"Traefik {versions}{f' on {nodes}' if nodes else ''}" if replicas else "no Traefik found"
    )


def backend(reference: Backend) -> str:
    """`apps/web:80 by pod IPs`, with the reason if there is one."""
    if reference.mode is Mode.NOTHING:
        return f"{reference.name}: no server ({reference.because})"
    because = f" ({reference.because})" if reference.because else ""
    return f"{reference.name} by {reference.mode}{because}"


def lacks_native(route: RouteView) -> bool:
    """Whether nativeLB could be set for one of its Services and is neither on nor off."""
    return not route.unread and any(backend.lacks_native for backend in route.backends)


def servers(rule: RuleView) -> list[str]:
    """Traefik's own servers; if they are not known, those that the objects lead to."""
    if rule.live:
        return [live(server) for server in rule.live]
    if rule.live is not None:
        return ["Traefik has no server for it"]
    return [url for backend in rule.backends for url in backend.servers]


def live(server: Live | ServerView) -> str:
    """A server's URL and what its address stands for."""
    return f"{server.url}: {stands_for(server.address)}"


def stands_for(address: Address) -> str:
    """What an address stands for, in words."""
    service, pod = _name(address.service), _name(address.pod)
    match address.kind:
        case AddressKind.POD:
            on = f" on {address.node}" if address.node else ""
            port = "" if address.port_served is not False else ", which doesn't have this port"
            return f"{f'pod {pod}' if pod else 'an endpoint'}{on} (Service {service}){port}"
        case AddressKind.VIP:
            return f"VIP of Service {service}"
        case AddressKind.NODE:
            return f"node {address.node}"
        case AddressKind.POD_NETWORK:
            return f"in the pod network of {address.node}, but in no EndpointSlice"
        case AddressKind.NAME:
            return f"name of Service {service}" if service else "a name"
        case AddressKind.ELSEWHERE:
            return "outside this cluster"
        case AddressKind.UNKNOWN:
            return "unknown"


def location(address: Address) -> str:
    """Where an address is, after it and in few words: the row's own name says which Service."""
    if address.kind is not AddressKind.POD:
        return f"({stands_for(address)})"
    on = f"on {address.node}" if address.node else ""
    return f"{on} (pod doesn't have this port)" if address.port_served is False else on


def _name(ref: Ref | None) -> str:
    return f"{ref.namespace}/{ref.name}" if ref else ""


def verdict_of_logs(answer: LogsAnswer) -> str:
    """The first sentence about logs."""
    if answer.failed:
        known = {label for group in answer.failures for label in group.routes}
        of = f" to {words.plural(len(known), 'route')}" if known else ""
        return f"{words.plural(answer.failed, 'request')}{of} failed"
    if unread := {refusal.subject for refusal in answer.refusals if refusal.unread}:
        return f"Traefik can't read {words.plural(len(unread), 'kind')} of objects"
    if answer.refusals:
        return f"Traefik refuses {words.plural(len(answer.refusals), 'object')}"
    if not answer.lines:
        return "No log line could be read"
    if answer.unknown_errors:
        errors = words.plural(answer.unknown_errors, "error")
        return f"{errors} that the bot doesn't recognize: read Traefik's log"
    if answer.only_harmless:
        return "Only harmless warnings"
    if not answer.shows_failures:
        return "This log level doesn't show failures"
    return "No failures" + ("" if not answer.unseen else " in what could be read")


def refusal(view: RefusalView) -> str:
    """What became of an object, in a word or two."""
    return "can't read" if view.unread else "refused"


def pattern(answer: LogsAnswer) -> str:
    """What all failing addresses have in common; empty for few of them, or for nothing."""
    own = {replica.node for replica in answer.replicas} - {""}
    failing = [
        failure.address.node
        for group in answer.failures
        for failure in group.failures
        if failure.cause is not Cause.CANCELLED
    ]
    if not own or len(failing) < SEVERAL or not all(failing):
        return ""
    where = ", ".join(sorted(own))
    if own.isdisjoint(failing):
        return f"All of them at pods on other nodes than Traefik's (`{where}`)."
    return f"All of them at pods on Traefik's own node (`{where}`)." if own >= set(failing) else ""


def group_title(group: FailureGroup) -> str:
    """The routes that failed."""
    if not group.routes:
        return "an unknown route"
    more = len(group.routes) - SEVERAL
    return " or ".join(group.routes[:SEVERAL]) + (f" or {more} more" if more > 0 else "")


def failure(view: FailureView) -> str:
    """Status, cause, how often, and where."""
    at = f" at {view.address.text}" if view.address.text else ""
    return f"{view.symptom} ×{view.count:,}{at}"


def between(first: datetime | None, last: datetime | None) -> str:
    """From when to when, in UTC."""
    if first is None or last is None:
        return ""
    same = first.date() == last.date()
    end = f"{last:%H:%M:%S}" if same else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{first:%Y-%m-%d %H:%M:%S}" + (f" to {end} UTC" if first != last else " UTC")


def left_out(answer: LogsAnswer) -> list[str]:
    """What was not read, and what was only counted."""
    lines = list(answer.cut)
    if answer.left_out:
        lines.append(f"{answer.left_out:,} more relevant lines were only counted.")
    return lines
