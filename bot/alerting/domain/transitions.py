"""From one report to the next: which incidents begin, develop and end.

An unobserved finding is neither new nor recovered: its time stands still while the kinds that it
rests on are not observed. The same holds for an object that failed and is trying again: it has
failed since the first time, until it is healthy or gone. Findings of the first report are known,
and do not alert.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from bot.alerting.domain.incident import Alerts, Incident, KnownFinding, Pending, identify
from bot.alerting.domain.rules import HOUR, Rules
from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.domain.snapshot import Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS

KEYS = 200
"""Findings of one incident that are stored by key."""

NEEDS = {
    check.name: frozenset((*(kind.kind_name() for kind in check.needs), *check.facts))
    for check in CHECKS
}
"""What a check needs to observe beside the kinds that it judges."""

AWAY = frozenset({Why.UNREACHABLE, Why.STALE})
"""Temporary gaps. A permanently forbidden kind must not hold back alerts for ever."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """A report as alerts need it: the findings that are bad enough, and what is uncertain."""

    report: Report
    muted: Collection[str] = ()

    @property
    def bad(self) -> tuple[Finding, ...]:
        """Findings that are degraded or failed, and not silenced."""
        return tuple(finding for finding in self.report.findings if alarming(finding, self.muted))

    def observes(self, key: str) -> bool:
        """Whether the presence or absence of a finding is certain.

        It is not where the verdict is unknown, or where there are gaps in what it rests on.
        """
        finding = self.report.by_key.get(key)
        if finding and finding.verdict is Verdict.UNKNOWN:
            return False
        check, kind = key.split("/", 2)[:2]
        needs = NEEDS.get(check, frozenset())
        return not any(
            gap.kind == kind or (gap.kind in needs and gap.why in AWAY)
            for gap in self.report.unseen
        )

    def retrying(self, key: str) -> bool:
        """Whether a finding is progressing, and not silenced."""
        finding = self.report.by_key.get(key)
        return bool(finding and finding.verdict is Verdict.PROGRESSING and key not in self.muted)

    def recovered(self, key: str) -> bool:
        """Whether the object of a finding is observed to be healthy, or gone."""
        finding = self.report.by_key.get(key)
        return self.observes(key) and not (finding and finding.unrecovered)

    def knows_cause(self, finding: Finding) -> bool:
        """Whether the kinds of a finding's possible causes were observed."""
        blamed = {ref.kind for ref in finding.follows}
        return not any(gap.kind in blamed and gap.why in AWAY for gap in self.report.unseen)


def alarming(finding: Finding, muted: Collection[str] = ()) -> bool:
    """Whether a finding is bad enough for an alert."""
    return finding.verdict.rank >= Verdict.DEGRADED.rank and finding.key not in muted


def advance(
    state: Alerts | None, report: Report, rules: Rules, muted: Collection[str] = ()
) -> Alerts:
    """The state after a report of everything, at the report's time.

    Repeating the same report changes nothing.
    """
    view = AlertView(report, _with_effects(report, muted))
    if state is None:
        return Alerts(
            known=tuple(KnownFinding(finding.key, finding.verdict) for finding in view.bad)
        )
    now = report.taken_at
    state = _with_known(state, view)
    state = _with_members(state, view)
    state = _developed(state, view, rules)
    state = _with_new(state, view, rules)
    return _without_old(state, now, rules)


def _with_effects(report: Report, muted: Collection[str]) -> frozenset[str]:
    """Silenced keys with their effects, to which the alert would pass on otherwise."""
    if not muted:
        return frozenset()
    followed = (
        finding.key
        for finding in report.findings
        if any(link.key in muted for link in report.chain(finding))
    )
    return frozenset((*muted, *followed))


def _with_known(state: Alerts, view: AlertView) -> Alerts:
    """Without known findings that recovered or got worse: then they may alert."""
    bad = {finding.key: finding.verdict for finding in view.bad}

    def stays(known: KnownFinding) -> bool:
        if known.key not in bad:
            return not view.recovered(known.key) or known.key in view.muted
        return bad[known.key].rank <= known.verdict.rank

    return replace(state, known=tuple(filter(stays, state.known)))


def _with_members(state: Alerts, view: AlertView) -> Alerts:
    """With new effects of open incidents, and causes that were found, added to them."""
    known = {known_finding.key for known_finding in state.known}
    for finding in view.bad:
        if finding.key in known or state.holding(finding.key):
            continue
        chain = [cause.key for cause in view.report.chain(finding)]
        effects = [effect.key for effect in view.report.downstream.get(finding.key, ())]
        holder = next(filter(None, (state.holding(key) for key in (*chain, *effects))), None)
        if holder and len(holder.keys) < KEYS:
            state = state.with_incident(replace(holder, keys=(*holder.keys, finding.key)))
    return state


def _developed(state: Alerts, view: AlertView, rules: Rules) -> Alerts:
    """With each open incident worse, recovering, over, or unchanged."""
    bad = {finding.key: finding for finding in view.bad}
    for incident in state.incidents:
        if incident.ended:
            continue
        findings = [bad[key] for key in incident.keys if key in bad]
        if findings:
            changed = _still_bad(incident, findings, view)
        else:
            changed = _recovering(incident, view, rules)
        state = state.with_incident(changed)
        if changed.ended:
            state = replace(state, ends=(*state.ends, Pending(incident.keys[0], changed.ended)))
    return state


def _still_bad(incident: Incident, findings: list[Finding], view: AlertView) -> Incident:
    at, old = view.report.taken_at, incident.head
    keys = {finding.key for finding in findings}
    roots = [finding for finding in findings if finding.cause not in keys] or findings
    head = max(roots, key=lambda finding: (finding.verdict.rank, finding.key == old.key))
    if view.retrying(old.key):
        # It is trying again: until that succeeds, its effects are not another incident.
        head = old
    worst = max((finding.verdict for finding in findings), key=lambda verdict: verdict.rank)
    incident = replace(incident, clear=None)
    if head.key != old.key:
        incident = incident.with_line(at, f"it is {head.reason} of {head.subject}")
    elif (head.verdict, head.reason) != (old.verdict, old.reason):
        incident = incident.with_line(at, f"{head.verdict}: {head.reason}")
    if (head.key, head.verdict, head.reason) != (old.key, old.verdict, old.reason):
        incident = replace(incident, head=_stored(head))
    if worst.rank > incident.worst.rank:
        incident = replace(incident, worst=worst).with_line(at, f"worse: {worst}")
    return incident


def _recovering(incident: Incident, view: AlertView, rules: Rules) -> Incident:
    """An incident without bad findings: it is over once all of it was well for long enough."""
    now = view.report.taken_at
    if any(key in view.muted or not view.observes(key) for key in incident.keys):
        return replace(incident, clear=None)
    if not all(view.recovered(key) for key in incident.keys):
        # Neither bad nor recovered: healthy objects also make progress now and then.
        return incident
    clear = incident.clear or now
    if now - clear < (rules.calm if incident.flapping else rules.steady):
        return replace(incident, clear=clear)
    return replace(incident, clear=clear, ended=clear).with_line(clear, "recovered")


def _with_new(state: Alerts, view: AlertView, rules: Rules) -> Alerts:
    """With incidents for findings that outlasted their grace, one for each root cause."""
    now = view.report.taken_at
    since = {pending.key: pending.since for pending in state.pending}
    known = {known_finding.key: known_finding.verdict for known_finding in state.known}
    waiting: dict[str, datetime] = {}
    for finding in view.bad:
        if not state.holding(finding.key) and finding.key not in known:
            certain = view.observes(finding.key) and view.knows_cause(finding)
            waiting[finding.key] = since.get(finding.key, now) if certain else now
    # An unobserved finding keeps its place, and so does one that is only trying again.
    for key, at in since.items():
        stays = not view.observes(key) or view.retrying(key)
        if key not in waiting and stays and not state.holding(key):
            waiting[key] = at
    bad = {finding.key: finding for finding in view.bad}
    for key, at in sorted(waiting.items(), key=lambda pair: (pair[1], pair[0])):
        candidate = bad.get(key)
        lasted = candidate and now - at >= rules.grace_of(candidate.check)
        if candidate and lasted and view.observes(key) and not state.holding(key):
            state = _with_opened(state, candidate, view, rules, known)
    pending = tuple(Pending(key, at) for key, at in waiting.items() if not state.holding(key))
    return replace(state, pending=pending)


def _with_opened(
    state: Alerts, finding: Finding, view: AlertView, rules: Rules, known: Mapping[str, Verdict]
) -> Alerts:
    now = view.report.taken_at
    links = view.report.chain(finding)
    chain = [link for link in links if alarming(link, view.muted)]
    trying = [known[link.key] for link in links if link.key in known and view.retrying(link.key)]
    # A cause that existed when alerts began does not alert, and neither do its later effects.
    known_causes = (*trying, *(cause.verdict for cause in chain if cause.key in known))
    if any(verdict.rank >= finding.verdict.rank for verdict in known_causes):
        return replace(state, known=(*state.known, KnownFinding(finding.key, finding.verdict)))
    root = next(finding for finding in reversed(chain) if finding.key not in known)
    effects = view.report.downstream.get(root.key, ())
    members = (root, finding, *(effect for effect in effects if alarming(effect, view.muted)))
    keys = tuple(dict.fromkeys(member.key for member in members))[:KEYS]
    free = tuple(key for key in keys if key not in known and not state.holding(key))
    recent = [end for end in state.ends if end.key in free and now - end.since < rules.flap_window]
    flapping = len(recent) >= rules.flaps
    incident = Incident(
        id=identify(root.key, now),
        head=_stored(root),
        keys=free,
        opened=now,
        worst=max((member.verdict for member in members), key=lambda verdict: verdict.rank),
        flapping=flapping,
    )
    incident = incident.with_line(now, f"{root.verdict}: {root.reason}")
    if flapping:
        incident = incident.with_line(now, "flapping: said once, until it is calm")
    return replace(state, incidents=(*state.incidents, incident))


def _stored(finding: Finding) -> Finding:
    """A finding as it is stored, without evidence (it may quote logs) and links of the report."""
    text = finding.message
    if len(text) > MESSAGE:
        # Errors end with what began them.
        text = f"{text[: MESSAGE // 2]} … {text[-MESSAGE // 2 :]}"
    return replace(finding, message=text, evidence=(), follows=(), cause=None)


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
        sent=tuple(pair for pair in state.sent if now - pair[1] < HOUR),
    )


UNSAID = timedelta(days=7)
"""How long the end of an incident waits for Discord."""
