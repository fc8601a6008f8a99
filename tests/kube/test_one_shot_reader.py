"""Listing a cluster once."""

import msgspec

from bot.domain.resources import cert_manager, core, external_secrets
from bot.domain.snapshot import Why
from bot.kube.one_shot_reader import ClusterReader
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.builders import a_certificate, a_pod, an_external_secret, an_object
from tests.clusters import Cluster


def gaps_of(snapshot):
    return {gap.kind: gap for gap in snapshot.gaps}


async def test_every_page_is_read(cluster: Cluster, api):
    """600 pods come in pages of at most 500, and none is lost."""
    await cluster.put(*(a_pod(f"web-{number}") for number in range(600)))
    snapshot = await ClusterReader(api).snapshot([core.Pod])
    assert len(snapshot.of(core.Pod)) == 600


async def test_a_page_is_one_request(simulation: SimulatedCluster, api):
    """1,200 pods are three questions."""
    for number in range(1_200):
        simulation.put(a_pod(f"web-{number}"))
    await ClusterReader(api).snapshot([core.Pod])
    assert sum("/pods" in each.path for each in simulation.requests) == 3


async def test_a_kind_that_is_not_installed_is_said(cluster: Cluster, api):
    """Without cert-manager there is a gap, and no objects that could look healthy."""
    await cluster.uninstall("cert-manager.io")
    snapshot = await ClusterReader(api).snapshot([cert_manager.Certificate])
    assert gaps_of(snapshot)["Certificate"].why is Why.NOT_INSTALLED
    assert cert_manager.Certificate not in snapshot.objects


async def test_an_old_version_is_read_where_only_that_is_served(cluster: Cluster, api):
    """Discovery finds v1beta1 of External Secrets where v1 is not served."""
    await cluster.uninstall("external-secrets.io/v1")
    await cluster.put(an_external_secret("db", version="v1beta1"))
    snapshot = await ClusterReader(api).snapshot([external_secrets.ExternalSecret])
    assert [each.name for each in snapshot.of(external_secrets.ExternalSecret)] == ["db"]


async def test_a_forbidden_kind_names_the_missing_permission(cluster: Cluster, api):
    """The gap says which verbs on which resource would help, and where."""
    await cluster.forbid("list", "certificates", "cert-manager.io")
    gap = gaps_of(await ClusterReader(api).snapshot([cert_manager.Certificate, core.Pod]))[
        "Certificate"
    ]
    assert gap.why is Why.FORBIDDEN
    assert "certificates.cert-manager.io in all namespaces" in gap.detail
    assert '"list"' in gap.detail


async def test_one_failing_kind_does_not_hide_the_others(simulation: SimulatedCluster, api):
    """Nodes answer 500, pods are read all the same."""
    simulation.faults.status, simulation.faults.plurals = 500, frozenset({"nodes"})
    simulation.put(a_pod())
    snapshot = await ClusterReader(api).snapshot([core.Pod, core.Node])
    assert gaps_of(snapshot)["Node"].why is Why.UNREACHABLE
    assert len(snapshot.of(core.Pod)) == 1


async def test_an_object_that_cannot_be_read_whole_is_kept_and_named(
    simulation: SimulatedCluster, api
):
    """A wrongly typed field loses neither its object nor its neighbours."""
    broken = a_certificate("broken")
    broken["status"]["conditions"] = "none"
    simulation.put(broken)
    simulation.put(a_certificate("sound"))
    found = (await ClusterReader(api).snapshot([cert_manager.Certificate])).of(
        cert_manager.Certificate
    )
    assert {each.name: bool(each.malformed) for each in found} == {"broken": True, "sound": False}


async def test_nothing_is_asked_about_secrets_unless_the_owner_wants_it(
    simulation: SimulatedCluster, api
):
    """The inventory is off by default: a gap by choice, and no request for Secrets."""
    snapshot = await ClusterReader(api).snapshot([core.SecretName])
    assert gaps_of(snapshot)["Secret"].why is Why.OFF
    assert not any("/secrets" in each.path for each in simulation.requests)


async def test_secrets_are_read_by_name_and_never_by_value(cluster: Cluster, api):
    """With the inventory the request is for metadata alone, and no value is in the snapshot."""
    await cluster.put(an_object("Secret", "db", data={"password": "aHVudGVyMg=="}))
    snapshot = await ClusterReader(api, secret_inventory=True).snapshot([core.SecretName])
    assert [each.name for each in snapshot.of(core.SecretName)] == ["db"]
    assert b"aHVudGVyMg" not in msgspec.json.encode(snapshot.of(core.SecretName))


async def test_a_namespace_alone_is_listed_where_all_may_not_be(cluster: Cluster, api):
    """A role in one namespace is enough; of others an absence proves nothing."""
    await cluster.forbid("list", "pods")
    await cluster.allow("list", "pods", namespace="apps")
    await cluster.put(a_pod())
    await cluster.put(a_pod(namespace="other"))
    snapshot = await ClusterReader(api).snapshot([core.Pod, core.Node], "apps")
    assert [each.namespace for each in snapshot.of(core.Pod)] == ["apps"]
    assert snapshot.gaps == ()
    assert snapshot.sees(core.Pod, "apps")
    assert not snapshot.sees(core.Pod, "other")


async def test_where_the_whole_cluster_may_be_read_a_namespace_narrows_nothing(
    cluster: Cluster, api
):
    """A cause may lie in another namespace; a report is narrowed where it is made."""
    await cluster.put(a_pod())
    await cluster.put(a_pod(namespace="other"))
    snapshot = await ClusterReader(api).snapshot([core.Pod], "apps")
    assert {each.namespace for each in snapshot.of(core.Pod)} == {"apps", "other"}
    assert snapshot.namespaces is None


async def test_a_namespace_that_may_not_be_listed_either_is_a_gap_that_names_it(
    cluster: Cluster, api
):
    """With the right that would help."""
    await cluster.forbid("list", "pods")
    snapshot = await ClusterReader(api).snapshot([core.Pod], "apps")
    assert "in namespace apps" in gaps_of(snapshot)["Pod"].detail
    assert core.Pod not in snapshot.objects


async def test_only_the_namespaces_of_the_settings_are_listed(cluster: Cluster, api):
    """As the bot itself does; what has no namespace is read all the same."""
    await cluster.forbid("list", "pods")
    await cluster.allow("list", "pods", namespace="apps")
    await cluster.put(a_pod())
    reader = ClusterReader(api, namespaces=("apps", "closed"))
    snapshot = await reader.snapshot([core.Pod, core.Node])
    assert [each.namespace for each in snapshot.of(core.Pod)] == ["apps"]
    assert snapshot.namespaces == ("apps", "closed")
    assert [gap.detail.partition(" on ")[2] for gap in snapshot.gaps] == [
        "pods in namespace closed"
    ]


async def test_an_api_server_that_is_down_leaves_a_gap_for_every_kind(cluster: Cluster, api):
    """Nothing was seen, so everything is unreachable and nothing healthy."""
    await cluster.leave()
    snapshot = await ClusterReader(api).snapshot([core.Pod, core.Node])
    assert {gap.why for gap in snapshot.gaps} == {Why.UNREACHABLE}
    assert not snapshot.objects
