"""Builders of objects that speak by conditions: Flux, cert-manager, External Secrets."""

from typing import Any

from tests.builders import Plain, an_object
from tests.net.networks import ago

SOURCE = "source.toolkit.fluxcd.io/v1"
HELM = "helm.toolkit.fluxcd.io/v2"
CERT_MANAGER = "cert-manager.io/v1"
ACME = "acme.cert-manager.io/v1"
ESO = "external-secrets.io/v1"


def said(type_: str, status: str = "True", *, minutes: float = 2, **rest: Any) -> Plain:
    """A condition that changed some minutes ago."""
    return {"type": type_, "status": status, "lastTransitionTime": ago(minutes=minutes), **rest}


def a_thing(
    kind: str,
    name: str,
    api_version: str,
    *conditions: Plain,
    namespace: str = "apps",
    meta: Plain | None = None,
    spec: Plain | None = None,
    **status: Any,
) -> Plain:
    """An object of some kind whose status holds these conditions."""
    whole = {**status, **({"conditions": list(conditions)} if conditions else {})}
    made = an_object(kind, name, api_version, namespace, spec=spec or {}, status=whole)
    made["metadata"] |= {"creationTimestamp": ago(days=3), **(meta or {})}
    return made


def owned_by(kind: str, name: str) -> Plain:
    """Metadata that names an owner."""
    return {"ownerReferences": [{"kind": kind, "name": name, "controller": True}]}
