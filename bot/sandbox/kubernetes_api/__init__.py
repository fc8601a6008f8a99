"""A Kubernetes API over local HTTP that answers as a real API server does.

The sandbox runs the bot against it, and so do the tests: the wire is real, the cluster is not.
`store` holds the objects and knows no HTTP; `server` is the HTTP; what lies between are small
files for one concern each.
"""

from bot.sandbox.kubernetes_api.faults import Faults
from bot.sandbox.kubernetes_api.kubeconfig import kubeconfig, write_kubeconfig
from bot.sandbox.kubernetes_api.served import SERVED, Resource, without
from bot.sandbox.kubernetes_api.server import serve
from bot.sandbox.kubernetes_api.store import Asked, SimulatedCluster

__all__ = [
    "SERVED",
    "Asked",
    "Faults",
    "Resource",
    "SimulatedCluster",
    "kubeconfig",
    "serve",
    "without",
    "write_kubeconfig",
]
