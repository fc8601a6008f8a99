"""The Kubernetes kinds that are read: API group, plural, scope, and the struct of each."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.resources import (
    apps,
    batch,
    cert_manager,
    core,
    discovery,
    external_secrets,
    flux,
    gateway,
    networking,
    storage,
    traefik,
)
from bot.domain.resources.base import Object

TRAEFIK = ("traefik.io", "traefik.containo.us")
"""Traefik v2.10 and v2.11 read both groups (traefik.io wins), v3 reads traefik.io alone."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as the API serves it.

    groups: In order of preference.
    versions: Those that the structs were written for, in order of preference; discovery chooses
        among the served ones.
    metadata_only: Whether it is read as PartialObjectMetadata.
    selector: Narrows what is listed.
    """

    type: type[Object]
    plural: str
    groups: tuple[str, ...] = ("",)
    versions: tuple[str, ...] = ("v1",)
    namespaced: bool = True
    metadata_only: bool = False
    selector: str = ""

    @property
    def name(self) -> str:
        """The kind's name as people write it, such as `HelmRelease`."""
        return self.type.kind_name()


Served = tuple[tuple[str, ...], tuple[str, ...]]
"""API groups and their versions, each in order of preference."""

TRAEFIK_CRDS: Served = (TRAEFIK, ("v1alpha1",))
SOURCE: Served = (("source.toolkit.fluxcd.io",), ("v1", "v1beta2", "v1beta1"))
KUSTOMIZE: Served = (("kustomize.toolkit.fluxcd.io",), ("v1", "v1beta2", "v1beta1"))
HELM: Served = (("helm.toolkit.fluxcd.io",), ("v2", "v2beta2", "v2beta1"))
CERT_VERSIONS = ("v1", "v1beta1", "v1alpha3", "v1alpha2")
CERT_MANAGER: Served = (("cert-manager.io",), CERT_VERSIONS)
ACME: Served = (("acme.cert-manager.io",), CERT_VERSIONS)
GATEWAY_API: Served = ((gateway.GROUP,), ("v1", "v1beta1"))
SECRETS: Served = (("external-secrets.io",), ("v1", "v1beta1", "v1alpha1"))

KINDS: tuple[Kind, ...] = (
    Kind(core.Pod, "pods"),
    Kind(core.Node, "nodes", namespaced=False),
    Kind(core.Namespace, "namespaces", namespaced=False),
    Kind(core.Service, "services"),
    Kind(core.PersistentVolumeClaim, "persistentvolumeclaims"),
    Kind(core.PersistentVolume, "persistentvolumes", namespaced=False),
    Kind(storage.StorageClass, "storageclasses", ("storage.k8s.io",), namespaced=False),
    Kind(apps.Deployment, "deployments", ("apps",)),
    Kind(apps.StatefulSet, "statefulsets", ("apps",)),
    Kind(apps.DaemonSet, "daemonsets", ("apps",)),
    Kind(apps.HorizontalPodAutoscaler, "horizontalpodautoscalers", ("autoscaling",), ("v2",)),
    Kind(batch.Job, "jobs", ("batch",)),
    Kind(batch.CronJob, "cronjobs", ("batch",)),
    Kind(discovery.EndpointSlice, "endpointslices", ("discovery.k8s.io",), ("v1", "v1beta1")),
    Kind(networking.Ingress, "ingresses", ("networking.k8s.io",)),
    Kind(networking.NetworkPolicy, "networkpolicies", ("networking.k8s.io",)),
    Kind(traefik.IngressRoute, "ingressroutes", *TRAEFIK_CRDS),
    Kind(traefik.IngressRouteTCP, "ingressroutetcps", *TRAEFIK_CRDS),
    Kind(traefik.IngressRouteUDP, "ingressrouteudps", *TRAEFIK_CRDS),
    Kind(traefik.Middleware, "middlewares", *TRAEFIK_CRDS),
    Kind(traefik.MiddlewareTCP, "middlewaretcps", *TRAEFIK_CRDS),
    Kind(traefik.TraefikService, "traefikservices", *TRAEFIK_CRDS),
    Kind(traefik.TLSOption, "tlsoptions", *TRAEFIK_CRDS),
    Kind(traefik.TLSStore, "tlsstores", *TRAEFIK_CRDS),
    Kind(traefik.ServersTransport, "serverstransports", *TRAEFIK_CRDS),
    Kind(traefik.ServersTransportTCP, "serverstransporttcps", TRAEFIK[:1], ("v1alpha1",)),
    Kind(gateway.HTTPRoute, "httproutes", *GATEWAY_API),
    Kind(gateway.Gateway, "gateways", *GATEWAY_API),
    Kind(gateway.GatewayClass, "gatewayclasses", *GATEWAY_API, namespaced=False),
    Kind(gateway.ReferenceGrant, "referencegrants", *GATEWAY_API),
    Kind(flux.GitRepository, "gitrepositories", *SOURCE),
    Kind(flux.OCIRepository, "ocirepositories", *SOURCE),
    Kind(flux.HelmRepository, "helmrepositories", *SOURCE),
    Kind(flux.HelmChart, "helmcharts", *SOURCE),
    Kind(flux.Bucket, "buckets", *SOURCE),
    Kind(flux.Kustomization, "kustomizations", *KUSTOMIZE),
    Kind(flux.HelmRelease, "helmreleases", *HELM),
    Kind(cert_manager.Certificate, "certificates", *CERT_MANAGER),
    Kind(cert_manager.CertificateRequest, "certificaterequests", *CERT_MANAGER),
    Kind(cert_manager.Order, "orders", *ACME),
    Kind(cert_manager.Challenge, "challenges", *ACME),
    Kind(cert_manager.Issuer, "issuers", *CERT_MANAGER),
    Kind(cert_manager.ClusterIssuer, "clusterissuers", *CERT_MANAGER, namespaced=False),
    Kind(external_secrets.ExternalSecret, "externalsecrets", *SECRETS),
    Kind(
        external_secrets.ClusterExternalSecret, "clusterexternalsecrets", *SECRETS, namespaced=False
    ),
    Kind(external_secrets.SecretStore, "secretstores", *SECRETS),
    Kind(external_secrets.ClusterSecretStore, "clustersecretstores", *SECRETS, namespaced=False),
    Kind(external_secrets.PushSecret, "pushsecrets", SECRETS[0], ("v1alpha1",)),
    Kind(core.SecretName, "secrets", metadata_only=True),
)
"""Every kind that the live checks read."""

KIND_OF = {kind.type: kind for kind in KINDS}
