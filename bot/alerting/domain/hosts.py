"""The sites of an incident: which of them do not answer, by name as far as there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

import msgspec

from bot.domain.finding import Finding
from bot.domain.redaction.redact import redact
from bot.domain.report import Report
from bot.domain.shares import in_turn
from bot.domain.tenancy import party_of
from bot.routing.site_state import SiteState
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

    def sentence(self, quoted: Callable[[str], str] = str, most: int = NAMED) -> str:
        """The same as a sentence without its full stop; empty for none."""
        verb = "doesn't" if self.count == 1 else "don't"
        return f"{self.listed(quoted, most)} {verb} answer" if self.named else ""


NO_SITES = FailingSites()


class SiteNames:
    """The sites of one report by the names that incidents store: each is redacted once.

    What only a test in private shows is left out.
    """

    def __init__(self, report: Report) -> None:
        self._sites = report.public.supplement(Sites)
        self._stored: dict[str, str] = {}

    def of(self, host: str) -> str:
        """The name by which a host is stored."""
        if host not in self._stored:
            self._stored[host] = redact(host)[:LONGEST]
        return self._stored[host]

    def failing_by(self, findings: Iterable[Finding]) -> Mapping[str, str] | None:
        """The sites that do not answer because of these findings, each with its party.

        None if the report has no sites.
        """
        if self._sites is None:
            return None
        failing = self._sites.failing_by(finding.subject for finding in findings)
        return {self.of(site.host): party_of(site.decided_by[0]) for site in failing}

    @cached_property
    def untested(self) -> frozenset[str]:
        """The sites that were not tested."""
        return self._in(SiteState.NOT_TESTED)

    @cached_property
    def failing(self) -> frozenset[str]:
        """The sites that do not answer, whatever the cause."""
        return self._in(SiteState.FAILS)

    def _in(self, state: SiteState) -> frozenset[str]:
        sites = self._sites.of(state) if self._sites else ()
        return frozenset(self.of(site.host) for site in sites)


def failing_sites(
    before: FailingSites, findings: Iterable[Finding], names: SiteNames
) -> FailingSites:
    """The sites that do not answer because of these findings.

    One that was named before stays until it is seen to answer: that nobody looks any more shows
    nothing. Those that are named are of each namespace in turn.
    """
    now = names.failing_by(findings)
    if now is None:
        return before
    stay = [name for name in before.named if name in now or name in names.untested]
    every = in_turn(dict.fromkeys((*stay, *now)), lambda name: now.get(name, ""))
    return FailingSites(tuple(every[:NAMED]), len(every))


def without_failing(before: FailingSites, names: SiteNames) -> FailingSites:
    """Those of the named sites that do not fail now, whatever by: of them an end may speak."""
    named = tuple(name for name in before.named if name not in names.failing)
    return FailingSites(named, before.count - (len(before.named) - len(named)))
