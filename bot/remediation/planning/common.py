"""What the plans of every way have in common: evidence, risks, names."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import Step
from bot.remediation.planning.context import Manifest, PlanningContext
from bot.remediation.planning.eligibility import Eligibility

MOST_EVIDENCE = 24
LONGEST = 900
"""Characters of a line of evidence or risk, less than the kind takes."""


def draft(
    situation: PlanningContext,
    worth: Eligibility,
    way: Method,
    steps: tuple[Step, ...],
    risks: tuple[str, ...],
    *,
    returns_after: int = 0,
) -> RepairPlan:
    """A plan with what the diagnosis says."""
    found, subject = situation.diagnosis, situation.subject
    return RepairPlan(
        target=str(subject.route),
        way=way,
        asked=subject.name,
        host=subject.host,
        path=subject.path or "/",
        row=found.row,
        effect=found.effect,
        trial=worth is Eligibility.TRIAL,
        cures=situation.cures[:32],
        evidence=tuple(item[:LONGEST] for item in _evidence(situation)),
        risks=tuple(risk[:LONGEST] for risk in (*_trial(situation, worth), *risks, *_always())),
        steps=steps,
        returns_after=returns_after,
    )


def group_of(manifest: Manifest) -> str:
    """The API group of an object."""
    return str(manifest.get("apiVersion", "")).rpartition("/")[0]


def _evidence(situation: PlanningContext) -> Iterator[str]:
    """The row of the decision table first, then what was seen: what bears, failures first."""
    found = situation.diagnosis
    yield f"{found.row} ({found.confidence}): {found.because}"
    yield f"nativeLB {found.effect}: {found.effect_because}"
    rows = sorted(found.evidence, key=lambda each: (not each.bears, each.result.startswith("ok")))
    for row in rows[:MOST_EVIDENCE]:
        yield f"{row.what}: {row.result}"
    yield from (f"Not tested: {said}" for said in found.untested[:8])


def _trial(situation: PlanningContext, worth: Eligibility) -> Iterator[str]:
    if worth is Eligibility.TRIAL and situation.diagnosis.effect is Effect.LOWERS:
        yield "A trial: fewer requests may fail, and no fault is mended. It takes itself back."
    elif worth is Eligibility.TRIAL:
        yield "A trial: that it helps is not proven. It takes itself back if it does not."


def _always() -> Iterator[str]:
    yield (
        "Traefik then sees one server, the VIP: it no longer chooses among pods, checks none of "
        "them, and kept connections may load them unevenly."
    )
