"""A digest as text, for files and terminals, and the words that every renderer shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.digest.domain.diff import DiffEntry, GoneEntry
from bot.digest.domain.digest import Digest
from bot.digest.domain.open_items import OpenItem
from bot.domain.verdict import Verdict
from bot.health.views.text import unseen_lines
from bot.history.domain.trends import Trends
from bot.history.views.chart import named, share
from bot.render import text as words

LINE = 400
KINDS = 12


def headline(each: Digest) -> str:
    """The verdict, and how many of what."""
    if each.healthy:
        return (
            f"all healthy: {words.plural(each.report.judged_count, 'object')} judged{_nodes(each)}"
        )
    parts = each.difference
    said = [
        f"{len(found):,} {name}"
        for name, found in (
            ("new", parts.new),
            ("worse", parts.worse),
            ("as before", parts.same),
            ("better", parts.better),
            ("fixed", parts.fixed),
        )
        if found
    ]
    muted = [f"{len(each.muted):,} muted"] if each.muted else []
    return (", ".join([*said, *muted]) or "nothing to tell of what was seen") + _nodes(each)


def title(each: Digest) -> str:
    """The mark, the name and the verdict."""
    verdict = each.report.verdict
    return f"{words.MARK[verdict]} {name(each)}: {verdict}"


def name(each: Digest) -> str:
    """What people call it."""
    return "Digest" if each.name == "digest" else f"Digest {each.name}"


def text(each: Digest) -> str:
    """All of it, a line each."""
    return "\n".join([title(each), headline(each), "", *_body(each)]) + "\n"


def entry(each: DiffEntry, digest: Digest) -> str:
    """One cause in a line."""
    finding = each.finding
    was = f", was {each.was}" if each.was else ""
    return (
        f"{finding.subject}: {finding.verdict}{was} {finding.reason}{lasting(each, digest)}: "
        f"{words.brief(finding.message, 160)}{downstream(each)}"
    )


def gone(each: GoneEntry, digest: Digest) -> str:
    """A cause that does not exist any more."""
    seen = first_seen(each, digest)
    return f"{each.subject}: {each.verdict} {each.reason}, {seen}{downstream(each)}"


def lasting(each: DiffEntry | OpenItem, digest: Digest) -> str:
    """` for 2h`; empty where its start is unknown."""
    age = words.age(each.since, digest.report.taken_at)
    return f" for {age}" if age else ""


def downstream(each: DiffEntry | GoneEntry) -> str:
    """` · 3 downstream`; empty without any."""
    return f" · {each.downstream:,} downstream" if each.downstream else ""


def first_seen(each: GoneEntry, digest: Digest) -> str:
    """Since when it was there: when it ended, no digest knows."""
    ago = words.age(each.first, digest.report.taken_at)
    return f"first seen {ago} ago"


def opened(digest: Digest) -> Iterator[str]:
    """What is open: suspended and temporary objects, approvals."""
    for open_item in digest.standing.open:
        yield f"{open_item.subject}: {open_item.what}{lasting(open_item, digest)}"
    yield from digest.approvals


def expiring(digest: Digest) -> Iterator[str]:
    """Certificates that end soon, with the day."""
    now = digest.report.taken_at
    for expiring_ in digest.standing.expiring:
        left = words.age(now, expiring_.at) if expiring_.at > now else ""
        when = f"ends in {left}" if left else "has ended"
        renewed = f", to be renewed {expiring_.renews:%Y-%m-%d %H:%M}" if expiring_.renews else ""
        yield f"{expiring_.subject}: {when} ({expiring_.at:%Y-%m-%d %H:%M} UTC{renewed})"


def trend_lines(each: Trends, quoted: Callable[[str], str] = str) -> Iterator[str]:
    """Uptime by area, incidents, recovery, flapping, the worst, restarts.

    `quoted` makes a name of the cluster harmless; all else is our own.
    """
    areas = [f"{one.area} {share(one.share)}" for one in each.uptime if one.seen]
    if areas:
        yield "uptime: " + ", ".join(areas)
    if each.links:
        told = ", ".join(f"{one.name} {share(one.share)}" for one in each.links)
        yield f"network: {told}"
    if each.unseen:
        yield f"not seen: {each.unseen} of {each.hours} hours, which count as neither"
    seconds = int(each.recovery.total_seconds()) if each.recovery else 0
    mean = f", mean time to recovery {_span(seconds)}" if each.recovery else ""
    counted = words.plural(each.incidents, "incident"), words.plural(each.restarts, "restart")
    yield f"{counted[0]}{mean}, {counted[1]}"
    if each.flapping:
        yield "flapping: " + ", ".join(
            f"{quoted(named(one))} ×{one.times}" for one in each.flapping[:5]
        )
    if each.worst:
        worst = (
            f"{quoted(named(one))} {_span(int(one.lasted.total_seconds()))}" for one in each.worst
        )
        yield "longest: " + ", ".join(worst)


def notes(each: Digest) -> Iterator[str]:
    """What is to be known about the digest itself."""
    if each.due:
        yield f"Late: it was due at {each.due:%Y-%m-%d %H:%M} UTC, and could not be sent then."
    if each.difference.first:
        yield "The first of its name: there is none before it to compare with."
    if each.difference.forgotten:
        yield f"Of the one before, {each.difference.forgotten:,} findings were not kept for room."


def unseen(each: Digest, most: int = KINDS) -> list[str]:
    """What was not seen."""
    return unseen_lines(each.gaps, each.report.taken_at, most)


def _body(each: Digest) -> Iterator[str]:
    parts = each.difference
    yield from _part("Note", list(notes(each)))
    yield from _part("New", [entry(one, each) for one in parts.new])
    yield from _part("Worse", [entry(one, each) for one in parts.worse])
    yield from _part("Better", [entry(one, each) for one in parts.better])
    yield from _part("As before", [entry(one, each) for one in parts.same])
    yield from _part("Fixed", [gone(one, each) for one in parts.fixed])
    yield from _part("Was there, not seen now", [gone(one, each) for one in parts.lost])
    yield from _part("Muted", list(each.muted))
    yield from _part("Still open", list(opened(each)))
    yield from _part("Certificates that end soon", list(expiring(each)))
    yield from _part("Not seen", unseen(each))
    if each.trends:
        yield from _part("Trends", list(trend_lines(each.trends)))


def _part(name: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"{name} ({len(lines):,})"
        yield from (f"  {words.line(one, LINE)}" for one in lines)


def _nodes(each: Digest) -> str:
    nodes = each.standing.nodes
    if nodes is None:
        return " · nodes not seen"
    cordoned = f", {nodes.cordoned} cordoned" if nodes.cordoned else ""
    return f" · nodes {nodes.ready}/{nodes.total} ready{cordoned}"


def _span(seconds: int) -> str:
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds} s"


VERDICTS = tuple(verdict.value for verdict in Verdict if verdict is not Verdict.HEALTHY)
"""What a threshold may be."""
