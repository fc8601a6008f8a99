"""What the plans of every method have in common: evidence and risks."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import Step
from bot.remediation.planning.context import PlanningContext

MOST_EVIDENCE = 24
LONGEST = 900
"""Characters of a line of evidence or risk, less than the kind takes."""


def draft(
    context: PlanningContext,
    method: Method,
    steps: tuple[Step, ...],
    risks: tuple[str, ...],
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
        steps=steps,
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
    observed = sorted(
        diagnosis.evidence, key=lambda seen: (not seen.bears, seen.result.startswith("ok"))
    )
    yield from (f"{seen.what}: {seen.result}" for seen in observed[:MOST_EVIDENCE])
    yield from (f"Not tested: {reason}" for reason in diagnosis.untested[:8])
