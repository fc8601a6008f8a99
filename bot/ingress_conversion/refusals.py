"""Why an Ingress is not converted: a closed list, each with what to do instead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ConversionReason(StrEnum):
    """Why an Ingress cannot be converted faithfully."""

    TRAEFIK_TOO_OLD = "traefik-too-old"
    ENCRYPTED = "encrypted"
    MALFORMED = "malformed"
    RESOURCE_BACKEND = "resource-backend"
    NOTHING_TO_MATCH = "nothing-to-match"
    UNKNOWN_PATH_MATCHER = "unknown-path-matcher"
    REJECTED_ANNOTATION = "rejected-annotation"
    UNRESOLVED_REFERENCE = "unresolved-reference"
    CROSS_NAMESPACE = "cross-namespace"
    MISSING_SERVICE = "missing-service"
    HEADLESS_SERVICE = "headless-service"
    EXTERNAL_NAME = "external-name"
    STICKY_SESSIONS = "sticky-sessions"
    UNKNOWN_SCHEME = "unknown-scheme"
    UNCLEAR_CERTIFICATE = "unclear-certificate"


@dataclass(frozen=True, slots=True)
class ExplainedReason:
    """What a reason means, and what to do instead; whole sentences."""

    why: str
    instead: str


EXPLAINED = {
    ConversionReason.TRAEFIK_TOO_OLD: ExplainedReason(
        "Traefik has nativeLB from 2.10 on.", "Upgrade Traefik first."
    ),
    ConversionReason.ENCRYPTED: ExplainedReason(
        "SOPS encrypted the document, so that its values are not known.",
        "Give the decrypted document, as `sops decrypt` prints it.",
    ),
    ConversionReason.MALFORMED: ExplainedReason(
        "A Kubernetes API server would not take it as an Ingress.", "Mend the named field."
    ),
    ConversionReason.RESOURCE_BACKEND: ExplainedReason(
        "Traefik does not support a backend that is a resource: it drops that path.",
        "Let the path lead to a Service.",
    ),
    ConversionReason.NOTHING_TO_MATCH: ExplainedReason(
        "A path has neither a host nor a path: Traefik has no rule for it and does not serve it.",
        "Give it a host, or the path `/`.",
    ),
    ConversionReason.UNKNOWN_PATH_MATCHER: ExplainedReason(
        "This Traefik knows no such router.pathmatcher, and does not serve the path.",
        "Use Path or PathPrefix (Traefik 3: also PathRegexp).",
    ),
    ConversionReason.REJECTED_ANNOTATION: ExplainedReason(
        "This Traefik does not take an annotation, and so leaves out what it stands on.",
        "Mend or remove the annotation.",
    ),
    ConversionReason.UNRESOLVED_REFERENCE: ExplainedReason(
        "An annotation names something that Traefik cannot find under that name.",
        "Write `<namespace>-<name>@kubernetescrd`, or the name with another provider.",
    ),
    ConversionReason.CROSS_NAMESPACE: ExplainedReason(
        "It uses an object of another namespace, which an IngressRoute may not.",
        "Copy the object into the Ingress's namespace. Where Traefik runs with "
        "--providers.kubernetescrd.allowcrossnamespace, say --allow-cross-namespace.",
    ),
    ConversionReason.MISSING_SERVICE: ExplainedReason(
        "The Service does not exist, so Traefik does not serve the path.", "Create the Service."
    ),
    ConversionReason.HEADLESS_SERVICE: ExplainedReason(
        "A headless Service has no VIP: with nativeLB Traefik would drop the route.",
        "Give the Service a clusterIP, or leave the route without nativeLB.",
    ),
    ConversionReason.EXTERNAL_NAME: ExplainedReason(
        "An ExternalName Service has no VIP, so nativeLB means nothing there.",
        "Name the Service that it stands for, or leave the route without nativeLB.",
    ),
    ConversionReason.STICKY_SESSIONS: ExplainedReason(
        "The sticky cookie names a pod, and behind a VIP Traefik sees no pods.",
        "Remove the Service's annotations service.sticky first, if no session needs its pod.",
    ),
    ConversionReason.UNKNOWN_SCHEME: ExplainedReason(
        "An IngressRoute takes http, https and h2c as a Service's scheme, and no other.",
        "Mend the Service's annotation service.serversscheme.",
    ),
    ConversionReason.UNCLEAR_CERTIFICATE: ExplainedReason(
        "cert-manager makes the certificate from the Ingress's annotations, and an own "
        "Certificate in their place would not be the same.",
        "Write the Certificate yourself, and give it in the same files.",
    ),
}


class Unfaithful(Exception):  # the answer is "no, because", not a fault
    """The Ingress cannot be converted; `detail` says which part of it."""

    def __init__(self, reason: ConversionReason, detail: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def told(reason: ConversionReason, detail: str = "") -> str:
    """A refusal for people: what stands against it, why, and what to do instead."""
    explained = EXPLAINED[reason]
    which = f" ({detail})" if detail else ""
    return f"{explained.why[:-1]}{which}. {explained.instead}"
