"""Healthy objects of Flux, cert-manager and External Secrets."""

from __future__ import annotations

from bot.sandbox.scenarios.plain import Calendar, Plain, an_object, observed, ready

FLUX = "flux-system"
REVISION = "main@sha1:5f0c2b7e9d41a86c3b7f2e90d8a4c1b6e3f70925"

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

LETSENCRYPT = ("ClusterIssuer", "letsencrypt")
ACME_SERVER = "https://acme-v02.api.letsencrypt.org/directory"
VAULT = ("ClusterSecretStore", "vault")


def sources(times: Calendar) -> list[Plain]:
    """The GitRepository, the Kustomizations in their order, and the HelmRepositories."""
    born, fetched = times.ago(days=210), times.ago(minutes=41)
    spec: Plain = {"url": "ssh://git@forge.example.org/lab/homelab.git", "interval": "1m0s"}
    status = observed(fetched, "Succeeded", f"stored artifact for revision '{REVISION}'")
    objects = [an_object(*GIT_REPOSITORY, FLUX, born=born, spec=spec, status=status)]
    for name, needed in LAYERS:
        spec = {
            "path": f"./{name.replace('infrastructure-', 'infrastructure/')}",
            "interval": "10m0s",
            "prune": True,
            "sourceRef": {"kind": "GitRepository", "name": "homelab"},
            "dependsOn": [{"name": dependency} for dependency in needed],
        }
        applied = f"Applied revision: {REVISION}"
        status = observed(times.ago(minutes=38), "ReconciliationSucceeded", applied)
        objects.append(an_object("Kustomization", name, FLUX, born=born, spec=spec, status=status))
    for name, url in REPOSITORIES.items():
        spec = {"url": url, "interval": "1h0m0s"}
        status = observed(fetched, "Succeeded", "stored artifact: revision 'sha256:9c41d0'")
        objects.append(an_object("HelmRepository", name, FLUX, born=born, spec=spec, status=status))
    return objects


def a_release(
    times: Calendar, name: str, namespace: str, *, source: tuple[str, str], version: str = "1.4.2"
) -> tuple[Plain, Plain]:
    """The HelmChart that Flux made from `source` (kind, name) for a HelmRelease, and that."""
    born, since = times.ago(days=160), times.ago(days=9)
    kind, repository = source
    origin = {"kind": kind, "name": repository}
    in_git = kind == "GitRepository"
    chart = f"./charts/{name}" if in_git else name
    pulled = f"{'packaged' if in_git else 'pulled'} '{name}' chart with version '{version}'"
    chart_name = f"{namespace}-{name}"
    spec = {"chart": chart, "interval": "1h0m0s", "sourceRef": origin}
    status = observed(since, "ChartPullSucceeded", pulled)
    helm_chart = an_object("HelmChart", chart_name, FLUX, born=born, spec=spec, status=status)
    upgraded = f"Helm upgrade succeeded for release {namespace}/{name}.v7 with chart"
    release = an_object(
        "HelmRelease",
        name,
        namespace,
        born=born,
        labels={
            "kustomize.toolkit.fluxcd.io/name": "apps",
            "kustomize.toolkit.fluxcd.io/namespace": FLUX,
        },
        spec={
            "interval": "30m0s",
            "chart": {"spec": {"chart": chart, "sourceRef": {**origin, "namespace": FLUX}}},
        },
        status={
            **observed(since, "UpgradeSucceeded", f"{upgraded} {name}@{version}"),
            "helmChart": f"{FLUX}/{chart_name}",
        },
    )
    return helm_chart, release


def issuers(times: Calendar) -> list[Plain]:
    """The ClusterIssuer that asks Let's Encrypt."""
    born = times.ago(days=200)
    spec = {"acme": {"server": ACME_SERVER, "privateKeySecretRef": {"name": "letsencrypt"}}}
    registered = "The ACME account was registered with the ACME server"
    status = ready(born, "ACMEAccountRegistered", registered)
    return [an_object(*LETSENCRYPT, born=born, spec=spec, status=status)]


def a_certificate(
    times: Calendar,
    name: str,
    namespace: str,
    *,
    hosts: tuple[str, ...],
    issuer: tuple[str, str] = LETSENCRYPT,
) -> tuple[Plain, Plain]:
    """A Certificate that is valid for another 58 days, and its TLS Secret."""
    born, renewed = times.ago(days=150), times.ago(days=32)
    kind, issuer_name = issuer
    spec = {
        "secretName": name,
        "dnsNames": list(hosts),
        "issuerRef": {"kind": kind, "name": issuer_name},
    }
    status = {
        **ready(renewed, "Ready", "Certificate is up to date and has not expired"),
        "notBefore": renewed,
        "notAfter": times.ahead(days=58),
        "renewalTime": times.ahead(days=28),
        "revision": 3,
    }
    return (
        an_object("Certificate", name, namespace, born=born, spec=spec, status=status),
        an_object(
            "Secret",
            name,
            namespace,
            born=born,
            type="kubernetes.io/tls",
            data={"tls.crt": "", "tls.key": ""},
        ),
    )


def stores(times: Calendar) -> list[Plain]:
    """The ClusterSecretStore that most ExternalSecrets read, and one namespace's SecretStore."""
    spec = {"provider": {"vault": {"server": "https://vault.lab.example.org", "path": "kv"}}}
    return [
        an_object(
            *store,
            born=times.ago(days=200),
            spec=spec,
            status=ready(times.ago(days=90), "Valid", "store validated"),
        )
        for store in (VAULT, ("SecretStore", "backups", "productivity"))
    ]


def an_external_secret(
    times: Calendar, name: str, namespace: str, *, store: tuple[str, str] = VAULT
) -> tuple[Plain, Plain]:
    """An ExternalSecret that was refreshed half an hour ago, and the Secret that it made."""
    born = times.ago(days=150)
    kind, store_name = store
    spec = {
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": kind, "name": store_name},
        "target": {"name": name, "creationPolicy": "Owner"},
        "dataFrom": [{"extract": {"key": f"homelab/{name}"}}],
    }
    synced = ready(times.ago(days=30), "SecretSynced", "secret synced")
    status = {**synced, "refreshTime": times.ago(minutes=31)}
    managed = {"reconcile.external-secrets.io/managed": "true"}
    return (
        an_object("ExternalSecret", name, namespace, born=born, spec=spec, status=status),
        an_object("Secret", name, namespace, born=born, labels=managed, type="Opaque", data={}),
    )
