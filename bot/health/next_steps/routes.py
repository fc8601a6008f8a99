"""Next steps for routes: broken references, and what a test of the route showed."""

from collections.abc import Mapping

from bot.health.next_steps.template import Table, Template, step

SHOW = "kubectl -n {namespace} get {kind} {name} -o yaml"
SERVICES = "kubectl -n {namespace} get services"
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
        for kind in ("Middleware", "TLSOption", "TraefikService", "ServersTransport")
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
    ),
    "RuleNotValid": (step("Correct the rule in Git as its message says.", SHOW),),
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
    "ReferenceNotSeen": (step("Let the bot read what it could not see; `/doctor` says how."),),
    "NativeLBHelps": (
        step(
            "Let `/fix route` of {namespace}/{name} set nativeLB: it leads past the fault, which "
            f"{MEASURE} names."
        ),
    ),
    "WorkedAround": (
        step(f"The route works. Fix the fault itself when there is time; {MEASURE} names it."),
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

TABLES: Mapping[str, Table] = {"routes-ingressroute": ROUTE, "routes-ingress": ROUTE}
