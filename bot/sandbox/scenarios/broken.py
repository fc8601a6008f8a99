"""One thing broken, and all that follows from it: Flux, secrets, certificates, a node."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.network import Broken
from bot.sandbox.scenarios import gitops
from bot.sandbox.scenarios.agents import with_agents
from bot.sandbox.scenarios.apps import DOMAIN
from bot.sandbox.scenarios.breaking import (
    add_event,
    set_not_ready,
    set_pod_unready,
    set_unsynced,
    set_waiting,
)
from bot.sandbox.scenarios.homelab import healthy
from bot.sandbox.scenarios.issuance import pending_request, renewal_failed
from bot.sandbox.scenarios.plain import Plain, a_condition, an_object
from bot.sandbox.scenarios.scenario import Homelab

NO_KEY = (
    "failed to checkout and determine revision: unable to clone "
    "'ssh://git@forge.example.org/lab/homelab.git': ssh: handshake failed: ssh: unable to "
    "authenticate, attempted methods [none publickey], no supported methods remain"
)


def flux_broken(now: datetime) -> Homelab:
    """The deploy key is gone, and source-controller lost its artifacts in a restart since then."""
    lab = healthy(now)
    since = lab.times.ago(hours=3)
    repository = lab.get("GitRepository", gitops.FLUX, "homelab")
    set_not_ready(repository, since, "GitOperationFailed", NO_KEY)
    failed = a_condition("FetchFailed", since, reason="GitOperationFailed", message=NO_KEY)
    repository["status"]["conditions"].append(failed)
    add_event(lab, repository, "GitOperationFailed", NO_KEY, count=18, source="source-controller")
    _starve_layers(lab, lab.times.ago(hours=2, minutes=50))
    for chart in lab.of("HelmChart"):
        if chart["spec"]["sourceRef"]["kind"] == "GitRepository":
            _starve_chart(lab, chart, lab.times.ago(hours=2, minutes=45))
    return lab


def _starve_layers(lab: Homelab, since: str) -> None:
    for name, needed in gitops.LAYERS:
        reason, message = "ArtifactFailed", "Source artifact not found, retrying in 30s"
        if needed:
            reason = "DependencyNotReady"
            message = f"dependency 'flux-system/{needed[0]}' is not ready"
        layer = lab.get("Kustomization", gitops.FLUX, name)
        set_not_ready(layer, since, reason, message)
        add_event(lab, layer, reason, message, count=16, source="kustomize-controller")


def _starve_chart(lab: Homelab, chart: Plain, since: str) -> None:
    no_artifact = "no artifact available for GitRepository source 'homelab'"
    set_not_ready(chart, since, "NoSourceArtifact", no_artifact)
    key = f"{gitops.FLUX}/{chart['metadata']['name']}"
    message = f"HelmChart '{key}' is not ready: {no_artifact}"
    for release in lab.of("HelmRelease"):
        if release["status"]["helmChart"] == key:
            set_not_ready(release, since, "SourceNotReady", message)
            add_event(
                lab, release, "HelmChartNotReady", message, count=15, source="helm-controller"
            )


def secrets(now: datetime) -> Homelab:
    """The store lost its credentials; an app was restarted since, and its Secret is gone."""
    lab = healthy(now)
    times = lab.times
    store = lab.get("ClusterSecretStore", "", "vault")
    message = 'unable to create client: secrets "vault-approle" not found'
    set_not_ready(store, times.ago(hours=2), "InvalidProviderConfig", message)
    add_event(lab, store, "InvalidProviderConfig", message, count=12, source="cluster-secret-store")
    for external in lab.of("ExternalSecret"):
        if external["spec"]["secretStoreRef"]["name"] == "vault":
            meta, since = external["metadata"], times.ago(hours=1, minutes=50)
            why = 'ClusterSecretStore "vault" is not ready'
            set_unsynced(lab, meta["namespace"], meta["name"], since, why)
    _remove_secret(lab, "paperless", "productivity")
    _delete_at_the_provider(lab)
    return lab


def _remove_secret(lab: Homelab, app: str, namespace: str) -> None:
    """Let an app's pod wait for its Secret, which is gone."""
    lab.drop("Secret", namespace, f"{app}-env")
    pod, since = lab.pod_of(app), lab.times.ago(minutes=35)
    message = f'secret "{app}-env" not found'
    set_waiting(lab, pod, since, reason="CreateContainerConfigError", message=message)
    add_event(lab, pod, "Failed", f"Error: {message}", count=140)


def _delete_at_the_provider(lab: Homelab) -> None:
    """Let Ready be True without a Secret, as deletionPolicy Delete leaves it behind."""
    external = lab.get("ExternalSecret", "productivity", "backup-env")
    external["spec"]["target"]["deletionPolicy"] = "Delete"
    message, since = "secret deleted due to DeletionPolicy", lab.times.ago(days=1, hours=4)
    set_not_ready(external, since, "SecretDeleted", message, status="True")
    lab.drop("Secret", "productivity", "backup-env")
    add_event(
        lab, external, "Deleted", message, normal=True, minutes=1680, source="external-secrets"
    )


NOT_FOUND = (
    f"acme: authorization error for jellyfin.{DOMAIN}: 403 "
    "urn:ietf:params:acme:error:unauthorized: 203.0.113.7: Invalid response from http://jellyfin."
    + DOMAIN
    + "/.well-known/acme-challenge/"
    "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA: 404"
)


def certificates(now: datetime) -> Homelab:
    """One expired, one is not renewed, and one waits for an Issuer that is not ready."""
    lab = healthy(now)
    _expire(lab)
    renewal_failed(lab, "media", "jellyfin-tls", NOT_FOUND, hours=9, attempts=3)
    _add_own_issuer(lab)
    return lab


def _expire(lab: Homelab) -> None:
    """Let a renewal fail until it is too late; cert-manager retries at growing intervals."""
    times = lab.times
    certificate = lab.get("Certificate", "productivity", "vaultwarden-tls")
    ended = times.ago(days=2, hours=3)
    message = f"Certificate expired on {ended}"
    set_not_ready(certificate, ended, "Expired", message)
    certificate["status"].update(
        notAfter=ended,
        renewalTime=times.ago(days=32),
        failedIssuanceAttempts=9,
        lastFailureTime=times.ago(hours=20),
    )
    add_event(lab, certificate, "Expired", message, minutes=60, count=3, source="cert-manager")


def _add_own_issuer(lab: Homelab) -> None:
    """Add a CA Issuer whose key pair is missing, and the broker's certificate that needs it."""
    times = lab.times
    since, born = times.ago(hours=6), times.ago(hours=7)
    message = 'Error getting keypair for CA issuer: secrets "home-ca" not found'
    spec = {"ca": {"secretName": "home-ca"}}
    status: Plain = {"conditions": []}
    issuer = an_object("Issuer", "home-ca", "home", born=born, spec=spec, status=status)
    lab.add(set_not_ready(issuer, since, "ErrGetKeyPair", message))
    add_event(lab, issuer, "ErrGetKeyPair", message, count=14, source="cert-manager-issuers")
    hosts = (f"mosquitto.{DOMAIN}",)
    certificate, _ = gitops.a_certificate(
        times, "mosquitto-tls", "home", hosts=hosts, issuer=("Issuer", "home-ca")
    )
    missing = "Issuing certificate as Secret does not exist"
    issuing = a_condition("Issuing", since, reason="DoesNotExist", message=missing)
    certificate["status"] = {"conditions": [issuing]}
    lab.add(set_not_ready(certificate, since, "DoesNotExist", missing))
    add_event(lab, certificate, "Issuing", missing, minutes=360, normal=True, source="cert-manager")
    pending_request(lab, certificate, since, "Referenced issuer does not have a Ready status")


def node_down(now: datetime) -> Homelab:
    """The Raspberry Pi is silent; its pods tolerate that, so none of them moves elsewhere."""
    lab = healthy(now)
    times = lab.times
    node = lab.get("Node", "", "cabin-pi")
    since = times.ago(minutes=47)
    for condition in node["status"]["conditions"]:
        condition.update(
            status="Unknown",
            reason="NodeStatusUnknown",
            message="Kubelet stopped posting node status.",
            lastHeartbeatTime=times.ago(minutes=48),
            lastTransitionTime=since,
        )
    node["spec"]["taints"] = [
        {"key": "node.kubernetes.io/unreachable", "effect": effect}
        for effect in ("NoSchedule", "NoExecute")
    ]
    message, source = "Node cabin-pi status is now: NodeNotReady", "node-controller"
    add_event(lab, node, "NodeNotReady", message, minutes=47, normal=True, source=source)
    for pod in lab.of("Pod"):
        if pod["spec"]["nodeName"] == "cabin-pi":
            set_pod_unready(lab, pod, since)
            add_event(lab, pod, "NodeNotReady", "Node is not ready", minutes=47, source=source)
    return lab


def overlay_down(now: datetime) -> Homelab:
    """The Raspberry Pi's overlay is gone: every object says that all is well, and agents do not."""
    lab = healthy(now)
    lab.broken = Broken(overlay_down=frozenset({"cabin-pi"}))
    with_agents(lab)
    return lab
