"""Connectivity: the results of background probes between the nodes.

The rules are in `bot.net.mesh.state` and `bot.net.mesh.health`. Without agents
nothing is judged, since they are optional (deploy/components/prober-daemonset).
"""

from bot.domain.check import Check
from bot.domain.resources import core
from bot.net.mesh.health import judged
from bot.net.mesh.rounds import BACKGROUND_PROBES

CHECK = Check(
    name="connectivity",
    scope="nodes",
    title="Nodes between which the pod network drops traffic.",
    judges={core.Node: judged},
    documented_as="kubectl -n meshmedic-probe logs -l app.kubernetes.io/component=agent",
    advice="Run `/net matrix` for the node to measure it now, and `/net diagnose` for the cause.",
    facts=(BACKGROUND_PROBES,),
)
