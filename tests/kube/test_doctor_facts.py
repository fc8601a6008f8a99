"""What the doctor reads of the API server about the bot's own tests."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import temporary
from bot.domain.facts import Denied
from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.kube.doctor_facts import AccessReader
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.builders import Plain, a_pod, an_object, kept


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
    for number, namespace in enumerate(("kube-system", "edge", "edge", "tenant", "web", "traefik")):
        pod = a_pod(f"traefik-{number}", namespace=namespace)
        pod["metadata"]["labels"] = {"app.kubernetes.io/name": "traefik"}
        if namespace == "tenant":
            pod["status"]["phase"] = "Succeeded"
        simulation.put(pod if namespace in ("web", "traefik") else kept(pod))
    facts = await AccessReader(api).look(())
    assert [pod.namespace for pod in facts.traefik] == ["kube-system"]
    assert facts.elsewhere == ("edge",)
    alone = (("traefik", "traefik-5"), ("web", "traefik-4"))
    assert facts.impostors == tuple(Ref("Pod", *place) for place in alone)
    both = await AccessReader(api, ("kube-system", "edge")).look(())
    assert (len(both.traefik), both.elsewhere) == (3, ())


async def test_the_bots_own_pods_are_read_with_what_their_kubelet_says(
    simulation: SimulatedCluster, api
):
    """Also those of another namespace; what only has the label is none."""
    for namespace, container in (("meshmedic", "meshmedic"), ("b", "meshmedic"), ("c", "other")):
        pod = a_pod("one", namespace=namespace)
        pod["metadata"]["labels"] = {"app.kubernetes.io/name": "meshmedic"}
        pod["spec"]["containers"] = [{"name": container, "image": "meshmedic:1"}]
        simulation.put(pod)
    bots = (await AccessReader(api).look(())).bots
    assert isinstance(bots, tuple)
    assert [(bot.namespace, bot.image) for bot in bots] == [
        ("b", "meshmedic:1"),
        ("meshmedic", "meshmedic:1"),
    ]


async def test_the_approver_is_asked_by_its_own_name_in_each_namespace(
    simulation: SimulatedCluster, api
):
    """None where the bot may not become it."""
    for name in ("apps", "media"):
        simulation.put(an_object("Namespace", name, namespace=""))
    simulation.forbid("update", "services", namespace="media")
    assert (await AccessReader(api).look(())).approver == ("apps",)
    simulation.forbid("impersonate", "users")
    assert (await AccessReader(api).look(())).approver is None


@pytest.mark.parametrize(
    ("component", "policy", "right"),
    [
        ("base", "meshmedic-account", ("create", "configmaps")),
        ("prober", "meshmedic-probe-services", ("create", "services")),
        ("remediation", "meshmedic-approver", ("impersonate", "users")),
        ("exec", "meshmedic-exec", ("create", "pods/exec")),
        ("traefik-api", "meshmedic-traefik-api", ("get", "pods/proxy")),
    ],
)
async def test_a_policy_is_tried_with_what_it_must_refuse(
    simulation: SimulatedCluster, api, component: str, policy: str, right: tuple[str, ...]
):
    """One that is not bound lets it pass; nothing is tried of what is not installed."""
    simulation.put(an_object("Namespace", "apps", namespace=""))
    components = ("base", "prober", "remediation", "exec", "traefik-api")
    assert (await AccessReader(api).look(())).guards == dict.fromkeys(components, True)
    simulation.policies.remove(policy)
    assert (await AccessReader(api).look(())).guards[component] is False
    assert simulation.get("Event", "apps", "meshmedic-doctor") is None
    simulation.forbid(*right)
    assert component not in (await AccessReader(api).look(())).guards


async def test_a_traefik_api_that_may_be_read_is_tried(simulation: SimulatedCluster, api):
    """Where it is not switched on, the reason comes with how to change that."""
    assert (await AccessReader(api).look(())).traefik_api is None
    pod = a_pod("traefik-1", namespace="kube-system")
    pod["metadata"]["labels"] = {"app.kubernetes.io/name": "traefik"}
    pod["spec"]["containers"] = [
        {"name": "traefik", "image": "traefik:v3.6.2", "args": ["--providers.kubernetescrd"]}
    ]
    simulation.put(kept(pod))
    read = (await AccessReader(api).look(())).traefik_api
    assert isinstance(read, NotObserved)
    assert "API is off" in read.why
    simulation.forbid("get", "pods/proxy")
    assert (await AccessReader(api).look(())).traefik_api is None
