"""Words and differences of a change that every renderer shares."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from bot.domain.redaction.redact import redact
from bot.domain.verdict import Verdict
from bot.manifests import writer as yaml_documents
from bot.remediation.change.change import Change
from bot.remediation.change.fields import Action
from bot.remediation.change.history import BOT
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step
from bot.remediation.planning.offers import Offers

VERDICT = {
    ChangeState.PROPOSED: Verdict.UNKNOWN,
    ChangeState.APPROVED: Verdict.PROGRESSING,
    ChangeState.REJECTED: Verdict.SUSPENDED,
    ChangeState.EXPIRED: Verdict.SUSPENDED,
    ChangeState.APPLYING: Verdict.PROGRESSING,
    ChangeState.AWAITING_MERGE: Verdict.PROGRESSING,
    ChangeState.VERIFYING: Verdict.PROGRESSING,
    ChangeState.DONE: Verdict.HEALTHY,
    ChangeState.ROLLED_BACK: Verdict.DEGRADED,
    ChangeState.FAILED: Verdict.FAILED,
}
"""The colour and the sign of each state."""

TITLE = {
    ChangeState.PROPOSED: "Proposed",
    ChangeState.APPROVED: "Approved",
    ChangeState.REJECTED: "Rejected",
    ChangeState.EXPIRED: "Expired",
    ChangeState.APPLYING: "Applying",
    ChangeState.AWAITING_MERGE: "Waiting for the merge",
    ChangeState.VERIFYING: "Testing whether it helps",
    ChangeState.DONE: "Done",
    ChangeState.ROLLED_BACK: "Rolled back",
    ChangeState.FAILED: "Failed",
}

WAYS = {
    Method.ANNOTATION: "nativeLB by the Service's annotation",
    Method.NATIVE_LB: "nativeLB in the IngressRoute",
    Method.CONVERSION: "IngressRoutes in place of the Ingress",
    Method.PULL_REQUEST: "pull request",
}

DOES = {
    Action.ANNOTATE_SERVICE: "Annotate",
    Action.PAUSE_RECONCILING: "Keep Flux off",
    Action.SET_NATIVE_LB: "Switch nativeLB of",
    Action.CREATE_INGRESSROUTE: "Create",
    Action.SET_PRIORITY: "Set the priority of",
    Action.RELEASE_CERTIFICATE: "Take the owner off",
    Action.DELETE_INGRESS: "Delete, once the new route is proven,",
    Action.OPEN_PULL_REQUEST: "Open a pull request for",
}

MOST_WHOLE = 200_000
"""Characters of the whole as a file."""


def title(each: Change) -> str:
    """`Proposed: nativeLB by the Service's annotation (trial)`."""
    trial = " (trial)" if each.plan.trial else ""
    return f"{TITLE[each.state]}: {WAYS[each.plan.way]}{trial}"


def difference(plan: RepairPlan) -> Iterator[str]:
    """What will change, as lines of a unified difference: of the file, or step by step."""
    if plan.way is Method.PULL_REQUEST:
        yield from plan.preview.splitlines()
        return
    yield from _of_steps(plan.steps)


def _of_steps(steps: Iterable[Step]) -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        at = step.object
        yield f"@@ {number}. {DOES[step.action]} {at.kind} {at.namespace}/{at.name} @@"
        was, to = _text(step.was), _text(step.to)
        lines = difflib.unified_diff(was, to, lineterm="", n=1)
        yield from (line for line in lines if not line.startswith(("---", "+++", "@@")))


def _text(value: str) -> list[str]:
    found: Any = _without_none(json.loads(value)) if value else None
    if found is None:
        return []
    if isinstance(found, list):
        found = {"items": found}
    written = yaml_documents.documents([found] if isinstance(found, dict) else [{"value": found}])
    return written.decode().splitlines()[1:]


def _without_none(value: Any) -> Any:
    """The value as YAML people write it: what is null is not there."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value


def person(by: str) -> str:
    """Who did something, as Discord shows people; mentions are off, so nobody is called."""
    return f"<@{by}>" if by.isdigit() else BOT


def whole(each: Change) -> str:
    """Everything about a change as text, for a file."""
    return redact("\n".join(_whole(each)))[:MOST_WHOLE]


def _whole(each: Change) -> Iterator[str]:
    plan = each.plan
    yield f"change      {each.name}"
    yield f"state       {each.state}"
    yield f"route       {plan.target}"
    yield f"way         {plan.way}: {WAYS[plan.way]}"
    yield f"trial       {'yes' if plan.trial else 'no'}"
    yield f"requester   {each.requester}"
    yield f"expires     {each.expires.isoformat(timespec='seconds')}"
    yield from _part("evidence", plan.evidence)
    yield from _part("risks", plan.risks)
    yield from _part("difference", difference(plan))
    baseline = each.notes.baseline
    yield from _part("before", [str(baseline)] if baseline else [])
    yield from _part("proof", each.notes.proof)
    yield from _part(
        "history", (_entry(one.at, one.state, one.by, one.note) for one in each.history.entries)
    )


def _entry(at: datetime, state: ChangeState, by: str, note: str) -> str:
    return f"{at.isoformat(timespec='seconds')}  {state:<14}{by:<20}{note}"


def _part(name: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield f"{name}:"
        yield from (f"  {line}" for line in found)


def ways_told(offers: Offers) -> Iterator[str]:
    """A line for each way: what it is, or why not."""
    for plan in offers.plans:
        yield f"{WAYS[plan.way]}: {_worth(plan)}"
    said = {str(plan_refusal): way for way, plan_refusal in offers.refusals.items()}
    for text, way in said.items():
        yield text if len(said) == 1 else f"Not by {WAYS[way]}: {text}"


def _worth(plan: RepairPlan) -> str:
    steps = len(plan.steps)
    count = f"{steps} step{'s' if steps > 1 else ''}"
    return f"{'a trial' if plan.trial else 'supported by the evidence'}, {count}"
