"""One thing broken, and all that follows from it: Flux, secrets, certificates, a node."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.network import Broken
from bot.sandbox.scenarios import gitops
from bot.sandbox.scenarios.agents import with_agents
from bot.sandbox.scenarios.apps import DOMAIN
from bot.sandbox.scenarios.breaking import not_ready, tell, unready, unsynced, waits
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
    times = lab.times
    repository = lab.get("GitRepository", gitops.FLUX, "homelab")
    not_ready(repository, times.ago(hours=3), "GitOperationFailed", NO_KEY)
    failed = a_condition("FetchFailed", times.ago(hours=3), reason="GitOperationFailed")
    repository["status"]["conditions"].append({**failed, "message": NO_KEY})
    tell(lab, repository, "GitOperationFailed", NO_KEY, count=18, source="source-controller")
    _starve_layers(lab, times.ago(hours=2, minutes=50))
    for chart in lab.of("HelmChart"):
        if chart["spec"]["sourceRef"]["kind"] == "GitRepository":
            _starve_chart(lab, chart, times.ago(hours=2, minutes=45))
    return lab


def _starve_layers(lab: Homelab, since: str) -> None:
    for name, needed in gitops.LAYERS:
        if needed:
            reason, said = (
                "DependencyNotReady",
                f"dependency 'flux-system/{needed[0]}' is not ready",
            )
        else:
            reason, said = "ArtifactFailed", "Source artifact not found, retrying in 30s"
        layer = not_ready(lab.get("Kustomization", gitops.FLUX, name), since, reason, said)
        tell(lab, layer, reason, said, count=16, source="kustomize-controller")


def _starve_chart(lab: Homelab, chart: Plain, since: str) -> None:
    said = "no artifact available for GitRepository source 'homelab'"
    not_ready(chart, since, "NoSourceArtifact", said)
    made = f"{gitops.FLUX}/{chart['metadata']['name']}"
    for release in lab.of("HelmRelease"):
        if release["status"]["helmChart"] == made:
            waiting = f"HelmChart '{made}' is not ready: {said}"
            not_ready(release, since, "SourceNotReady", waiting)
            tell(lab, release, "HelmChartNotReady", waiting, count=15, source="helm-controller")


def secrets(now: datetime) -> Homelab:
    """The store lost its credentials; an app was restarted since, and its Secret is gone."""
    lab = healthy(now)
    times = lab.times
    store = lab.get("ClusterSecretStore", "", "vault")
    said = 'unable to create client: secrets "vault-approle" not found'
    not_ready(store, times.ago(hours=2), "InvalidProviderConfig", said)
    tell(lab, store, "InvalidProviderConfig", said, count=12, source="cluster-secret-store")
    why = 'ClusterSecretStore "vault" is not ready'
    for external in lab.of("ExternalSecret"):
        if external["spec"]["secretStoreRef"]["name"] == "vault":
            meta = external["metadata"]
            since = times.ago(hours=1, minutes=50)
            unsynced(lab, meta["namespace"], meta["name"], since, why)
    _without_its_secret(lab, "paperless", "productivity")
    _deleted_at_the_provider(lab)
    return lab


def _without_its_secret(lab: Homelab, app: str, namespace: str) -> None:
    lab.drop("Secret", namespace, f"{app}-env")
    pod = lab.pod_of(app)
    said = f'secret "{app}-env" not found'
    since = lab.times.ago(minutes=35)
    waits(lab, pod, since, reason="CreateContainerConfigError", message=said)
    tell(lab, pod, "Failed", f"Error: {said}", count=140)


def _deleted_at_the_provider(lab: Homelab) -> None:
    """Ready says True, and there is no Secret: deletionPolicy Delete did what it was told."""
    external = lab.get("ExternalSecret", "productivity", "backup-env")
    external["spec"]["target"]["deletionPolicy"] = "Delete"
    said = "secret deleted due to DeletionPolicy"
    since = lab.times.ago(days=1, hours=4)
    not_ready(external, since, "SecretDeleted", said, status="True")
    lab.drop("Secret", "productivity", "backup-env")
    tell(lab, external, "Deleted", said, normal=True, minutes=1680, source="external-secrets")


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
    _expired(lab)
    renewal_failed(lab, "media", "jellyfin-tls", NOT_FOUND, hours=9, attempts=3)
    _own_issuer(lab)
    return lab


def _expired(lab: Homelab) -> None:
    """Its renewal failed until it was too late; cert-manager goes on at ever longer intervals."""
    times = lab.times
    certificate = lab.get("Certificate", "productivity", "vaultwarden-tls")
    ended = times.ago(days=2, hours=3)
    said = f"Certificate expired on {ended}"
    not_ready(certificate, ended, "Expired", said)
    certificate["status"].update(
        notAfter=ended,
        renewalTime=times.ago(days=32),
        failedIssuanceAttempts=9,
        lastFailureTime=times.ago(hours=20),
    )
    tell(lab, certificate, "Expired", said, minutes=60, count=3, source="cert-manager")


def _own_issuer(lab: Homelab) -> None:
    """A CA of one's own whose key pair is missing, and the broker's certificate that needs it."""
    times = lab.times
    since = times.ago(hours=6)
    said = 'Error getting keypair for CA issuer: secrets "home-ca" not found'
    issuer = an_object(
        "Issuer",
        "home-ca",
        "home",
        api=gitops.CERT_MANAGER,
        born=times.ago(hours=7),
        spec={"ca": {"secretName": "home-ca"}},
        status={"conditions": []},
    )
    lab.add(not_ready(issuer, since, "ErrGetKeyPair", said))
    tell(lab, issuer, "ErrGetKeyPair", said, count=14, source="cert-manager-issuers")
    certificate, _ = gitops.a_certificate(
        times,
        "mosquitto-tls",
        "home",
        hosts=(f"mosquitto.{DOMAIN}",),
        issuer=("Issuer", "home-ca"),
    )
    missing = "Issuing certificate as Secret does not exist"
    waiting = a_condition("Issuing", since, reason="DoesNotExist")
    certificate["status"] = {"conditions": [{**waiting, "message": missing}]}
    lab.add(not_ready(certificate, since, "DoesNotExist", missing))
    tell(lab, certificate, "Issuing", missing, minutes=360, normal=True, source="cert-manager")
    pending_request(lab, certificate, since, "Referenced issuer does not have a Ready status")


def node_down(now: datetime) -> Homelab:
    """The Raspberry Pi is silent; its pods tolerate that, so none of them moves elsewhere."""
    lab = healthy(now)
    times = lab.times
    node = lab.get("Node", "", "cabin-pi")
    for condition in node["status"]["conditions"]:
        condition.update(
            status="Unknown",
            reason="NodeStatusUnknown",
            message="Kubelet stopped posting node status.",
            lastHeartbeatTime=times.ago(minutes=48),
            lastTransitionTime=times.ago(minutes=47),
        )
    node["spec"]["taints"] = [
        {"key": "node.kubernetes.io/unreachable", "effect": effect}
        for effect in ("NoSchedule", "NoExecute")
    ]
    said = "Node cabin-pi status is now: NodeNotReady"
    tell(lab, node, "NodeNotReady", said, minutes=47, normal=True, source="node-controller")
    for pod in lab.of("Pod"):
        if pod["spec"]["nodeName"] == "cabin-pi":
            unready(lab, pod, times.ago(minutes=47))
            tell(
                lab, pod, "NodeNotReady", "Node is not ready", minutes=47, source="node-controller"
            )
    return lab


def overlay_down(now: datetime) -> Homelab:
    """The Raspberry Pi's overlay is gone: every object says that all is well, and agents do not."""
    lab = healthy(now)
    lab.broken = Broken(overlay_down=frozenset({"cabin-pi"}))
    with_agents(lab)
    return lab
