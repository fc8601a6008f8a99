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
from bot.remediation.change.plan import Plan, Way
from bot.remediation.change.states import State
from bot.remediation.change.step import Step
from bot.remediation.planning.offers import Offers

VERDICT = {
    State.PROPOSED: Verdict.UNKNOWN,
    State.APPROVED: Verdict.PROGRESSING,
    State.REJECTED: Verdict.SUSPENDED,
    State.EXPIRED: Verdict.SUSPENDED,
    State.APPLYING: Verdict.PROGRESSING,
    State.AWAITING_MERGE: Verdict.PROGRESSING,
    State.VERIFYING: Verdict.PROGRESSING,
    State.DONE: Verdict.HEALTHY,
    State.ROLLED_BACK: Verdict.DEGRADED,
    State.FAILED: Verdict.FAILED,
}
"""The colour and the sign of each state."""

TITLE = {
    State.PROPOSED: "Proposed",
    State.APPROVED: "Approved",
    State.REJECTED: "Rejected",
    State.EXPIRED: "Expired",
    State.APPLYING: "Applying",
    State.AWAITING_MERGE: "Waiting for the merge",
    State.VERIFYING: "Testing whether it helps",
    State.DONE: "Done",
    State.ROLLED_BACK: "Rolled back",
    State.FAILED: "Failed",
}

WAYS = {
    Way.ANNOTATION: "nativeLB by the Service's annotation",
    Way.NATIVE_LB: "nativeLB in the IngressRoute",
    Way.CONVERSION: "IngressRoutes in place of the Ingress",
    Way.PULL_REQUEST: "pull request",
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


def difference(plan: Plan) -> Iterator[str]:
    """What will change, as lines of a unified difference: of the file, or step by step."""
    if plan.way is Way.PULL_REQUEST:
        yield from plan.preview.splitlines()
        return
    yield from _of_steps(plan.steps)


def _of_steps(steps: Iterable[Step]) -> Iterator[str]:
    for number, each in enumerate(steps, 1):
        at = each.object
        yield f"@@ {number}. {DOES[each.action]} {at.kind} {at.namespace}/{at.name} @@"
        was, to = _text(each.was), _text(each.to)
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
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list) else value


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


def _entry(at: datetime, state: State, by: str, note: str) -> str:
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
    said = {str(each): way for way, each in offers.refusals.items()}
    for text, way in said.items():
        yield text if len(said) == 1 else f"Not by {WAYS[way]}: {text}"


def _worth(plan: Plan) -> str:
    steps = len(plan.steps)
    count = f"{steps} step{'s' if steps > 1 else ''}"
    return f"{'a trial' if plan.trial else 'supported by the evidence'}, {count}"
