"""What is wrong with a route, or the objects of Traefik and the Gateway API that it names."""

from bot.domain.situation.phrase import END, NAME, missing, phrase

SEEN_TO_FAIL = (
    phrase(
        "doesn't answer: {symptom}",
        "DoesNotAnswer",
        says=r"(?P<symptom>\b(?:HTTP )?5\d\d\b|[Tt]imeout|refused)",
    ),
    phrase("doesn't answer", "DoesNotAnswer"),
    phrase("has requests that fail", "RequestsFail"),
    phrase("is worked around", "WorkedAround"),
    phrase("would work with nativeLB", "NativeLBHelps"),
    phrase("is refused by Traefik", "RefusedInTraefiksLog", "RefusedByTraefik"),
    phrase("has a warning of Traefik", "WarnedByTraefik"),
)

SERVICE = rf"Service (?:{NAME}/)?(?P<name>{NAME}){END}"

REFERENCES = (
    *missing("points at", "Service"),
    *missing("names", "Middleware"),
    *missing("names", "MiddlewareTCP"),
    *missing("names", "TraefikService"),
    *missing("names", "ServersTransport"),
    *missing("names", "ServersTransportTCP"),
    *missing("names", "TLSOption"),
    *missing("names", "TLSStore"),
    *missing("names", "Secret"),
    *missing("names", "Gateway"),
    *missing("names", "GatewayClass"),
    phrase("names an entry point that doesn't exist", "EntryPointNotFound"),
    phrase("names a listener that doesn't exist", "ListenerNotFound"),
    phrase("names a port that its Service doesn't have", "PortNotFound"),
    phrase("names something that can't be seen", "ReferenceNotSeen", "SecretNotSeen"),
    phrase("names a backend that doesn't exist", "BackendNotFound"),
    phrase("names a port that is taken", "PortUnavailable"),
    phrase("names a certificate that can't be read", "InvalidCertificateRef"),
    phrase("may not name an object of another namespace", "CrossNamespaceNotAllowed"),
    phrase("may not name an object of another namespace", "RefNotPermitted"),
)

BACKENDS = (
    phrase("has no ready pod behind {name}", "NoReadyEndpoints", says=SERVICE),
    phrase("has no ready pod behind it", "NoReadyEndpoints"),
    phrase("is scaled to zero", "ScaledToZero"),
    phrase("leads to no Service", "NoServices", "NoBackends"),
    phrase("names a Service that Traefik doesn't support", "InvalidKind", "ResourceBackend"),
    phrase("leads to an external name that isn't allowed", "ExternalNameNotAllowed"),
    phrase("leads to an external name", "ExternalNameNotSupported", "NativeExternalName"),
    phrase("needs nativeLB off, its Service has no VIP", "NativeHeadless"),
    phrase("has a health check that isn't allowed", "HealthCheckNotAllowed"),
    phrase("has an invalid scheme", "SchemeNotValid"),
    phrase("leads to itself", "ServiceLoop", "MiddlewareLoop"),
    phrase("leads to another Service by its name", "DuplicateService"),
    phrase("has no address", "NoAddress"),
)

RULES = (
    phrase("has no rule", "NoRules", "NoRoutes", "EmptyRule"),
    phrase("has an invalid rule", "RuleNotValid"),
    phrase("has a rule that matches nothing", "RuleNeverMatches"),
    phrase("isn't read by Traefik", "NotReadByTraefik", "ApiGroupNotRead", "ClassNotServed"),
    phrase("has a filter that Traefik doesn't support", "FilterNotSupported"),
    phrase("fits no listener of its Gateway", "NoMatchingListenerHostname"),
    phrase("fits no listener of its Gateway", "NoMatchingParent"),
    phrase("isn't allowed by its Gateway", "NotAllowedByListeners"),
    phrase("has invalid TLS settings", "InvalidTLSConfiguration"),
    phrase("needs TLS for its server name", "ServerNameNeedsTls"),
    phrase("has an invalid configuration", "MiddlewareNotValid", "TLSOptionNotValid"),
    phrase("needs a Secret that isn't there", "MiddlewareWithoutSecret"),
    phrase("names a plugin that Traefik doesn't have", "PluginNotKnown"),
    phrase("names a TLS version that doesn't exist", "VersionNotKnown"),
    phrase("exists twice", "DefaultTwice"),
    phrase("isn't accepted yet", "NoStatus", "NotObserved"),
)

TLS = (
    phrase("has an expired certificate", "CertificateExpired", "ServedCertificateExpired"),
    phrase("has a certificate that isn't ready", "CertificateNotReady"),
    phrase("has a certificate that isn't valid yet", "ServedCertificateNotYetValid"),
    phrase("has a certificate of another name", "ServedCertificateOfAnotherName"),
    phrase("has a certificate that browsers refuse", "ServedCertificateUnfit"),
    phrase("has a certificate that Traefik doesn't have", "SecretMissedByTraefik"),
    phrase("has a certificate that isn't written yet", "SecretNotWritten"),
    phrase("names a certificate resolver that doesn't exist", "ResolverNotKnown"),
)

PHRASES = (*SEEN_TO_FAIL, *REFERENCES, *BACKENDS, *RULES, *TLS)
