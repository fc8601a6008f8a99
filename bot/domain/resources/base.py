"""What all Kubernetes objects share: frozen structs with only the fields that checks need.

A missing field takes its default; `bot.domain.resources.decode` deals with null and wrongly typed
ones. Built-in kinds follow the Kubernetes API reference, the others their CRDs, old versions too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from bot.domain.finding import Ref
from bot.domain.resources.limits import (
    WEIGHT,
    Faults,
    LabelKey,
    Labels,
    LabelValue,
    Many,
    Text,
    Word,
)

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Part(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename="camel", omit_defaults=True):
    """The base of all structs. They are frozen and acyclic, so the garbage collector skips them."""


class Owner(Part, frozen=True):
    """An entry of `metadata.ownerReferences`."""

    kind: Text = ""
    name: Text = ""
    uid: Text = ""
    controller: bool | None = None


class SelectorRequirement(Part, frozen=True):
    """`matchExpressions[]` of a label selector."""

    key: Text = ""
    operator: Text = ""
    values: Many[Text] | None = None


class Selector(Part, frozen=True):
    """A label selector; an empty one selects everything."""

    match_labels: Labels | None = None
    match_expressions: Many[SelectorRequirement] | None = None


class Meta(Part, frozen=True):
    """The fields of `metadata` that checks need."""

    name: Text = ""
    namespace: Text = ""
    labels: dict[LabelKey, LabelValue] | None = None
    annotations: dict[str, str] | None = None
    """Of these two only what is read is kept: `bot.domain.resources.kept_metadata`."""
    resource_version: Text = ""
    generation: int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    finalizers: Many[Text] | None = None
    owner_references: Many[Owner] | None = None


class Condition(Part, frozen=True):
    """An entry of `status.conditions` (metav1.Condition and older forms of it)."""

    type: Text = ""
    status: Text = ""
    reason: Word = ""
    message: Text = ""
    last_transition_time: Time | None = None
    last_heartbeat_time: Time | None = None
    observed_generation: int = 0


class Object(Part, frozen=True):
    """Any Kubernetes object. List items of built-in kinds carry no `apiVersion` and `kind`."""

    api_version: Text = ""
    kind: Text = ""
    metadata: Meta = Meta()
    malformed: Faults = msgspec.field(default=(), name="meshmedic.dev/malformed")
    """Paths that could not be read, each with the reason: `bot.domain.resources.decode` sets it."""

    selectable: ClassVar[bool] = False
    """Whether selectors that people write choose among its labels, so that all of them count."""
    weight: ClassVar[int] = WEIGHT
    """Bytes that one may have, as JSON of what is kept."""

    @classmethod
    def kind_name(cls) -> str:
        """The kind as people write it, such as `HelmRelease`."""
        return cls.__name__

    @property
    def ref(self) -> Ref:
        """The reference to this object."""
        return Ref(self.kind_name(), self.namespace, self.name)

    @property
    def controller(self) -> Ref | None:
        """What controls this object, by its owner references."""
        for owner in self.metadata.owner_references or ():
            if owner.controller:
                return Ref(owner.kind, self.namespace, owner.name)
        return None

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, empty for a cluster-scoped object."""
        return self.metadata.namespace


class Reference(Part, frozen=True):
    """A reference to another object by kind and name."""

    kind: Text = ""
    name: Text = ""
    namespace: Text = ""

    def ref(self, namespace: str, *, kind: str = "") -> Ref:
        """The object that is meant where the reference leaves out the namespace or the kind."""
        return Ref(kind or self.kind, self.namespace or namespace, self.name)

    def scoped_ref(self, kind: str, namespace: str) -> Ref:
        """The object of this kind, or of its cluster-wide twin such as ClusterIssuer."""
        if self.kind == f"Cluster{kind}":
            return Ref(self.kind, "", self.name)
        return Ref(kind, namespace, self.name)


class ConditionsStatus(Part, frozen=True):
    """A `status` that is known by its conditions."""

    conditions: Many[Condition] = ()


class ConditionedObject(Object, frozen=True):
    """An object whose status is its conditions."""

    status: ConditionsStatus = ConditionsStatus()


class ReconciledStatus(ConditionsStatus, frozen=True):
    """A `status` that may say which generation of the spec it describes."""

    observed_generation: int = 0


class ReconciledObject(Object, frozen=True):
    """An object that is judged by the rules of kstatus."""

    status: ReconciledStatus = ReconciledStatus()


class PhaseStatus(ConditionsStatus, frozen=True):
    """A `status` with a phase that sums up its conditions."""

    phase: Text = ""
    message: Text = ""


class PhasedObject(Object, frozen=True):
    """An object whose status is a phase."""

    status: PhaseStatus = PhaseStatus()
