"""The sites of an incident: which of them do not answer, by name as far as there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from bot.domain.finding import Finding
from bot.domain.redaction.redact import redact
from bot.domain.report import Report
from bot.domain.shares import in_turn
from bot.domain.tenancy import party_of
from bot.routing.site_state import SiteState
from bot.sites.domain.behind import failing_by
from bot.sites.domain.site import Sites

NAMED = 5
"""Sites that are stored by name; the others are counted."""

LONGEST = 100
"""Characters of a name that are stored."""


class FailingSites(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sites that do not answer: the first of them by name, and how many they are in all."""

    named: tuple[str, ...] = ()
    count: int = 0

    def listed(self, quoted: Callable[[str], str] = str, most: int = NAMED) -> str:
        """`shop.example.com, blog.example.com and 3 more`; empty for none.

        `quoted` makes a name harmless, which anybody in the cluster may have chosen.
        """
        names = [quoted(name) for name in self.named[:most]]
        rest = self.count - len(names)
        if not names or not rest:
            *first, last = names or [""]
            return f"{', '.join(first)} and {last}" if first else last
        return f"{', '.join(names)} and {rest:,} more"

    def sentence(self, quoted: Callable[[str], str] = str, *, over: bool = False) -> str:
        """The same as a sentence without its full stop; empty for none."""
        verb = "did" if over else "does" if self.count == 1 else "do"
        return f"{self.listed(quoted)} {verb} not answer" if self.named else ""


NO_SITES = FailingSites()


def failing_sites(
    before: FailingSites, findings: Iterable[Finding], report: Report
) -> FailingSites:
    """The sites that do not answer because of these findings.

    One that was named before stays until it is seen to answer: that nobody looks any more shows
    nothing. Those that are named are of each namespace in turn. What only a test in private shows
    is left out.
    """
    sites = report.public.supplement(Sites)
    if sites is None:
        return before
    failing = failing_by(sites, {finding.subject for finding in findings})
    untested = {_stored(site.host) for site in sites.of(SiteState.NOT_TESTED)}
    now = {_stored(site.host): party_of(site.decided_by[0]) for site in failing}
    stay = [name for name in before.named if name in now or name in untested]
    every = in_turn(dict.fromkeys((*stay, *now)), lambda name: now.get(name, ""))
    return FailingSites(tuple(every[:NAMED]), len(every))


def without_failing(before: FailingSites, report: Report) -> FailingSites:
    """Those of the named sites that do not fail now, whatever by: of them an end may speak."""
    sites = report.public.supplement(Sites)
    failing = {_stored(site.host) for site in sites.of(SiteState.FAILS)} if sites else set()
    named = tuple(name for name in before.named if name not in failing)
    return FailingSites(named, before.count - (len(before.named) - len(named)))


def _stored(host: str) -> str:
    return redact(host)[:LONGEST]
