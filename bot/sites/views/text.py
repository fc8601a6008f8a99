"""The sites in words: the phrases that Discord, the terminal, the board and digests share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.domain.grouping import grouped
from bot.domain.report import Report
from bot.domain.sentences import listed
from bot.render import text as words
from bot.routing.site_state import SiteState
from bot.sites.domain.site import SOON, EvidenceSource, Site, SiteBackend, Sites

NODES = 3
NAME = 80
ANSWER = 120

SEEN_BY = {
    EvidenceSource.TEST: "a network test passed",
    EvidenceSource.REPAIR: "requests passed after a fix",
    EvidenceSource.ACCESS_LOG: "a request was answered",
    EvidenceSource.METRICS: "Traefik's metrics show an answer",
}
"""How it is known that a site answers."""

DAY = timedelta(days=1)
SECOND = 1000
"""In milliseconds, as latencies are."""

NONE = "No sites found: Traefik serves no Ingress, IngressRoute or HTTPRoute with a host."
NOT_SEEN = "No sites found, but not everything could be read."

HOW = "meshmedic net diagnose HOST tests one; /sites shows what the bot has tested."
TURN_ON = f"Route checks test all of them: set MESHMEDIC_ROUTE_CHECKS for the bot. {HOW}"
"""A test that passed is known to the process alone that made it."""

Moment = Callable[[datetime], str]
"""How a view writes a time."""


def headline(sites: Sites | None) -> str:
    """How many of the sites that were tested answer, and how many were not tested; one line.

    Empty where there is none, or where nobody looked.
    """
    if sites is None or not sites.all:
        return ""
    answering, failing, untested = (len(sites.of(state)) for state in COUNTED)
    tested = answering + failing
    more = f" · {untested:,} not tested" if untested else ""
    if not tested:
        return f"{words.plural(untested, 'site')}, none tested yet{_partly(sites)}"
    if failing:
        fail = f"{'doesn' if failing == 1 else 'don'}'t answer"
        return f"{failing:,} of {words.plural(tested, 'site')} {fail}{more}{_partly(sites)}"
    answer = "answers" if answering == 1 else "answer"
    return f"{answering:,} of {words.plural(tested, 'site')} {answer}{more}{_partly(sites)}"


def title(sites: Sites) -> str:
    """The title of an answer: the headline, or that no sites exist, or that none could be seen."""
    return headline(sites) or (NONE if sites.seen_whole else NOT_SEEN)


def of_report(report: Report) -> str:
    """The same of a report: what the board, `/health`, `check` and digests say first of all."""
    return headline(report.supplement(Sites))


def first_line(report: Report) -> str:
    """The same as the first line of a card, in bold and with its line end; empty for nothing."""
    said = of_report(report)
    return f"**{said}**\n" if said else ""


def counted(failing: Sequence[Site]) -> str:
    """` · 3 sites`, beside what follows from a cause; empty for none."""
    return f" · {words.plural(len(failing), 'site')}" if failing else ""


COUNTED = (SiteState.ANSWERS, SiteState.FAILS, SiteState.NOT_TESTED)


def _partly(sites: Sites) -> str:
    return " · not all routes could be read" if sites.unseen else ""


def state(site: Site, moment: Moment, quoted: Callable[[str], str] = str) -> str:
    """`does not answer: 502 since 14:02`, or `answers: HTTP 200 at 14:02`.

    `quoted` makes what comes from the cluster harmless.
    """
    seen = site.evidence
    if seen is None:
        return str(site.state)
    if site.state is SiteState.FAILS:
        since = f" since {moment(site.since)}" if site.since else ""
        return f"{site.state}: {quoted(words.line(seen.symptom, NAME))}{since}"
    at = f" at {moment(seen.at)}" if seen.at else ""
    answer = quoted(words.line(seen.answer, ANSWER)) if seen.answer else ""
    return f"{site.state}: {answer or SEEN_BY.get(seen.source, seen.source)}{at}"


def clock_time(at: datetime, now: datetime) -> str:
    """The time of a moment of the last day, in UTC; with the date where it is longer ago."""
    return f"{at:%H:%M}" if now - at < DAY else f"{at:%Y-%m-%d %H:%M}"


def why(site: Site) -> str:
    """Why it does not answer, or what else is known of its answer; empty for nothing."""
    return site.evidence.why if site.evidence else ""


def latency(site: Site) -> str:
    """How long an answer takes, by the last hour; empty where that is not known."""
    if site.latency is None:
        return ""
    took = site.latency
    return (
        f"{took / 1000:,.1f} s" if took >= SECOND else f"{took:,.0f} ms" if took >= 1 else "<1 ms"
    )


def leads_to(site: Site) -> str:
    """The Services behind it, each with its nodes; empty where none is known."""
    return listed(map(_backend, site.backends), NODES)


def _backend(backend: SiteBackend) -> str:
    name = f"{backend.service.namespace}/{backend.service.name}"
    nodes = listed(backend.nodes, NODES)
    return f"{name} on {nodes}" if nodes else name


def certificate(site: Site, now: datetime) -> str:
    """When its certificate ends, or why browsers refuse it; empty where neither is known."""
    ends = site.certificate_ends
    if ends and ends <= now:
        return f"certificate expired {words.age(ends, now)} ago"
    if site.certificate_fault:
        return f"browsers reject its certificate: {site.certificate_fault}"
    if ends is None:
        return ""
    if ends - now <= SOON:
        return f"certificate expires in {words.age(now, ends)}"
    return f"certificate until {ends:%Y-%m-%d}"


def partial(site: Site) -> str:
    """Which of several routes the state comes from; empty where it is of all."""
    if len(site.decided_by) == len(site.routes):
        return ""
    names = listed(map(str, site.decided_by), NODES)
    return f"by {names}, of {len(site.routes):,} routes"


def how_in_terminal(sites: Sites) -> str:
    """How to test the untested sites from a terminal."""
    return HOW if sites.checked else TURN_ON


def untested(sites: Sites, how: str, room: int) -> str:
    """One line with the sites of which nothing was seen, and `how` to test them; empty for none.

    Those that have a reason in common stand together, and it follows them. `room`: The most
    characters for names.
    """
    rest = sites.of(SiteState.NOT_TESTED)
    if not rest:
        return ""
    shown: list[str] = []
    named = 0
    for why, of_one in grouped((site.untested, site) for site in rest).items():
        names: list[str] = []
        for site in of_one:
            name = words.line(site.host, NAME)
            room -= len(name) + 2
            if room < 0 and named:
                break
            names.append(name)
            named += 1
        if names:
            reason = words.line(why, NAME)
            room -= len(reason) + 3
            shown.append(f"{', '.join(names)} ({reason})" if reason else ", ".join(names))
    hidden = len(rest) - named
    more = f" and {hidden:,} more" if hidden else ""
    return f"{words.plural(len(rest), 'site')} not tested: {', '.join(shown)}{more}. {how}"
