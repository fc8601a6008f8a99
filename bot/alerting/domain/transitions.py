"""From one report to the next: which incidents begin, develop and end.

An unobserved finding is neither new nor recovered: its time stands still while the kinds that it
rests on are not observed. The same holds for an object that failed and is trying again: it has
failed since the first time, until it is healthy or gone. Only what was seen well, look after look
and for long enough, has recovered: what crashes is well for moments too. A route of which requests
failed is no longer seen failing, unless a test or a repair's proof saw them succeed. A fault that
stays, and past which all lead that it was known to hurt, is worked around. Findings of the first
report are known, and do not alert. That kinds cannot be seen any more is a finding
itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice

from msgspec.structs import replace

from bot.alerting.domain import outage, visibility
from bot.alerting.domain.hosts import NO_SITES, SiteNames, failing_sites, without_failing
from bot.alerting.domain.incident import (
    HOUR,
    KEYS,
    Alerts,
    Incident,
    Incidents,
    KnownFinding,
    Pending,
    identify,
    seen_well,
)
from bot.alerting.domain.rules import Rules
from bot.alerting.domain.silences import silenced
from bot.domain.containers import CONTAINER, MEMORY_LIMIT
from bot.domain.finding import Evidence, Finding, subject_of
from bot.domain.grouping import grouped
from bot.domain.redaction.redact import redact
from bot.domain.report import Report
from bot.domain.resources.core import Node
from bot.domain.resources.flux import HELM_RELEASE, INSTALLED_IN
from bot.domain.shares import shared
from bot.domain.snapshot import AWAY, Why
from bot.domain.tenancy import is_alike, party_of_key
from bot.domain.verdict import Verdict
from bot.health.causes import ROUTE_FAULTS
from bot.health.checks import CHECKS
from bot.net.diagnosis.workaround import NATIVE_LB_HELPS, WORKED_AROUND
from bot.routing.traefik_word import TRAEFIK_WORD

NEEDS = {check.name: check.rests_on for check in CHECKS}
"""What a check needs to observe beside the kinds that it judges."""


REFERS_TO = {
    check.name: frozenset(kind.kind_name() for kind in check.refers_to) for check in CHECKS
}
"""The kinds that a check looks at where they are there: without them it may miss a fault."""

FACTS = frozenset(fact for check in CHECKS for fact in check.facts)
"""What may show a finding beside objects; a report tells of which findings it does."""

JUDGED = frozenset(kind.kind_name() for check in CHECKS for kind in check.judges)
"""The kinds that a report counts where it has read them."""


@dataclass(frozen=True)
class AlertView:
    """A report as alerts need it: the findings that are bad enough, and what is uncertain."""

    report: Report
    muted: Collection[str] = ()

    @cached_property
    def bad(self) -> tuple[Finding, ...]:
        """Findings that are degraded or failed, and not silenced."""
        return tuple(finding for finding in self.report.findings if alarming(finding, self.muted))

    @cached_property
    def sites(self) -> SiteNames:
        """The names of its sites."""
        return SiteNames(self.report)

    def observes(self, key: str) -> bool:
        """Whether the presence or absence of a finding is certain.

        It is not where the verdict is unknown, where its kind was not read, or where there are gaps
        in what it rests on.
        """
        finding = self.report.by_key.get(key)
        if finding and finding.verdict is Verdict.UNKNOWN:
            return False
        check, kind = key.split("/", 2)[:2]
        place = subject_of(key).namespace
        if finding is None and not self._was_read(kind):
            return False
        # What is wrong by the objects is wrong also while Traefik itself says nothing.
        needs = NEEDS.get(check, frozenset()) - ({TRAEFIK_WORD} if finding else set())
        # A finding that is present is certain, however much of its namespace was not judged.
        gaps = [gap for gap in self.report.unseen if not (finding and gap.part_of)]
        return not any(
            gap.hides_any(kind, place) or (gap.kind in needs and gap.why in AWAY) for gap in gaps
        )

    def _was_read(self, kind: str) -> bool:
        """Whether the objects of a kind were read, or there is no such kind any more."""
        gaps = (gap.why for gap in self.report.gaps if gap.kind == kind)
        return kind not in JUDGED or kind in self.report.counts or Why.NOT_INSTALLED in gaps

    def retrying(self, key: str) -> bool:
        """Whether a finding is progressing, and not silenced."""
        finding = self.report.by_key.get(key)
        return bool(finding and finding.verdict is Verdict.PROGRESSING and key not in self.muted)

    def recovered(self, key: str) -> bool:
        """Whether the object of a finding is observed to be healthy, or gone.

        It is not while a kind cannot be seen to which it may refer.
        """
        finding = self.report.by_key.get(key)
        if not self.observes(key) or (finding and finding.unrecovered):
            return False
        referred = REFERS_TO.get(key.partition("/")[0], frozenset())
        return not any(gap.kind in referred and gap.why in AWAY for gap in self.report.unseen)

    def knows_cause(self, finding: Finding) -> bool:
        """Whether the kinds of a finding's possible causes were observed."""
        blamed = {ref.kind for ref in finding.follows}
        return not any(gap.kind in blamed and gap.why in AWAY for gap in self.report.unseen)


def alarming(finding: Finding, muted: Collection[str] = ()) -> bool:
    """Whether a finding is bad enough for an alert, and was not found out in private."""
    bad = finding.verdict.rank >= Verdict.DEGRADED.rank
    return bad and not finding.private and finding.key not in muted


def advance(
    state: Alerts | None,
    report: Report,
    rules: Rules,
    muted: Mapping[str, str] | Collection[str] = (),
) -> Alerts:
    """The state after a report of everything, at the report's time.

    Repeating the same report changes nothing. What anybody does in one namespace changes nothing
    for the others: only causes that may answer for an effect are told in its place.

    muted: What people muted, as `silenced` takes it.
    """
    before = state.refused if state else ()
    refused = visibility.refused(report, before)
    report = visibility.with_visibility(report, before).answered
    silent = silenced(report, muted)
    told = (finding for finding in report.findings if finding.key not in silent)
    # A silent cause answers for nothing: what is not silent with it has its own message.
    report = report.without_causes(finding.key for finding in told if finding.cause in silent)
    view = AlertView(report, silent)
    if state is None:
        return Alerts(
            known=tuple(
                KnownFinding(finding.key, finding.verdict)
                for finding in view.bad
                # Whoever has never seen the cluster is told so, also from the start.
                if finding.check not in (visibility.CHECK, outage.CHECK)
            ),
            refused=refused,
            unread=report.hidden,
        )
    now = report.taken_at
    state = _with_late(replace(state, refused=refused), view)
    state = _with_known(state, view, rules)
    state = _with_members(_without_strays(state, view), view)
    state = _developed(state, view, rules)
    state = _with_new(state, view, rules)
    return _without_old(state, now, rules)


def _with_late(state: Alerts, view: AlertView) -> Alerts:
    """With the findings of what is read now for the first time: they are not new either.

    That is a kind, one that a check rests on beside those that it judges, or the fact that shows a
    finding, such as Traefik's log: it did not answer at first, or the bot had no right to read it.
    A finding that was seen without it, or that something else shows, waits for its grace as before.
    """
    late = set(state.unread).difference(view.report.hidden)
    if not late:
        return state
    seen = {*(known.key for known in state.known), *(pending.key for pending in state.pending)}
    found = (
        KnownFinding(finding.key, finding.verdict)
        for finding in view.bad
        if late & _shown_by(finding, view.report)
        and finding.key not in seen
        and not state.holding(finding.key)
    )
    unread = tuple(kind for kind in state.unread if kind not in late)
    return replace(state, known=(*state.known, *found), unread=unread)


def _shown_by(finding: Finding, report: Report) -> frozenset[str]:
    """The kinds that may show a finding, its own among them, and the fact that does."""
    check, fact = finding.check, report.facts.get(finding.key, "")
    kinds = NEEDS.get(check, frozenset()) | REFERS_TO.get(check, frozenset())
    return (kinds - FACTS) | {finding.subject.kind, fact}


def _with_known(state: Alerts, view: AlertView, rules: Rules) -> Alerts:
    """Without known findings that recovered or got worse: then they may alert."""
    bad = {finding.key: finding for finding in view.bad}
    still = (_still_known(known, bad.get(known.key), view, rules) for known in state.known)
    return replace(state, known=tuple(known for known in still if known))


def _still_known(
    known: KnownFinding, finding: Finding | None, view: AlertView, rules: Rules
) -> KnownFinding | None:
    if finding:
        worse = finding.verdict.rank > known.verdict.rank
        return None if worse else replace(known, well=None)
    if known.key in view.muted or not view.observes(known.key):
        return replace(known, well=None)
    if not view.recovered(known.key):
        return replace(known, well=known.well and known.well.interrupted())
    well = seen_well(known.well, view.report.taken_at)
    return replace(known, well=well) if well.seen < rules.steady else None


def _without_strays(state: Alerts, view: AlertView) -> Alerts:
    """Without members of an incident that follow from the cause of another one by now."""
    bad = {finding.key: finding for finding in view.bad}
    incidents = Incidents(state.incidents)
    for incident in state.incidents:
        others = set(incident.keys) - {incident.head.key}
        causes = {
            key: [cause.key for cause in view.report.chain(bad[key])[1:]]
            for key in others & bad.keys()
        }
        strays = {
            key
            for key, chain in causes.items()
            if not set(chain) & set(incident.keys) and any(map(incidents.holding, chain))
        }
        if strays and not incident.ended:
            kept = tuple(key for key in incident.keys if key not in strays)
            incidents.put(replace(incident, keys=kept))
    return replace(state, incidents=incidents.all)


def _with_members(state: Alerts, view: AlertView) -> Alerts:
    """With new effects of open incidents, and causes that were found, added to them.

    The cause of an incident is that of what it began with, and not of one effect among others. A
    cause from elsewhere is an incident of its own, at its own time.
    """
    known = {known_finding.key for known_finding in state.known}
    incidents = Incidents(state.incidents)
    by_head = grouped((incident.head.key, incident.id) for incident in state.unfinished)
    for finding in view.bad:
        if finding.key in known or incidents.holding(finding.key):
            continue
        chain = [cause.key for cause in view.report.chain(finding)]
        effects = view.report.downstream.get(finding.key, ())
        about = (
            incident
            for effect in effects
            for incident in map(incidents.get, by_head.get(effect.key, ()))
            if is_alike(incident.keys[0], finding.key)
        )
        holder = next(filter(None, map(incidents.holding, chain)), None) or next(about, None)
        if finding.check == visibility.CHECK and finding.subject == visibility.WATCH:
            # After an outage some kinds come back later than others. They belong to its incident.
            holder = holder or outage.open_outage(state)
        if holder:
            incidents.put(incidents.get(holder.id).with_key(finding.key))
    return replace(state, incidents=incidents.all)


def _developed(state: Alerts, view: AlertView, rules: Rules) -> Alerts:
    """With each open incident worse, recovering, over, or unchanged."""
    bad = {finding.key: finding for finding in view.bad}
    incidents, ends = list[Incident](), list(state.ends)
    for incident in state.incidents:
        findings = [bad[key] for key in incident.own if key in bad] if not incident.ended else []
        if incident.ended:
            changed = incident
        elif findings:
            changed = _with_sites(_still_bad(incident, findings, view), bad, view)
            changed = _with_repairs(changed, bad, view.report.taken_at)
        else:
            changed = _recovering(incident, view, rules)
        incidents.append(changed)
        if changed.ended and not incident.ended:
            ends.append(Pending(incident.keys[0], changed.ended))
    return replace(state, incidents=tuple(incidents), ends=tuple(ends))


def _still_bad(incident: Incident, findings: list[Finding], view: AlertView) -> Incident:
    at, old = view.report.taken_at, incident.head
    keys = {finding.key for finding in findings}
    roots = [finding for finding in findings if finding.cause not in keys] or findings
    head = max(roots, key=lambda finding: (finding.verdict.rank, finding.key == old.key))
    if view.retrying(old.key):
        # It is trying again: until that succeeds, its effects are not another incident.
        head = old
    worst = max((finding.verdict for finding in findings), key=lambda verdict: verdict.rank)
    incident = replace(incident, clear=None, well=None, seen_well=False, worked_around=False)
    if head.key != old.key:
        incident = incident.with_line(at, f"now: {head.reason} of {head.subject}")
    elif (head.verdict, head.reason) != (old.verdict, old.reason):
        incident = incident.with_line(at, f"{head.verdict}: {head.reason}")
    if (head.key, head.verdict, head.reason) != (old.key, old.verdict, old.reason):
        incident = replace(incident, head=_stored(head))
    if worst.rank > incident.worst.rank:
        incident = replace(incident, worst=worst).with_line(at, f"worse: {worst}")
    return incident


def _with_sites(incident: Incident, bad: Mapping[str, Finding], view: AlertView) -> Incident:
    """With the sites that do not answer by now, whoever's they are."""
    now = view.report.taken_at
    if not incident.takes_sites(now):
        return incident
    findings = [bad[key] for key in incident.keys if key in bad]
    sites = failing_sites(incident.sites, findings, view.sites)
    if sites == incident.sites:
        return incident
    line = sites.sentence() or "its sites answer again"
    return replace(incident, sites=sites).with_line(now, line, of_sites=True)


def _with_repairs(incident: Incident, bad: Mapping[str, Finding], now: datetime) -> Incident:
    """With the routes that a repair is proven to help by now: the first one is worth a line."""
    repairs = _repairs(bad[key] for key in incident.keys if key in bad)
    first = repairs and not incident.repairs
    incident = replace(incident, repairs=repairs)
    return incident.with_line(now, "a tested fix is available: nativeLB") if first else incident


def _repairs(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The names by which `/fix route` takes the routes that nativeLB is proven to help."""
    helped = (finding.subject for finding in findings if finding.reason == NATIVE_LB_HELPS)
    routes = islice((route for route in helped if route.kind in REPAIRED), REPAIRS)
    return tuple(f"{route.kind.lower()}/{route.namespace}/{route.name}" for route in routes)


REPAIRED = frozenset({"IngressRoute", "Ingress"})
"""The kinds that `/fix` changes; of an HTTPRoute it only says what to write."""

REPAIRS = 25
"""Routes that are offered for a repair: as many as a select has."""


def _recovering(incident: Incident, view: AlertView, rules: Rules) -> Incident:
    """An incident without bad findings: it is over once all of it was seen well for long enough."""
    if any(key in view.muted or not view.observes(key) for key in incident.own):
        return replace(incident, clear=None, well=None)
    if not all(view.recovered(key) for key in incident.own):
        # Neither bad nor recovered: healthy objects also make progress now and then.
        return replace(incident, well=incident.well and incident.well.interrupted())
    well = seen_well(incident.well, view.report.taken_at)
    works = incident.seen_well or incident.head.key in view.report.seen_well
    incident = replace(
        incident,
        clear=well.began,
        well=well,
        seen_well=works,
        worked_around=_is_worked_around(incident, view.report),
    )
    if well.seen < (rules.calm if incident.flapping else rules.steady):
        return incident
    sites = without_failing(incident.sites, view.sites)
    ended = replace(incident, ended=well.began, sites=sites)
    return ended.with_line(well.began, incident.end)


def _is_worked_around(incident: Incident, report: Report) -> bool:
    """Whether its fault stays: a fault that only tests see is noted on the routes past it."""
    head = incident.head
    keys = incident.keys if head.check == ROUTE_FAULTS else (head.key,)
    return any(report.is_noted(key, WORKED_AROUND) for key in keys)


def _with_new(state: Alerts, view: AlertView, rules: Rules) -> Alerts:
    """With incidents for findings that outlasted their grace, one for each root cause."""
    now = view.report.taken_at
    known = {known_finding.key: known_finding.verdict for known_finding in state.known}
    waiting = _waiting(state, view, rules)
    since = {pending.key: pending.since for pending in waiting}
    bad = {finding.key: finding for finding in view.bad}
    incidents, told = Incidents(state.incidents), list(state.known)
    ends = grouped((end.key, end) for end in state.ends)
    for key, at in sorted(since.items(), key=lambda pair: (pair[1], pair[0])):
        candidate = bad.get(key)
        lasted = candidate and now - at >= rules.grace_of(candidate.check, candidate.reason)
        if candidate and lasted and view.observes(key) and not incidents.holding(key):
            match _opened(
                candidate, view, rules, incidents=incidents, known=known, since=since, ends=ends
            ):
                case Incident() as incident:
                    incidents.put(incident)
                case KnownFinding() as not_new:
                    told.append(not_new)
    pending = tuple(pending for pending in waiting if not incidents.holding(pending.key))
    return replace(state, incidents=incidents.all, known=tuple(told), pending=pending)


def _waiting(state: Alerts, view: AlertView, rules: Rules) -> tuple[Pending, ...]:
    """The findings that are no incident yet, each with the time since which it has been bad."""
    now = view.report.taken_at
    before = {pending.key: pending for pending in state.pending}
    known = {known_finding.key for known_finding in state.known}
    waiting: dict[str, Pending] = {}
    for finding in view.bad:
        if not state.holding(finding.key) and finding.key not in known:
            certain = view.observes(finding.key) and view.knows_cause(finding)
            earlier = before.get(finding.key)
            again = _bad_again(earlier, now) if earlier and certain else Pending(finding.key, now)
            waiting[finding.key] = again
    for key, earlier in before.items():
        stays = None if key in waiting else _still_pending(earlier, view, rules)
        if stays and not state.holding(key):
            waiting[key] = stays
    return tuple(waiting.values())


def _bad_again(pending: Pending, now: datetime) -> Pending:
    """Its time stood still since it was seen well, if it was."""
    if pending.well is None:
        return pending
    return Pending(pending.key, pending.since + (now - pending.well.began))


def _still_pending(pending: Pending, view: AlertView, rules: Rules) -> Pending | None:
    """What is not bad now keeps its place while it tries again or is not well for long enough."""
    key, well = pending.key, pending.well
    if not view.observes(key) or view.retrying(key):
        return replace(pending, well=well and well.interrupted())
    if key in view.muted or not view.recovered(key):
        return None
    well = seen_well(well, view.report.taken_at)
    return replace(pending, well=well) if well.seen < rules.steady else None


def _opened(
    finding: Finding,
    view: AlertView,
    rules: Rules,
    *,
    incidents: Incidents,
    known: Mapping[str, Verdict],
    since: Mapping[str, datetime],
    ends: Mapping[str, Sequence[Pending]],
) -> Incident | KnownFinding | None:
    """The incident of a finding that outlasted its grace, unless another message names it."""
    now = view.report.taken_at
    links = view.report.chain(finding)
    chain = [link for link in links if alarming(link, view.muted)]
    trying = [known[link.key] for link in links if link.key in known and view.retrying(link.key)]
    # A cause that existed when alerts began does not alert, and neither do its later effects.
    known_causes = (*trying, *(cause.verdict for cause in chain if cause.key in known))
    if any(verdict.rank >= finding.verdict.rank for verdict in known_causes):
        return KnownFinding(finding.key, finding.verdict)
    root = next(finding for finding in reversed(chain) if finding.key not in known)
    if incidents.holding(root.key):
        # Its incident is full: what is beyond that is told with it, and is no other incident.
        return KnownFinding(finding.key, finding.verdict)
    if not is_alike(root.key, finding.key):
        # It is told with its cause, which has a grace of its own.
        return None
    effects = view.report.downstream.get(root.key, ())
    members = (root, finding, *(effect for effect in effects if alarming(effect, view.muted)))
    found = tuple(dict.fromkeys(member.key for member in members))
    keys = shared(found, KEYS, party_of_key)
    free = tuple(key for key in keys if key not in known and not incidents.holding(key))
    own = {key for key in free if is_alike(key, root.key)}
    ended = (end.since for key in own for end in ends.get(key, ()))
    recent = [at for at in ended if now - at < rules.flap_window]
    flapping = len(recent) >= rules.flaps
    worst = (member.verdict for member in members if is_alike(member.key, root.key))
    incident = Incident(
        id=identify(root.key, now),
        head=_stored(root),
        keys=free,
        opened=now,
        since=min(since[key] for key in own if key in since),
        worst=max(worst, key=lambda verdict: verdict.rank),
        flapping=flapping,
        sites=failing_sites(NO_SITES, members, view.sites),
        repairs=_repairs(members),
    )
    incident = incident.with_line(now, f"{root.verdict}: {root.reason}")
    if flapping:
        incident = incident.with_line(now, "keeps coming back: no further alerts until it is calm")
    return incident


def _stored(finding: Finding) -> Finding:
    """A finding as it is stored: without evidence that may quote logs, and links of the report.

    What its message and commands name is kept: the node, the container, a limit, a Helm release.
    """
    # Before it is cut: half a secret is not recognised.
    text = redact(finding.message)
    if len(text) > MESSAGE:
        # Errors end with what began them.
        text = f"{text[: MESSAGE // 2]} … {text[-MESSAGE // 2 :]}"
    named = (item for item in finding.evidence if _is_named(item.label))
    return replace(
        finding,
        reason=redact(finding.reason),
        message=text,
        evidence=tuple(
            Evidence(redact(item.label)[:NAME], redact(item.value)[:NAME])
            for item in islice(named, NAMED)
        ),
        follows=tuple(ref for ref in finding.follows if ref.kind == Node.kind_name())[:1],
        cause=None,
    )


def _is_named(label: str) -> bool:
    return label in (HELM_RELEASE, INSTALLED_IN, CONTAINER) or label.startswith(MEMORY_LIMIT)


NAMED, NAME = 4, 300
"""Pieces of evidence that are stored, and characters of each."""

MESSAGE = 600
"""Characters of a message that are stored; fewer are shown."""


def _without_old(state: Alerts, now: datetime, rules: Rules) -> Alerts:
    """Without incidents that ended long ago, and old entries."""

    def stays(incident: Incident) -> bool:
        end = incident.ended_post
        posted = end and end.message and incident.shown >= incident.revision
        longest = rules.kept if posted or incident.held else UNSAID
        return not (incident.ended and now - incident.ended > longest)

    return replace(
        state,
        incidents=tuple(filter(stays, state.incidents)),
        ends=tuple(end for end in state.ends if now - end.since < rules.flap_window),
        messages=tuple(one for one in state.messages if now - one.at < HOUR),
    )


UNSAID = timedelta(days=7)
"""How long the end of an incident waits for Discord."""
