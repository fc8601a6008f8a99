"""The stored state of alerts, from one report to the next."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property

import msgspec
from msgspec.structs import replace

from bot.alerting.domain.hosts import NO_SITES, FailingSites
from bot.domain.finding import Finding
from bot.domain.record import RecordType
from bot.domain.redaction.redact import redact
from bot.domain.shares import shared
from bot.domain.tenancy import is_alike, party_of, party_of_key
from bot.domain.verdict import Verdict
from bot.routing.traefik_word import ENDS_BY_SILENCE

KEYS = 200
"""Findings of one incident that are stored by key."""

TOLD = 20
"""Lines of a timeline that are stored: the first, and the latest ones."""

SITE_LINES = 3
"""Lines about sites that an incident's thread gets at once, within an hour."""

SITES_EVERY = timedelta(minutes=10)
"""How long each further line waits, so that a site that comes and goes fills no thread."""

HOUR = timedelta(hours=1)
"""The time of a budget, and of lines about sites."""


class Moment(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an incident's timeline. `of_sites`: It says which sites do not answer."""

    at: datetime
    what: str
    of_sites: bool = False


class MessageRecord(msgspec.Struct, frozen=True):
    """A message of the bot. Without an id it was claimed, and may be posted."""

    channel: int
    nonce: str
    begun: datetime
    message: int | None = None


class Thread(msgspec.Struct, frozen=True):
    """The thread under an incident's message, which has its timeline.

    told: The revision up to which the posted message and the thread have it. post: The latest
    message in the thread, which has it up to `upto` and mentions `role`. refused: Discord allows
    no thread there, so that the timeline stays in the message.
    """

    told: int = 0
    post: MessageRecord | None = None
    upto: int = 0
    refused: bool = False
    role: int | None = None


LONGEST_LOOK = timedelta(minutes=1)
"""How much of the time between two looks counts as seen: what was not looked at was not seen."""


class WellTime(msgspec.Struct, frozen=True):
    """How long something was seen well that may not be over yet.

    began: When it was seen well first. seen: For how long in all. looked: When it was seen well
    last; None where it has not been since, such as while it was progressing.
    """

    began: datetime
    seen: timedelta = timedelta()
    looked: datetime | None = None

    def at(self, now: datetime) -> WellTime:
        """The same with one look more at which it was well."""
        past = now - self.looked if self.looked else timedelta()
        counted = min(max(past, timedelta()), LONGEST_LOOK)
        return replace(self, seen=self.seen + counted, looked=now)

    def interrupted(self) -> WellTime:
        """The same after a look at which it was neither well nor bad: its time stands still."""
        return replace(self, looked=None)


def seen_well(before: WellTime | None, now: datetime) -> WellTime:
    """The time that something was seen well, after a look at which it is."""
    return (before or WellTime(now)).at(now)


class Silence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What keeps an incident quiet, as its card shows it: by whom, and until when.

    by: The person who set it; empty of an annotation, whose own line is `reason` then. within: The
    namespace or check that was muted as a whole; empty where it was this finding alone.
    """

    by: str = ""
    until: datetime | None = None
    acknowledged: bool = False
    within: str = ""
    reason: str = ""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """A root cause and its effects, from the first report of it until it is resolved.

    head: The finding by which it is shown. keys: All findings that are told with it. since: When it
    was first seen failing, which is its grace before it was opened. clear: Since when all of it is
    observed to be well, and `well` for how long it was seen so. revision: Counts changes that are
    worth an edit. shown: The revision that Discord has. posted, ended_post: Its two messages. held:
    The budget kept its message back, for a summary. seen_well: It was seen to work since it failed,
    not only seen failing no more. worked_around: Its fault stays, and what was known to fail by it
    goes another way. roles: Those that were mentioned. sites: Those that do not answer; of one that
    is over, those that did not. silence: What keeps it quiet now, or did when it ended. repairs:
    Names of its routes that `/fix route` can repair, as far as tests have proven.
    """

    id: str
    head: Finding
    keys: tuple[str, ...]
    opened: datetime
    worst: Verdict
    since: datetime | None = None
    ended: datetime | None = None
    clear: datetime | None = None
    well: WellTime | None = None
    flapping: bool = False
    timeline: tuple[Moment, ...] = ()
    revision: int = 1
    shown: int = 0
    posted: MessageRecord | None = None
    ended_post: MessageRecord | None = None
    held: bool = False
    seen_well: bool = False
    thread: Thread = Thread()
    roles: tuple[int, ...] = ()
    worked_around: bool = False
    sites: FailingSites = NO_SITES
    silence: Silence | None = None
    repairs: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[str, ...]:
        """The findings by which it lasts and ends.

        They are of the namespace of what it began with, or cluster-scoped as that is. Others are
        told with it for as long as it lasts: whoever writes them would decide how long that is.
        """
        return tuple(key for key in self.keys if is_alike(key, self.keys[0]))

    @property
    def party(self) -> str:
        """With whom it shares what has a limit."""
        return party_of(self.head.subject)

    def with_key(self, key: str) -> Incident:
        """With a finding more; of too many, whoever has the most loses one."""
        first, *others = (*self.keys, key)
        return replace(self, keys=(first, *shared(others, KEYS - 1, party_of_key)))

    @property
    def began(self) -> datetime:
        """When it was first seen failing; records of earlier versions have only `opened`."""
        return self.since or self.opened

    @property
    def silent(self) -> bool:
        """Whether its end is that it is not seen failing any more: nobody saw it well."""
        known = self.seen_well or self.worked_around
        return self.head.reason in ENDS_BY_SILENCE and not known

    @property
    def end(self) -> str:
        """What is said of it once it is over."""
        if self.worked_around:
            return "worked around"
        return "no longer seen failing" if self.silent else "recovered"

    def takes_sites(self, now: datetime) -> bool:
        """Whether a line about its sites is due now, which anybody's site may bring about."""
        lines = [one.at for one in self.timeline if one.of_sites and now - one.at < HOUR]
        return len(lines) < SITE_LINES or now - lines[-1] >= SITES_EVERY

    def with_line(self, at: datetime, what: str, *, of_sites: bool = False) -> Incident:
        """The incident with one line more, which is worth an edit."""
        lines = (*self.timeline, Moment(at, redact(what), of_sites))
        timeline = lines if len(lines) <= TOLD else (lines[0], *lines[1 - TOLD :])
        return replace(self, timeline=timeline, revision=self.revision + 1)

    def between(self, told: int, upto: int) -> tuple[Moment, ...]:
        """The lines after one revision, up to another: each line made a revision."""
        last = max(0, len(self.timeline) - (self.revision - upto))
        # Where lines in the middle were dropped, the first one was told long ago.
        least = min(last, 1 if told > 1 else 0)
        return self.timeline[max(least, last - (upto - told)) : last]


class Pending(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding that is not an incident yet: bad since `since`, and well only for a while."""

    key: str
    since: datetime
    well: WellTime | None = None


class KnownFinding(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding that existed when alerts began, or is not new: it alerts only once it is worse.

    Or once it was well for long enough, of which it has been `well` for some time.
    """

    key: str
    verdict: Verdict
    well: WellTime | None = None


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """A message that counts against an hour's budget: where and when, and about whom.

    about: The share that it was taken from (`bot.alerting.domain.budget`).
    """

    channel: int
    at: datetime
    about: str


class Incidents:
    """The incidents of one state while it changes, and which of them holds each finding.

    A change takes as long as the incident has findings, however many incidents there are.
    """

    def __init__(self, incidents: Iterable[Incident]) -> None:
        self._by_id: dict[str, Incident] = {}
        self._holders: dict[str, dict[str, None]] = {}
        for incident in incidents:
            self.put(incident)

    @property
    def all(self) -> tuple[Incident, ...]:
        """All of them, in the order in which they came."""
        return tuple(self._by_id.values())

    def get(self, id_: str) -> Incident:
        """One of them, as it is now."""
        return self._by_id[id_]

    def holding(self, key: str) -> Incident | None:
        """The open incident to which a finding belongs."""
        holder = next(iter(self._holders.get(key, ())), None)
        return self._by_id[holder] if holder else None

    def put(self, incident: Incident) -> None:
        """Keep an incident, in place of an earlier state of it."""
        before = self._by_id.get(incident.id)
        for key in before.keys if before else ():
            self._holders.get(key, {}).pop(incident.id, None)
        self._by_id[incident.id] = incident
        for key in incident.keys if not incident.ended else ():
            self._holders.setdefault(key, {})[incident.id] = None


class Alerts(msgspec.Struct, frozen=True, dict=True):
    """The whole state. `ends` are the last ends by key, by which flapping is recognized.

    messages: Those of the last hour.
    refused: The kinds that were read once and may not be read any more. unread: Those that could
    not be read yet since alerts began.
    """

    incidents: tuple[Incident, ...] = ()
    pending: tuple[Pending, ...] = ()
    known: tuple[KnownFinding, ...] = ()
    ends: tuple[Pending, ...] = ()
    messages: tuple[Sent, ...] = ()
    board: MessageRecord | None = None
    refused: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def holding(self, key: str) -> Incident | None:
        """The open incident to which a finding belongs."""
        return self._held.holding(key)

    @cached_property
    def unfinished(self) -> tuple[Incident, ...]:
        """The incidents that are not over."""
        return tuple(incident for incident in self.incidents if not incident.ended)

    @cached_property
    def _held(self) -> Incidents:
        return Incidents(self.incidents)

    def incident(self, id_: str) -> Incident | None:
        """An incident by its id."""
        return next((incident for incident in self.incidents if incident.id == id_), None)

    def with_incident(self, changed: Incident) -> Alerts:
        """With this incident instead of the one with its id, if that is still stored."""
        incidents = (changed if old.id == changed.id else old for old in self.incidents)
        return replace(self, incidents=tuple(incidents))


def identify(key: str, opened: datetime) -> str:
    """The id of an incident, sixteen characters: from its finding, and when it began."""
    text = f"{key}@{opened.isoformat()}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


SPARE_LINES, SPARE_KEYS = 4, 20
"""Of each incident, where there is not enough room."""


def _spare(state: Alerts) -> Alerts | None:
    """A smaller state: of whoever has the most, what is over goes first, and what is open last.

    The findings of an open incident that goes are known from then on: they do not alert again, and
    the next digest reports their end.
    """
    weights: Counter[str] = Counter()
    for incident in state.incidents:
        weights[incident.party] += len(incident.keys) + len(incident.timeline) + WEIGHT
    for entries in (state.pending, state.known, state.ends):
        weights.update(party_of_key(entry.key) for entry in entries)
    if not weights:
        return None
    loudest = max(weights, key=lambda party: (weights[party], party))
    return _spare_of(loudest, state)


WEIGHT = 8
"""How many keys take as many bytes as the rest of an incident."""


def _spare_of(party: str, state: Alerts) -> Alerts:
    over = [one.id for one in state.incidents if one.ended and one.party == party]
    if over:
        return replace(state, incidents=_without(state.incidents, _tenth(over)))
    shorter = tuple(_shorter(one) if one.party == party else one for one in state.incidents)
    if shorter != state.incidents:
        return replace(state, incidents=shorter)
    ends = tuple(end for end in state.ends if party_of_key(end.key) != party)
    if ends != state.ends:
        return replace(state, ends=ends)
    unfinished = [one for one in state.incidents if one.party == party]
    waiting = [one.key for one in state.pending if party_of_key(one.key) == party]
    known = [one.key for one in state.known if party_of_key(one.key) == party]
    if len(waiting) > max(len(known), WEIGHT * len(unfinished)):
        gone = _tenth(waiting[::-1])
        return replace(state, pending=tuple(one for one in state.pending if one.key not in gone))
    if len(known) > WEIGHT * len(unfinished):
        gone = _tenth(known)
        return replace(state, known=tuple(one for one in state.known if one.key not in gone))
    ids = _tenth([one.id for one in unfinished])
    named = {one.key for one in state.known}
    new = (
        KnownFinding(key, one.worst)
        for one in unfinished
        if one.id in ids
        for key in one.keys
        if key not in named
    )
    incidents = _without(state.incidents, ids)
    return replace(state, incidents=incidents, known=(*state.known, *new))


def _tenth(names: Sequence[str]) -> frozenset[str]:
    """The first tenth, and one at the least."""
    return frozenset(names[: max(1, len(names) // 10)])


def _without(incidents: tuple[Incident, ...], ids: Collection[str]) -> tuple[Incident, ...]:
    return tuple(incident for incident in incidents if incident.id not in ids)


def _shorter(incident: Incident) -> Incident:
    lines = incident.timeline
    if len(lines) > SPARE_LINES:
        lines = (lines[0], *lines[1 - SPARE_LINES :])
    return replace(incident, timeline=lines, keys=incident.keys[:SPARE_KEYS])


ALERTS = RecordType("alerts", Alerts, spare=_spare)
