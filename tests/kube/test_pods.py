"""Which image the prober runs, where no setting says it."""

import pytest

from bot.errors import ClusterError
from bot.kube.pods import OwnImage
from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.builders import a_pod


def a_bot(
    simulation: SimulatedCluster, namespace: str, image: str, name: str = "meshmedic-0"
) -> None:
    pod = a_pod(name, namespace=namespace)
    pod["metadata"]["labels"] = {"app.kubernetes.io/name": "meshmedic"}
    pod["spec"]["containers"] = [{"name": "meshmedic", "image": image}]
    simulation.put(pod)


async def test_a_pod_elsewhere_that_calls_itself_the_bot_chooses_no_image(
    simulation: SimulatedCluster, api
):
    """Its owner would have it run in the prober's namespace, on every node."""
    a_bot(simulation, "a-tenant", "evil:1")
    with pytest.raises(ClusterError, match="does not run in this cluster"):
        await OwnImage(api, "", "meshmedic")()
    a_bot(simulation, "meshmedic", "meshmedic:1")
    assert await OwnImage(api, "", "meshmedic")() == "meshmedic:1"
    assert await OwnImage(api, "other:1", "meshmedic")() == "other:1"


@pytest.mark.parametrize("other", ["a-tenant", "meshmedic"])
async def test_without_a_namespace_no_image_is_chosen_among_several(
    simulation: SimulatedCluster, api, other: str
):
    """The first of a list may be anybody's; a person has to say which."""
    a_bot(simulation, "meshmedic", "meshmedic:1")
    assert await OwnImage(api, "")() == "meshmedic:1"
    a_bot(simulation, other, "other:1", "meshmedic-1")
    with pytest.raises(ClusterError, match=r"not certain.*MESHMEDIC_PROBE_IMAGE"):
        await OwnImage(api, "")()


async def test_the_same_image_in_another_namespace_is_not_certain_either(
    simulation: SimulatedCluster, api
):
    """Whose pod it is matters: the other one may have another image a moment later."""
    a_bot(simulation, "meshmedic", "meshmedic:1")
    a_bot(simulation, "a-tenant", "meshmedic:1")
    with pytest.raises(ClusterError, match="not certain"):
        await OwnImage(api, "")()


@pytest.mark.parametrize("namespace", ["", "meshmedic"])
async def test_a_pod_of_the_bot_that_has_ended_chooses_no_image(
    simulation: SimulatedCluster, api, namespace: str
):
    """It may be of the version before, and evicted pods stay for a long time."""
    a_bot(simulation, "meshmedic", "old:1")
    ended = simulation.get("Pod", "meshmedic", "meshmedic-0")
    assert ended
    ended["status"]["phase"] = "Failed"
    simulation.put(ended)
    a_bot(simulation, "meshmedic", "meshmedic:1", "meshmedic-1")
    assert await OwnImage(api, "", namespace)() == "meshmedic:1"
