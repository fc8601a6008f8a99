"""What `meshmedic doctor` tells of the cluster, over the wire: each fault and its fix."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.kubernetes_api.served import SERVED, without
from tests.builders import an_object
from tests.certificates import FAULTS, issue
from tests.wire.bot_process import KUBERNETES_TOKEN
from tests.wire.discord_server import DiscordServer
from tests.wire.doctor_process import doctor, register


@pytest.fixture
def cluster() -> SimulatedCluster:
    """Empty but for a namespace: what runs in it does not matter here."""
    apps = an_object("Namespace", "apps", namespace="")
    return SimulatedCluster((apps,), token=KUBERNETES_TOKEN)


@pytest.fixture
def registered(server: DiscordServer) -> DiscordServer:
    """A Discord in which nothing is wrong."""
    return register(server)


def _no_watch(cluster: SimulatedCluster) -> None:
    cluster.forbid("watch", "certificates", "cert-manager.io")


def _no_logs(cluster: SimulatedCluster) -> None:
    cluster.forbid("get", "pods/log")


def _no_flux_list(cluster: SimulatedCluster) -> None:
    cluster.forbid("list", "helmreleases", "helm.toolkit.fluxcd.io")


@pytest.mark.parametrize(
    ("spoil", "saw"),
    [
        (_no_watch, "May not watch certificates.cert-manager.io."),
        (_no_logs, "why May not get pods/log."),
        (_no_flux_list, "May not list helmreleases.helm.toolkit.fluxcd.io."),
    ],
)
async def test_each_missing_permission_in_the_cluster_has_its_fix(
    registered: DiscordServer,
    cluster: SimulatedCluster,
    tmp_path: Path,
    spoil: Callable[[SimulatedCluster], None],
    saw: str,
) -> None:
    """By SelfSubjectAccessReview, and with the component that grants it."""
    spoil(cluster)
    code, said = await doctor(registered, cluster, tmp_path)
    assert code == 1
    assert saw in said
    assert "fix: Apply deploy/base again" in said


async def test_listing_secrets_is_granted_by_a_component_of_its_own(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """And asked about only where the inventory is on."""
    cluster.forbid("list", "secrets")
    assert (await doctor(registered, cluster, tmp_path))[0] == 0
    code, said = await doctor(registered, cluster, tmp_path, SECRET_INVENTORY="true")
    assert code == 1
    assert "May not list secrets." in said
    assert "the component deploy/components/secret-inventory" in said


async def test_kinds_that_are_not_installed_are_notes(
    registered: DiscordServer, tmp_path: Path
) -> None:
    """And their versions are told where they are."""
    served = without("cert-manager.io", "acme.cert-manager.io", "external-secrets.io/v1")
    apps = an_object("Namespace", "apps", namespace="")
    bare = SimulatedCluster((apps,), token=KUBERNETES_TOKEN, served=served)
    code, said = await doctor(registered, bare, tmp_path)
    assert code == 0
    assert "note cert-manager Not installed." in said
    assert "ClusterSecretStore (v1beta1)" in said
    assert len(served) < len(SERVED)


async def test_refused_credentials_of_the_cluster_fail(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """401: what could not be asked is not seen, and Discord's side is complete."""
    cluster.access.token = "another-kubernetes-token"
    code, said = await doctor(registered, cluster, tmp_path)
    assert code == 1
    assert "The API server answered 401" in said
    assert "Renew the kubeconfig" in said
    assert "The bot is in Homelab." in said


@pytest.mark.parametrize("strict", [True, False], ids=["as 3.13", "as this Python"])
@pytest.mark.parametrize("missing", FAULTS)
async def test_a_ca_that_python_3_13_refuses_is_named_by_any_python(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, missing: str, strict: bool
) -> None:
    """A failure where this process cannot work with it, else a warning of what the pod will see."""
    certificates = issue(tmp_path, missing)
    code, said = await doctor(
        registered, cluster, tmp_path, certificates=certificates, strict=strict
    )
    refuses = strict or sys.version_info >= (3, 13)
    assert code == (1 if refuses else 0)
    assert f"refuse the API server's certificate: {FAULTS[missing]}." in said
    assert "fix: Renew the cluster's CA with keyUsage" in said
    assert ("its pod never becomes Ready" in said) is not refuses


async def test_a_right_certificate_is_no_topic_of_the_doctor(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """Verified strictly, and green."""
    code, said = await doctor(
        registered, cluster, tmp_path, certificates=issue(tmp_path), strict=True
    )
    assert code == 0
    assert "certificate:" not in said


async def test_a_permission_that_the_state_needs_is_told(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """Without it every start registers the commands anew, and a restart forgets."""
    cluster.forbid("update", "configmaps")
    code, said = await doctor(registered, cluster, tmp_path, STATE_NAMESPACE="meshmedic")
    assert code == 1
    assert "May not update configmaps in meshmedic." in said
    assert "There is no Lease meshmedic/meshmedic yet" in said


async def test_alone_it_says_what_is_missed(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """A note, and no failure."""
    _, said = await doctor(registered, cluster, tmp_path)
    assert "election, " in said or "election Outside" in said
    assert "it always acts, and keeps nothing over a restart" in said
