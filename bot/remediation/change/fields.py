"""The editable fields: what a plan's steps may write of an object, one field for each action.

The list is closed; deploy/components/remediation/admission.yaml permits the same and no more. A
pull request writes nothing in the cluster, so its action has no field here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from bot.domain.finding import Target
from bot.domain.resources.registry import TRAEFIK
from bot.routing import native_lb

Manifest = dict[str, Any]
"""An object as JSON has it, of a shape that an API server has accepted."""

INGRESSROUTES = frozenset((group, "IngressRoute") for group in TRAEFIK)
INGRESSES = frozenset({("networking.k8s.io", "Ingress")})
"""By (group, kind)."""

FURTHEST = 1000
"""The highest number of a route or service in a list; a tampered step might name any."""

OWNERS = "ownerReferences"
RECONCILE, DISABLED = "kustomize.toolkit.fluxcd.io/reconcile", "disabled"
"""Flux's annotation that keeps it off one object. Source: kustomize-controller."""

MANAGED, OURS = "app.kubernetes.io/managed-by", "meshmedic"
PUT_BACK = "meshmedic.dev/change"
"""The annotation that names the Change by which an Ingress was put back."""

HAND_OVER = "meshmedic.dev/hand-over"
"""The label of an Ingress and its IngressRoutes while one replaces the other.

Its value is the API group of the IngressRoutes. The admission policy finds the existing object by
it, and compares the new one with it. Source: deploy/components/remediation/admission.yaml.
"""

REPLACES, HOSTS = "meshmedic.dev/replaces", "meshmedic.dev/hosts"
SERVICES = "meshmedic.dev/services"
"""Annotations of an IngressRoute that replaced an Ingress: the Ingress's name, hosts and Services.

The admission policy compares the Ingress with them when it is put back.
"""


class Action(StrEnum):
    """What a step does. Source: deploy/base/change-crd.yaml."""

    ANNOTATE_SERVICE = "annotate-service"
    PAUSE_RECONCILING = "pause-reconciling"
    SET_NATIVE_LB = "set-native-lb"
    LABEL_HAND_OVER = "label-hand-over"
    CREATE_INGRESSROUTE = "create-ingressroute"
    SET_PRIORITY = "set-priority"
    RELEASE_CERTIFICATE = "release-certificate"
    DELETE_INGRESS = "delete-ingress"
    OPEN_PULL_REQUEST = "open-pull-request"


@dataclass(frozen=True, slots=True)
class EditableField:
    """What an action writes, in objects of these (group, kind).

    `read` gives the present value, in the shape of a known value. `write` puts a value into a copy
    of the object; it is None where the field is the whole object. `mistake` says why a value does
    not belong here. `where` tells which places a correct value names: the same before and after.
    """

    kinds: frozenset[tuple[str, str]]
    read: Callable[[Mapping[str, Any], Any], Any]
    mistake: Callable[[Any], str]
    write: Callable[[Manifest, Any], None] | None = None
    where: Callable[[Any], object] = lambda _value: None


def target_of(manifest: Mapping[str, Any]) -> Target:
    """Which object a manifest describes."""
    metadata, group = manifest["metadata"], str(manifest.get("apiVersion", "")).rpartition("/")[0]
    # What a manifest leaves out is None, which no step names: not even with an empty text.
    kind: Any = manifest.get("kind")
    return Target(kind, metadata.get("namespace"), metadata.get("name"), group)


def owners_of(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The owner references of an object."""
    owners: list[dict[str, Any]] = manifest.get("metadata", {}).get(OWNERS) or []
    return owners


def annotations_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The annotations of an object."""
    present: dict[str, Any] = manifest.get("metadata", {}).get("annotations") or {}
    return present


def labels_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The labels of an object."""
    present: dict[str, Any] = manifest.get("metadata", {}).get("labels") or {}
    return present


def annotation_of(manifest: Mapping[str, Any], key: str) -> dict[str, Any]:
    """One annotation with its key; empty where the object does not have it."""
    return _one_of(annotations_of(manifest), key)


def _one_of(pairs: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {key: pairs[key]} if key in pairs else {}


def _annotation_field(key: str, kinds: frozenset[tuple[str, str]], mistake: str) -> EditableField:
    return _pair_field("annotations", annotations_of, key, kinds, mistake)


def _pair_field(
    name: str,
    pairs: Callable[[Mapping[str, Any]], dict[str, Any]],
    key: str,
    kinds: frozenset[tuple[str, str]],
    mistake: str,
) -> EditableField:
    """One annotation or label. Its value is an object with that one key, or an empty one."""

    def write(manifest: Manifest, value: Any) -> None:
        others = {other: text for other, text in pairs(manifest).items() if other != key}
        metadata = manifest.setdefault("metadata", {})
        metadata.pop(name, None)
        if after := {**others, **value}:
            metadata[name] = after

    def wrong(value: Any) -> str:
        fits = isinstance(value, dict) and value.keys() <= {key}
        return "" if fits and all(isinstance(text, str) for text in value.values()) else mistake

    return EditableField(kinds, lambda live, _known: _one_of(pairs(live), key), wrong, write)


def _list_field(
    find: Callable[[Mapping[str, Any], Manifest], Manifest],
    numbers: tuple[str, ...],
    label: str,
    name: str,
    value_type: type,
    *,
    mistake: str,
) -> EditableField:
    """One field of chosen routes of an IngressRoute, or of services in them.

    Its value is a list of entries, each with the `numbers` by which `find` finds the place, the
    `label` of that place, so that a list which somebody reordered is noticed, and the value of the
    field `name`: null where the field is absent.
    """

    def read(live: Mapping[str, Any], known: Any) -> object:
        places = [(entry, find(live, entry)) for entry in known]
        return [{**entry, label: at.get(label), name: at.get(name)} for entry, at in places]

    def write(manifest: Manifest, value: Any) -> None:
        for entry in value:
            place = find(manifest, entry)
            place.pop(name, None)
            if entry[name] is not None:
                place[name] = entry[name]

    def fits(entry: Any) -> bool:
        return (
            isinstance(entry, dict)
            and entry.keys() == {*numbers, label, name}
            and all(type(entry[key]) is int and 0 <= entry[key] < FURTHEST for key in numbers)
            and isinstance(entry[label], str)
            and (entry[name] is None or type(entry[name]) is value_type)
        )

    def wrong(value: Any) -> str:
        if not value or not isinstance(value, list) or not all(map(fits, value)):
            return mistake
        places = {tuple(entry[key] for key in numbers) for entry in value}
        return "" if len(places) == len(value) else mistake

    def where(value: Any) -> object:
        return [[entry[key] for key in (*numbers, label)] for entry in value]

    return EditableField(INGRESSROUTES, read, wrong, write, where)


def _route(live: Mapping[str, Any], at: Manifest) -> Manifest:
    return _numbered(live.get("spec") or {}, "routes", at["route"])


def service_at(live: Mapping[str, Any], at: Manifest) -> Manifest:
    """A service of an IngressRoute by the numbers of its route and its own; empty if absent."""
    return _numbered(_route(live, at), "services", at["service"])


def _numbered(part: Manifest, key: str, number: int) -> Manifest:
    items: list[Manifest] = part.get(key) or []
    return items[number] if number < len(items) else {}


def _write_owners(manifest: Manifest, value: Any) -> None:
    metadata = manifest.setdefault("metadata", {})
    metadata.pop(OWNERS, None)
    if value:
        metadata[OWNERS] = value


def _wrong_owners(value: Any) -> str:
    fits = isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
    if fits and all(entry.get("kind") == "Ingress" for entry in value):
        return ""
    return "Of a Certificate only an Ingress is taken off as its owner."


def _hand_over_field() -> EditableField:
    mistake = f"The only label of an Ingress or IngressRoute that is written is {HAND_OVER}."
    kinds = INGRESSROUTES | INGRESSES
    pair = _pair_field("labels", labels_of, HAND_OVER, kinds, mistake)

    def wrong(value: Any) -> str:
        return pair.mistake(value) or ("" if set(value.values()) <= set(TRAEFIK) else mistake)

    return replace(pair, mistake=wrong)


def _as_applied(live: Mapping[str, Any], known: Any) -> object:
    """A whole object without what the API server adds, and without the annotation PUT_BACK."""
    metadata, wanted = dict(live.get("metadata") or {}), known.get("metadata") or {}
    present = metadata.get("annotations")
    if isinstance(present, dict) and PUT_BACK in present:
        metadata["annotations"] = {key: present[key] for key in present if key != PUT_BACK}
        if not metadata["annotations"]:
            del metadata["annotations"]
    others = {key: live[key] for key in live if key not in ("metadata", "status")}
    return {**others, "metadata": {key: metadata[key] for key in wanted if key in metadata}}


def _no_manifest(value: Any) -> str:
    fits = isinstance(value, dict) and isinstance(value.get("metadata"), dict)
    return "" if fits else "This isn't the manifest of an object."


def _not_ours(value: Any) -> str:
    if why := _no_manifest(value):
        return why
    labels = labels_of(value)
    ours = isinstance(labels, dict) and labels.get(MANAGED) == OURS
    return "" if ours else f"An IngressRoute is made with the label {MANAGED}={OURS}."


FIELDS: Mapping[Action, EditableField] = MappingProxyType(
    {
        Action.ANNOTATE_SERVICE: _annotation_field(
            native_lb.ANNOTATION,
            frozenset({("", "Service")}),
            f"Of a Service only the annotation {native_lb.ANNOTATION} is written.",
        ),
        Action.PAUSE_RECONCILING: _annotation_field(
            RECONCILE,
            INGRESSROUTES,
            f"Of an IngressRoute only the annotation {RECONCILE} is written.",
        ),
        Action.SET_NATIVE_LB: _list_field(
            service_at,
            ("route", "service"),
            "name",
            native_lb.FIELD,
            bool,
            mistake="This isn't a list of services with nativeLB.",
        ),
        Action.SET_PRIORITY: _list_field(
            _route,
            ("route",),
            "match",
            "priority",
            int,
            mistake="This isn't a list of routes with a priority.",
        ),
        # Without its owner a Certificate stays when the Ingress goes for which it was made.
        # Source: cert-manager's ingress-shim; Kubernetes' garbage collection.
        Action.RELEASE_CERTIFICATE: EditableField(
            frozenset({("cert-manager.io", "Certificate")}),
            lambda live, _known: owners_of(live),
            _wrong_owners,
            _write_owners,
        ),
        Action.LABEL_HAND_OVER: _hand_over_field(),
        Action.CREATE_INGRESSROUTE: EditableField(INGRESSROUTES, _as_applied, _not_ours),
        Action.DELETE_INGRESS: EditableField(INGRESSES, _as_applied, _no_manifest),
    }
)
