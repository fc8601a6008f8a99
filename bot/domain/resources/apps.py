"""apps and autoscaling: workloads and their autoscaler."""

from __future__ import annotations

from bot.domain.resources.base import (
    ConditionsStatus,
    Meta,
    Object,
    Part,
    Reference,
    Selector,
    Time,
)
from bot.domain.resources.limits import Labels, Many, Text


class FieldsWriter(Part, frozen=True):
    """`metadata.managedFields[]` without the fields: when somebody last changed a part."""

    subresource: Text = ""
    time: Time | None = None


class WrittenMeta(Meta, frozen=True):
    """`metadata` of what makes pods: its identity, and the times of the last writes."""

    uid: Text = ""
    managed_fields: Many[FieldsWriter] | None = None


class RollingUpdate(Part, frozen=True):
    """`spec.updateStrategy.rollingUpdate` of a StatefulSet."""

    partition: int | None = None


class UpdateStrategy(Part, frozen=True):
    """`spec.updateStrategy` of a StatefulSet or DaemonSet."""

    type: Text = ""
    rolling_update: RollingUpdate = RollingUpdate()


class LabelledMeta(Part, frozen=True):
    """`metadata` of a pod template."""

    labels: Labels | None = None


class PodTemplate(Part, frozen=True):
    """`spec.template`: only the labels that its pods get."""

    metadata: LabelledMeta = LabelledMeta()


class WorkloadSpec(Part, frozen=True):
    """The `spec` fields by which a Deployment, ReplicaSet, StatefulSet or DaemonSet is judged.

    service_name: The Service that gives the pods of a StatefulSet their DNS names.
    """

    replicas: int = 1
    selector: Selector = Selector()
    service_name: Text = ""
    template: PodTemplate = PodTemplate()
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
    current_revision: Text = ""
    update_revision: Text = ""


class WorkloadObject(Object, frozen=True):
    """What a Deployment, a StatefulSet and their like have in common."""

    metadata: WrittenMeta = WrittenMeta()
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

    metadata: WrittenMeta = WrittenMeta()
    spec: WorkloadSpec = WorkloadSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class AutoscalerStatus(ConditionsStatus, frozen=True):
    """`status` of a HorizontalPodAutoscaler; autoscaling/v1 keeps no conditions in it."""

    current_replicas: int | None = None


class AutoscalerSpec(Part, frozen=True):
    """`spec` of a HorizontalPodAutoscaler."""

    scale_target_ref: Reference = Reference()


class HorizontalPodAutoscaler(Object, frozen=True):
    """autoscaling HorizontalPodAutoscaler."""

    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()
