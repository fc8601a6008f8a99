"""storage.k8s.io: StorageClasses."""

from __future__ import annotations

from bot.domain.resources.base import Object
from bot.domain.resources.limits import Text

DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
"""The annotations that make a class the one of claims that name none."""


class StorageClass(Object, frozen=True):
    """storage.k8s.io StorageClass: its fields stand at the top."""

    provisioner: Text = ""
    volume_binding_mode: Text = "Immediate"

    @property
    def default(self) -> bool:
        """Whether claims that name no class get this one."""
        annotations = self.metadata.annotations or {}
        return any(annotations.get(name) == "true" for name in DEFAULT_CLASS)
