"""Who owns an object, by labels, annotations and field managers, walking up Flux's objects."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.resources import flux
from bot.domain.resources.base import Meta, Object
from bot.domain.snapshot import Snapshot
from bot.gitops.domain.ownership import NOBODY, Keeper, ObjectOwner, owner

AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
BY_KUSTOMIZATION = {
    "kustomize.toolkit.fluxcd.io/name": "apps",
    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
}
BY_RELEASE = {
    "helm.toolkit.fluxcd.io/name": "shop",
    "helm.toolkit.fluxcd.io/namespace": "apps",
}
BY_HELM = {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "apps"}
APPS = ObjectOwner(Keeper.KUSTOMIZATION, "flux-system", "apps")


def meta(namespace: str, name: str, **labels: str) -> Meta:
    return Meta(name=name, namespace=namespace, labels=labels or None)


KUSTOMIZATION = flux.Kustomization(metadata=meta("flux-system", "apps"))
RELEASE = flux.HelmRelease(metadata=meta("apps", "shop", **BY_KUSTOMIZATION))


def an_object(*managers: str, **metadata: Any) -> dict[str, Any]:
    fields = [{"manager": each, "operation": "Apply"} for each in managers]
    return {"metadata": {"name": "web", "namespace": "apps", "managedFields": fields, **metadata}}


def seen(*given_: Object) -> Snapshot:
    """Where Flux's objects were looked at."""
    kinds = (flux.Kustomization, flux.HelmRelease)
    return Snapshot(
        AT, {kind: tuple(each for each in given_ if isinstance(each, kind)) for kind in kinds}
    )


CASES: dict[str, tuple[dict[str, Any], ObjectOwner]] = {
    "nobody": (an_object("kubectl-client-side-apply"), NOBODY),
    "a Kustomization": (an_object("kustomize-controller", labels=BY_KUSTOMIZATION), APPS),
    "a HelmRelease, brought by a Kustomization": (
        an_object("helm-controller", labels=BY_RELEASE),
        ObjectOwner(Keeper.HELM_RELEASE, "apps", "shop", APPS),
    ),
    "a HelmRelease before a Kustomization": (
        an_object(labels={**BY_KUSTOMIZATION, **BY_RELEASE}),
        ObjectOwner(Keeper.HELM_RELEASE, "apps", "shop", APPS),
    ),
    "a HelmRelease by its release's name": (
        an_object(annotations=BY_HELM),
        ObjectOwner(Keeper.HELM_RELEASE, "apps", "shop", APPS),
    ),
    "Helm by hand": (
        an_object(annotations={**BY_HELM, "meta.helm.sh/release-name": "other"}),
        ObjectOwner(Keeper.HELM, "apps", "other"),
    ),
    "Argo CD": (
        an_object(annotations={"argocd.argoproj.io/tracking-id": "a:b/c"}),
        ObjectOwner(Keeper.OTHER, name="Argo CD"),
    ),
    "k3s": (
        an_object(annotations={"objectset.rio.cattle.io/owner-name": "traefik"}),
        ObjectOwner(Keeper.OTHER, name="k3s's addon traefik"),
    ),
    "its controller": (
        an_object(ownerReferences=[{"kind": "Shop", "name": "one", "controller": True}]),
        ObjectOwner(Keeper.OTHER, name="Shop one"),
    ),
}


@pytest.mark.parametrize(("manifest", "wanted"), CASES.values(), ids=CASES.keys())
def test_an_object_s_owner_is_known(manifest: dict[str, Any], wanted: ObjectOwner):
    """The nearest one, with who brought it."""
    assert owner(manifest, seen(KUSTOMIZATION, RELEASE)) == wanted


def test_an_owner_that_is_not_there_owns_nothing():
    """Its labels stay where it was deleted without pruning; that it is gone is said."""
    found = owner(an_object(labels=BY_KUSTOMIZATION), seen())
    assert found.keeper is Keeper.NOBODY
    assert "Kustomization flux-system/apps, which is not there" in found.note


@pytest.mark.parametrize(
    ("manager", "labels"),
    [("kustomize-controller", BY_KUSTOMIZATION), ("helm-controller", BY_RELEASE)],
)
def test_the_manager_of_its_fields_keeps_no_owner_that_is_gone(manager: str, labels: Any):
    """The API server remembers who wrote a field for as long as the field is there."""
    found = owner(an_object(manager, labels=labels), seen())
    assert found.keeper is Keeper.NOBODY
    assert "which is not there" in found.note


def test_another_program_that_writes_its_fields_counts_beside_an_owner_that_is_gone():
    """Labels of Flux say nothing of Argo CD."""
    found = owner(an_object("argocd-controller", labels=BY_KUSTOMIZATION), seen())
    assert found.name == "Argo CD"


def test_behind_an_owner_that_is_gone_the_next_one_counts():
    """A chart's object that a Kustomization took over."""
    both = an_object(labels={**BY_KUSTOMIZATION, **BY_RELEASE})
    assert owner(both, seen(KUSTOMIZATION)) == APPS


def test_an_owner_that_was_not_to_be_seen_is_believed():
    """Not having looked is no evidence."""
    assert owner(an_object(labels=BY_KUSTOMIZATION), Snapshot(AT)) == APPS


@pytest.mark.parametrize("manager", ["kustomize-controller", "Terraform", "argocd-controller"])
def test_a_program_that_writes_its_fields_again_is_an_owner_too(manager: str):
    """Though no label names what of it."""
    found = owner(an_object("kubectl-edit", manager), seen())
    assert found.keeper is Keeper.OTHER
    assert found.note


anything = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from([*BY_KUSTOMIZATION, *BY_RELEASE, *BY_HELM, "controller", "manager"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["labels", "annotations", "managedFields", "ownerReferences"]), anything
    )
)
def test_any_metadata_has_an_answer(metadata: dict[str, Any]):
    """The function is total."""
    assert str(owner({"metadata": metadata}, seen(RELEASE)))


def listing(*ids: str) -> flux.Kustomization:
    """The Kustomization apps with this inventory."""
    entries = tuple(flux.InventoryEntry(each) for each in ids)
    status = flux.FluxStatus(inventory=flux.FluxInventory(entries))
    return flux.Kustomization(metadata=meta("flux-system", "apps"), status=status)


def a_service(**metadata: Any) -> dict[str, Any]:
    """The live Service apps/web."""
    return {"apiVersion": "v1", "kind": "Service", **an_object(**metadata)}


def test_an_inventory_that_lists_the_object_is_its_owner():
    """With the labels, and where somebody took those away."""
    for labels in (BY_KUSTOMIZATION, {}):
        live = a_service(labels=labels)
        assert owner(live, seen(listing("apps_web__Service"))) == APPS


def test_labels_that_stayed_when_the_object_left_the_inventory_own_nothing():
    """`reconcile: disabled`, and Git removed it meanwhile: Flux never touches it again."""
    found = owner(a_service(labels=BY_KUSTOMIZATION), seen(listing("apps_other__Service")))
    assert found.keeper is Keeper.NOBODY
    assert "inventory does not list it" in found.note


@pytest.mark.parametrize("there", [(KUSTOMIZATION,), ()])
def test_without_an_inventory_the_labels_count(there: tuple[flux.Kustomization, ...]):
    """Flux has not reconciled yet, or Kustomizations were not read."""
    live = a_service(labels=BY_KUSTOMIZATION)
    snapshot = seen(*there) if there else Snapshot(AT, {})
    assert owner(live, snapshot).keeper is Keeper.KUSTOMIZATION


def test_an_inventory_names_objects_of_groups_and_with_colons():
    """As Flux writes them."""
    live = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "system:web"},
    }
    entry = "_system__web_rbac.authorization.k8s.io_ClusterRole"
    assert owner(live, seen(listing(entry))) == APPS


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("enabled", "its drift detection would put it back"),
        ("warn", "would report a drift"),
        ("disabled", "its next upgrade"),
        ("", "its next upgrade"),
    ],
)
def test_a_release_puts_back_what_its_drift_detection_says(mode: str, words: str):
    """Without it, a live edit stays until the next upgrade."""
    spec = flux.HelmReleaseSpec(drift_detection=flux.DriftDetection(mode) if mode else None)
    release = flux.HelmRelease(metadata=meta("apps", "shop"), spec=spec)
    assert words in owner(an_object(labels=BY_RELEASE), seen(release)).reverts
