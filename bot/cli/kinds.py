"""Names of kinds as people type them at kubectl: singular, plural, short; and their scopes."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.check import SCOPES
from bot.domain.resources.registry import KIND_OF
from bot.health.checks import CHECKS

SHORT = {
    "po": "Pod",
    "no": "Node",
    "ns": "Namespace",
    "svc": "Service",
    "ep": "Service",
    "endpointslice": "Service",
    "endpointslices": "Service",
    "deploy": "Deployment",
    "sts": "StatefulSet",
    "ds": "DaemonSet",
    "cj": "CronJob",
    "pvc": "PersistentVolumeClaim",
    "pv": "PersistentVolume",
    "hpa": "HorizontalPodAutoscaler",
    "ks": "Kustomization",
    "hr": "HelmRelease",
    "gitrepo": "GitRepository",
    "ocirepo": "OCIRepository",
    "helmrepo": "HelmRepository",
    "hc": "HelmChart",
    "cert": "Certificate",
    "certs": "Certificate",
    "cr": "CertificateRequest",
    "es": "ExternalSecret",
    "ces": "ClusterExternalSecret",
    "ss": "SecretStore",
    "css": "ClusterSecretStore",
    "ing": "Ingress",
    "ir": "IngressRoute",
}
"""Short names, as the resources themselves publish them (`kubectl api-resources`); `ir` is ours."""

_JUDGED = {kind: check.scope for check in CHECKS if check.scope for kind in check.judges}


def _named() -> Iterator[tuple[str, str]]:
    """Each name in lower case, with the kind that it means."""
    for kind in _JUDGED:
        name = kind.kind_name()
        yield name.lower(), name
        yield KIND_OF[kind].plural, name
    yield from SHORT.items()


KINDS = dict(_named())
"""From a typed name to the kind."""

_SCOPE_OF = {kind.kind_name(): scope for kind, scope in _JUDGED.items()}


def kind_of(typed: str) -> str | None:
    """The kind that a word means, if it is one."""
    return KINDS.get(typed.lower())


def scope_of(typed: str) -> str | None:
    """The scope that a word means: by its name, its singular, or a kind that belongs to it."""
    word = typed.lower()
    if word in ("all", *SCOPES):
        return word
    if f"{word}s" in SCOPES:
        return f"{word}s"
    return _SCOPE_OF.get(kind_of(word) or "")
