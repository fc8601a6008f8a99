"""What a diagnosis means for a plan: a refusal, or its evidence and whether it is a trial.

What is proven useless or harmful is refused. What is proven to help is proposed, and what is not
proven either way is a labelled trial, which takes itself back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.net.diagnosis.diagnosis import Effect
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import Step
from bot.remediation.planning.context import PlanningContext
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.routing import gateways

NOT_ELIGIBLE = {
    Effect.USELESS: PlanReason.USELESS,
    Effect.HARMS: PlanReason.HARMFUL,
    Effect.IMPOSSIBLE: PlanReason.IMPOSSIBLE,
    Effect.ALREADY: PlanReason.ALREADY,
    Effect.NEEDLESS: PlanReason.NEEDLESS,
}

REPAIRED = frozenset({"Ingress", "IngressRoute"})
"""The kinds of routes for which there is a method."""

BY_HAND = f'metadata:\n  annotations:\n    {gateways.NATIVE}: "true"\n'
"""Source: Traefik 3.2 and later, provider kubernetesgateway."""

UNSEEN = "Which Traefik runs here was not seen."
MOST_EVIDENCE = 24
LONGEST = 900
"""Characters of a line of evidence or risk, less than the kind takes."""


def refuse_ineligible(context: PlanningContext) -> PlanRefusal | None:
    """Why no method can be proposed, by the diagnosis or by the objects alone; None if one can."""
    subject, diagnosis, traefik = context.subject, context.diagnosis, context.traefik
    if reason := NOT_ELIGIBLE.get(diagnosis.effect):
        return PlanRefusal(reason, diagnosis.effect_because or diagnosis.because)
    if subject.route is None:
        return PlanRefusal(PlanReason.NO_ROUTE, f"{subject.service} is a Service and no route.")
    if subject.route.kind not in REPAIRED:
        why = (
            f"meshmedic repairs no {subject.route.kind}: it has no field for nativeLB, which "
            "Traefik's provider of the Gateway API reads from an annotation of its own."
        )
        return PlanRefusal(PlanReason.HTTP_ROUTE, why, BY_HAND)
    if traefik is None:
        return PlanRefusal(PlanReason.TRAEFIK_UNSEEN, context.traefik_unseen or UNSEEN)
    if not traefik.has_native_lb:
        shown = ".".join(map(str, traefik.version[:2]))
        return PlanRefusal(PlanReason.TRAEFIK_TOO_OLD, f"Traefik {shown} knows no nativeLB.")
    if context.route is None or context.service is None:
        why = context.unread or f"{subject.route} is not there any more."
        return PlanRefusal(PlanReason.NOT_READ, why)
    served = {endpoint.node for endpoint in subject.endpoints}
    lonely = [node for node in subject.ingress_nodes if node not in served]
    if subject.local_only and lonely:
        named = ", ".join(lonely)
        why = f"internalTrafficPolicy is Local, and {named} has Traefik and no endpoint."
        return PlanRefusal(PlanReason.LOCAL_ONLY, why)
    return None


def draft(
    context: PlanningContext,
    method: Method,
    steps: Iterable[Step],
    risks: Iterable[str],
    *,
    returns_after: int = 0,
) -> RepairPlan:
    """A plan with the evidence of the diagnosis and the risks that every plan has."""
    diagnosis, subject = context.diagnosis, context.subject
    trial = diagnosis.effect is not Effect.HELPS
    every_risk = [*risks, _ONE_SERVER]
    if trial:
        every_risk.insert(0, _LOWERS if diagnosis.effect is Effect.LOWERS else _UNPROVEN)
    return RepairPlan(
        target=str(subject.route),
        way=method,
        asked=subject.name,
        host=subject.host,
        path=subject.path or "/",
        row=diagnosis.row,
        effect=diagnosis.effect,
        trial=trial,
        evidence=tuple(line[:LONGEST] for line in _evidence(context)),
        risks=tuple(risk[:LONGEST] for risk in every_risk),
        steps=tuple(steps),
        returns_after=returns_after,
    )


_LOWERS = "A trial: fewer requests may fail, and no fault is mended. It takes itself back."
_UNPROVEN = "A trial: that it helps is not proven. It takes itself back if it does not."
_ONE_SERVER = (
    "Traefik then sees one server, the VIP: it no longer chooses among pods, checks none of "
    "them, and kept connections may load them unevenly."
)


def _evidence(context: PlanningContext) -> Iterator[str]:
    """The row of the decision table, then what was observed: what bears first, failures first."""
    diagnosis = context.diagnosis
    yield f"{diagnosis.row} ({diagnosis.confidence}): {diagnosis.because}"
    yield f"nativeLB {diagnosis.effect}: {diagnosis.effect_because}"
    if context.traefik_versions:
        yield f"Traefik runs in several versions: {context.traefik_versions}. Most pods decide."
    rows = sorted(diagnosis.evidence, key=lambda row: (not row.bears, row.result.startswith("ok")))
    yield from (f"{row.what}: {row.result}" for row in rows[:MOST_EVIDENCE])
    yield from (f"Not tested: {reason}" for reason in diagnosis.untested[:8])
