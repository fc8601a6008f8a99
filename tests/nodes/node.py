"""One node: namespaces of its own, and in them containerd, a kubelet, kube-proxy and flannel."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.nodes import cgroups, configuration, keys, networks, processes
from tests.nodes.commands import run, succeeds
from tests.nodes.place import ADDRESSES, IMAGES, LAN_ADDRESS, RUN, folder_of
from tests.programs import catalogue

BIN = RUN / "bin"
"""The programs under the names by which they call each other."""

HOLDER = "holder"


@dataclass
class Node:
    """A node by its name. Its processes outlive this object, which finds them by their PIDs."""

    name: str
    time_zone: str = "UTC"
    proxy_mode: str = "iptables"
    kubelet_settings: Mapping[str, object] = field(default_factory=dict)
    """What its kubelet has otherwise than the others."""
    runtime_spec: Mapping[str, object] = field(default_factory=dict)
    """What every new container begins with, in the place of the runtime's own default."""
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        """Say where its files lie."""
        self.folder = folder_of(self.name)

    @property
    def address(self) -> str:
        """Its address in the LAN."""
        return ADDRESSES[self.name]

    @property
    def root(self) -> Path:
        """Its files, as they are seen inside."""
        return Path(f"/proc/{processes.pid_of(self.name, HOLDER)}/root")

    @property
    def env(self) -> Mapping[str, str]:
        """What its programs are started with."""
        return {
            "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(Path.home()),
            "NODE_NAME": self.name,
            "LANG": "C.UTF-8",
            "TZ": self.time_zone,
        }

    def enter(self) -> Sequence[str]:
        """The words before a command that runs inside."""
        holder = processes.pid_of(self.name, HOLDER)
        # `ip netns exec` would mount a /sys without the cgroups.
        return ("nsenter", f"--target={holder}", "--net", "--mount", "--uts", "--")

    def run(self, *words: object, timeout: float = 300) -> str:
        """The output of a command inside."""
        return run(*self.enter(), *words, env=self.env, timeout=timeout)

    def succeeds(self, *words: object) -> bool:
        """Whether a command ends well inside."""
        return succeeds(*self.enter(), *words)

    def make(self) -> None:
        """Make its namespaces, where they are missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        networks.make(self.name)
        cgroups.make(self.name)
        if processes.pid_of(self.name, HOLDER):
            return
        inside = self.folder / "inside"
        inside.unlink(missing_ok=True)
        script = Path(__file__).with_name("inside.sh")
        namespaces = ("unshare", "--mount", "--uts", "--propagation=private")
        network = f"--net={networks.namespace(self.name)}"
        command = ("nsenter", network, *namespaces, script, self.name, self.folder)
        processes.start(self.name, HOLDER, command, self.env)
        processes.until(self.name, HOLDER, inside.exists, 20, "the namespaces")

    def start(self, name: str, *words: object) -> None:
        """Start a program inside, unless it runs."""
        if not processes.pid_of(self.name, name):
            processes.start(self.name, name, (*self.enter(), *words), self.env)

    def start_agent(self) -> None:
        """Start containerd, the kubelet and kube-proxy."""
        self._write("kubelet.json", {**configuration.kubelet(self.name), **self.kubelet_settings})
        self._write("kube-proxy.json", configuration.kube_proxy(self.name, self.proxy_mode))
        self._put("resolv.conf", f"nameserver {LAN_ADDRESS}\n")
        spec = ""
        if self.runtime_spec:
            self._write("runtime-spec.json", self.runtime_spec)
            spec = str(self.folder / "runtime-spec.json")
        self._put("containerd.toml", configuration.containerd(spec))
        kube = BIN / catalogue.KUBERNETES.name
        self.start("containerd", BIN / "containerd", f"--config={self.folder}/containerd.toml")
        answers = (BIN / "ctr", "version")
        processes.until(self.name, "containerd", lambda: self.succeeds(*answers), 60)
        if configuration.PAUSE not in self.images():
            self.load(IMAGES / "pause.tar")
        self.start(
            "kubelet",
            *(kube, "kubelet", f"--config={self.folder}/kubelet.json"),
            *("--root-dir=/var/lib/kubelet", f"--hostname-override={self.name}"),
            f"--kubeconfig={keys.kubeconfig(f'kubelet-{self.name}')}",
            f"--node-ip={self.address}",
        )
        self.start("kube-proxy", kube, "kube-proxy", f"--config={self.folder}/kube-proxy.json")

    def start_overlay(self, pods: str) -> None:
        """Start flannel; then write the file by which the kubelet calls the node Ready."""
        self._write("flannel.json", configuration.FLANNEL)
        lease = "/run/flannel/subnet.env"
        conf = self.folder / "flannel.json"
        user = keys.kubeconfig("flannel")
        self.start("flannel", BIN / "flannel", user, conf, "eth0", lease)
        made = self.root / lease.lstrip("/")
        processes.until(self.name, "flannel", made.exists, 60, "the overlay")
        to = self.root / "run/cni/net.d/10-flannel.conflist"
        if not to.exists():
            to.write_text(json.dumps(configuration.cni(pods), indent=1))

    def images(self) -> str:
        """The names of its images, a line each."""
        return self.run(BIN / "ctr", "-n", "k8s.io", "images", "list", "--quiet")

    def load(self, archive: Path) -> None:
        """Import an archive of images."""
        self.run(BIN / "ctr", "-n", "k8s.io", "images", "import", "--local", archive)

    def stop(self, name: str) -> None:
        """End one of its programs; `start_agent` brings it back."""
        processes.stop(self.name, name)

    def power_off(self) -> None:
        """Kill everything of it at once: its programs and every container."""
        cgroups.kill(self.name)
        processes.forget(self.name)
        (self.folder / "inside").unlink(missing_ok=True)
        cgroups.remove(self.name)

    def _write(self, name: str, content: object) -> None:
        self._put(name, json.dumps(content, indent=1))

    def _put(self, name: str, text: str) -> None:
        """Write a file where it is another: kube-proxy ends as soon as its own is written."""
        to = self.folder / name
        if not to.exists() or to.read_text() != text:
            to.write_text(text)

    def popen(self, *words: object) -> subprocess.Popen[str]:
        """A command inside that runs on, with pipes."""
        return subprocess.Popen(  # noqa: S603  # ours
            [*self.enter(), *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(self.env),
        )
