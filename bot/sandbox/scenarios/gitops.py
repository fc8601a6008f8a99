"""What Flux, cert-manager and External Secrets keep in the homelab, all of it well."""

from __future__ import annotations

from bot.sandbox.scenarios.plain import Calendar, Plain, a_condition, an_object, observed, ready

FLUX = "flux-system"
REVISION = "main@sha1:5f0c2b7e9d41a86c3b7f2e90d8a4c1b6e3f70925"
SOURCE = "source.toolkit.fluxcd.io/v1"
KUSTOMIZE = "kustomize.toolkit.fluxcd.io/v1"
HELM = "helm.toolkit.fluxcd.io/v2"
CERT_MANAGER = "cert-manager.io/v1"
ESO = "external-secrets.io/v1"
MANAGED = {"reconcile.external-secrets.io/managed": "true"}

GIT_REPOSITORY = ("GitRepository", "homelab")
REPOSITORIES = {
    "jetstack": "https://charts.jetstack.io",
    "external-secrets": "https://charts.external-secrets.io",
    "grafana": "https://grafana.github.io/helm-charts",
    "prometheus-community": "https://prometheus-community.github.io/helm-charts",
    "nextcloud": "https://nextcloud.github.io/helm",
}

LAYERS = (
    ("infrastructure-controllers", ()),
    ("infrastructure-configs", ("infrastructure-controllers",)),
    ("apps", ("infrastructure-configs",)),
)
"""The Kustomizations, each with those that it depends on."""


def sources(times: Calendar) -> list[Plain]:
    """The GitRepository, the Kustomizations in their order, and the HelmRepositories."""
    made = times.ago(days=210)
    fetched = times.ago(minutes=41)
    repository = an_object(
        "GitRepository",
        "homelab",
        FLUX,
        api=SOURCE,
        born=made,
        spec={"url": "ssh://git@forge.example.org/lab/homelab.git", "interval": "1m0s"},
        status=observed(fetched, "Succeeded", f"stored artifact for revision '{REVISION}'"),
    )
    layers = [_layer(times, name, needed) for name, needed in LAYERS]
    indexes = [
        an_object(
            "HelmRepository",
            name,
            FLUX,
            api=SOURCE,
            born=made,
            spec={"url": url, "interval": "1h0m0s"},
            status=observed(fetched, "Succeeded", "stored artifact: revision 'sha256:9c41d0'"),
        )
        for name, url in REPOSITORIES.items()
    ]
    return [repository, *layers, *indexes]


def _layer(times: Calendar, name: str, needed: tuple[str, ...]) -> Plain:
    return an_object(
        "Kustomization",
        name,
        FLUX,
        api=KUSTOMIZE,
        born=times.ago(days=210),
        spec={
            "path": f"./{name.replace('infrastructure-', 'infrastructure/')}",
            "interval": "10m0s",
            "prune": True,
            "sourceRef": {"kind": "GitRepository", "name": "homelab"},
            "dependsOn": [{"name": dependency} for dependency in needed],
        },
        status=observed(
            times.ago(minutes=38), "ReconciliationSucceeded", f"Applied revision: {REVISION}"
        ),
    )


def a_release(
    times: Calendar, name: str, namespace: str, *, source: tuple[str, str], version: str = "1.4.2"
) -> tuple[Plain, Plain]:
    """A HelmRelease, and the HelmChart that Flux made for it from `source` (kind, name)."""
    kind, repository = source
    in_git = kind == "GitRepository"
    origin = {"kind": kind, "name": repository}
    chart = f"./charts/{name}" if in_git else name
    pulled = f"packaged '{name}'" if in_git else f"pulled '{name}'"
    helm_chart = an_object(
        "HelmChart",
        f"{namespace}-{name}",
        FLUX,
        api=SOURCE,
        born=times.ago(days=160),
        spec={"chart": chart, "interval": "1h0m0s", "sourceRef": origin},
        status=observed(
            times.ago(days=9), "ChartPullSucceeded", f"{pulled} chart with version '{version}'"
        ),
    )
    release = an_object(
        "HelmRelease",
        name,
        namespace,
        api=HELM,
        born=times.ago(days=160),
        labels={
            "kustomize.toolkit.fluxcd.io/name": "apps",
            "kustomize.toolkit.fluxcd.io/namespace": FLUX,
        },
        spec={
            "interval": "30m0s",
            "chart": {"spec": {"chart": chart, "sourceRef": {**origin, "namespace": FLUX}}},
        },
        status={
            **observed(
                times.ago(days=9),
                "UpgradeSucceeded",
                f"Helm upgrade succeeded for release {namespace}/{name}.v7 with chart "
                f"{name}@{version}",
            ),
            "helmChart": f"{FLUX}/{namespace}-{name}",
        },
    )
    return helm_chart, release


ACME_SERVER = "https://acme-v02.api.letsencrypt.org/directory"


def issuers(times: Calendar) -> list[Plain]:
    """The ClusterIssuer that asks Let's Encrypt."""
    said = "The ACME account was registered with the ACME server"
    return [
        an_object(
            "ClusterIssuer",
            "letsencrypt",
            api=CERT_MANAGER,
            born=times.ago(days=200),
            spec={"acme": {"server": ACME_SERVER, "privateKeySecretRef": {"name": "letsencrypt"}}},
            status=ready(times.ago(days=200), "ACMEAccountRegistered", said),
        )
    ]


def a_certificate(
    times: Calendar,
    name: str,
    namespace: str,
    *,
    hosts: tuple[str, ...],
    issuer: tuple[str, str] = ("ClusterIssuer", "letsencrypt"),
) -> tuple[Plain, Plain]:
    """A Certificate that is valid for another 58 days, and its TLS Secret."""
    made = times.ago(days=150)
    renewed = times.ago(days=32)
    certificate = an_object(
        "Certificate",
        name,
        namespace,
        api=CERT_MANAGER,
        born=made,
        spec={
            "secretName": name,
            "dnsNames": list(hosts),
            "issuerRef": {"kind": issuer[0], "name": issuer[1]},
        },
        status={
            **ready(renewed, "Ready", "Certificate is up to date and has not expired"),
            "notBefore": renewed,
            "notAfter": times.ahead(days=58),
            "renewalTime": times.ahead(days=28),
            "revision": 3,
        },
    )
    return certificate, a_secret(times, name, namespace, type_="kubernetes.io/tls")


def a_secret(
    times: Calendar, name: str, namespace: str, *, type_: str = "Opaque", managed: bool = False
) -> Plain:
    """A Secret without values: nothing in the sandbox needs any."""
    keys = ("tls.crt", "tls.key") if type_ == "kubernetes.io/tls" else ()
    labels = MANAGED if managed else None
    born = times.ago(days=150)
    return an_object(
        "Secret",
        name,
        namespace,
        born=born,
        labels=labels,
        type=type_,
        data=dict.fromkeys(keys, ""),
    )


def stores(times: Calendar) -> list[Plain]:
    """The ClusterSecretStore that most ExternalSecrets read, and a SecretStore of one's own."""
    since, said = times.ago(days=90), "store validated"
    kinds = (("ClusterSecretStore", "vault", ""), ("SecretStore", "backups", "productivity"))
    return [
        an_object(
            kind,
            name,
            namespace,
            api=ESO,
            born=times.ago(days=200),
            spec={"provider": {"vault": {"server": "https://vault.lab.example.org", "path": "kv"}}},
            status=ready(since, "Valid", said),
        )
        for kind, name, namespace in kinds
    ]


def an_external_secret(
    times: Calendar,
    name: str,
    namespace: str,
    *,
    store: tuple[str, str] = ("ClusterSecretStore", "vault"),
) -> tuple[Plain, Plain]:
    """An ExternalSecret that was refreshed half an hour ago, and the Secret that it made."""
    synced = a_condition(
        "Ready", times.ago(days=30), reason="SecretSynced", message="secret synced"
    )
    external = an_object(
        "ExternalSecret",
        name,
        namespace,
        api=ESO,
        born=times.ago(days=150),
        spec={
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": store[0], "name": store[1]},
            "target": {"name": name, "creationPolicy": "Owner"},
            "dataFrom": [{"extract": {"key": f"homelab/{name}"}}],
        },
        status={"conditions": [synced], "refreshTime": times.ago(minutes=31)},
    )
    return external, a_secret(times, name, namespace, managed=True)
