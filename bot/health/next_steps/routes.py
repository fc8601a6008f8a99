"""Next steps for routes: broken references, and what a test of the route showed."""

from collections.abc import Mapping

from bot.health.next_steps import services
from bot.health.next_steps.template import Table, Template, step
from bot.routing.site_state import DOES_NOT_ANSWER

SHOW = "kubectl -n {namespace} get {kind} {name} -o yaml"
SERVICES = "kubectl -n {namespace} get services"
GATEWAYS = "kubectl get gateways -A -o yaml"
DESCRIBE = "`/traefik describe` of {namespace}/{name}"
PODS_OF_TRAEFIK = "kubectl get pods -A -l app.kubernetes.io/name=traefik -o yaml"
ANOTHER = (
    "If another Traefik serves it, name that one's namespace in MESHMEDIC_TRAEFIK_NAMESPACES: "
    "`/doctor` says where one runs."
)
MEASURE = "`/net diagnose` of {namespace}/{name}"


def _missing(kind: str) -> tuple[Template, ...]:
    return (
        step(
            f"Create the {kind} that its message names, or correct the name or namespace in Git.",
            f"kubectl get {kind.lower()} -A",
        ),
    )


CERTIFICATE = (
    step(
        "Look at Certificate {Certificate}, which should fill that Secret.",
        "cmctl status certificate {Certificate} -n {Certificate_namespace}",
    ),
    step(
        "Create the TLS Secret, or let a Certificate make it.",
        "kubectl -n {namespace} get certificates,secrets",
    ),
)

TESTED = (step(f"Ask {MEASURE} again for what to do: it names the node and the remedy."),)

ROUTE: Table = {
    **{
        f"{kind}NotFound": _missing(kind)
        for kind in (
            *("Middleware", "MiddlewareTCP", "TLSOption", "TraefikService"),
            *("ServersTransport", "ServersTransportTCP"),
        )
    },
    "ServiceNotFound": (
        step("Correct the name of the Service in Git, or create it.", SERVICES, SHOW),
    ),
    "PortNotFound": (step("Name a port in Git that the Service has.", SERVICES, SHOW),),
    "SecretNotFound": CERTIFICATE,
    "CertificateExpired": (
        step(
            "Renew Certificate {Certificate}.",
            "cmctl status certificate {Certificate} -n {Certificate_namespace}",
            "cmctl renew {Certificate} -n {Certificate_namespace}",
        ),
        *CERTIFICATE,
    ),
    "CertificateNotReady": CERTIFICATE,
    "CrossNamespaceNotAllowed": (
        step(
            "Move both into one namespace in Git, or start Traefik with "
            "--providers.kubernetescrd.allowCrossNamespace=true."
        ),
    ),
    "ExternalNameNotAllowed": (
        step(
            "Start Traefik with allowExternalNameServices=true of the provider that the message "
            "names, or use a Service with endpoints."
        ),
    ),
    "NativeExternalName": (step("Turn nativeLB off for this Service: it has no VIP.", SHOW),),
    "NativeHeadless": (
        step("Turn nativeLB off for this Service, or give it a ClusterIP in Git.", SHOW),
    ),
    "DuplicateService": (
        step("Give the Services of this route names of their own, in Git.", SHOW),
    ),
    "EntryPointNotFound": (
        step("Name an entrypoint in Git that Traefik has; `/traefik routes` lists routes.", SHOW),
        step(ANOTHER, PODS_OF_TRAEFIK),
    ),
    "RefusedByTraefik": (
        step(f"Correct in Git what Traefik says of it; {DESCRIBE} shows its rules.", SHOW),
    ),
    "RefusedInTraefiksLog": (
        step(f"Correct in Git what Traefik says of it; {DESCRIBE} shows its rules.", SHOW),
        step(f"{MEASURE} shows whether it works again."),
    ),
    "WarnedByTraefik": (
        step(f"Correct in Git what Traefik warns of; {DESCRIBE} shows its rules.", SHOW),
    ),
    DOES_NOT_ANSWER: (step(f"Ask {MEASURE} where its requests fail."),),
    "RequestsFail": (step(f"Ask {MEASURE} where its requests fail; `/traefik logs` counts them."),),
    "RuleNotValid": (step("Correct the rule in Git as its message says.", SHOW),),
    "RuleNeverMatches": (
        step("Correct the rule in Git as its message says: Traefik takes it by its letter.", SHOW),
    ),
    "ServerNameNeedsTls": (
        step("Give the route `tls` in Git (`passthrough: true` where the server has it).", SHOW),
    ),
    "ClassNotServed": (
        step(
            "Correct the ingress class in Git to one that a Traefik has.",
            PODS_OF_TRAEFIK,
            SHOW,
        ),
        step(ANOTHER, PODS_OF_TRAEFIK),
    ),
    "ScaledToZero": services.ENDPOINTS["ScaledToZero"],
    "NotReadByTraefik": (
        step(
            "Change Traefik's arguments to read it, or what the message names of it in Git.",
            PODS_OF_TRAEFIK,
            SHOW,
        ),
    ),
    "NoServices": (step("Name a Service in Git that it leads to.", SERVICES, SHOW),),
    "SchemeNotValid": (step("Write http, https or h2c as the scheme, in Git.", SHOW),),
    "HealthCheckNotAllowed": (
        step("Remove healthCheck in Git: Kubernetes itself knows which endpoints are ready.", SHOW),
    ),
    "MiddlewareNotValid": (step("Correct the Middleware in Git as its message says.", SHOW),),
    "MiddlewareLoop": (step("Take one Middleware out of the cycle, in Git.", SHOW),),
    "MiddlewareWithoutSecret": (
        step(
            "Create the Secret that its message names, or correct the name in Git.",
            "kubectl -n {namespace} get secrets",
        ),
    ),
    "SecretMissedByTraefik": (
        step(
            "Create the Secret that its message names, or correct the name in Git; "
            "`/traefik logs` says what Traefik misses.",
            "kubectl -n {namespace} get secrets",
        ),
    ),
    "SecretNotWritten": (
        step(
            "Look at ExternalSecret {ExternalSecret}: it has never written that Secret.",
            "kubectl -n {ExternalSecret_namespace} describe externalsecret {ExternalSecret}",
        ),
    ),
    "PluginNotKnown": (
        step("Add the plugin to Traefik's arguments, or remove the Middleware in Git.", SHOW),
    ),
    "ResolverNotKnown": (
        step(
            "Add the certificate resolver to Traefik's arguments, or correct its name in Git.",
            PODS_OF_TRAEFIK,
            SHOW,
        ),
    ),
    "ServiceLoop": (step("Take one TraefikService out of the cycle, in Git.", SHOW),),
    "TLSOptionNotValid": (step("Correct the TLSOption in Git as its message says.", SHOW),),
    "VersionNotKnown": (step("Write the version in Git as its message says.", SHOW),),
    "DefaultTwice": (step("Remove all but one of them in Git.", "kubectl get {kind} -A"),),
    "EmptyRule": (step("Give the route a match in Git, such as one by Host.", SHOW),),
    "ResourceBackend": (step("Name a Service as the backend in Git.", SHOW),),
    "ApiGroupNotRead": (
        step("Change apiVersion in Git to the group that this Traefik reads.", SHOW),
    ),
    "NoRules": (step("Give it a rule with a path, or a default backend, in Git.", SHOW),),
    "NoRoutes": (step("Give it routes in Git, or remove it.", SHOW),),
    "NoAddress": (
        step("See whether an ingress controller serves its class.", "kubectl get ingressclass"),
    ),
    "GatewayNotFound": (
        step("Correct the Gateway in parentRefs in Git, or create it.", GATEWAYS, SHOW),
    ),
    "GatewayClassNotFound": (
        step(
            "Correct the class of the Gateway in Git, or let Traefik's provider kubernetesgateway "
            "make one.",
            "kubectl get gatewayclasses",
            GATEWAYS,
        ),
    ),
    "ListenerNotFound": (
        step("Name a listener in parentRefs in Git that the Gateway has.", GATEWAYS, SHOW),
    ),
    "NoMatchingListenerHostname": (
        step("Correct the hostnames of the route or of the listener in Git.", GATEWAYS, SHOW),
    ),
    "NotAllowedByListeners": (
        step("Allow the route's namespace in allowedRoutes of the listener, in Git.", GATEWAYS),
    ),
    **dict.fromkeys(
        (
            *("NoMatchingParent", "PortUnavailable"),
            *("InvalidCertificateRef", "InvalidTLSConfiguration"),
        ),
        (
            step(
                "Correct the listener in Git: its port has to be that of an entrypoint of Traefik "
                "(in its pod, such as 8000), and its certificate has to exist.",
                GATEWAYS,
                PODS_OF_TRAEFIK,
            ),
        ),
    ),
    "RefNotPermitted": (
        step(
            "Create a ReferenceGrant in the namespace that its message names, in Git.",
            "kubectl get referencegrants -A",
        ),
    ),
    "BackendNotFound": (
        step("Name a Service, and a port of it, in Git that exist.", SERVICES, SHOW),
    ),
    "ExternalNameNotSupported": (
        step("Use a Service with endpoints, or an IngressRoute for this host, in Git.", SHOW),
    ),
    "FilterNotSupported": (
        step("Take the filter out in Git, or use a Middleware by an ExtensionRef.", SHOW),
    ),
    "InvalidKind": (
        step("Name a Service, a TraefikService or a Middleware in Git that exists.", SHOW),
    ),
    "NoBackends": (step("Give the rule a backend or a redirect, in Git.", SERVICES, SHOW),),
    "NoStatus": (
        step(
            "See whether Traefik runs its provider kubernetesgateway, and may write the status.",
            PODS_OF_TRAEFIK,
            SHOW,
        ),
    ),
    "ReferenceNotSeen": (step("Let the bot read what it could not see; `/doctor` says how."),),
    "NativeLBHelps": (
        step(
            "Let `/fix route` of {namespace}/{name} set nativeLB: it leads past the fault, which "
            f"{MEASURE} names."
        ),
    ),
    "WorkedAround": (
        step(f"The route works. Fix the fault itself when there is time: {MEASURE} names it."),
    ),
    **dict.fromkeys(
        (
            "OverlayDown",
            "OneWay",
            "NodeAddress",
            "NoRoute",
            "Mtu",
            "Loss",
            "SlowPath",
            "ChecksumOffload",
            "VipBroken",
            "KubeProxyStale",
            "Redirect",
            "Policy",
            "SourceAddress",
            "StaleEndpoints",
            "TargetPort",
            "Application",
            "NoEndpoints",
            "Dns",
            "Outside",
        ),
        TESTED,
    ),
}

HTTP_ROUTE: Table = {
    **ROUTE,
    "NativeLBHelps": (
        step(
            "Set the annotation traefik.io/service.nativelb of the Service to true in Git: it "
            f"leads past the fault, which {MEASURE} names."
        ),
    ),
}

SERVED = {
    "ServedCertificateExpired": ROUTE["CertificateExpired"],
    **dict.fromkeys(
        (
            "ServedCertificateOfAnotherName",
            "ServedCertificateNotYetValid",
            "ServedCertificateUnfit",
        ),
        (
            *CERTIFICATE[:1],
            step("Name a Secret in Git, or a resolver, whose certificate is for this host.", SHOW),
        ),
    ),
}

PLACES: Table = {
    "NoSiteAnswers": (
        step("Ask `/net diagnose all`: it tests what its routes share once, and names the fault."),
    ),
    **dict.fromkeys(
        ("TraefikGone", "TraefikRefuses"),
        (step("See why Traefik does not take requests.", PODS_OF_TRAEFIK),),
    ),
}

OF_OBJECT = ("SecretNotFound",)
"""Reasons that mean a Certificate for a route, and any Secret for Traefik's other kinds."""

OBJECT: Table = {
    **{reason: steps for reason, steps in ROUTE.items() if reason not in OF_OBJECT},
    "SecretNotFound": ROUTE["MiddlewareWithoutSecret"],
}

TABLES: Mapping[str, Table] = {
    **dict.fromkeys(
        (
            *("routes-ingressroute", "routes-ingressroutetcp", "routes-ingressrouteudp"),
            "routes-ingress",
        ),
        ROUTE,
    ),
    "routes-httproute": HTTP_ROUTE,
    "served-certificates": SERVED,
    "route-faults": PLACES,
    **dict.fromkeys(("traefik-middlewares", "traefik-services", "traefik-tls"), OBJECT),
}
