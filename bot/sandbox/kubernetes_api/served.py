"""Which resources the simulated API serves, in which versions, under which names."""

from __future__ import annotations

from dataclasses import dataclass, replace


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
    return "." not in group or group.endswith(".k8s.io")


def _group(
    group: str, versions: str, rows: str, *, namespaced: bool = True
) -> tuple[Resource, ...]:
    """The resources of one group: a row is `plural Kind [short names]`."""
    split = (row.split() for row in rows.strip().splitlines())
    return tuple(
        Resource(group, tuple(versions.split()), plural, kind, namespaced, tuple(short))
        for plural, kind, *short in split
    )


def _traefik(group: str) -> tuple[Resource, ...]:
    return _group(
        group,
        "v1alpha1",
        """
        ingressroutes IngressRoute
        ingressroutetcps IngressRouteTCP
        ingressrouteudps IngressRouteUDP
        middlewares Middleware
        middlewaretcps MiddlewareTCP
        serverstransports ServersTransport
        tlsoptions TLSOption
        tlsstores TLSStore
        traefikservices TraefikService
        """,
    )


PODS = Resource(
    "",
    ("v1",),
    "pods",
    "Pod",
    short_names=("po",),
    subresources=("exec", "log", "proxy", "status"),
)

SERVED: tuple[Resource, ...] = (
    PODS,
    *_group(
        "",
        "v1",
        """
        configmaps ConfigMap cm
        endpoints Endpoints ep
        events Event ev
        persistentvolumeclaims PersistentVolumeClaim pvc
        secrets Secret
        serviceaccounts ServiceAccount sa
        services Service svc
        """,
    ),
    *_group(
        "",
        "v1",
        """
        namespaces Namespace ns
        nodes Node no
        persistentvolumes PersistentVolume pv
        """,
        namespaced=False,
    ),
    *_group(
        "apps",
        "v1",
        """
        daemonsets DaemonSet ds
        deployments Deployment deploy
        replicasets ReplicaSet rs
        statefulsets StatefulSet sts
        """,
    ),
    *_group("batch", "v1", "cronjobs CronJob cj\njobs Job"),
    *_group("coordination.k8s.io", "v1", "leases Lease"),
    *_group("discovery.k8s.io", "v1", "endpointslices EndpointSlice"),
    *_group("networking.k8s.io", "v1", "ingresses Ingress ing\nnetworkpolicies NetworkPolicy"),
    *_group("networking.k8s.io", "v1", "ingressclasses IngressClass", namespaced=False),
    *_group("storage.k8s.io", "v1", "storageclasses StorageClass sc", namespaced=False),
    *_traefik("traefik.io"),
    *_traefik("traefik.containo.us"),
    *_group(
        "source.toolkit.fluxcd.io",
        "v1 v1beta2",
        """
        buckets Bucket
        gitrepositories GitRepository gitrepo
        helmcharts HelmChart hc
        helmrepositories HelmRepository helmrepo
        ocirepositories OCIRepository ocirepo
        """,
    ),
    *_group("kustomize.toolkit.fluxcd.io", "v1 v1beta2", "kustomizations Kustomization ks"),
    *_group("helm.toolkit.fluxcd.io", "v2 v2beta2", "helmreleases HelmRelease hr"),
    *_group(
        "cert-manager.io",
        "v1",
        """
        certificaterequests CertificateRequest cr
        certificates Certificate cert
        issuers Issuer
        """,
    ),
    *_group("cert-manager.io", "v1", "clusterissuers ClusterIssuer", namespaced=False),
    *_group("acme.cert-manager.io", "v1", "challenges Challenge\norders Order"),
    *_group(
        "external-secrets.io",
        "v1 v1beta1",
        "externalsecrets ExternalSecret es\nsecretstores SecretStore ss",
    ),
    *_group("external-secrets.io", "v1alpha1", "pushsecrets PushSecret"),
    *_group("meshmedic.dev", "v1alpha1", "changes Change chg"),
    *_group(
        "external-secrets.io",
        "v1 v1beta1",
        "clusterexternalsecrets ClusterExternalSecret ces\nclustersecretstores ClusterSecretStore",
        namespaced=False,
    ),
)
"""What a k3s homelab serves with Traefik, Flux, cert-manager and External Secrets installed."""


def without(*dropped: str, served: tuple[Resource, ...] = SERVED) -> tuple[Resource, ...]:
    """`served` less whole groups (`cert-manager.io`), versions (`external-secrets.io/v1`), or both.

    A resource that loses its last version is no longer served.
    """
    kept = (
        replace(
            resource,
            versions=tuple(v for v in resource.versions if resource.api_version(v) not in dropped),
        )
        for resource in served
        if resource.group not in dropped
    )
    return tuple(resource for resource in kept if resource.versions)


def versions_of(group: str, served: tuple[Resource, ...]) -> tuple[str, ...]:
    """All versions that `group` is served in, in order of preference; empty when it is not."""
    return tuple(dict.fromkeys(v for r in served if r.group == group for v in r.versions))
