"""Flux's annotation that keeps it off one object: for a time, and never for a whole tree.

Its value is an object with that one key, or an empty one. Source: kustomize-controller,
`kustomize.toolkit.fluxcd.io/reconcile: disabled` on the live object.
"""

from __future__ import annotations

from bot.remediation.change.fields.annotation import of_key
from bot.remediation.change.fields.place import ROUTES

RECONCILE = "kustomize.toolkit.fluxcd.io/reconcile"
DISABLED = "disabled"

PLACE = of_key(RECONCILE, ROUTES, f"Of an IngressRoute only the annotation {RECONCILE} is written.")
