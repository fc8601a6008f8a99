"""The places of objects that a plan's steps may write: a closed list, one for each action.

Source: deploy/components/remediation/admission.yaml, which permits the same and no more. A pull
request writes nothing in the cluster, so it has no place here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.remediation.change.fields import (
    annotation,
    certificate,
    native_lb,
    priority,
    reconcile,
    whole,
)
from bot.remediation.change.fields.place import Action, Field, Manifest

__all__ = ["PLACES", "Action", "Field", "Manifest"]

PLACES: Mapping[Action, Field] = MappingProxyType(
    {
        Action.ANNOTATE_SERVICE: annotation.PLACE,
        Action.PAUSE_RECONCILING: reconcile.PLACE,
        Action.SET_NATIVE_LB: native_lb.PLACE,
        Action.SET_PRIORITY: priority.PLACE,
        Action.RELEASE_CERTIFICATE: certificate.PLACE,
        Action.CREATE_INGRESSROUTE: whole.INGRESSROUTE,
        Action.DELETE_INGRESS: whole.INGRESS,
    }
)
