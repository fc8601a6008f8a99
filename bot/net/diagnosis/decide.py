"""From evidence to one verdict.

A wrong prescription is worse than none: what fits no row, or two that contradict each other, is
INCONCLUSIVE, with the next test.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.sentences import sentences
from bot.net.diagnosis import explanation
from bot.net.diagnosis import native_lb_effect as effects
from bot.net.diagnosis.diagnosis import Confidence, Diagnosis, Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence, collect
from bot.net.diagnosis.observation import Aim, Belief, Key, ListenerReport, Observation
from bot.net.diagnosis.overlay_kind import facts_of
from bot.net.diagnosis.results import SHARP, Result
from bot.net.diagnosis.rule import DecisionRule, Match
from bot.net.diagnosis.rules import BESIDE, CONNECTING, DECIDED, GRAVEST, healthy, loss, slow_path
from bot.net.diagnosis.subject import Native, Subject

Fault = tuple[DecisionRule, Match]

DRIFTS = (Aim.FAR_UDP, Aim.OTHER_PORT, Aim.NODE)
"""Tests whose change between two passes says nothing of the route."""


MOST_CHANGES = 2
"""Changes that are named; the rest is counted."""


def decide(
    subject: Subject,
    observations: Iterable[Observation],
    reports: Iterable[ListenerReport] = (),
    belief: Belief | None = None,
    untested: tuple[str, ...] = (),
) -> Diagnosis:
    """The diagnosis that follows; `untested` says what the prober cannot see at all."""
    evidence = collect(subject, observations, reports, belief)
    outcome = _verdict(evidence)
    if isinstance(outcome, str):
        return _inconclusive(evidence, outcome, untested)
    (rule, match), also = outcome
    return _diagnosis(evidence, rule, match, also, untested)


def _verdict(evidence: RouteEvidence) -> tuple[Fault, tuple[Fault, ...]] | str:
    """The one row, and what was found beside it; or why there is none."""
    if decided := _matching(DECIDED, evidence):
        return decided[0], ()
    if changed := _changed(evidence):
        return f"It changed while it was tested: {changed}."
    connecting, beside = _matching(CONNECTING, evidence), _matching(BESIDE, evidence)
    if evidence.failing:
        return _of_failures(evidence, connecting, beside)
    if faults := sorted((*connecting, *beside), key=lambda fault: GRAVEST.index(fault[0].row)):
        return faults[0], tuple(faults[1:])
    if match := healthy.RULE.match(evidence):
        return (healthy.RULE, match), ()
    return explanation.unexplained(evidence)


def _of_failures(
    evidence: RouteEvidence, connecting: tuple[Fault, ...], beside: tuple[Fault, ...]
) -> tuple[Fault, tuple[Fault, ...]] | str:
    """The one row that explains why every failing way fails."""
    failing = set(evidence.failing)
    complete = [fault for fault in connecting if failing <= set(fault[1].paths)]
    if len(complete) == 1:
        others = [fault for fault in connecting if fault is not complete[0]]
        return complete[0], (*others, *beside)
    if len(complete) > 1:
        rows = " and ".join(rule.row for rule, _ in complete)
        return f"The evidence fits {rows}, which can't both be true."
    if len(connecting) > 1 and failing <= {path for _, m in connecting for path in m.paths}:
        reasons = sentences(*(match.because for _, match in connecting))
        return f"Several causes at once: {reasons}"
    return explanation.unexplained(evidence)


def _matching(rules: tuple[DecisionRule, ...], evidence: RouteEvidence) -> tuple[Fault, ...]:
    return tuple((rule, match) for rule in rules if (match := rule.match(evidence)))


def _changed(evidence: RouteEvidence) -> str:
    """What did not stay as it was from one pass to the next."""
    changes = [
        f"{explanation.describe(*key)} was {result.before}, then {result.after}"
        for key, result in evidence.results.items()
        if result.changed
        and key[0].node in evidence.points.ingress_nodes
        and not _drifts(evidence, key, result)
    ]
    more = f", and {len(changes) - MOST_CHANGES} more" if len(changes) > MOST_CHANGES else ""
    return ", ".join(changes[:MOST_CHANGES]) + more


def _drifts(evidence: RouteEvidence, key: Key, result: Result) -> bool:
    """Whether a change says nothing: beside the route, or of few tries on a bad way."""
    if key[1] in DRIFTS or (key[1] is Aim.LARGE_REQUEST and result.answered):
        return True
    strained = any(
        path.ingress == key[0].node and (path.endpoint.node == key[2].node or not key[2].node)
        for path in evidence.paths
        if loss.loses(evidence, path) or slow_path.drags(evidence, path)
    )
    return strained and not {result.before, result.after} & SHARP


def _diagnosis(
    evidence: RouteEvidence,
    rule: DecisionRule,
    match: Match,
    also: tuple[Fault, ...],
    untested: tuple[str, ...],
) -> Diagnosis:
    effect, because = effects.effect(evidence, rule, match, tuple(other.row for other, _ in also))
    decided = rule in DECIDED
    lesser = any(map(evidence.stands_in, evidence.points.ingress_nodes)) and not decided
    beside = tuple(f"Also seen: {other.because}" for _, other in also)
    return Diagnosis(
        row=rule.row,
        confidence=Confidence.PROVEN if match.proven and not lesser else Confidence.LIKELY,
        because=match.because,
        effect=effect,
        effect_because=because,
        places=match.places,
        advice=(*match.instead, *rule.steps(facts_of(evidence.subject.nodes)), *beside),
        evidence=explanation.rows(evidence, match.bears),
        untested=_untested(evidence, (*match.untested, *untested), decided=decided),
        passed=healthy.passed(evidence),
    )


def _inconclusive(evidence: RouteEvidence, because: str, untested: tuple[str, ...]) -> Diagnosis:
    effect, why = _unknown(evidence)
    return Diagnosis(
        row=Row.INCONCLUSIVE,
        confidence=Confidence.NONE,
        because=because,
        effect=effect,
        effect_because=why,
        evidence=explanation.rows(evidence, ()),
        untested=_untested(evidence, untested, decided=False),
        next=explanation.next_test(evidence, because),
    )


def _unknown(evidence: RouteEvidence) -> tuple[Effect, str]:
    native = evidence.subject.native
    if native is Native.IMPOSSIBLE:
        return Effect.IMPOSSIBLE, evidence.subject.native_because
    if effects.too_old(evidence.belief.version):
        return Effect.IMPOSSIBLE, f"Traefik {evidence.belief.version} doesn't support nativeLB."
    if native is Native.ON:
        return Effect.ALREADY, evidence.subject.native_because
    return Effect.UNKNOWN, "The evidence doesn't explain what fails."


def _foreign(evidence: RouteEvidence) -> tuple[str, ...]:
    """The endpoints that were not asked, since their slices do not speak for the addresses."""
    whys = (endpoint.foreign for endpoint in evidence.points.endpoints if endpoint.foreign)
    return tuple(f"{why}: not tested." for why in whys)


def _untested(evidence: RouteEvidence, own: tuple[str, ...], *, decided: bool) -> tuple[str, ...]:
    """What could not be tested, each once; nothing where the objects decide."""
    reasons = () if decided else (*_foreign(evidence), *explanation.reasons(evidence))
    unseen = () if decided else evidence.belief.unseen
    return tuple(dict.fromkeys((*own, *reasons, *unseen)))
