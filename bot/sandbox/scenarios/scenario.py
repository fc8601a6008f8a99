"""A scenario: a healthy homelab, changed until it shows one situation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.kubernetes_api import SERVED, Faults, Resource, SimulatedCluster
from bot.sandbox.network import Broken
from bot.sandbox.scenarios.past import Past
from bot.sandbox.scenarios.plain import Calendar, Plain

LogKey = tuple[str, str, str, bool]
"""Namespace, pod, container, and whether the log is that of the run before."""


@dataclass
class Homelab:
    """A homelab while it is built; a scenario changes its objects in place.

    logs: Text by namespace, pod, container, and whether it is of the run before.
    faults, forbidden, served: Of the API server; `forbidden` are a plural and its group.
    goes_on: Called at the start and as time passes, beside what `refresh` does for all.
    broken: What is wrong with its network.
    past: A made-up week before now; None without one.
    """

    times: Calendar
    objects: list[Plain] = field(default_factory=list)
    logs: dict[LogKey, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    forbidden: tuple[tuple[str, str], ...] = ()
    served: tuple[Resource, ...] = SERVED
    goes_on: list[Callable[[SimulatedCluster, datetime], None]] = field(default_factory=list)
    broken: Broken = field(default_factory=Broken)
    past: Past | None = None

    def prepare(self, cluster: SimulatedCluster) -> None:
        """Give the simulated cluster the logs, the faults and the permissions of this homelab."""
        cluster.logs.update(self.logs)
        cluster.faults = self.faults
        cluster.served = self.served
        for plural, group in self.forbidden:
            cluster.forbid("*", plural, group)
        for step in self.goes_on:
            step(cluster, self.times.now)

    def refresh(self, cluster: SimulatedCluster, now: datetime) -> None:
        """Write what kubelets and External Secrets write every few minutes; broken objects stay.

        Without it nodes would look silent after 12 minutes, and ExternalSecrets after 90.
        """
        moment = Calendar(now).ago()
        for node in filter(_goes_on, self.of("Node")):
            for condition in node["status"]["conditions"]:
                condition["lastHeartbeatTime"] = moment
            cluster.put(node)
        for external in filter(_goes_on, self.of("ExternalSecret")):
            external["status"]["refreshTime"] = moment
            cluster.put(external)
        for step in self.goes_on:
            step(cluster, now)

    def add(self, *objects: Plain) -> None:
        """Add objects."""
        self.objects.extend(objects)

    def of(self, kind: str) -> list[Plain]:
        """All objects of a kind."""
        return [object_ for object_ in self.objects if object_["kind"] == kind]

    def get(self, kind: str, namespace: str, name: str) -> Plain:
        """The object itself, for changes in place.

        Raises:
            LookupError: There is none.
        """
        for manifest in self.of(kind):
            meta = manifest["metadata"]
            if (meta.get("namespace", ""), meta["name"]) == (namespace, name):
                return manifest
        msg = f"the homelab has no {kind} {namespace}/{name}"
        raise LookupError(msg)

    def drop(self, kind: str, namespace: str, name: str) -> None:
        """Remove an object.

        Raises:
            LookupError: There is none.
        """
        self.objects.remove(self.get(kind, namespace, name))

    def pod_of(self, app: str) -> Plain:
        """The first pod of an app, by its label `app.kubernetes.io/instance`.

        Raises:
            LookupError: There is none.
        """
        for manifest in self.of("Pod"):
            if manifest["metadata"]["labels"].get("app.kubernetes.io/instance") == app:
                return manifest
        msg = f"the homelab has no pod of {app}"
        raise LookupError(msg)


def _goes_on(manifest: Plain) -> bool:
    """Whether the controller still works on an object: Ready, and its Secret was not deleted."""
    conditions = manifest["status"]["conditions"]
    ready = next(condition for condition in conditions if condition["type"] == "Ready")
    return bool(ready["status"] == "True" and ready["reason"] != "SecretDeleted")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A homelab to look at.

    name: For the command line. title: For a list. tells: A sentence about what the bot will find.
    """

    name: str
    title: str
    tells: str
    build: Callable[[datetime], Homelab]
