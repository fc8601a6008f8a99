"""Why an Ingress is not converted: a closed list of reasons, each with what to do instead."""

from __future__ import annotations

from bot.domain.refusal import ExplainedReason, ReasonedStop


class ConversionReason(ExplainedReason):
    """Why an Ingress cannot be converted faithfully."""

    TRAEFIK_TOO_OLD = (
        "traefik-too-old",
        "Traefik has nativeLB from 2.10 on.",
        "Upgrade Traefik first.",
    )
    ENCRYPTED = (
        "encrypted",
        "SOPS encrypted the document, so that its values are not known.",
        "Give the decrypted document, as `sops decrypt` prints it.",
    )
    MALFORMED = (
        "malformed",
        "A Kubernetes API server would not take it as an Ingress.",
        "Fix the named field.",
    )
    RESOURCE_BACKEND = (
        "resource-backend",
        "Traefik does not support a backend that is a resource: it drops that path.",
        "Let the path lead to a Service.",
    )
    NOTHING_TO_MATCH = (
        "nothing-to-match",
        "A path has neither a host nor a path: Traefik has no rule for it and does not serve it.",
        "Give it a host, or the path `/`.",
    )
    UNKNOWN_PATH_MATCHER = (
        "unknown-path-matcher",
        "This Traefik knows no such router.pathmatcher, and does not serve the path.",
        "Use Path or PathPrefix (Traefik 3: also PathRegexp).",
    )
    REJECTED_ANNOTATION = (
        "rejected-annotation",
        "This Traefik does not take an annotation, so it drops the object that has it.",
        "Fix or remove the annotation.",
    )
    UNRESOLVED_REFERENCE = (
        "unresolved-reference",
        "An annotation names something that Traefik cannot find under that name.",
        "Write `<namespace>-<name>@kubernetescrd`, or the name with another provider.",
    )
    CROSS_NAMESPACE = (
        "cross-namespace",
        "It uses an object of another namespace, which an IngressRoute may not.",
        "Copy the object into the Ingress's namespace. Where Traefik runs with "
        "--providers.kubernetescrd.allowcrossnamespace, say --allow-cross-namespace.",
    )
    MISSING_SERVICE = (
        "missing-service",
        "The Service does not exist, so Traefik does not serve the path.",
        "Create the Service.",
    )
    HEADLESS_SERVICE = (
        "headless-service",
        "A headless Service has no VIP: with nativeLB Traefik would drop the route.",
        "Give the Service a clusterIP, or leave the route without nativeLB.",
    )
    EXTERNAL_NAME = (
        "external-name",
        "An ExternalName Service has no VIP, so nativeLB has no effect there.",
        "Name the Service that it points to, or leave the route without nativeLB.",
    )
    STICKY_SESSIONS = (
        "sticky-sessions",
        "The sticky cookie names a pod, and behind a VIP Traefik sees no pods.",
        "Remove the Service's annotations service.sticky first, if no session needs its pod.",
    )
    UNKNOWN_SCHEME = (
        "unknown-scheme",
        "An IngressRoute takes http, https and h2c as a Service's scheme, and no other.",
        "Fix the Service's annotation service.serversscheme.",
    )
    UNCLEAR_CERTIFICATE = (
        "unclear-certificate",
        "cert-manager makes the certificate from the Ingress's annotations, and an own "
        "Certificate in their place would not be the same.",
        "Write the Certificate yourself, and give it in the same files.",
    )


class Unconvertible(ReasonedStop):
    """The Ingress cannot be converted; `detail` says which part of it."""

    reason: ConversionReason
