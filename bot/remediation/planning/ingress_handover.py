"""Method 3: IngressRoutes instead of an Ingress, handed over so that nothing is ever unserved.

Create with a priority one higher, prove, delete the Ingress, lower the priority. Meanwhile a label
lets the admission policy compare the IngressRoutes with the Ingress. What cannot be converted
faithfully is refused, by the conversion's own list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.gitops.domain.ownership import Keeper
from bot.ingress_conversion.convert import Conversion, ConversionResult, convert
from bot.remediation.change.fields import (
    HAND_OVER,
    HOSTS,
    MANAGED,
    OURS,
    REPLACES,
    SERVICES,
    Action,
    annotations_of,
    labels_of,
    owners_of,
    target_of,
)
from bot.remediation.change.marker import SUFFIX
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import MOST, Step, step
from bot.remediation.planning.annotation import refuse_sticky
from bot.remediation.planning.context import Manifest, PlanningContext
from bot.remediation.planning.evidence import draft
from bot.remediation.planning.refusals import PlanReason, PlanRefusal

RESTORED = ("name", "namespace", "labels", "annotations")
"""What of an Ingress's metadata is needed to put it back."""

MOST_STEPS = 24
"""Source: deploy/base/change-crd.yaml."""

COPIED = (
    "traefik.ingress.kubernetes.io/router.middlewares",
    "traefik.ingress.kubernetes.io/router.tls.options",
)
"""Annotations that an IngressRoute copies from its Ingress. Traefik does not read them there."""

EVERY_HOST = "*"
"""Stands for a rule without a host."""

TOO_LARGE = PlanRefusal(PlanReason.TOO_LARGE, "It is larger than what a Change holds.")


def plan(context: PlanningContext) -> RepairPlan | PlanRefusal:
    """The whole hand-over of one Ingress."""
    subject, route, traefik = context.subject, context.route, context.traefik
    if subject.route is None or subject.route.kind != "Ingress" or not route or not traefik:
        why = "Only an Ingress is converted to an IngressRoute."
        return PlanRefusal(PlanReason.OTHER_KIND, why)
    if context.route_owner.keeper is not Keeper.NOBODY:
        owner = context.route_owner
        why = f"{subject.route} is kept by {owner}: {owner.reverts}."
        return PlanRefusal(PlanReason.REVERTED, why)
    if owners := owners_of(route):
        why = f"{subject.route} belongs to {owners[0].get('kind')} {owners[0].get('name')}."
        return PlanRefusal(PlanReason.OWNED, why)
    if context.handing_over:
        why = f"{context.handing_over} has the label {HAND_OVER}: one hand-over at a time."
        return PlanRefusal(PlanReason.HANDING_OVER, why)
    if refusal := refuse_sticky(context.service or {}):
        return refusal
    first = convert(route, context.known, traefik, added_priority=1)
    if first.result is not ConversionResult.CONVERTED:
        return PlanRefusal(PlanReason.NOT_FAITHFUL, f"It cannot be converted: {first.reason}")
    releases = _releases(context, first)
    if isinstance(releases, PlanRefusal):
        return releases
    routes = [manifest for manifest in first.manifests if manifest["kind"] == "IngressRoute"]
    creations = [_create(manifest, route) for manifest in routes]
    label = {HAND_OVER: traefik.group}
    begin = step(Action.LABEL_HAND_OVER, target_of(route), {}, label)
    deletion = step(Action.DELETE_INGRESS, target_of(route), _restorable(route, label), None)
    end = [step(Action.LABEL_HAND_OVER, made.object, label, {}) for made in creations]
    last = convert(route, context.known, traefik)
    steps = (begin, *creations, *releases, deletion, *end, *_lowered(creations, last))
    if len(steps) > MOST_STEPS or any(max(len(step_.was), len(step_.to)) > MOST for step_ in steps):
        return TOO_LARGE
    return draft(context, Method.CONVERSION, steps, (*first.warnings, *_risks(releases)))


def _releases(context: PlanningContext, conversion: Conversion) -> list[Step] | PlanRefusal:
    """Each Certificate that cert-manager made from the Ingress no longer belongs to it."""
    releases: list[Step] = []
    for manifest in conversion.manifests:
        if manifest["kind"] == "Certificate":
            name = manifest["metadata"]["name"]
            if (live := context.certificates.get(name)) is None:
                why = (
                    f"Certificate {name}, which cert-manager makes from the Ingress, is not there."
                )
                return PlanRefusal(PlanReason.NOT_FAITHFUL, why)
            if owners := owners_of(live):
                releases.append(step(Action.RELEASE_CERTIFICATE, target_of(live), owners, []))
    return releases


def _create(manifest: Manifest, ingress: Manifest) -> Step:
    at = target_of(manifest)
    labels = {**labels_of(manifest), MANAGED: OURS, HAND_OVER: at.group}
    annotations = {**annotations_of(manifest), **_kept(ingress)}
    metadata = {**manifest["metadata"], "labels": labels, "annotations": annotations}
    return step(Action.CREATE_INGRESSROUTE, at, None, {**manifest, "metadata": metadata})


def _kept(ingress: Manifest) -> dict[str, str]:
    """The annotations with which the admission policy compares the Ingress when it is put back."""
    present = annotations_of(ingress)
    return {
        REPLACES: str(ingress["metadata"]["name"]),
        HOSTS: ",".join(_hosts(ingress)),
        SERVICES: ",".join(_services(ingress)),
        **{key: present[key] for key in COPIED if key in present},
    }


def _hosts(ingress: Manifest) -> list[str]:
    """The hosts of its rules and certificates; `*` where a rule or a default backend has none."""
    spec = ingress["spec"]
    hosts = {rule.get("host") or EVERY_HOST for rule in spec.get("rules") or ()}
    hosts |= {host for entry in spec.get("tls") or () for host in entry.get("hosts") or ()}
    return sorted(hosts | ({EVERY_HOST} if spec.get("defaultBackend") else set()))


def _services(ingress: Manifest) -> list[str]:
    """The Services to which it leads."""
    spec = ingress["spec"]
    http = [rule.get("http") or {} for rule in spec.get("rules") or ()]
    backends = [path["backend"] for rule in http for path in rule.get("paths") or ()]
    backends.append(spec.get("defaultBackend") or {})
    return sorted({backend["service"]["name"] for backend in backends if backend.get("service")})


def _restorable(route: Manifest, label: Manifest) -> Manifest:
    metadata = {key: route["metadata"][key] for key in RESTORED if route["metadata"].get(key)}
    metadata["labels"] = {**labels_of(route), **label}
    head = {"apiVersion": route["apiVersion"], "kind": "Ingress", "metadata": metadata}
    return {**head, "spec": route["spec"]}


def _lowered(creations: list[Step], last: Conversion) -> Iterator[Step]:
    """The priorities as they are at the end, where they differ."""
    final = {manifest["metadata"]["name"]: manifest for manifest in last.manifests}
    for creation in creations:
        was, to = _priorities(creation.manifest), _priorities(final[creation.object.name])
        if was != to:
            yield step(Action.SET_PRIORITY, creation.object, was, to)


def _priorities(manifest: Manifest) -> list[dict[str, Any]]:
    routes = manifest["spec"].get("routes") or []
    return [
        {"route": number, "match": route["match"], "priority": route.get("priority")}
        for number, route in enumerate(routes)
    ]


def _risks(releases: list[Step]) -> Iterator[str]:
    if releases:
        named = ", ".join(sorted(release.object.name for release in releases))
        yield f"Certificate {named} no longer belongs to the Ingress, also after a roll back."
    yield (
        "To see when Traefik has loaded it, and the Ingress on the way back, a copy for a host in "
        f".invalid stands beside it for some seconds: its name ends in {SUFFIX}."
    )
    yield "Dashboards and tools that look for Ingresses do not see the route any more."
