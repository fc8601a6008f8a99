"""The configuration files of a node's programs."""

from __future__ import annotations

from tests.nodes import cgroups, keys
from tests.nodes.place import DNS_ADDRESS, MTU, POD_RANGE, folder_of

PAUSE = "localhost/pause:1"

CERTS = "/run/containerd/certs.d"
"""Where containerd looks for other addresses of a registry, for each pull anew."""


def containerd(runtime_spec: str = "") -> str:
    """The configuration of containerd, with a file of what every container begins with."""
    return f"""\
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "{PAUSE}"
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = "{CERTS}"
[plugins.'io.containerd.cri.v1.runtime']
  disable_apparmor = true
  # Without CAP_SYS_RESOURCE nobody may lower an oom_score_adj, and every sandbox would fail.
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "/run/cni/net.d"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    base_runtime_spec = "{runtime_spec}"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = "runc"
      SystemdCgroup = false
"""


MEMORY_OF_OTHERS = "15Gi"
"""The nodes share the machine's memory, and each would offer all of it to pods."""


def kubelet(node: str) -> dict[str, object]:
    """A KubeletConfiguration."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,  # Kubernetes 1.35 and later refuse cgroup v1 otherwise
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroups.root_of(node),
        "enforceNodeAllocatable": ["pods"],
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(keys.AUTHORITY)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(keys.certificate(f"kubelet-{node}")),
        "tlsPrivateKeyFile": str(keys.key(f"kubelet-{node}")),
        "clusterDomain": "cluster.local",
        "clusterDNS": [DNS_ADDRESS],
        "resolvConf": str(folder_of(node) / "resolv.conf"),
        "failSwapOn": False,
        "kubeReserved": {"memory": MEMORY_OF_OTHERS},
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "nodeStatusUpdateFrequency": "5s",
    }


def kube_proxy(node: str, mode: str) -> dict[str, object]:
    """A KubeProxyConfiguration, for iptables or nftables."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(keys.kubeconfig("kube-proxy"))},
        "mode": mode,
        "clusterCIDR": POD_RANGE,
        "hostnameOverride": node,
        # Only the machine's own network namespace may write these sysctls.
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
        "healthzBindAddress": "0.0.0.0:10256",
        "metricsBindAddress": "127.0.0.1:10249",
    }


FLANNEL = {"Network": POD_RANGE, "Backend": {"Type": "vxlan"}}

VXLAN_HEADER = 50


def cni(pods: str) -> dict[str, object]:
    """The list of CNI plugins for a node with this range of pods, as flannel's plugin delegates."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "mtu": MTU - VXLAN_HEADER,
        "isDefaultGateway": True,
        "hairpinMode": True,
        "ipMasq": False,
        "forceAddress": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": pods}]],
            "routes": [{"dst": POD_RANGE}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "cbr0", "plugins": [bridge, ports]}


AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [
        {"level": "Metadata", "userGroups": ["system:serviceaccounts:meshmedic"]},
        {"level": "None"},
    ],
}
"""Only the bot's requests are written down, to be counted."""
