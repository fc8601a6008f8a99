"""A digest as text, for files and terminals, and the phrases that all views share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from bot.digest.domain.diff import LAST_DIGEST, DiffEntry, GoneEntry
from bot.digest.domain.digest import Digest
from bot.digest.domain.open_items import OpenItem
from bot.domain.report import Report
from bot.domain.sentences import moment
from bot.domain.shares import shared
from bot.domain.verdict import Verdict
from bot.health.service import ROUTES
from bot.health.views.text import next_step, note_lines, unseen_lines
from bot.history.domain.trends import WORST, Trends, party_of_problem
from bot.history.views import uptime
from bot.history.views.chart import named, share
from bot.render import text as words
from bot.sites.views import text as sites_text

LINE = 1000
KINDS = 12


def headline(digest: Digest) -> str:
    """What a digest says in one line: how many entries of which part."""
    if digest.healthy:
        objects = words.plural(digest.report.judged_count, "object")
        return f"all healthy: {objects} checked · {_nodes(digest)}"
    return f"{changes(digest)} · {_nodes(digest)}"


def changes(digest: Digest) -> str:
    """How many entries of which part, without the nodes."""
    if digest.healthy:
        return "all healthy"
    parts = digest.difference
    counts = [
        f"{len(entries):,} {name}"
        for name, entries in (
            ("new", parts.new),
            ("worse", parts.worse),
            ("unchanged", parts.same),
            ("better", parts.better),
            ("fixed", parts.fixed),
            ("worked around", parts.around),
            ("muted", digest.muted),
        )
        if entries
    ]
    counts += [words.plural(len(digest.notes), "note")] if digest.notes else []
    return ", ".join(counts) or _without_entries(digest.report.public)


def _without_entries(report: Report) -> str:
    """A digest that lists nothing, though something is wrong below its threshold, or unseen."""
    if not report.judged_count:
        return "nothing was checked"
    if any(finding.verdict is not Verdict.UNKNOWN for finding in report.findings):
        return "nothing to report"
    return "nothing wrong found in what was seen"


def nodes(digest: Digest) -> str:
    """How many nodes are ready."""
    return _nodes(digest).capitalize()


def sites(digest: Digest) -> str:
    """How many sites answer, by what everybody may see; empty where nobody looked."""
    return sites_text.of_report(digest.report.public)


def title(digest: Digest) -> str:
    """The mark, the name and what changed: `Daily digest · 2 new, 1 fixed`."""
    return f"{words.MARK[digest.verdict]} {name(digest)} · {changes(digest)}"


def name(digest: Digest) -> str:
    """The name of a digest, as people see it."""
    if digest.name == "digest":
        return "Digest"
    periods = ("daily", "weekly", "hourly", "monthly")
    said = digest.name.capitalize() if digest.name in periods else digest.name
    return f"{said} digest"


def text(digest: Digest) -> str:
    """A whole digest, one entry in a line."""
    head = filter(None, (title(digest), sites(digest), headline(digest)))
    return "\n".join([*head, "", *_body(digest)]) + "\n"


def _present(digest: Digest, entry: DiffEntry) -> str:
    """A cause in one line."""
    finding = entry.finding
    was = f", was {entry.was}" if entry.was else ""
    return (
        f"{finding.subject}: {finding.verdict}{was} {finding.reason}{lasting(entry, digest)}: "
        f"{words.brief(finding.message, 160)}{downstream(entry)} · {next_step(finding)}"
    )


def _gone(digest: Digest, entry: GoneEntry) -> str:
    """A cause that does not exist any more, in one line."""
    age = first_seen(entry, digest)
    return f"{entry.subject}: {entry.verdict} {entry.reason}, {age}{downstream(entry)}"


def lasting(entry: DiffEntry | OpenItem, digest: Digest) -> str:
    """` for 2h`; empty where its start is unknown."""
    age = words.age(entry.since, digest.report.taken_at)
    return f" for {age}" if age else ""


def downstream(entry: DiffEntry | GoneEntry) -> str:
    """` · 3 more affected · 3 sites`; empty without any."""
    if not entry.downstream:
        return ""
    sites = entry.sites if isinstance(entry, DiffEntry) else 0
    more = f" · {words.plural(sites, 'site')}" if sites else ""
    return f" · {entry.downstream:,} more affected{more}"


def first_seen(entry: GoneEntry, digest: Digest) -> str:
    """When a digest first had it; when it ended is unknown."""
    ago = words.age(entry.first, digest.report.taken_at)
    return f"first seen {ago} ago"


def opened(digest: Digest) -> Iterator[str]:
    """Open items: suspended and temporary objects, approvals, and notes on healthy objects."""
    for open_item in digest.standing.open:
        yield f"{open_item.subject}: {open_item.what}{lasting(open_item, digest)}"
    yield from digest.approvals
    yield from note_lines(digest.report.public)


def expiring(digest: Digest) -> Iterator[str]:
    """Certificates that end soon, with the time."""
    now = digest.report.taken_at
    for expiring_ in digest.standing.expiring:
        left = words.age(now, expiring_.at) if expiring_.at > now else ""
        when = f"expires in {left}" if left else "expired"
        due = expiring_.renews if left else None
        renewed = f", renewal due {moment(due)}" if due else ""
        yield f"{expiring_.subject}: {when} ({moment(expiring_.at)}{renewed})"


def trend_lines(trends: Trends, quoted: Callable[[str], str] = str) -> Iterator[str]:
    """Hours without a fault by area, incidents, recovery, restarts, flapping, longest problems.

    One object that fails makes an hour count as one with a fault. Of routes the uptime of sites
    tells more, where there is one. `quoted` makes a name from the cluster harmless.
    """
    areas = [
        f"{area.area} {share(area.share)}"
        for area in trends.areas
        if area.seen and not (trends.sites and area.area == ROUTES)
    ]
    if areas:
        yield "hours without any fault: " + ", ".join(areas)
    if trends.links:
        links = ", ".join(f"{link.name} {share(link.share)}" for link in trends.links)
        yield f"network: {links}"
    if trends.unseen:
        yield f"not seen: {trends.unseen} of {trends.hours} hours, counted neither way"
    mean = f", mean time to recovery {words.duration(trends.recovery)}" if trends.recovery else ""
    counted = words.plural(trends.incidents, "incident"), words.plural(trends.restarts, "restart")
    if trends.unseen < trends.hours or trends.incidents:
        yield f"{counted[0]}{mean}, {counted[1]}"
    repeated = shared(trends.flapping, WORST, party_of_problem)
    flapping = [f"{quoted(named(problem))} ×{problem.times}" for problem in repeated]
    if flapping:
        yield f"flapping: {', '.join(flapping)}"
    longest = [
        f"{quoted(named(problem))} {words.duration(problem.lasted)}" for problem in trends.worst
    ]
    if longest:
        yield f"longest: {', '.join(longest)}"


def notes(digest: Digest) -> Iterator[str]:
    """Notes about the digest itself."""
    if digest.due:
        yield f"Late: it was due at {moment(digest.due)}, and could not be sent then."
    if any(gap.kind == LAST_DIGEST for gap in digest.gaps):
        yield "What the last digest said cannot be read, so all is shown as new."
    elif digest.difference.first:
        yield "The first digest of this name: there is nothing to compare it with."
    if digest.difference.forgotten:
        yield f"Of the one before, {digest.difference.forgotten:,} findings were not kept for room."


def unseen(digest: Digest, most: int = KINDS) -> list[str]:
    """Gaps, one in a line."""
    return unseen_lines(digest.gaps, digest.report.taken_at, most)


def _body(digest: Digest) -> Iterator[str]:
    parts = digest.difference
    present, gone = partial(_present, digest), partial(_gone, digest)
    yield from _part("Note", notes(digest))
    yield from _part("New", map(present, parts.new))
    yield from _part("Worse", map(present, parts.worse))
    yield from _part("Better", map(present, parts.better))
    yield from _part("Unchanged", map(present, parts.same))
    yield from _part("Fixed", map(gone, parts.fixed))
    yield from _part("Worked around", map(gone, parts.around))
    yield from _part("Was there, not seen now", map(gone, parts.lost))
    yield from _part("Muted", digest.muted)
    yield from _part("Still open", opened(digest))
    yield from _part("Certificates that end soon", expiring(digest))
    yield from _part("Not seen", unseen(digest))
    if digest.trends:
        yield from _part("Trends", trend_lines(digest.trends))
        sites = digest.trends.sites
        yield from _part(uptime.TITLE, uptime.lines(sites), len(sites))


def _part(name: str, entries: Iterable[str], count: int | None = None) -> Iterator[str]:
    """A heading and its lines; `count` says how many entries they stand for, where not one each."""
    if lines := list(entries):
        yield f"{name} ({count or len(lines):,})"
        yield from (f"  {words.line(line, LINE)}" for line in lines)


def _nodes(digest: Digest) -> str:
    nodes = digest.standing.nodes
    if nodes is None:
        return "nodes not seen"
    cordoned = f", {nodes.cordoned} cordoned" if nodes.cordoned else ""
    return f"nodes {nodes.ready}/{nodes.total} ready{cordoned}"


VERDICTS = tuple(verdict.value for verdict in Verdict if verdict is not Verdict.HEALTHY)
"""What a threshold may be."""
