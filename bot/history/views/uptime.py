"""Uptime of sites in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bot.history.domain.uptime import RequestCount, SiteUptime
from bot.render import text as words

TITLE = "Uptime of sites"
NAME = 80
SHOWN = 10
"""Sites that have a line of their own."""


def lines(
    sites: Sequence[SiteUptime], quoted: Callable[[str], str] = str, most: int = SHOWN
) -> Iterator[str]:
    """A line for each of the first sites, which are the worst, and one for all others.

    `quoted` makes a host harmless.
    """
    for site in sites[:most]:
        yield f"{quoted(words.line(site.host, NAME))}: {' · '.join(_windows(site))}"
    if others := sites[most:]:
        yield _others(others)


def _windows(site: SiteUptime) -> Iterator[str]:
    """Each window in words; one that saw no more than the one before it says nothing new."""
    before = RequestCount()
    for window in site.windows:
        requests = window.requests
        if not requests.seen:
            yield f"not seen for {window.days} days"
        elif requests != before:
            noun = "" if before.seen else " request" if requests.seen == 1 else " requests"
            days = words.plural(window.days_seen, "day")
            partly = f" ({days} seen)" if window.days_seen < window.days else ""
            yield f"{window.days} days {_percent(requests)} of {requests.seen:,}{noun}{partly}"
        before = requests


def _others(sites: Sequence[SiteUptime]) -> str:
    """How many there are, and the worst of them by their first window."""
    windows = [site.windows[0] for site in sites]
    days = windows[0].days
    seen = [window.requests for window in windows if window.requests.seen]
    unseen = len(windows) - len(seen)
    if not seen:
        return f"and {unseen:,} more not seen for {days} days"
    least = f"{_percent(seen[0])}{' or more' if seen[0].failed else ''}"
    rest = f", and {unseen:,} not seen for {days} days" if unseen else ""
    return f"and {len(seen):,} more with {least} in {days} days{rest}"


def _percent(requests: RequestCount) -> str:
    """The answered part, to two decimals: 100 % is all of it, and 0 % none."""
    if not requests.failed:
        return "100 %"
    if not requests.answered:
        return "0 %"
    hundredths = max(1, 10_000 * requests.answered // requests.seen)
    return f"{hundredths // 100}.{hundredths % 100:02} %"
