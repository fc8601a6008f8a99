"""What events told about findings, remembered for as long as those last: events expire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime, timedelta

from bot.domain import event_reasons
from bot.domain.event_reasons import EventReasons, Told, told
from bot.domain.finding import Finding, Ref
from bot.domain.report import Report
from bot.domain.shares import shared
from bot.domain.story import Event
from bot.domain.tenancy import party_of
from bot.errors import ClusterError

AGAIN = timedelta(minutes=5)
"""How long the events of an object are not read again."""

MOST = 20
"""Objects of which the events are read for one report."""

KEPT_OF_ONE = 10
"""Events that are remembered of one object."""

QUICK = 3.0
"""Seconds until an answer does without them."""

Read = Callable[[Ref], Awaitable[tuple[Event, ...]]]


class ToldEvents:
    """Reads the events of those findings that only events explain."""

    def __init__(self) -> None:
        self._told: dict[Ref, tuple[Told, ...]] = {}
        self._asked: dict[Ref, datetime] = {}

    @property
    def reasons(self) -> EventReasons:
        """What is known now."""
        return EventReasons(dict(self._told))

    async def learn(self, findings: Iterable[Finding], now: datetime, read: Read) -> bool:
        """Read the events of findings that have not been asked about lately.

        Returns whether there is something new. What cannot be read is done without.
        """
        explained: dict[Ref, set[Told | None]] = {}
        for finding in findings:
            if event_reasons.wanted(finding):
                explained.setdefault(finding.subject, set()).add(event_reasons.kept(finding))
        wanted = [
            subject
            for subject in explained
            if subject not in self._asked or now - self._asked[subject] >= AGAIN
        ]
        due = shared(wanted, MOST, party_of)
        self._asked |= dict.fromkeys(due, now)
        answers = await asyncio.gather(*(_read(subject, read) for subject in due))
        news = {
            subject: events
            for subject, events in zip(due, answers, strict=True)
            if events and events != self._told.get(subject)
        }
        self._told |= news
        for subject, events in zip(due, answers, strict=True):
            if events == ():
                self._expired(subject, explained[subject])
        return bool(news)

    def _expired(self, subject: Ref, explaining: Collection[Told | None]) -> None:
        """Without its events only what explains a finding that stands is remembered."""
        self._told[subject] = tuple(
            event
            for event in self._told.get(subject, ())
            if Told(event.reason, event.message) in explaining
        )

    def keep_only(self, report: Report) -> None:
        """Forget what is seen not to be wrong any more, by a report of everything."""
        unseen = {gap.kind for gap in report.unseen}
        wrong = {finding.subject for finding in report.findings if event_reasons.wanted(finding)}
        for remembered in (self._told, self._asked):
            for subject in remembered.keys() - wrong:
                if subject.kind not in unseen:
                    del remembered[subject]

    def restore(self, report: Report) -> None:
        """Take up what a stored report kept, unless newer events are known."""
        for finding in report.findings:
            if event := event_reasons.kept(finding):
                self._told.setdefault(finding.subject, (event,))


async def _read(subject: Ref, read: Read) -> tuple[Told, ...] | None:
    """What the events of an object told, None where they cannot be read."""
    try:
        async with asyncio.timeout(QUICK):
            events = await read(subject)
    except (ClusterError, TimeoutError):
        return None
    reasons = event_reasons.telling(subject.kind)
    fitting = [event for event in events if event.reason in reasons][:KEPT_OF_ONE]
    # Redaction takes its time with what anybody may write: the event loop goes on meanwhile.
    return await asyncio.to_thread(_told, fitting)


def _told(events: Iterable[Event]) -> tuple[Told, ...]:
    return tuple(told(event.reason, event.message, event.at) for event in events)
