"""apps and autoscaling: workloads and their autoscaler."""

from __future__ import annotations

from bot.domain.resources.base import ConditionsStatus, Object, Part


class RollingUpdate(Part, frozen=True):
    """`spec.updateStrategy.rollingUpdate` of a StatefulSet."""

    partition: int | None = None


class UpdateStrategy(Part, frozen=True):
    """`spec.updateStrategy` of a StatefulSet or DaemonSet."""

    type: str = ""
    rolling_update: RollingUpdate = RollingUpdate()


class WorkloadSpec(Part, frozen=True):
    """The `spec` fields by which a Deployment, ReplicaSet, StatefulSet or DaemonSet is judged."""

    replicas: int = 1
    paused: bool = False
    progress_deadline_seconds: int | None = None
    update_strategy: UpdateStrategy = UpdateStrategy()


class WorkloadStatus(ConditionsStatus, frozen=True):
    """The `status` fields that Deployments, ReplicaSets and StatefulSets share."""

    observed_generation: int | None = None
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    updated_replicas: int = 0
    current_replicas: int = 0
    fully_labeled_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""


class WorkloadObject(Object, frozen=True):
    """What a Deployment, a StatefulSet and their like have in common."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class Deployment(WorkloadObject, frozen=True):
    """apps Deployment."""


class ReplicaSet(WorkloadObject, frozen=True):
    """apps ReplicaSet."""


class StatefulSet(WorkloadObject, frozen=True):
    """apps StatefulSet."""


class DaemonSetStatus(Part, frozen=True):
    """`status` of a DaemonSet."""

    observed_generation: int | None = None
    desired_number_scheduled: int | None = None
    current_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_ready: int = 0


class DaemonSet(Object, frozen=True):
    """apps DaemonSet."""

    spec: WorkloadSpec = WorkloadSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class AutoscalerStatus(ConditionsStatus, frozen=True):
    """`status` of a HorizontalPodAutoscaler; autoscaling/v1 keeps no conditions in it."""

    current_replicas: int | None = None


class HorizontalPodAutoscaler(Object, frozen=True):
    """autoscaling HorizontalPodAutoscaler."""

    status: AutoscalerStatus = AutoscalerStatus()
