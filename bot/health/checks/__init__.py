"""The documented checks. To add one: copy a file here, and name its CHECK below."""

from bot.domain.check import Check
from bot.health.checks import (
    autoscalers,
    certificate_requests,
    certificates,
    connectivity,
    endpoint_slices,
    endpoints,
    external_secrets,
    flux_helmreleases,
    flux_kustomizations,
    flux_sources,
    injected_secrets,
    issuers,
    jobs,
    namespaces,
    nodes,
    pods,
    push_secrets,
    replica_sets,
    route_faults,
    routes_httproute,
    routes_ingress,
    routes_ingressroute,
    routes_ingressroutetcp,
    routes_ingressrouteudp,
    secret_stores,
    served_certificates,
    storage,
    traefik_middlewares,
    traefik_services,
    traefik_tls,
    workloads,
)

CHECKS: tuple[Check, ...] = (
    nodes.CHECK,
    connectivity.CHECK,
    pods.CHECK,
    flux_sources.CHECK,
    flux_kustomizations.CHECK,
    flux_helmreleases.CHECK,
    certificates.CHECK,
    certificate_requests.CHECK,
    issuers.CHECK,
    external_secrets.CHECK,
    push_secrets.CHECK,
    secret_stores.CHECK,
    injected_secrets.CHECK,
    endpoints.CHECK,
    routes_ingressroute.CHECK,
    routes_ingress.CHECK,
    routes_httproute.CHECK,
    served_certificates.CHECK,
    routes_ingressroutetcp.CHECK,
    routes_ingressrouteudp.CHECK,
    route_faults.CHECK,
    traefik_middlewares.CHECK,
    traefik_services.CHECK,
    traefik_tls.CHECK,
    workloads.CHECK,
    jobs.CHECK,
    storage.CHECK,
    autoscalers.CHECK,
    namespaces.CHECK,
)
"""Every check that is run on a live cluster."""

ALL_CHECKS: tuple[Check, ...] = (
    *CHECKS,
    endpoint_slices.CHECK,
    endpoints.ENDPOINTS_CHECK,
    replica_sets.CHECK,
)
"""Every check that `meshmedic judge` uses on saved objects."""


def in_scope(scopes: tuple[str, ...]) -> tuple[Check, ...]:
    """The checks of these scopes; all checks where none is named."""
    return tuple(check for check in CHECKS if not scopes or check.scope in scopes)
