"""Judges saved objects without a cluster: one verdict for each object, in order.

The type of an object is found by its kind and its API group, older groups included. A kind without
a check is judged by its conditions where it has the standard ones (kstatus), and is unknown
otherwise. An absence proves nothing here: an object that the files lack may exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

import msgspec

from bot.domain import conditions, event_reasons
from bot.domain.event_reasons import EventReasons
from bot.domain.finding import Judgement
from bot.domain.grouping import grouped
from bot.domain.report import judge_one
from bot.domain.resources import apps, cert_manager, core, gateway, networking
from bot.domain.resources.base import Object, ReconciledObject, Time
from bot.domain.resources.decode import read_object
from bot.domain.resources.events import EventObject
from bot.domain.resources.flux import FluxObject, FluxSpec
from bot.domain.resources.registry import KINDS
from bot.domain.snapshot import Indexed, Snapshot
from bot.domain.verdict import Verdict
from bot.health import flux_rules
from bot.health.checks import ALL_CHECKS
from bot.routing.named_secrets import naming_unseen

CERT_MANAGER = ("cert-manager.io", "certmanager.k8s.io")
ACME = ("acme.cert-manager.io", "certmanager.k8s.io")

OTHER_GROUPS: dict[type[Object], tuple[str, ...]] = {
    networking.Ingress: ("networking.k8s.io", "extensions"),
    cert_manager.Certificate: CERT_MANAGER,
    cert_manager.CertificateRequest: CERT_MANAGER,
    cert_manager.Issuer: CERT_MANAGER,
    cert_manager.ClusterIssuer: CERT_MANAGER,
    cert_manager.Order: ACME,
    cert_manager.Challenge: ACME,
    core.Endpoints: ("",),
    EventObject: ("", "events.k8s.io"),
    core.ReplicationController: ("",),
    apps.Deployment: ("apps", "extensions"),
    apps.ReplicaSet: ("apps", "extensions"),
    apps.DaemonSet: ("apps", "extensions"),
}
"""API groups of kinds that are not read from a cluster, or that older groups served."""

MOMENT = re.compile(
    r"time|notBefore|(?:creation|deletion|last)Timestamp|(?:first|last)Deployed"
    r"|(?:started|finished)At|(?:start|completion|failure|event|refresh)Time"
    r"|last(?:Transition|Update|Heartbeat|Probe|Failure|Schedule|Successful)Time"
)
"""Fields with a time that had passed when the object was saved; `notAfter` is not among them."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

STANDARD = frozenset({"Ready", "Reconciling", "Stalled"})
"""The condition types by which kstatus judges any kind."""


SERVED = ("Available", "Established", "Synced")
"""What an APIService, a CustomResourceDefinition and a SealedSecret have in place of Ready."""


FAILING = {"Failed": Verdict.FAILED, "Degraded": Verdict.DEGRADED}
"""Condition types by which many operators say what is wrong, such as k3s of its HelmCharts.

False proves nothing: k3s says so of a HelmChart whose Job fails, too.
"""

WITHOUT_STATUS = ("generators.external-secrets.io",)
"""Groups of which no kind has a status."""

STATUSLESS = {
    "": ("ConfigMap", "LimitRange", "ServiceAccount"),
    gateway.GROUP: ("ReferenceGrant",),
    "helm.cattle.io": ("HelmChartConfig",),
    "k3s.cattle.io": ("Addon",),
    "metallb.io": ("BGPAdvertisement", "Community", "L2Advertisement"),
    "networking.k8s.io": ("IngressClass", "NetworkPolicy"),
    "notification.toolkit.fluxcd.io": ("Alert", "Provider"),
    "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
    "scheduling.k8s.io": ("PriorityClass",),
    "storage.k8s.io": ("StorageClass",),
}
"""Kinds without a status, by group: nothing acts on them, so an existing one is healthy."""

KUSTOMIZE = "kustomize.config.k8s.io"
"""The group of kustomize's own files, `kustomization.yaml`: no cluster serves it."""


KUSTOMIZE_FIELDS = frozenset(
    {
        *("resources", "components", "bases", "crds", "configurations", "openapi"),
        *("patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "vars"),
        *("configMapGenerator", "secretGenerator", "generatorOptions", "generators"),
        *("helmCharts", "helmGlobals", "transformers", "validators", "buildMetadata"),
        *("images", "replicas", "labels", "commonLabels", "commonAnnotations"),
        *("namePrefix", "nameSuffix", "namespace", "sortOptions"),
    }
)
"""What `kustomization.yaml` may hold where it names no kind, as kustomize allows."""


class ObjectVerdict(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The verdict on one object. Fields that the object does not have are empty."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    verdict: Verdict
    reason: str = ""
    message: str = ""


def judge(
    plain: Iterable[object],
    *,
    now: datetime | None = None,
    timely: bool = False,
    counts: Sequence[int] = (),
) -> list[ObjectVerdict]:
    """The verdict on each of these objects, in the same order.

    now: The time to judge at; else the newest time that the objects of a file contain, since a
        saved object does not age.
    timely: Whether `now` is the time at which the objects were saved, so that old timestamps count.
    counts: How many objects each file has; without it, all are of one file.
    """
    every = tuple(plain)
    read = [_read(document) for document in every]
    by_type = grouped((type(resource), resource) for resource in read if resource is not None)
    snapshot = Snapshot(
        taken_at=EPOCH,
        objects={type_: tuple(resources) for type_, resources in by_type.items()},
        live=False,
        timely=timely,
        supplements={EventReasons: _event_reasons(by_type.get(EventObject, ()))},
    )
    pairs = zip(every, read, strict=True)
    verdicts: list[ObjectVerdict] = []
    for count in counts or (len(every),):
        file = tuple(islice(pairs, count))
        moment = newest_moment(document for document, _ in file) or newest_moment(every)
        snapshot = replace(snapshot, taken_at=now or moment or EPOCH)
        verdicts += (
            _object_verdict(document, _verdict(document, resource, snapshot))
            for document, resource in file
        )
    return verdicts


def _event_reasons(events: Iterable[Object]) -> EventReasons:
    """What the events among the objects tell of the others, the newest first."""
    newest = sorted(
        (event for event in events if isinstance(event, EventObject)),
        key=lambda event: event.at or EPOCH,
        reverse=True,
    )
    return EventReasons(
        {
            about: tuple(event_reasons.told(event.reason, event.text, event.at) for event in events)
            for about, events in grouped((event.about, event) for event in newest).items()
        }
    )


def newest_moment(plain: Iterable[object]) -> datetime | None:
    """The newest past time that the objects contain."""
    return max(chain.from_iterable(map(_moments, plain)), default=None)


def type_of(plain: object) -> type[Object]:
    """The type of an object by its kind and group; without a group the kind alone decides."""
    kind, group = _word(plain, "kind"), _group(_word(plain, "apiVersion"))
    known = TYPES.get(kind)
    if known is None or (_word(plain, "apiVersion") and group not in known[1]):
        return ReconciledObject
    return known[0]


TYPES: dict[str, tuple[type[Object], tuple[str, ...]]] = {
    **{kind.name: (kind.type, kind.groups) for kind in KINDS},
    **{type_.kind_name(): (type_, groups) for type_, groups in OTHER_GROUPS.items()},
}
"""By the name of a kind: its type, and the API groups that serve it."""


def _read(plain: object) -> Object | None:
    if not isinstance(plain, dict) or not _word(plain, "kind"):
        return None
    return read_object(_unquoted(plain), type_of(plain))


def _unquoted(plain: dict[str, Any]) -> dict[str, Any]:
    """With `status: True` of a condition as text, which YAML reads as a boolean."""
    status = plain.get("status")
    entries = status.get("conditions") if isinstance(status, dict) else None
    if not isinstance(status, dict) or not isinstance(entries, list):
        return plain
    quoted = [
        {**entry, "status": str(entry["status"])}
        if isinstance(entry, dict) and isinstance(entry.get("status"), bool)
        else entry
        for entry in entries
    ]
    return {**plain, "status": {**status, "conditions": quoted}}


def _verdict(plain: object, resource: Object | None, snapshot: Snapshot) -> Judgement:
    """The worst that a check says of an object."""
    if not isinstance(plain, dict) or resource is None:
        return _no_object(plain)
    kind = type(resource)
    judges = [check.judges[kind] for check in ALL_CHECKS if kind in check.judges]
    if isinstance(resource, EventObject):
        return _judge_event(resource, snapshot)
    if not judges:
        held = flux_rules.suspended(FluxObject(metadata=resource.metadata, spec=_flux_spec(plain)))
        other = read_object(_unquoted(plain), ReconciledObject)
        return held or judge_one(other, _judge_other, snapshot)
    judgements = [judge_one(resource, judge, snapshot) for judge in judges]
    worst = max(judgements, key=lambda judgement: judgement.verdict.rank)
    worst = naming_unseen(worst, resource, snapshot)
    return worst if worst.reason or worst.message else _confirmed(worst, resource)


def _judge_event(event: EventObject, snapshot: Snapshot) -> Judgement:
    """A note about another object; a warning about one that is not there is not passed over."""
    about = event.about
    there = any(
        (about.namespace, about.name) in resources.by_name
        for kind, resources in snapshot.objects.items()
        if kind.kind_name() == about.kind and isinstance(resources, Indexed)
    )
    if event.type == "Warning" and not there:
        said = event_reasons.told(event.reason, event.text, event.at)
        message = f"A warning about {about}, which is not among these objects: {said.message}"
        return Judgement(Verdict.UNKNOWN, event.reason or "Warning", message, event.at)
    return Judgement(Verdict.HEALTHY, "NoStatusNeeded", f"It is a note about {about}.")


def _flux_spec(plain: dict[str, Any]) -> FluxSpec:
    """Whether it is one of Flux's further kinds (images, notifications), and suspended."""
    spec = plain.get("spec")
    of_flux = _group(_word(plain, "apiVersion")).endswith(".toolkit.fluxcd.io")
    suspended = isinstance(spec, dict) and spec.get("suspend") is True
    return FluxSpec(suspend=of_flux and suspended)


def _no_object(plain: object) -> Judgement:
    if isinstance(plain, dict) and plain and plain.keys() <= KUSTOMIZE_FIELDS:
        message = "It is a file for kustomize, not an object in a cluster: it has no state."
        return Judgement(Verdict.HEALTHY, "NoStatusNeeded", message)
    if isinstance(plain, dict):
        message = "It has no kind, so it is unknown what it is."
        return Judgement(Verdict.UNKNOWN, "NoKind", message)
    message = f"Expected an object, not a {_SPOKEN.get(type(plain), 'plain value')}."
    return Judgement(Verdict.UNKNOWN, "NotAnObject", message)


_SPOKEN: dict[type, str] = {list: "list", str: "string", bool: "boolean", int: "number"}


def _judge_other(other: ReconciledObject, snapshot: Snapshot) -> Judgement:
    """The rules of kstatus for a kind without a check."""
    entries, now = other.status.conditions, snapshot.taken_at
    if any(condition.type in STANDARD for condition in entries):
        return conditions.by_ready(other, now)
    if gone := conditions.terminating(other, now):
        return gone
    for condition in entries:
        if condition.status == "True" and condition.type in FAILING:
            return conditions.judgement(condition, FAILING[condition.type])
    group = _group(other.api_version)
    for condition in entries:
        accepted = group == gateway.GROUP and condition.type == "Accepted"
        if condition.type in SERVED or accepted:
            return conditions.by_ready_alone(other, condition, now)
    own = [
        condition
        for condition in entries
        if condition.type.endswith("Ready") and not condition.type.endswith("NotReady")
    ]
    if len(own) == 1:
        return conditions.by_ready_alone(other, own[0], now)
    if group in WITHOUT_STATUS or other.kind in STATUSLESS.get(group, ()):
        message = "It exists. An object of this kind has no status to check."
        return Judgement(Verdict.HEALTHY, "NoStatusNeeded", message)
    if group == KUSTOMIZE:
        message = "It is a file for kustomize, not an object in a cluster: it has no state."
        return Judgement(Verdict.HEALTHY, "NoStatusNeeded", message)
    message = f"No check covers {other.kind}, and it has none of the standard conditions."
    return Judgement(Verdict.UNKNOWN, "NoCheck", message)


def _confirmed(judgement: Judgement, resource: Object) -> Judgement:
    """A healthy verdict in the words of the object's own Ready condition, where it has one."""
    entries = getattr(getattr(resource, "status", None), "conditions", ())
    ready = conditions.condition(entries, "Ready") or conditions.condition(entries, "Available")
    if ready is None or judgement.verdict is not Verdict.HEALTHY:
        return judgement
    return msgspec.structs.replace(judgement, reason=ready.reason, message=ready.message)


def _object_verdict(plain: object, judgement: Judgement) -> ObjectVerdict:
    meta = plain.get("metadata") if isinstance(plain, dict) else None
    return ObjectVerdict(
        api_version=_word(plain, "apiVersion"),
        kind=_word(plain, "kind"),
        namespace=_word(meta, "namespace"),
        name=_word(meta, "name"),
        verdict=judgement.verdict,
        reason=judgement.reason,
        message=judgement.message,
    )


def _word(plain: object, key: str) -> str:
    value = plain.get(key) if isinstance(plain, dict) else None
    return value if isinstance(value, str) else ""


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _moments(plain: object) -> Iterator[datetime]:
    """The past times in `metadata` and `status`; a specification has none."""
    if not isinstance(plain, dict):
        return
    waiting: list[Any] = [plain.get("metadata"), plain.get("status")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(inner, dict | list):
                    waiting.append(inner)
                elif MOMENT.fullmatch(key):
                    with suppress(msgspec.ValidationError):
                        yield msgspec.convert(inner, Time)
