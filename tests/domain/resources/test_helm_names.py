"""How Helm knows what a HelmRelease installs: by what it says of itself, else by Flux's rule."""

import hashlib

import pytest

from bot.domain.resources import flux
from tests.builders import Plain
from tests.health.checks.conditioned import HELM, a_thing
from tests.net.networks import a_snapshot

LONG = "a-release-whose-name-is-much-longer-than-helm-can-take"


def a_release(
    name: str = "web", *, spec: Plain | None = None, **status: object
) -> flux.HelmRelease:
    (one,) = a_snapshot(a_thing("HelmRelease", name, HELM, spec=spec, **status)).of(
        flux.HelmRelease
    )
    return one


@pytest.mark.parametrize(
    ("spec", "name", "namespace", "storage"),
    [
        ({}, "web", "apps", "apps"),
        ({"releaseName": "site"}, "site", "apps", "apps"),
        ({"targetNamespace": "prod"}, "prod-web", "prod", "apps"),
        ({"targetNamespace": "prod", "releaseName": "site"}, "site", "prod", "apps"),
        ({"targetNamespace": "prod", "storageNamespace": "prod"}, "prod-web", "prod", "prod"),
        ({"storageNamespace": "helm"}, "web", "apps", "helm"),
    ],
)
def test_names_and_namespaces_of_a_release(
    spec: Plain, name: str, namespace: str, storage: str
) -> None:
    """Objects go into the target namespace, and Helm's own Secrets into the storage namespace."""
    release = a_release(spec=spec)
    assert release.helm_name == name
    assert release.helm_namespace == namespace
    assert release.helm_storage == storage


def test_a_name_that_is_too_long_for_helm_is_cut_and_has_a_hash() -> None:
    """53 characters, as helm-controller cuts it; also a namespace and a name together."""
    digest = hashlib.sha256(LONG.encode()).hexdigest()
    assert a_release(LONG).helm_name == f"{LONG[:40]}-{digest[:12]}"
    assert a_release(LONG[:53]).helm_name == LONG[:53]
    joined = a_release(LONG[:50], spec={"targetNamespace": "prod"}).helm_name
    assert len(joined) == 53
    assert joined.startswith(f"prod-{LONG[:35]}-")


def test_what_the_status_tells_goes_before_the_rule() -> None:
    """The name may have been taken over from an older release."""
    history = [{"name": "old", "namespace": "there", "status": "deployed"}]
    release = a_release(spec={"targetNamespace": "prod"}, history=history)
    assert (release.helm_name, release.helm_namespace) == ("old", "there")
