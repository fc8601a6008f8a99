"""The agents of the DaemonSet: their pods, and the background probes that they log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.domain.temporary import NAMESPACE
from bot.kube.agents import ROUND
from bot.net.mesh.rounds import EVERY, JOB, KEPT
from bot.net.probing import agent_configmaps
from bot.net.probing.protocol import PAYLOAD, Outcome, Probe, ProbeKind
from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.network import LISTENER, Network
from bot.sandbox.scenarios.plain import Plain, an_object
from bot.sandbox.scenarios.pods import NODES, a_pod
from bot.sandbox.scenarios.scenario import Homelab
from bot.sandbox.scenarios.workloads import add_workloads

NUMBER = 73
"""The last part of the agents' addresses."""

KINDS = ((ProbeKind.TCP, 0), (ProbeKind.UDP, 1000), (ProbeKind.ECHO, PAYLOAD))


def with_agents(lab: Homelab) -> None:
    """Put an agent on every node that probes the homelab's network."""
    pods = [_agent(lab, node) for node in NODES]
    network = Network(lab.broken)
    network.learn([], pods, [], [])

    def write_logs(cluster: SimulatedCluster, now: datetime) -> None:
        for pod in pods:
            key = NAMESPACE, pod["metadata"]["name"], "meshmedic-probe", False
            cluster.logs[key] = "".join(_log(pod, pods, network, now))

    born = lab.times.ago(days=9)
    lab.add(an_object("ConfigMap", agent_configmaps.PEERS, NAMESPACE, born=born), *pods)
    add_workloads(lab, pods)
    lab.goes_on.append(write_logs)


def _agent(lab: Homelab, node: str) -> Plain:
    return a_pod(
        lab.times,
        "meshmedic-probe",
        NAMESPACE,
        node=node,
        number=NUMBER,
        image="registry.example/meshmedic:sandbox",
        port=LISTENER,
        labels={"app.kubernetes.io/component": "agent"},
        args=["--name", node, ROUND, f"{EVERY:.0f}"],
        owner="DaemonSet",
    )


def _log(pod: Plain, pods: list[Plain], network: Network, now: datetime) -> Iterator[str]:
    """The rounds that ended by now, one every EVERY seconds."""
    last = int(now.timestamp() // EVERY * EVERY)
    for back in reversed(range(KEPT)):
        moment = datetime.fromtimestamp(last, UTC) - back * timedelta(seconds=EVERY)
        for line in _round(pod, pods, network):
            yield f"{moment:%Y-%m-%dT%H:%M:%S}.000000000Z {json.dumps(line)}\n"


def _round(pod: Plain, pods: list[Plain], network: Network) -> Iterator[Plain]:
    node = pod["spec"]["nodeName"]
    for other in pods:
        name, address = other["spec"]["nodeName"], other["status"]["podIP"]
        for kind, size in KINDS if name != node else ():
            probe = Probe(id=f"{kind}/{name}", kind=kind, address=address, port=LISTENER, size=size)
            for answer in network.answers(node, probe, host=False):
                fields = {"id": answer.id, "outcome": answer.outcome, "took": answer.took}
                if answer.outcome is Outcome.TIMEOUT:
                    fields["retried"] = True
                yield {"job": JOB, "answer": fields}
    yield {"job": JOB, "done": True}
