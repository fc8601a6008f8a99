"""Which Kubernetes kinds are read: API group, plural, scope, and the struct that each becomes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.resources import (
    cert_manager,
    core,
    discovery,
    external_secrets,
    flux,
    networking,
    traefik,
)
from bot.domain.resources.base import Object

TRAEFIK = ("traefik.io", "traefik.containo.us")
"""Traefik v2.10 and v2.11 read both groups (traefik.io wins), v3 reads traefik.io alone."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as the API serves it.

    `groups` in order of preference; `versions` names those that our structs were written for, in
    order of preference, and discovery chooses among the served ones. `metadata_only` kinds are
    asked for as PartialObjectMetadata. `selector` narrows what is listed.
    """

    type: type[Object]
    plural: str
    groups: tuple[str, ...] = ("",)
    versions: tuple[str, ...] = ("v1",)
    namespaced: bool = True
    metadata_only: bool = False
    selector: str = ""
    kind: str = ""

    @property
    def name(self) -> str:
        """The kind's name as people write it, such as `HelmRelease`."""
        return self.kind or self.type.__name__


SOURCE = ("source.toolkit.fluxcd.io",)
SOURCE_VERSIONS = ("v1", "v1beta2", "v1beta1")
CERT_MANAGER = ("cert-manager.io",)
ACME = ("acme.cert-manager.io",)
CERT_VERSIONS = ("v1", "v1beta1", "v1alpha3", "v1alpha2")
ESO = ("external-secrets.io",)
ESO_VERSIONS = ("v1", "v1beta1", "v1alpha1")

KINDS: tuple[Kind, ...] = (
    Kind(core.Pod, "pods"),
    Kind(core.Node, "nodes", namespaced=False),
    Kind(core.Namespace, "namespaces", namespaced=False),
    Kind(core.Service, "services"),
    Kind(discovery.EndpointSlice, "endpointslices", ("discovery.k8s.io",), ("v1", "v1beta1")),
    Kind(networking.Ingress, "ingresses", ("networking.k8s.io",)),
    Kind(networking.NetworkPolicy, "networkpolicies", ("networking.k8s.io",)),
    Kind(traefik.IngressRoute, "ingressroutes", TRAEFIK, ("v1alpha1",)),
    Kind(traefik.Middleware, "middlewares", TRAEFIK, ("v1alpha1",)),
    Kind(traefik.TraefikService, "traefikservices", TRAEFIK, ("v1alpha1",)),
    Kind(traefik.TLSOption, "tlsoptions", TRAEFIK, ("v1alpha1",)),
    Kind(flux.GitRepository, "gitrepositories", SOURCE, SOURCE_VERSIONS),
    Kind(flux.OCIRepository, "ocirepositories", SOURCE, SOURCE_VERSIONS),
    Kind(flux.HelmRepository, "helmrepositories", SOURCE, SOURCE_VERSIONS),
    Kind(flux.HelmChart, "helmcharts", SOURCE, SOURCE_VERSIONS),
    Kind(flux.Bucket, "buckets", SOURCE, SOURCE_VERSIONS),
    Kind(
        flux.Kustomization,
        "kustomizations",
        ("kustomize.toolkit.fluxcd.io",),
        ("v1", "v1beta2", "v1beta1"),
    ),
    Kind(
        flux.HelmRelease,
        "helmreleases",
        ("helm.toolkit.fluxcd.io",),
        ("v2", "v2beta2", "v2beta1"),
    ),
    Kind(cert_manager.Certificate, "certificates", CERT_MANAGER, CERT_VERSIONS),
    Kind(cert_manager.CertificateRequest, "certificaterequests", CERT_MANAGER, CERT_VERSIONS),
    Kind(cert_manager.Order, "orders", ACME, CERT_VERSIONS),
    Kind(cert_manager.Challenge, "challenges", ACME, CERT_VERSIONS),
    Kind(cert_manager.Issuer, "issuers", CERT_MANAGER, CERT_VERSIONS),
    Kind(
        cert_manager.ClusterIssuer, "clusterissuers", CERT_MANAGER, CERT_VERSIONS, namespaced=False
    ),
    Kind(external_secrets.ExternalSecret, "externalsecrets", ESO, ESO_VERSIONS),
    Kind(
        external_secrets.ClusterExternalSecret,
        "clusterexternalsecrets",
        ESO,
        ESO_VERSIONS,
        namespaced=False,
    ),
    Kind(external_secrets.SecretStore, "secretstores", ESO, ESO_VERSIONS),
    Kind(
        external_secrets.ClusterSecretStore,
        "clustersecretstores",
        ESO,
        ESO_VERSIONS,
        namespaced=False,
    ),
    Kind(core.SecretName, "secrets", metadata_only=True, kind="Secret"),
)
"""Every kind that the live checks read."""

KIND_OF = {kind.type: kind for kind in KINDS}
