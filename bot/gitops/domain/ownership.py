"""Who owns an object: what would revert a live change, and where to change it instead.

Source: Flux's owner labels, Helm's and Argo CD's documentation of theirs, k3s's objectset labels.
The inventory of a Kustomization decides, since labels stay where an object left it; then labels,
which name the owner; managedFields last, since they only name a program.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from bot.domain.resources import flux
from bot.domain.resources.base import Object
from bot.domain.snapshot import Snapshot

KUSTOMIZE = "kustomize.toolkit.fluxcd.io"
HELM = "helm.toolkit.fluxcd.io"
RELEASE = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"
ARGO = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance")
K3S = "objectset.rio.cattle.io/owner-name"


class Keeper(StrEnum):
    """Kinds of owners."""

    NOBODY = "nobody"
    KUSTOMIZATION = "Kustomization"
    HELM_RELEASE = "HelmRelease"
    HELM = "Helm"
    """A release that Flux does not know: installed by hand, or by k3s's HelmChart."""
    OTHER = "other"


class ObjectOwner(msgspec.Struct, frozen=True):
    """Who owns an object.

    `above` is the Kustomization that brought the HelmRelease. `name` of OTHER is what people call
    it. `note` is a sentence where the labels alone would mislead. `drift` is the mode of a
    HelmRelease's drift detection, empty where it has none.
    """

    keeper: Keeper
    namespace: str = ""
    name: str = ""
    above: ObjectOwner | None = None
    note: str = ""
    drift: str = ""

    @property
    def reverts(self) -> str:
        """What happens to a field that somebody changes in the cluster, as a clause."""
        match self.keeper:
            case Keeper.NOBODY:
                return "nobody puts it back"
            case Keeper.HELM_RELEASE if self.drift == "enabled":
                return "its drift detection would put it back"
            case Keeper.HELM_RELEASE if self.drift == "warn":
                return "it would report a drift, and put it back at its next upgrade"
            case Keeper.HELM_RELEASE | Keeper.HELM:
                return "its next upgrade would put it back"
            case Keeper.KUSTOMIZATION:
                return "it would put it back at its next interval"
        return "it would put it back"

    def __str__(self) -> str:
        """`Kustomization flux-system/apps`, or another name for people."""
        place = f"{self.namespace}/" if self.namespace else ""
        if self.keeper is Keeper.NOBODY:
            return "nobody"
        return self.name if self.keeper is Keeper.OTHER else f"{self.keeper} {place}{self.name}"


RECONCILERS = (
    ("kustomize-controller", "Flux's kustomize-controller", Keeper.KUSTOMIZATION),
    ("helm-controller", "Flux's helm-controller", Keeper.HELM_RELEASE),
    ("argocd", "Argo CD", Keeper.OTHER),
    ("fleetagent", "Rancher Fleet", Keeper.OTHER),
    ("kapp-controller", "kapp-controller", Keeper.OTHER),
    ("crossplane", "Crossplane", Keeper.OTHER),
    ("pulumi", "Pulumi", Keeper.OTHER),
    ("Terraform", "Terraform", Keeper.OTHER),
    ("HashiCorp", "Terraform", Keeper.OTHER),
)
"""Prefixes of field managers, the programs, which revert changes, and what they carry out."""


NOBODY = ObjectOwner(Keeper.NOBODY)


def owner(manifest: Mapping[str, Any], snapshot: Snapshot) -> ObjectOwner:
    """The owner of a live object, as the API server sent it (with managedFields).

    An owner that the labels name and that does not exist, or whose inventory has no such object,
    owns nothing any more. Where that cannot be observed, the labels count.
    """
    entry = _entry_of(manifest)
    claims = tuple(_claims(_mapping(manifest.get("metadata")), snapshot))
    for claim in claims:
        if _is_there(claim, snapshot) and _keeps(claim, entry, snapshot):
            return claim
    if lister := _lister(entry, snapshot):
        return lister
    if not claims:
        return NOBODY
    gone = claims[0]
    why = (
        "whose inventory does not list it: Flux no longer applies or prunes it"
        if _is_there(gone, snapshot)
        else "which is not there"
    )
    return ObjectOwner(Keeper.NOBODY, note=f"Its labels name the {gone}, {why}.")


def _entry_of(manifest: Mapping[str, Any]) -> str:
    """How an inventory names a live object; empty where the manifest does not say its kind.

    Source: Flux's pkg/ssa and cli-utils: `namespace_name_group_kind`, with `__` for a colon.
    """
    metadata, kind = _mapping(manifest.get("metadata")), manifest.get("kind")
    if not kind:
        return ""
    group = str(manifest.get("apiVersion") or "").rpartition("/")[0]
    name = str(metadata.get("name") or "").replace(":", "__")
    return f"{metadata.get('namespace') or ''}_{name}_{group}_{kind}"


def _keeps(claim: ObjectOwner, entry: str, snapshot: Snapshot) -> bool:
    """Whether a Kustomization lists an object; true for other owners, and where it lists nothing.

    An object with `reconcile: disabled` that Git lost meanwhile has left the inventory.
    """
    if claim.keeper is not Keeper.KUSTOMIZATION or not entry:
        return True
    listed = _listed(snapshot.get(flux.Kustomization, claim.namespace, claim.name))
    return listed is None or entry in listed


def _lister(entry: str, snapshot: Snapshot) -> ObjectOwner | None:
    """The Kustomization that lists an object whose labels do not say so."""
    for kustomization in snapshot.of(flux.Kustomization) if entry else ():
        if entry in (_listed(kustomization) or ()):
            return ObjectOwner(Keeper.KUSTOMIZATION, kustomization.namespace, kustomization.name)
    return None


def _listed(kustomization: flux.Kustomization | None) -> frozenset[str] | None:
    """The entries of an inventory; None where there is none yet, or it was not read."""
    inventory = kustomization.status.inventory if kustomization else None
    return None if inventory is None else frozenset(e.id for e in inventory.entries or ())


def _claims(metadata: Mapping[str, Any], snapshot: Snapshot) -> Iterator[ObjectOwner]:
    """All owners that claim the object, the nearest first."""
    labels = _texts(metadata.get("labels"))
    annotations = _texts(metadata.get("annotations"))
    above = _flux(labels, KUSTOMIZE, Keeper.KUSTOMIZATION)
    if release := _flux(labels, HELM, Keeper.HELM_RELEASE):
        yield _walked_up(release, above, snapshot)
    if above:
        yield above
    if RELEASE in annotations:
        yield _by_helm(metadata, annotations, snapshot)
    if any(mark in labels or mark in annotations for mark in ARGO):
        yield ObjectOwner(Keeper.OTHER, name="Argo CD")
    if addon := annotations.get(K3S):
        yield ObjectOwner(Keeper.OTHER, name=f"k3s's addon {addon}")
    yield from _controllers(metadata)
    yield from _programs(metadata, {claim.keeper for claim in (release, above) if claim})


def _flux(labels: Mapping[str, str], prefix: str, keeper: Keeper) -> ObjectOwner | None:
    name, namespace = labels.get(f"{prefix}/name"), labels.get(f"{prefix}/namespace")
    return ObjectOwner(keeper, namespace, name) if name and namespace else None


def _walked_up(
    release: ObjectOwner, claimed: ObjectOwner | None, snapshot: Snapshot
) -> ObjectOwner:
    """A HelmRelease with the Kustomization that created it, by the labels of the HelmRelease."""
    live = snapshot.get(flux.HelmRelease, release.namespace, release.name)
    labels = live.metadata.labels or {} if live else {}
    above = _flux(labels, KUSTOMIZE, Keeper.KUSTOMIZATION) or (None if live else claimed)
    entry = f"{release.namespace}_{release.name}_{HELM}_HelmRelease"
    if above and not _keeps(above, entry, snapshot):
        above = None
    detection = live.spec.drift_detection if live else None
    drift = detection.mode if detection else ""
    return ObjectOwner(release.keeper, release.namespace, release.name, above, drift=drift)


def _by_helm(
    metadata: Mapping[str, Any], annotations: Mapping[str, str], snapshot: Snapshot
) -> ObjectOwner:
    """The HelmRelease with that name and namespace, or else a release unknown to Flux."""
    name = annotations[RELEASE]
    place = annotations.get(RELEASE_NAMESPACE) or str(metadata.get("namespace") or "")
    for helm_release in snapshot.of(flux.HelmRelease):
        if (helm_release.helm_namespace, helm_release.helm_name) == (place, name):
            return _walked_up(
                ObjectOwner(Keeper.HELM_RELEASE, helm_release.namespace, helm_release.name),
                None,
                snapshot,
            )
    return ObjectOwner(Keeper.HELM, place, name)


def _controllers(metadata: Mapping[str, Any]) -> Iterator[ObjectOwner]:
    for reference in _list(metadata.get("ownerReferences")):
        if _mapping(reference).get("controller") is True:
            yield ObjectOwner(Keeper.OTHER, name=f"{reference.get('kind')} {reference.get('name')}")


def _programs(metadata: Mapping[str, Any], named: Collection[Keeper]) -> Iterator[ObjectOwner]:
    """By the fields' managers, which stay when an owner is gone that the labels name."""
    managers = [
        str(_mapping(entry).get("manager")) for entry in _list(metadata.get("managedFields"))
    ]
    for begins, program, keeper in RECONCILERS:
        if keeper not in named and any(manager.startswith(begins) for manager in managers):
            note = f"By its fields' manager alone: no label names what of {program} it belongs to."
            yield ObjectOwner(Keeper.OTHER, name=program, note=note)


_SEEN: Mapping[Keeper, type[Object]] = {
    Keeper.KUSTOMIZATION: flux.Kustomization,
    Keeper.HELM_RELEASE: flux.HelmRelease,
}


def _is_there(claim: ObjectOwner, snapshot: Snapshot) -> bool:
    """Whether the claimed owner exists or cannot be observed; true for other kinds of owners."""
    kind = _SEEN.get(claim.keeper)
    if kind is None:
        return True
    there = snapshot.get(kind, claim.namespace, claim.name) is not None
    return there or not snapshot.sees(kind, claim.namespace)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> dict[str, str]:
    return {key: text for key, text in _mapping(value).items() if isinstance(text, str)}
