"""Words and differences of a change that every renderer shares."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot.domain.redaction.redact import FILE, redact
from bot.domain.verdict import Verdict
from bot.manifests import writer
from bot.remediation.change.change import MOST_ATTEMPTS, Change
from bot.remediation.change.fields import Action
from bot.remediation.change.history import BOT
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.states import ChangeState
from bot.remediation.planning.offers import Offers

STATES = {
    ChangeState.PROPOSED: (Verdict.UNKNOWN, "Proposed"),
    ChangeState.APPROVED: (Verdict.PROGRESSING, "Approved"),
    ChangeState.REJECTED: (Verdict.SUSPENDED, "Rejected"),
    ChangeState.EXPIRED: (Verdict.SUSPENDED, "Expired"),
    ChangeState.APPLYING: (Verdict.PROGRESSING, "Applying"),
    ChangeState.AWAITING_MERGE: (Verdict.PROGRESSING, "Waiting for the merge"),
    ChangeState.VERIFYING: (Verdict.PROGRESSING, "Testing whether it helps"),
    ChangeState.DONE: (Verdict.HEALTHY, "Done"),
    ChangeState.ROLLED_BACK: (Verdict.DEGRADED, "Rolled back"),
    ChangeState.FAILED: (Verdict.FAILED, "Failed"),
}
"""The verdict whose colour and sign each state has, and its title."""

METHODS = {
    Method.ANNOTATION: "nativeLB by the Service's annotation",
    Method.NATIVE_LB: "nativeLB in the IngressRoute",
    Method.CONVERSION: "IngressRoutes in place of the Ingress",
    Method.PULL_REQUEST: "pull request",
}

ACTIONS = {
    Action.ANNOTATE_SERVICE: "Annotate",
    Action.PAUSE_RECONCILING: "Keep Flux off",
    Action.SET_NATIVE_LB: "Switch nativeLB of",
    Action.LABEL_HAND_OVER: "Change the hand-over label of",
    Action.CREATE_INGRESSROUTE: "Create",
    Action.SET_PRIORITY: "Set the priority of",
    Action.RELEASE_CERTIFICATE: "Take the owner off",
    Action.DELETE_INGRESS: "Delete, once the new route is proven,",
    Action.OPEN_PULL_REQUEST: "Open a pull request for",
}

LONGEST_FILE = 200_000
"""Characters of a change as a file."""


def title(change: Change) -> str:
    """`Proposed: nativeLB by the Service's annotation (trial)`."""
    trial = " (trial)" if change.plan.trial else ""
    return f"{STATES[change.state][1]}: {METHODS[change.plan.way]}{trial}"


def difference(plan: RepairPlan) -> Iterator[str]:
    """What will change, as lines of a unified difference: of the file, or step by step."""
    if plan.way is Method.PULL_REQUEST:
        yield from plan.preview.splitlines()
        return
    for number, step in enumerate(plan.steps, 1):
        yield f"@@ {number}. {ACTIONS[step.action]} {step.object} @@"
        lines = difflib.unified_diff(_yaml(step.was), _yaml(step.to), lineterm="", n=1)
        yield from (line for line in lines if not line.startswith(("---", "+++", "@@")))


def _yaml(text: str) -> list[str]:
    value = _without_none(json.loads(text)) if text else None
    if value is None or value == {}:
        return []
    if not isinstance(value, dict):
        value = {"items" if isinstance(value, list) else "value": value}
    return writer.documents([value]).decode().splitlines()[1:]


def _without_none(value: Any) -> Any:
    """The value as people write it in YAML: what is null is absent."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value


def person(by: str) -> str:
    """A person as Discord shows them. Mentions are off, so nobody is notified."""
    return f"<@{by}>" if by.isdigit() else BOT


def full_text(change: Change) -> str:
    """Everything about a change as text, for a file."""
    return redact("\n".join(_lines(change)), FILE)[:LONGEST_FILE]


def _lines(change: Change) -> Iterator[str]:
    plan = change.plan
    yield f"change      {change.name}"
    yield f"state       {change.state}"
    yield f"route       {plan.target}"
    yield f"way         {plan.way}: {METHODS[plan.way]}"
    yield f"trial       {'yes' if plan.trial else 'no'}"
    yield f"requester   {change.requester}"
    yield f"expires     {change.expires.isoformat(timespec='seconds')}"
    baseline = change.notes.baseline
    entries = (
        f"{entry.at.isoformat(timespec='seconds')}  {entry.state:<14}{entry.by:<20}{entry.note}"
        for entry in change.history.entries
    )
    yield from _part("evidence", plan.evidence)
    yield from _part("risks", plan.risks)
    yield from _part("difference", difference(plan))
    yield from _part("before", [str(baseline)] if baseline else [])
    yield from _part("proof", change.notes.proof)
    yield from _part("waits", waits(change))
    yield from _part("history", entries)


def waits(change: Change) -> Iterator[str]:
    """Why a change waits for the repository, and until when."""
    attempts = change.notes.attempts
    if attempts and change.under_way:
        yield f"Attempt {attempts.count} of {MOST_ATTEMPTS} to ask the repository did not end well."
        if attempts.why:
            yield attempts.why
        if not attempts.exhausted:
            yield f"It is asked again after {attempts.again_at:%Y-%m-%d %H:%M:%S} UTC."


def _part(name: str, lines: Iterable[str]) -> Iterator[str]:
    indented = [f"  {line}" for line in lines]
    if indented:
        yield from ("", f"{name}:", *indented)


def method_lines(offers: Offers) -> Iterator[str]:
    """A line for each method: what it would do, or why not."""
    for plan in offers.plans:
        support = "a trial" if plan.trial else "supported by the evidence"
        steps = f"{len(plan.steps)} step{'s' if len(plan.steps) > 1 else ''}"
        yield f"{METHODS[plan.way]}: {support}, {steps}"
    reasons = {str(refusal): method for method, refusal in offers.refusals.items()}
    for text, method in reasons.items():
        yield text if len(reasons) == 1 else f"Not by {METHODS[method]}: {text}"
