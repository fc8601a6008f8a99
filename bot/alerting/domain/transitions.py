"""From one report to the next: which incidents begin, develop and end.

Not seen is neither new nor recovered: while the kinds that a finding rests on are not seen, its
time stands still. Nor is what failed and is only under way: a thing that fails, tries and fails
again has failed since the first time, until it is seen healthy, or gone. What was wrong when the
first report came is known, and is no alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from bot.alerting.domain.incident import Alerts, Incident, KnownFinding, Pending, identify
from bot.alerting.domain.rules import Rules
from bot.domain.finding import Finding
from bot.domain.report import Report
from bot.domain.snapshot import Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS

KEYS = 200
"""Findings of one incident that are remembered by name."""

NEEDS = {check.name: frozenset(kind.kind_name() for kind in check.needs) for check in CHECKS}
"""The kinds without which a check cannot tell, beside that which it judges."""

AWAY = frozenset({Why.UNREACHABLE, Why.STALE})
"""Not seen just now. What is forbidden for good would else keep every alarm back for ever."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One report, seen as alarms: the findings that are bad enough, and what cannot be told."""

    report: Report
    muted: Collection[str] = ()

    @property
    def bad(self) -> tuple[Finding, ...]:
        """Degraded or failed, and not muted: what is under way or unknown is no alarm."""
        return tuple(finding for finding in self.report.findings if alarming(finding, self.muted))

    def tells(self, key: str) -> bool:
        """Whether the absence of that finding, or its news, is evidence.

        What is there and unknown was looked for in vain.
        """
        found = self.report.by_key.get(key)
        if found and found.verdict is Verdict.UNKNOWN:
            return False
        check, kind = key.split("/", 2)[:2]
        needs = NEEDS.get(check, frozenset())
        return not any(
            gap.kind == kind or (gap.kind in needs and gap.why in AWAY)
            for gap in self.report.unseen
        )

    def trying(self, key: str) -> bool:
        """Whether it is under way, and nobody muted it."""
        found = self.report.by_key.get(key)
        return bool(found and found.verdict is Verdict.PROGRESSING and key not in self.muted)

    def well(self, key: str) -> bool:
        """Whether it was seen healthy, or gone: what alone ends that it was wrong."""
        found = self.report.by_key.get(key)
        return self.tells(key) and not (found and found.unrecovered)

    def explains(self, finding: Finding) -> bool:
        """Whether what the finding may follow from was seen: else its cause may be hidden."""
        blamed = {ref.kind for ref in finding.follows}
        return not any(gap.kind in blamed and gap.why in AWAY for gap in self.report.unseen)


def alarming(finding: Finding, muted: Collection[str] = ()) -> bool:
    """Whether a finding is bad enough."""
    return finding.verdict.rank >= Verdict.DEGRADED.rank and finding.key not in muted


def advance(
    state: Alerts | None, report: Report, rules: Rules, muted: Collection[str] = ()
) -> Alerts:
    """The state after a report of everything; its own time is the time.

    The same report again changes nothing.
    """
    sight = Sight(report, _with_effects(report, muted))
    if state is None:
        return Alerts(
            known=tuple(KnownFinding(finding.key, finding.verdict) for finding in sight.bad)
        )
    now = report.taken_at
    state = _known(state, sight)
    state = _joined(state, sight)
    state = _developed(state, sight, rules)
    state = _begun(state, sight, rules)
    return _forgotten(state, now, rules)


def _with_effects(report: Report, muted: Collection[str]) -> frozenset[str]:
    """What follows from a muted cause is as silent: else the alert would pass on to it."""
    if not muted:
        return frozenset()
    followed = (
        finding.key
        for finding in report.findings
        if any(link.key in muted for link in report.chain(finding))
    )
    return frozenset((*muted, *followed))


def _known(state: Alerts, sight: Sight) -> Alerts:
    """What was known is forgotten once it is well, or worse: then it may be an alarm."""
    found = {finding.key: finding.verdict for finding in sight.bad}

    def stays(each: KnownFinding) -> bool:
        if each.key not in found:
            return not sight.well(each.key) or each.key in sight.muted
        return found[each.key].rank <= each.verdict.rank

    return replace(state, known=tuple(filter(stays, state.known)))


def _joined(state: Alerts, sight: Sight) -> Alerts:
    """Add what follows from an open incident to it, and the cause of one that comes to light."""
    known = {known_finding.key for known_finding in state.known}
    for finding in sight.bad:
        if finding.key in known or state.holding(finding.key):
            continue
        chain = [cause.key for cause in sight.report.chain(finding)]
        effects = [effect.key for effect in sight.report.downstream.get(finding.key, ())]
        holder = next(filter(None, (state.holding(key) for key in (*chain, *effects))), None)
        if holder and len(holder.keys) < KEYS:
            state = state.with_incident(replace(holder, keys=(*holder.keys, finding.key)))
    return state


def _developed(state: Alerts, sight: Sight, rules: Rules) -> Alerts:
    """Each open incident is worse, well for a while, over, or as it was."""
    found = {finding.key: finding for finding in sight.bad}
    for one in state.incidents:
        if one.ended:
            continue
        now_bad = [found[key] for key in one.keys if key in found]
        changed = _bad(one, now_bad, sight) if now_bad else _well(one, sight, rules)
        state = state.with_incident(changed)
        if changed.ended:
            state = replace(state, ends=(*state.ends, Pending(one.keys[0], changed.ended)))
    return state


def _bad(one: Incident, found: list[Finding], sight: Sight) -> Incident:
    at = sight.report.taken_at
    keys = {finding.key for finding in found}
    roots = [finding for finding in found if finding.cause not in keys]
    head = max(roots or found, key=lambda each: (each.verdict.rank, each.key == one.head.key))
    if sight.trying(one.head.key):
        # It tries again: until that succeeds, what follows from it is no other trouble.
        head = one.head
    worst = max((effect.verdict for effect in found), key=lambda finding: finding.rank)
    one = replace(one, clear=None)
    if head.key != one.head.key:
        one = replace(one, head=_slim(head)).told(at, f"it is {head.reason} of {head.subject}")
    elif (head.verdict, head.reason) != (one.head.verdict, one.head.reason):
        one = replace(one, head=_slim(head)).told(at, f"{head.verdict}: {head.reason}")
    if worst.rank > one.worst.rank:
        one = replace(one, worst=worst).told(at, f"worse: {worst}")
    return one


def _well(one: Incident, sight: Sight, rules: Rules) -> Incident:
    """Nothing of it is bad in the report: it is over once all was seen to be well for long."""
    now = sight.report.taken_at
    if any(key in sight.muted for key in one.keys):
        return replace(one, clear=None)
    if not all(sight.tells(key) for key in one.keys):
        return replace(one, clear=None)
    if not all(sight.well(key) for key in one.keys):
        # Neither bad nor well: what was seen well before is tried anew now and then, too.
        return one
    clear = one.clear or now
    if now - clear < (rules.calm if one.flapping else rules.steady):
        return replace(one, clear=clear)
    return replace(one, clear=clear, ended=clear).told(clear, "recovered")


def _begun(state: Alerts, sight: Sight, rules: Rules) -> Alerts:
    """What lasted through its grace begins; all that has the same root begins as one."""
    now = sight.report.taken_at
    since = {pending.key: pending.since for pending in state.pending}
    known = {known_finding.key: known_finding.verdict for known_finding in state.known}
    waiting: dict[str, datetime] = {}
    for finding in sight.bad:
        if not state.holding(finding.key) and finding.key not in known:
            told = sight.tells(finding.key) and sight.explains(finding)
            waiting[finding.key] = since.get(finding.key, now) if told else now
    # What is not seen keeps its place: its absence says nothing. So does what only tries again.
    for key, at in since.items():
        stays = not sight.tells(key) or sight.trying(key)
        if key not in waiting and stays and not state.holding(key):
            waiting[key] = at
    found = {finding.key: finding for finding in sight.bad}
    for key, at in sorted(waiting.items(), key=lambda each: (each[1], each[0])):
        ripening = found.get(key)
        ripe = ripening and now - at >= rules.grace_of(ripening.check)
        if ripening and ripe and sight.tells(key) and not state.holding(key):
            state = _opened(state, ripening, sight, rules, known)
    rest = tuple(Pending(key, at) for key, at in waiting.items() if not state.holding(key))
    return replace(state, pending=rest)


def _opened(
    state: Alerts, finding: Finding, sight: Sight, rules: Rules, known: Mapping[str, Verdict]
) -> Alerts:
    now = sight.report.taken_at
    links = sight.report.chain(finding)
    chain = [link for link in links if alarming(link, sight.muted)]
    trying = [known[link.key] for link in links if link.key in known and sight.trying(link.key)]
    # A cause that is known already has had its word: what follows later from it is none.
    had = (*trying, *(cause.verdict for cause in chain if cause.key in known))
    if any(verdict.rank >= finding.verdict.rank for verdict in had):
        return replace(state, known=(*state.known, KnownFinding(finding.key, finding.verdict)))
    root = next(finding for finding in reversed(chain) if finding.key not in known)
    effects = sight.report.downstream.get(root.key, ())
    members = (root, finding, *(effect for effect in effects if alarming(effect, sight.muted)))
    keys = tuple(dict.fromkeys(member.key for member in members))[:KEYS]
    free = tuple(key for key in keys if key not in known and not state.holding(key))
    recent = [end for end in state.ends if end.key in free and now - end.since < rules.flap_window]
    flapping = len(recent) >= rules.flaps
    begun = Incident(
        id=identify(root.key, now),
        head=_slim(root),
        keys=free,
        opened=now,
        worst=max((effect.verdict for effect in members), key=lambda member: member.rank),
        flapping=flapping,
    )
    began = begun.told(now, f"{root.verdict}: {root.reason}")
    told = began.told(now, "flapping: said once, until it is calm") if flapping else began
    return replace(state, incidents=(*state.incidents, told))


def _slim(finding: Finding) -> Finding:
    """A finding as it is kept: evidence may quote logs, and links are those of a report."""
    said = finding.message
    if len(said) > MESSAGE:
        # Errors end with what began them.
        said = f"{said[: MESSAGE // 2]} … {said[-MESSAGE // 2 :]}"
    return replace(finding, message=said, evidence=(), follows=(), cause=None)


MESSAGE = 600
"""Characters of a message that are kept; fewer are shown."""


def _forgotten(state: Alerts, now: datetime, rules: Rules) -> Alerts:
    """What is long over, and said, is dropped."""

    def stays(one: Incident) -> bool:
        said = one.ended_post and one.ended_post.message and one.shown >= one.revision
        kept = rules.kept if said or one.held else UNSAID
        return not (one.ended and now - one.ended > kept)

    return replace(
        state,
        incidents=tuple(filter(stays, state.incidents)),
        ends=tuple(end for end in state.ends if now - end.since < rules.flap_window),
        sent=tuple(pair for pair in state.sent if (now - pair[1]).total_seconds() < HOUR),
    )


HOUR = 3600.0

UNSAID = timedelta(days=7)
"""How long an incident that is over waits for Discord, before nobody wants to hear of it."""
