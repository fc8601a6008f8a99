"""Way 3: IngressRoutes in the place of an Ingress, handed over so that nothing is ever unserved.

Source: facts on Traefik, C 6: create with a priority one higher, prove, take the Ingress away, drop
the priority. Whatever cannot be converted faithfully is refused, by the conversion's own list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.finding import Target
from bot.gitops.domain.ownership import Keeper
from bot.ingress_conversion.convert import Became, Conversion, convert
from bot.remediation.change.fields import MANAGED, OURS, OWNERS, Action
from bot.remediation.change.marker import SUFFIX
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import MOST, Step, step
from bot.remediation.planning.annotation import sticky
from bot.remediation.planning.common import draft, group_of
from bot.remediation.planning.context import Manifest, PlanningContext
from bot.remediation.planning.eligibility import Eligibility
from bot.remediation.planning.refusals import PlanReason, PlanRefusal

KEPT = ("name", "namespace", "labels", "annotations")
"""Of an Ingress's metadata: what it needs to be put back."""

MOST_STEPS = 16
"""Source: deploy/base/change-crd.yaml."""


def plan(situation: PlanningContext, worth: Eligibility) -> RepairPlan | PlanRefusal:
    """The whole hand-over of one Ingress."""
    subject, route, traefik = situation.subject, situation.route, situation.traefik
    if subject.route is None or subject.route.kind != "Ingress" or not route or not traefik:
        return PlanRefusal(
            PlanReason.OTHER_KIND, "Only an Ingress is converted to an IngressRoute."
        )
    if situation.route_owner.keeper is not Keeper.NOBODY:
        why = f"{subject.route} is kept by {situation.route_owner}, which would put it back."
        return PlanRefusal(PlanReason.REVERTED, why)
    if owners := route.get("metadata", {}).get(OWNERS):
        why = f"{subject.route} belongs to {owners[0].get('kind')} {owners[0].get('name')}."
        return PlanRefusal(PlanReason.OWNED, why)
    if refusal := sticky(situation.service or {}):
        return refusal
    first = convert(route, situation.known, traefik, added_priority=1)
    last = convert(route, situation.known, traefik)
    if first.became is not Became.CONVERTED:
        return PlanRefusal(PlanReason.NOT_FAITHFUL, f"It cannot be converted: {first.reason}")
    steps = _steps(situation, route, first, last)
    if isinstance(steps, PlanRefusal):
        return steps
    return draft(situation, worth, Method.CONVERSION, steps, (*first.warnings, *_risks(situation)))


def _steps(
    situation: PlanningContext, route: Manifest, first: Conversion, last: Conversion
) -> tuple[Step, ...] | PlanRefusal:
    made = [manifest for manifest in first.manifests if manifest["kind"] == "IngressRoute"]
    created = [_create(step_) for step_ in made]
    released = list(_released(situation, first))
    if refusal := next((release for release in released if isinstance(release, PlanRefusal)), None):
        return refusal
    metadata = route["metadata"]
    target = Target("Ingress", metadata["namespace"], metadata["name"], group_of(route))
    gone = step(Action.DELETE_INGRESS, target, _restorable(route), None)
    dropped = _dropped(created, last)
    kept = [release for release in released if isinstance(release, Step)]
    steps = (*created, *kept, gone, *dropped)
    if len(steps) > MOST_STEPS or any(max(len(e.was), len(e.to)) > MOST for e in steps):
        return PlanRefusal(PlanReason.TOO_LARGE, "It is larger than what a Change holds.")
    return steps


def _create(manifest: Mapping[str, Any]) -> Step:
    metadata = manifest["metadata"]
    labels = {**(metadata.get("labels") or {}), MANAGED: OURS}
    whole = {**manifest, "metadata": {**metadata, "labels": labels}}
    return step(Action.CREATE_INGRESSROUTE, _target(whole), None, whole)


def _target(manifest: Mapping[str, Any]) -> Target:
    metadata = manifest["metadata"]
    return Target(
        str(manifest["kind"]), metadata["namespace"], metadata["name"], group_of(manifest)
    )


def _released(situation: PlanningContext, made: Conversion) -> Iterator[Step | PlanRefusal]:
    """Each Certificate that cert-manager made from the Ingress no longer belongs to it."""
    for manifest in made.manifests:
        if manifest["kind"] != "Certificate":
            continue
        name = manifest["metadata"]["name"]
        live = situation.certificates.get(name)
        if live is None:
            why = f"Certificate {name}, which cert-manager makes from the Ingress, is not there."
            yield PlanRefusal(PlanReason.NOT_FAITHFUL, why)
        elif owners := live.get("metadata", {}).get(OWNERS):
            yield step(Action.RELEASE_CERTIFICATE, _target(live), owners, [])


def _restorable(route: Manifest) -> dict[str, Any]:
    metadata = {key: route["metadata"][key] for key in KEPT if route["metadata"].get(key)}
    head = {"apiVersion": route["apiVersion"], "kind": "Ingress", "metadata": metadata}
    return {**head, "spec": route["spec"]}


def _dropped(created: list[Step], last: Conversion) -> list[Step]:
    """The priorities as they are at the end, where they differ."""
    final = {manifest["metadata"]["name"]: manifest for manifest in last.manifests}
    steps: list[Step] = []
    for step_ in created:
        was, to = _priorities(step_.manifest), _priorities(final[step_.object.name])
        if was != to:
            steps.append(step(Action.SET_PRIORITY, step_.object, was, to))
    return steps


def _priorities(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    routes = manifest["spec"].get("routes") or []
    return [
        {"route": number, "match": route["match"], "priority": route.get("priority")}
        for number, route in enumerate(routes)
    ]


def _risks(situation: PlanningContext) -> Iterator[str]:
    released = [
        name for name, certificate in situation.certificates.items() if _of(certificate, situation)
    ]
    if released:
        named = ", ".join(sorted(released))
        yield f"Certificate {named} no longer belongs to the Ingress, also after a roll back."
    yield (
        "To see when Traefik has loaded it, and the Ingress on the way back, a copy for a host in "
        f".invalid stands beside it for some seconds: its name ends in {SUFFIX}."
    )
    yield "Dashboards and tools that look for Ingresses do not see the route any more."


def _of(certificate: Manifest, situation: PlanningContext) -> bool:
    owners = certificate.get("metadata", {}).get(OWNERS) or ()
    route = situation.subject.route
    return any(e.get("kind") == "Ingress" and route and e.get("name") == route.name for e in owners)
