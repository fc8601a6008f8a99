"""Which resources the simulated API serves, in which versions, under which names."""

from __future__ import annotations

from dataclasses import dataclass, replace

GATEWAY_API = "gateway.networking.k8s.io"
"""Named as if it were Kubernetes' own, and installed as custom resource definitions."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of one group.

    `versions` in order of preference: an object is served under each of them. `subresources` are
    those that a reader may get, such as `log`.
    """

    group: str
    versions: tuple[str, ...]
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ("status",)

    @property
    def builtin(self) -> bool:
        """Compiled into the API server, not installed as a custom resource definition."""
        return is_builtin(self.group)

    @property
    def qualified(self) -> str:
        """The resource as messages name it: `pods`, `certificates.cert-manager.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def api_version(self, version: str) -> str:
        """`apiVersion` of this resource's objects in `version`."""
        return f"{self.group}/{version}" if self.group else version


def is_builtin(group: str) -> bool:
    """Whether a group is compiled into the API server."""
    return "." not in group or (group.endswith(".k8s.io") and group != GATEWAY_API)


TABLE = """
pods                   Pod                   -                           v1         true  po
configmaps             ConfigMap             -                           v1         true  cm
endpoints              Endpoints             -                           v1         true  ep
events                 Event                 -                           v1         true  ev
persistentvolumeclaims PersistentVolumeClaim -                           v1         true  pvc
secrets                Secret                -                           v1         true
serviceaccounts        ServiceAccount        -                           v1         true  sa
services               Service               -                           v1         true  svc
namespaces             Namespace             -                           v1         false ns
nodes                  Node                  -                           v1         false no
persistentvolumes      PersistentVolume      -                           v1         false pv
daemonsets             DaemonSet             apps                        v1         true  ds
deployments            Deployment            apps                        v1         true  deploy
replicasets            ReplicaSet            apps                        v1         true  rs
statefulsets           StatefulSet           apps                        v1         true  sts
horizontalpodautoscalers HorizontalPodAutoscaler autoscaling            v2         true  hpa
cronjobs               CronJob               batch                       v1         true  cj
jobs                   Job                   batch                       v1         true
leases                 Lease                 coordination.k8s.io         v1         true
endpointslices         EndpointSlice         discovery.k8s.io            v1         true
ingresses              Ingress               networking.k8s.io           v1         true  ing
networkpolicies        NetworkPolicy         networking.k8s.io           v1         true
ingressclasses         IngressClass          networking.k8s.io           v1         false
storageclasses         StorageClass          storage.k8s.io              v1         false sc
httproutes             HTTPRoute             gateway.networking.k8s.io   v1,v1beta1 true
gateways               Gateway               gateway.networking.k8s.io   v1,v1beta1 true  gtw
gatewayclasses         GatewayClass          gateway.networking.k8s.io   v1,v1beta1 false gc
referencegrants        ReferenceGrant        gateway.networking.k8s.io   v1beta1    true  refgrant
ingressroutes          IngressRoute          traefik.io                  v1alpha1   true
ingressroutetcps       IngressRouteTCP       traefik.io                  v1alpha1   true
ingressrouteudps       IngressRouteUDP       traefik.io                  v1alpha1   true
middlewares            Middleware            traefik.io                  v1alpha1   true
middlewaretcps         MiddlewareTCP         traefik.io                  v1alpha1   true
serverstransports      ServersTransport      traefik.io                  v1alpha1   true
serverstransporttcps   ServersTransportTCP   traefik.io                  v1alpha1   true
tlsoptions             TLSOption             traefik.io                  v1alpha1   true
tlsstores              TLSStore              traefik.io                  v1alpha1   true
traefikservices        TraefikService        traefik.io                  v1alpha1   true
buckets                Bucket                source.toolkit.fluxcd.io    v1,v1beta2 true
gitrepositories        GitRepository         source.toolkit.fluxcd.io    v1,v1beta2 true  gitrepo
helmcharts             HelmChart             source.toolkit.fluxcd.io    v1,v1beta2 true  hc
helmrepositories       HelmRepository        source.toolkit.fluxcd.io    v1,v1beta2 true  helmrepo
ocirepositories        OCIRepository         source.toolkit.fluxcd.io    v1,v1beta2 true  ocirepo
kustomizations         Kustomization         kustomize.toolkit.fluxcd.io v1,v1beta2 true  ks
helmreleases           HelmRelease           helm.toolkit.fluxcd.io      v2,v2beta2 true  hr
certificaterequests    CertificateRequest    cert-manager.io             v1         true  cr
certificates           Certificate           cert-manager.io             v1         true  cert
issuers                Issuer                cert-manager.io             v1         true
clusterissuers         ClusterIssuer         cert-manager.io             v1         false
challenges             Challenge             acme.cert-manager.io        v1         true
orders                 Order                 acme.cert-manager.io        v1         true
externalsecrets        ExternalSecret        external-secrets.io         v1,v1beta1 true  es
secretstores           SecretStore           external-secrets.io         v1,v1beta1 true  ss
pushsecrets            PushSecret            external-secrets.io         v1alpha1   true
changes                Change                meshmedic.dev               v1alpha1   true  chg
clusterexternalsecrets ClusterExternalSecret external-secrets.io         v1,v1beta1 false ces
clustersecretstores    ClusterSecretStore    external-secrets.io         v1,v1beta1 false
"""
"""As `kubectl api-resources` prints them: name, kind, group (`-` is the core group), versions in
order of preference, whether the resource is namespaced, and short names.
"""


def _resource(row: str) -> Resource:
    plural, kind, group, versions, namespaced, *short_names = row.split()
    return Resource(
        group.strip("-"),
        tuple(versions.split(",")),
        plural,
        kind,
        namespaced == "true",
        tuple(short_names),
        ("exec", "log", "proxy", "status") if plural == "pods" else ("status",),
    )


RESOURCES = tuple(map(_resource, TABLE.strip().splitlines()))
OLD_TRAEFIK = [
    replace(r, group="traefik.containo.us")
    for r in RESOURCES
    if r.group == "traefik.io" and r.kind != "ServersTransportTCP"
]
SERVED = (*RESOURCES, *OLD_TRAEFIK)
"""What a k3s homelab serves with Traefik, Flux, cert-manager and External Secrets installed."""

REVIEWS = Resource(
    "authorization.k8s.io",
    ("v1",),
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    namespaced=False,
    subresources=(),
)
"""Always served: a client may ask for its own permissions without any."""


def without(*dropped: str, served: tuple[Resource, ...] = SERVED) -> tuple[Resource, ...]:
    """`served` less whole groups (`cert-manager.io`), versions (`external-secrets.io/v1`), or both.

    A resource that loses its last version is no longer served.
    """
    fewer = []
    for resource in served:
        versions = tuple(v for v in resource.versions if resource.api_version(v) not in dropped)
        if versions and resource.group not in dropped:
            fewer.append(replace(resource, versions=versions))
    return tuple(fewer)


def versions_of(group: str, served: tuple[Resource, ...]) -> tuple[str, ...]:
    """All versions that `group` is served in, in order of preference; empty when it is not."""
    return tuple(dict.fromkeys(v for r in served if r.group == group for v in r.versions))
