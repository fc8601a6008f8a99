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
from bot.render import text as words

STATES = {
    ChangeState.PROPOSED: (Verdict.SUSPENDED, "Fix proposed"),
    ChangeState.APPROVED: (Verdict.PROGRESSING, "Fix approved"),
    ChangeState.REJECTED: (Verdict.SUSPENDED, "Fix rejected"),
    ChangeState.EXPIRED: (Verdict.SUSPENDED, "Fix expired without approval"),
    ChangeState.APPLYING: (Verdict.PROGRESSING, "Applying the fix"),
    ChangeState.AWAITING_MERGE: (Verdict.PROGRESSING, "Waiting for the pull request to be merged"),
    ChangeState.VERIFYING: (Verdict.PROGRESSING, "Fix applied, testing it"),
    ChangeState.DONE: (Verdict.HEALTHY, "Works again"),
    ChangeState.ROLLED_BACK: (Verdict.DEGRADED, "Fix rolled back"),
    ChangeState.FAILED: (Verdict.FAILED, "Fix failed"),
}
"""The verdict whose colour and sign each state has, and its title."""

METHODS = {
    Method.ANNOTATION: "Turn on nativeLB (Service annotation)",
    Method.NATIVE_LB: "Turn on nativeLB (IngressRoute field)",
    Method.CONVERSION: "Replace the Ingress with IngressRoutes",
    Method.PULL_REQUEST: "Open a pull request",
}

ACTIONS = {
    Action.ANNOTATE_SERVICE: "Annotate",
    Action.PAUSE_RECONCILING: "Pause Flux for",
    Action.SET_NATIVE_LB: "Turn on nativeLB in",
    Action.LABEL_HAND_OVER: "Change the hand-over label of",
    Action.CREATE_INGRESSROUTE: "Create",
    Action.SET_PRIORITY: "Set the priority of",
    Action.RELEASE_CERTIFICATE: "Remove the owner of",
    Action.DELETE_INGRESS: "Once the new route is proven, delete",
    Action.OPEN_PULL_REQUEST: "Open a pull request for",
}

CAUSE = "Cause ("
"""How the first line of a plan's evidence begins, with its confidence in parentheses."""

PLACES = frozenset({"route", "service"})
"""Keys of a step's values that say where in the object a field is: they aren't fields."""

LONGEST_FILE = 200_000
"""Characters of a change as a file."""


def site(plan: RepairPlan) -> str:
    """What a reader calls the route: its host and path, else the object."""
    return plan.host + plan.path.rstrip("/") if plan.host else plan.target


def method(plan: RepairPlan) -> str:
    """`Turn on nativeLB (Service annotation), as a trial`."""
    return f"{METHODS[plan.way]}{', as a trial' if plan.trial else ''}"


def cause(plan: RepairPlan) -> tuple[str, str]:
    """`Cause (proven)` and the sentence; the label is empty where an older version wrote it."""
    first = plan.evidence[0] if plan.evidence else ""
    label, colon, sentence = first.partition(": ")
    return (label, sentence) if colon and label.startswith(CAUSE) else ("", first)


def difference(plan: RepairPlan) -> Iterator[str]:
    """What will change, as lines of a unified difference: of the file, or step by step."""
    if plan.way is Method.PULL_REQUEST:
        yield from plan.preview.splitlines()
        return
    for number, step in enumerate(plan.steps, 1):
        yield f"@@ {number}. {ACTIONS[step.action]} {step.object} @@"
        was, to = _yaml(step.was), _yaml(step.to)
        # Without context: a line of YAML that begins with a dash would look like a removed one.
        lines = difflib.unified_diff(was, to, lineterm="", n=0)
        yield from (line for line in lines if not line.startswith(("---", "+++", "@@")))


def _yaml(text: str) -> list[str]:
    value = _without_none(json.loads(text)) if text else None
    if value is None or value == {}:
        return []
    if isinstance(value, list) and all("route" in item for item in value):
        return [line for item in value for line in _place(item)]
    if not isinstance(value, dict):
        value = {"items" if isinstance(value, list) else "value": value}
    return writer.documents([value]).decode().splitlines()[1:]


def _place(item: dict[str, Any]) -> Iterator[str]:
    """The fields of one route or service, each with its path: `spec.routes[0].priority: 39`."""
    service = f".services[{item['service']}]" if "service" in item else ""
    at = f"spec.routes[{item['route']}]{service}"
    for key, value in item.items():
        if key not in PLACES:
            yield f"{at}.{key}: {json.dumps(value)}"


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
    yield f"fix         {plan.way}: {METHODS[plan.way]}"
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
    """Why a change waits for the repository."""
    attempts = change.notes.attempts
    if attempts and change.under_way:
        yield f"Attempt {attempts.count} of {MOST_ATTEMPTS} to reach the repository failed."
        if attempts.why:
            yield attempts.why


def _part(name: str, lines: Iterable[str]) -> Iterator[str]:
    indented = [f"  {line}" for line in lines]
    if indented:
        yield from ("", f"{name}:", *indented)


def support(plan: RepairPlan) -> str:
    """How well the evidence supports a fix, and how much it changes."""
    why = "a trial, not proven to help" if plan.trial else "supported by the evidence"
    return f"{why}, {words.plural(len(plan.steps), 'step')}" if plan.steps else why


def impossible(offers: Offers) -> Iterator[tuple[str, str]]:
    """Every fix that isn't available, by its name, and why."""
    for method, refusal in offers.refusals.items():
        yield METHODS[method], refusal.detail
