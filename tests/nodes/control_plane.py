"""The control plane on the first node: etcd, the API server, controllers and the scheduler."""

from __future__ import annotations

import json

from tests.nodes import configuration, keys, processes
from tests.nodes.kubectl import kubectl_succeeds
from tests.nodes.node import BIN, Node
from tests.nodes.place import POD_RANGE, RUN, SERVICE_RANGE
from tests.programs import catalogue

AUDIT_LOG = RUN / "audit.log"
ETCD = "http://127.0.0.1:2379"


def start(server: Node) -> None:
    """Start what does not run, and wait until the API server is ready.

    Raises:
        DidNotStart: A part is not ready in time.
    """
    kube = BIN / catalogue.KUBERNETES.name
    server.start("etcd", kube, "etcd", RUN / "etcd", ETCD, "http://127.0.0.1:2380")
    asked = ("curl", "--silent", "--fail", "--max-time", "2", f"{ETCD}/health")
    processes.until(server.name, "etcd", lambda: server.succeeds(*asked), 60)
    start_api_server(server)
    server.start(
        "kube-controller-manager",
        *(kube, "kube-controller-manager"),
        f"--kubeconfig={keys.kubeconfig('kube-controller-manager')}",
        f"--service-account-private-key-file={keys.ACCOUNTS}",
        *(f"--root-ca-file={keys.AUTHORITY}", "--use-service-account-credentials"),
        *(f"--cluster-signing-cert-file={keys.AUTHORITY}", "--leader-elect=false"),
        f"--cluster-signing-key-file={keys.key('ca')}",
        *("--allocate-node-cidrs", f"--cluster-cidr={POD_RANGE}"),
        *(f"--service-cluster-ip-range={SERVICE_RANGE}", "--node-monitor-grace-period=40s"),
    )
    server.start(
        "kube-scheduler",
        *(kube, "kube-scheduler", "--leader-elect=false"),
        f"--kubeconfig={keys.kubeconfig('kube-scheduler')}",
    )


def start_api_server(server: Node) -> None:
    """Start the API server alone, and wait until it is ready."""
    policy = RUN / "audit.json"
    policy.write_text(json.dumps(configuration.AUDIT))
    server.start(
        "kube-apiserver",
        *(BIN / catalogue.KUBERNETES.name, "kube-apiserver"),
        *(f"--etcd-servers={ETCD}", "--secure-port=6443"),
        *(f"--advertise-address={server.address}", f"--service-cluster-ip-range={SERVICE_RANGE}"),
        f"--tls-cert-file={keys.certificate('apiserver')}",
        f"--tls-private-key-file={keys.key('apiserver')}",
        *(f"--client-ca-file={keys.AUTHORITY}", f"--token-auth-file={keys.TOKENS}"),
        f"--service-account-key-file={keys.ACCOUNTS}",
        f"--service-account-signing-key-file={keys.ACCOUNTS}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        *("--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction"),
        *("--allow-privileged", "--kubelet-preferred-address-types=InternalIP"),
        f"--kubelet-certificate-authority={keys.AUTHORITY}",
        f"--kubelet-client-certificate={keys.certificate('kubelet-client')}",
        f"--kubelet-client-key={keys.key('kubelet-client')}",
        *(f"--audit-policy-file={policy}", f"--audit-log-path={AUDIT_LOG}"),
    )
    ready = ("get", "--raw", "/readyz")
    processes.until(server.name, "kube-apiserver", lambda: kubectl_succeeds(*ready), 120)
