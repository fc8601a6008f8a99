"""The words about Traefik that chat and terminal share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.render import text as words
from bot.routing.addresses import Address, AddressKind
from bot.traefik.domain.answers import (
    FailureGroup,
    FailureView,
    Live,
    LogsAnswer,
    Replica,
    RoutesAnswer,
    RouteView,
    RuleView,
)
from bot.traefik.domain.backend import Backend, Mode
from bot.traefik.domain.log_events import Cause

SEVERAL = 3
"""Names that are told one by one."""


def ordered(answer: RoutesAnswer) -> Sequence[RouteView]:
    """The worst first; what this Traefik does not read stands last."""
    return sorted(
        answer.routes, key=lambda each: (bool(each.unread), -each.verdict.rank, each.label)
    )


def headline(answer: RoutesAnswer) -> str:
    """How many routes, how they are reached, which Traefik, and where its view comes from."""
    read = [route for route in answer.routes if not route.unread]
    tally = Counter(mode for route_view in read for mode in route_view.modes)
    nowhere = tally.pop(Mode.NOTHING, 0)
    told = [f"{count} by {mode}" for mode, count in sorted(tally.items())]
    modes = ", ".join([*told, *([f"{nowhere} to nothing"] if nowhere else [])])
    of = f"its servers seen in its {answer.of}" if answer.of else "its own view not seen"
    count = words.plural(len(read), "route")
    return f"{count}{f' ({modes})' if modes else ''} · {traefiks(answer.replicas)}, {of}"


def traefiks(replicas: Iterable[Replica]) -> str:
    """`Traefik 3.6.2 on edge`; several where there are several."""
    replicas = tuple(replicas)
    versions = " and ".join(sorted({replica.version or "?" for replica in replicas}))
    nodes = ", ".join(sorted({replica.node for replica in replicas} - {""}))
    return f"Traefik {versions}{f' on {nodes}' if nodes else ''}" if replicas else "no Traefik"


def backend(each: Backend) -> str:
    """`apps/web:80 by pod IPs`, with the reason where one is told."""
    if each.mode is Mode.NOTHING:
        return f"{each.name}: no server ({each.because})"
    because = f" ({each.because})" if each.because else ""
    return f"{each.name} by {each.mode}{because}"


def lacks_native(each: RouteView) -> bool:
    """Whether nativeLB could be set for one of its Services and is neither on nor off."""
    return not each.unread and any(one.lacks_native for one in each.backends)


def servers(rule: RuleView) -> list[str]:
    """What Traefik sends to now; where that is not seen, what the objects make of it."""
    if rule.live:
        return [live(server) for server in rule.live]
    if rule.live is not None:
        return ["Traefik names no server of it"]
    return [url for backend_ in rule.backends for url in backend_.servers]


def live(each: Live) -> str:
    """A server's URL and what its address stands for."""
    return f"{each.url}: {address(each.address)}"


def address(each: Address) -> str:
    """What an address stands for, in words."""
    service = f"{each.service.namespace}/{each.service.name}" if each.service else ""
    match each.kind:
        case AddressKind.POD:
            who = f"pod {each.pod.namespace}/{each.pod.name}" if each.pod else "an endpoint"
            on = f" on {each.node}" if each.node else ""
            port = "" if each.port_served is not False else ", which has not this port"
            return f"{who}{on} (Service {service}){port}"
        case AddressKind.VIP:
            return f"VIP of Service {service}"
        case AddressKind.NODE:
            return f"node {each.node}"
        case AddressKind.POD_NETWORK:
            return f"in the pod network of {each.node}, in no EndpointSlice"
        case AddressKind.NAME:
            return f"name of Service {service}" if service else "a name"
        case AddressKind.ELSEWHERE:
            return "not of this cluster"
        case AddressKind.UNKNOWN:
            return "not classified"


def verdict_of_logs(answer: LogsAnswer) -> str:
    """The first sentence about logs."""
    if answer.failed:
        groups = [failure_group for failure_group in answer.failures if failure_group.count]
        known = {name for group in groups for name in group.routes}
        of = f" of {words.plural(len(known), 'route')}" if known else ""
        return f"{words.plural(answer.failed, 'request')}{of} did not reach a server"
    if answer.refusals:
        return f"Traefik refuses {words.plural(len(answer.refusals), 'object')}"
    if not answer.lines:
        return "No line was read"
    if not answer.shows_failures:
        return "A log of this level does not tell of failures"
    return "No failure is told" + ("" if not answer.unseen else " by what could be read")


def pattern(answer: LogsAnswer) -> str:
    """What the failing addresses have in common, where several have it; empty where nothing."""
    own = {replica.node for replica in answer.replicas} - {""}
    failing = [
        failure_.address.node
        for group in answer.failures
        for failure_ in group.failures
        if failure_.cause is not Cause.CANCELLED
    ]
    if not own or len(failing) < SEVERAL or not all(failing):
        return ""
    where = ", ".join(sorted(own))
    if own.isdisjoint(failing):
        return f"All of them at pods on other nodes than Traefik's ({where})."
    return f"All of them at pods on Traefik's own node ({where})." if own >= set(failing) else ""


def group_title(each: FailureGroup) -> str:
    """Whose failures they are."""
    if not each.routes:
        return "route not known"
    more = len(each.routes) - SEVERAL
    return " or ".join(each.routes[:SEVERAL]) + (f" or {more} more" if more > 0 else "")


def failure(each: FailureView) -> str:
    """Status, cause, how often, and where."""
    status = f"{each.status} " if each.status else ""
    at = f" at {each.address.text}" if each.address.text else ""
    return f"{status}{each.cause} ×{each.count:,}{at}"


def between(first: datetime | None, last: datetime | None) -> str:
    """From when to when, in UTC."""
    if first is None or last is None:
        return ""
    same = first.date() == last.date()
    end = f"{last:%H:%M:%S}" if same else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{first:%Y-%m-%d %H:%M:%S}" + (f" to {end} UTC" if first != last else " UTC")


def left_out(answer: LogsAnswer) -> list[str]:
    """What was read and is not told, and what was not read."""
    said = list(answer.cut)
    if answer.left_out:
        said.append(f"{answer.left_out:,} more lines of interest were counted only.")
    return said
