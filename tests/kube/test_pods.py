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


async def test_a_pod_of_the_bot_that_has_ended_chooses_no_image(simulation: SimulatedCluster, api):
    """It may be of the version before, and evicted pods stay for a long time."""
    a_bot(simulation, "meshmedic", "old:1")
    ended = simulation.get("Pod", "meshmedic", "meshmedic-0")
    assert ended
    ended["status"]["phase"] = "Failed"
    simulation.put(ended)
    a_bot(simulation, "meshmedic", "meshmedic:1", "meshmedic-1")
    assert await OwnImage(api, "", "meshmedic")() == "meshmedic:1"
