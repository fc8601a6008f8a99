"""Connectivity: what the agents' background rounds found between the nodes.

The rules are in `bot.core.network.settling` and `bot.core.network.connectivity`. Without agents
nothing is judged: they are installed by choice (deploy/components/prober-daemonset).
"""

from __future__ import annotations

from bot.core import objects
from bot.core.check import Check
from bot.core.network.connectivity import judged

CHECK = Check(
    name="connectivity",
    scope="nodes",
    title="Nodes between which the pod network does not carry everything.",
    judges={objects.Node: judged},
    documented_as="kubectl -n meshmedic-probe logs -l app.kubernetes.io/component=agent",
    advice="Ask `/net matrix` of the node to measure it now, and `/net diagnose` for the cause.",
)
