"""What the doctor reads of the API server about the bot's own tests."""

from datetime import UTC, datetime, timedelta

from bot.domain import temporary
from bot.domain.facts import Denied
from bot.domain.finding import Ref
from bot.kube.doctor_facts import AccessReader
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.builders import Plain, a_pod, an_object


def of_a_test(plain: Plain, minutes: int) -> Plain:
    """An object of a test's Job, so old."""
    created = datetime.now(UTC) - timedelta(minutes=minutes)
    plain["metadata"] |= {
        "labels": dict(temporary.LABELS),
        "creationTimestamp": f"{created:%FT%TZ}",
        "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u"}],
    }
    return plain


async def test_old_objects_of_tests_are_read_and_neither_young_ones_nor_agents(
    simulation: SimulatedCluster, api
):
    """A test that runs needs its pods; the agents stay."""
    place = temporary.NAMESPACE
    agent = of_a_test(a_pod("agent", namespace=place), 900)
    agent["metadata"]["ownerReferences"][0]["kind"] = "DaemonSet"
    for plain in (
        an_object("Namespace", place, namespace=""),
        of_a_test(a_pod("old", namespace=place), 20),
        of_a_test(a_pod("young", namespace=place), 3),
        of_a_test(an_object("Service", "vip", namespace=place, spec={}), 20),
        agent,
        a_pod("web"),
    ):
        simulation.put(plain)
    facts = await AccessReader(api).look(())
    assert facts.probe is True
    assert facts.left_behind == (Ref("Pod", place, "old"), Ref("Service", place, "vip"))


async def test_without_the_prober_nothing_is_left_behind(simulation: SimulatedCluster, api):
    """And who may not list pods does not know."""
    assert (await AccessReader(api).look(())).left_behind == ()
    simulation.forbid("list", "pods")
    assert isinstance((await AccessReader(api).look(())).left_behind, Denied)


async def test_pods_elsewhere_that_say_they_are_traefik_are_told_by_their_namespaces(
    simulation: SimulatedCluster, api
):
    """Those that run; Traefik's own namespaces are those of the settings."""
    for number, namespace in enumerate(("kube-system", "edge", "edge", "tenant")):
        pod = a_pod(f"traefik-{number}", namespace=namespace)
        pod["metadata"]["labels"] = {"app.kubernetes.io/name": "traefik"}
        if namespace == "tenant":
            pod["status"]["phase"] = "Succeeded"
        simulation.put(pod)
    facts = await AccessReader(api).look(())
    assert [pod.namespace for pod in facts.traefik] == ["kube-system"]
    assert facts.elsewhere == ("edge",)
    both = await AccessReader(api, ("kube-system", "edge")).look(())
    assert (len(both.traefik), both.elsewhere) == (3, ())
