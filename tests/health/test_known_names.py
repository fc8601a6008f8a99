"""What people know an object by comes from owners and labels, never from cutting a name."""

from typing import Any

import pytest

from bot.domain.finding import Ref
from bot.domain.resources import cert_manager, core, external_secrets, traefik
from bot.domain.resources.base import Object
from bot.health import known_names
from tests.builders import a_pod, an_external_secret, an_object, kept
from tests.fakes import snapshot_of


def a_labelled_pod(hash_: str) -> dict[str, Any]:
    pod = kept(a_pod(), name="photo-ml-7d9f5c")
    pod["metadata"]["labels"] = {"pod-template-hash": hash_}
    return pod


def workload_of(*objects: dict[str, Any]) -> Ref | None:
    snapshot = snapshot_of(*objects)
    return known_names.workload(snapshot.of(core.Pod)[0], snapshot)


def test_a_pod_is_known_by_its_deployment() -> None:
    """Its label names the hash at the end of the ReplicaSet's name."""
    assert workload_of(a_labelled_pod("7d9f5c")) == Ref("Deployment", "apps", "photo-ml")


def test_without_the_label_the_deployment_must_exist() -> None:
    """A ReplicaSet that somebody made themselves may have any name."""
    pod = kept(a_pod(), name="photo-ml")
    assert workload_of(pod) == Ref("ReplicaSet", "apps", "photo-ml")
    photo = an_object("Deployment", "photo", "apps/v1")
    assert workload_of(pod, photo) == Ref("Deployment", "apps", "photo")


def test_a_pod_of_a_job_is_known_by_its_cron_job() -> None:
    pod = kept(a_pod(), "Job", name="backup-29000000")
    job = kept(an_object("Job", "backup-29000000", "batch/v1"), "CronJob", name="backup")
    assert workload_of(pod) == Ref("Job", "apps", "backup-29000000")
    assert workload_of(pod, job) == Ref("CronJob", "apps", "backup")


def test_a_pod_that_nobody_made_is_known_by_its_own_name() -> None:
    assert workload_of(a_pod()) is None
    assert workload_of(kept(a_pod(), "Node")) is None


def _acme() -> tuple[dict[str, Any], ...]:
    request = an_object("CertificateRequest", "site-4", "cert-manager.io/v1")
    request["metadata"]["annotations"] = {"cert-manager.io/certificate-name": "site"}
    order = kept(
        an_object("Order", "site-4-1", "acme.cert-manager.io/v1"),
        "CertificateRequest",
        name="site-4",
    )
    challenge = kept(
        an_object("Challenge", "site-4-1-2", "acme.cert-manager.io/v1"), "Order", name="site-4-1"
    )
    return request, order, challenge


@pytest.mark.parametrize(
    "kind", [cert_manager.CertificateRequest, cert_manager.Order, cert_manager.Challenge]
)
def test_a_request_is_known_by_its_certificate(kind: type[Object]) -> None:
    snapshot = snapshot_of(*_acme())
    known = known_names.certificate(snapshot.of(kind)[0], snapshot)
    assert known == Ref("Certificate", "apps", "site")


def test_a_challenge_without_its_order_is_known_by_its_own_name() -> None:
    snapshot = snapshot_of(_acme()[2])
    assert known_names.certificate(snapshot.of(cert_manager.Challenge)[0], snapshot) is None


def test_an_external_secret_is_known_by_the_secret_that_it_writes() -> None:
    snapshot = snapshot_of(an_external_secret("db"))
    (secret,) = snapshot.of(external_secrets.ExternalSecret)
    assert known_names.secret(secret, snapshot) == Ref("Secret", "apps", "db")


def _known_route(match: str) -> Ref | None:
    route = an_object(
        "IngressRoute", "web", "traefik.io/v1alpha1", spec={"routes": [{"match": match}]}
    )
    snapshot = snapshot_of(route)
    return known_names.site(snapshot.of(traefik.IngressRoute)[0], snapshot)


def test_a_route_is_known_by_its_first_host() -> None:
    assert _known_route("Host(`a.example.org`) || Host(`b.example.org`)") == Ref(
        "Site", "apps", "a.example.org"
    )


@pytest.mark.parametrize("match", ["PathPrefix(`/`)", "HostRegexp(`.+`)", "Host(`[x](y.z)`)", "("])
def test_a_route_without_a_plain_host_is_known_by_its_own_name(match: str) -> None:
    """Neither a pattern nor markup is a name."""
    assert _known_route(match) is None
